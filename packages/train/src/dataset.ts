import { Generator, IndexError, ValueError } from '@nabla/core';
import { drawSeed, seedAt } from './seeds.ts';

/** What a sample may draw from and watch while it is made. */
export interface SampleContext {
  /**
   * A seed of this sample's own: it follows from the seed of the epoch and the sample's place in it, so it is the same for
   * any number of threads and batches ahead, and after a resume.
   */
  readonly seed: number;
  /** A generator at the start of that seed's stream: `rand([1], { generator })`. */
  readonly generator: Generator;
  /** Aborted when nobody waits for the sample any more. */
  readonly signal: AbortSignal;
}

/**
 * Samples by index. Anything with these members is one, and arrays and typed arrays are taken for one wherever a
 * `Dataset` is expected.
 *
 * @example
 * ```ts
 * const squares: Dataset<[number, number]> = { length: 100, get: (i) => [i, i * i] };
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
 */
export interface Dataset<T> {
  /** How many samples there are. */
  readonly length: number;
  /** Sample `index`, of 0 up to but not including `length`, at once or later. */
  get(index: number, context: SampleContext): T | Promise<T>;
  /**
   * The batch that `defaultCollate` would make of these samples, for those who have it more quickly than sample by sample.
   *
   * @param contexts one for each index
   */
  getBatch?(indices: readonly number[], contexts: readonly SampleContext[]): unknown;
  /** How many batches it works on at a time. Default 1. */
  readonly parallelism?: number;
}

/** A {@link Dataset}, or an array or typed array of samples. */
export type DatasetLike<T> = Dataset<T> | ArrayLike<T>;

/**
 * Samples one after the other, of which there may be more than fit in memory, or no end.
 *
 * @example
 * ```ts
 * const lines = new IterableDataset(() => createInterface({ input: createReadStream('corpus.txt') }));
 * for await (const texts of new DataLoader(lines, { batchSize: 32 })) console.log(texts);
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset
 */
export class IterableDataset<T> {
  readonly #source: (context: SampleContext) => Iterable<T> | AsyncIterable<T>;

  /** @param source called once an epoch, with the epoch's context: gives the samples from the first one on */
  constructor(source: (context: SampleContext) => Iterable<T> | AsyncIterable<T>) {
    if (typeof source !== 'function')
      throw new ValueError('IterableDataset: expected a function that gives an iterable, such as () => samples');
    this.#source = source;
  }

  /** The samples of one epoch. @throws ValueError when the source gives nothing that can be iterated */
  iterate(context: SampleContext): Iterable<T> | AsyncIterable<T> {
    const samples = this.#source(context);
    if (typeof samples !== 'object' || samples === null || !(Symbol.asyncIterator in samples || Symbol.iterator in samples))
      throw new ValueError('IterableDataset: the source gave nothing that can be iterated');
    return samples;
  }

  /** The samples of one epoch, with a seed drawn from the default generator. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    yield* this.iterate(sampleContext());
  }
}

/** Whether samples come one after the other rather than by index. */
export function isIterableDataset(source: unknown): source is IterableDataset<unknown> {
  return typeof source === 'object' && source !== null && typeof (source as { iterate?: unknown }).iterate === 'function';
}

/** Refuses an index that no sample has. @throws IndexError */
export function checkIndex(of: string, index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length)
    throw new IndexError(`${of}: index ${String(index)} is out of range for ${length} samples`);
}

/** A dataset of what is one or is an array. @throws ValueError for anything else */
export function datasetOf<T>(of: string, source: DatasetLike<T>): Dataset<T> {
  if (typeof source === 'object' && source !== null && typeof source.length === 'number') {
    if ('get' in source && typeof source.get === 'function') return source;
    if (Array.isArray(source) || ArrayBuffer.isView(source)) {
      const samples = source as ArrayLike<T>;
      return {
        get length() {
          return samples.length;
        },
        get: (index) => {
          checkIndex(of, index, samples.length);
          return samples[index] as T;
        },
      };
    }
  }
  if (isIterableDataset(source)) throw new ValueError(`${of}: expected samples by index; an IterableDataset has them one after the other`);
  throw new ValueError(`${of}: expected an array or something with length and get(index)`);
}

const never: AbortSignal = new AbortController().signal;

/** The context of the sample at a place of an epoch. What it holds is made when it is asked for. */
class PlaceContext implements SampleContext {
  readonly signal: AbortSignal;
  readonly #epochSeed: number;
  readonly #place: number;
  #seed: number | null = null;
  #generator: Generator | null = null;

  constructor(epochSeed: number, place: number, signal: AbortSignal) {
    this.#epochSeed = epochSeed;
    this.#place = place;
    this.signal = signal;
  }

  get seed(): number {
    this.#seed ??= seedAt(this.#epochSeed, this.#place);
    return this.#seed;
  }

  get generator(): Generator {
    this.#generator ??= new Generator(this.seed);
    return this.#generator;
  }
}

/** The context of the sample at `place` of the epoch of `epochSeed`. */
export function contextAt(epochSeed: number, place: number, signal: AbortSignal = never): SampleContext {
  return new PlaceContext(epochSeed, place, signal);
}

/** A context with a given seed. */
export function contextOf(seed: number, signal: AbortSignal = never): SampleContext {
  return { seed, generator: new Generator(seed), signal };
}

/** The context of a call that has none: its seed is drawn from the default generator when it is asked for. */
export function sampleContext(): SampleContext {
  let made: SampleContext | null = null;
  const context = (): SampleContext => {
    made ??= contextOf(drawSeed());
    return made;
  };
  return {
    get seed() {
      return context().seed;
    },
    get generator() {
      return context().generator;
    },
    signal: never,
  };
}
