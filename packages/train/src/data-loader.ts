import { Generator, type GeneratorState, ValueError } from '@nabla/core';
import { type BatchSource, deliver, type EpochPlan, IndexedBatches, StreamedBatches } from './batch-source.ts';
import { type Collated, type Converted, defaultCollate, defaultConvert } from './collate.ts';
import { type Dataset, type DatasetLike, datasetOf, type IterableDataset, isIterableDataset } from './dataset.ts';
import { checkState, type DataLoaderState, type EpochState } from './loader-state.ts';
import { checkNames } from './options.ts';
import { BatchSampler, generatorOf, lengthOf, orderOf, RandomSampler, type Sampler, SequentialSampler } from './sampler.ts';
import { drawSeed, seedAt } from './seeds.ts';

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions<T, N extends number | null, B> {
  /** Samples in a batch; null for samples as they are. Default 1. */
  batchSize?: N;
  /** Whether every epoch has an order of its own. Default false. */
  shuffle?: boolean;
  /** Which samples an epoch has and in which order, instead of `shuffle`. */
  sampler?: Sampler | Iterable<number>;
  /** The indices of every batch, instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Sampler<number[]> | Iterable<number[]>;
  /** Whether a last batch that is not full is left out. Default false. */
  dropLast?: boolean;
  /** Makes a batch of samples, or what is given out of one sample. `defaultCollate`, or `defaultConvert`, if omitted. */
  collate?: (samples: N extends null ? T : T[]) => B | Promise<B>;
  /** Where the seed of every epoch is drawn. The default generator if omitted. */
  generator?: Generator;
  /**
   * How many batches are begun before they are asked for, where samples do not come at once. Twice as many as the dataset
   * works on at a time if omitted, which is 2 for most.
   */
  prefetch?: number;
}

const optionNames = ['batchSize', 'shuffle', 'sampler', 'batchSampler', 'dropLast', 'collate', 'generator', 'prefetch'] as const;

const refuse = (message: string): never => {
  throw new ValueError(`DataLoader: ${message}`);
};

function checkOptions(options: DataLoaderOptions<never, number | null, unknown>, iterable: boolean): void {
  checkNames('DataLoader', options, optionNames);
  const { batchSize, shuffle, sampler, batchSampler, dropLast, collate, prefetch } = options;
  if (batchSize !== undefined && batchSize !== null && (!Number.isSafeInteger(batchSize) || batchSize <= 0))
    refuse(`batchSize should be a positive integer or null, got ${String(batchSize)}`);
  if (prefetch !== undefined && (!Number.isSafeInteger(prefetch) || prefetch < 0))
    refuse(`prefetch should be a number of batches, got ${String(prefetch)}`);
  if (collate !== undefined && typeof collate !== 'function') refuse('collate should be a function');
  if (iterable) {
    const given = shuffle === true ? 'shuffle' : sampler !== undefined ? 'sampler' : batchSampler !== undefined ? 'batchSampler' : null;
    if (given !== null) refuse(`an iterable dataset decides on the order itself: ${given} cannot be given`);
  }
  if (sampler !== undefined && shuffle === true) refuse('the sampler option is mutually exclusive with shuffle');
  if (batchSampler !== undefined && (batchSize !== undefined || shuffle === true || sampler !== undefined || dropLast === true))
    refuse('the batchSampler option is mutually exclusive with batchSize, shuffle, sampler and dropLast');
  if (batchSize === null && dropLast === true) refuse('batchSize null turns batches off and is mutually exclusive with dropLast');
}

/** Every index as a batch of its own. */
function* single(order: Iterable<number>): IterableIterator<number[]> {
  for (const index of order) yield [index];
}

/** Where an iteration is. */
interface Position {
  readonly seed: number;
  readonly samplerSeed: number | null;
  batches: number;
}

/**
 * Gives the samples of a dataset in batches, shuffled if you like. Every iteration is one epoch.
 *
 * A seed for each epoch is drawn from `generator` when it begins; order and random transforms follow from it alone. So
 * they are the same whatever number of batches is prefetched or threads are at work, and an epoch that was interrupted goes
 * on exactly where {@link DataLoader.stateDict} was taken.
 *
 * Samples that come later (`get` returns a promise) are fetched a batch at a time, and `prefetch` batches ahead. What
 * `get` throws is thrown where its batch would come. When a loop ends early, those at work are told by `context.signal` and
 * waited for.
 *
 * @example
 * ```ts
 * const loader = new DataLoader(new TensorDataset(images, labels), { batchSize: 64, shuffle: true });
 * for (let epoch = 0; epoch < 10; epoch++) {
 *   for await (const [x, y] of loader) step(x, y);
 * }
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 */
export class DataLoader<T, N extends number | null = number, B = N extends null ? Converted<T> : Collated<T>> implements AsyncIterable<B> {
  /** Where the samples come from. */
  readonly dataset: Dataset<T> | IterableDataset<T>;
  /** Samples in a batch; null without batches, and where a batch sampler decides. */
  readonly batchSize: number | null;
  /** How many batches are begun before they are asked for. */
  readonly prefetch: number;
  readonly #order: Sampler<number[]> | Iterable<number[]> | null;
  readonly #sampler: Sampler<unknown> | Iterable<unknown> | null;
  readonly #assemble: (samples: T[]) => B | Promise<B>;
  readonly #ownCollate: boolean;
  readonly #dropLast: boolean;
  readonly #batched: boolean;
  readonly #generator: Generator | null;
  /** The epoch that was begun last, unless it has ended. */
  #position: Position | null = null;
  /** Whether the next iteration goes on from there. */
  #resume = false;

  /**
   * @param dataset samples by index, an array, or an iterable dataset
   * @throws ValueError for options that make no sense, or not together
   */
  constructor(dataset: DatasetLike<T> | IterableDataset<T>, options: DataLoaderOptions<T, N, B> = {}) {
    const iterable = isIterableDataset(dataset);
    checkOptions(options, iterable);
    this.dataset = iterable ? (dataset as IterableDataset<T>) : datasetOf('DataLoader', dataset);
    const size: number | null = options.batchSize === undefined ? 1 : options.batchSize;
    const { batchSampler, collate } = options;
    this.#batched = batchSampler !== undefined || size !== null;
    this.batchSize = batchSampler === undefined ? size : null;
    this.#dropLast = options.dropLast ?? false;
    this.#generator = options.generator ?? null;
    this.prefetch = options.prefetch ?? 2 * ((this.dataset as { readonly parallelism?: number }).parallelism ?? 1);
    this.#ownCollate = collate !== undefined;
    const one = (collate ?? defaultConvert) as (sample: T) => B | Promise<B>;
    this.#assemble = this.#batched ? ((collate ?? defaultCollate) as (samples: T[]) => B | Promise<B>) : (samples) => one(samples[0]!);
    if (isIterableDataset(this.dataset)) {
      this.#order = this.#sampler = null;
    } else {
      const sampler = options.sampler ?? (options.shuffle === true ? new RandomSampler(this.dataset) : new SequentialSampler(this.dataset));
      this.#sampler = batchSampler ?? sampler;
      this.#order = batchSampler ?? (size === null ? null : new BatchSampler(sampler, size, this.#dropLast));
    }
  }

  /** Batches in an epoch; null where nobody knows: for an iterable dataset, and a sampler without a length. */
  get length(): number | null {
    const order = this.#order ?? this.#sampler;
    return order === null ? null : lengthOf(order);
  }

  /** Begins an epoch, or goes on with the one of the state that was loaded. */
  [Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    const position = this.#resume ? this.#position! : this.#begin();
    this.#resume = false;
    this.#position = position;
    const abort = new AbortController();
    const source = this.#source(position, abort.signal);
    return this.#run(source, position, abort);
  }

  #begin(): Position {
    const seed = drawSeed(this.#generator ?? undefined);
    const own = this.#sampler === null ? null : generatorOf(this.#sampler);
    return { seed, samplerSeed: own === null ? null : drawSeed(own), batches: 0 };
  }

  #source({ seed, samplerSeed, batches }: Position, signal: AbortSignal): BatchSource<B> {
    const plan: EpochPlan<T, B> = { assemble: this.#assemble, seed: seedAt(seed, 1), skip: batches, signal };
    if (isIterableDataset(this.dataset))
      return new StreamedBatches(this.dataset as IterableDataset<T>, plan, this.batchSize ?? 1, this.#dropLast);
    const generator = new Generator(samplerSeed ?? seedAt(seed, 0));
    const order = this.#order === null ? single(orderOf(this.#sampler as Iterable<number>, generator)) : orderOf(this.#order, generator);
    return new IndexedBatches(this.dataset as Dataset<T>, order, plan, this.#batched && !this.#ownCollate);
  }

  async *#run(source: BatchSource<B>, position: Position, abort: AbortController): AsyncGenerator<B, void, undefined> {
    yield* deliver(source, this.prefetch, abort, () => {
      position.batches++;
    });
    if (this.#position === position) this.#position = null;
  }

  /**
   * Where the iteration that was begun last is, for checkpoints: after the last batch that it gave out, or at the start of
   * the next epoch when it has ended. It has the states of the generators that the loader and its sampler were given; the
   * default generator is not part of it.
   *
   * @example
   * ```ts
   * await saveCheckpoint('run/last.ckpt', { model, optimizer, loader, generator: defaultGenerator() });
   * ```
   */
  stateDict(): DataLoaderState {
    const own = this.#sampler === null ? null : generatorOf(this.#sampler);
    const epoch: EpochState | null =
      this.#position === null ? null : { ...this.#position, batchSize: this.batchSize, samples: this.#samples() };
    return { epoch, generator: this.#generator?.getState() ?? null, samplerGenerator: own?.getState() ?? null };
  }

  #samples(): number | null {
    return isIterableDataset(this.dataset) ? null : (this.dataset as Dataset<T>).length;
  }

  /**
   * Lets the next iteration go on from a state of {@link DataLoader.stateDict}: in the same order, with the batch that would
   * have come next. Samples by index that were delivered are not fetched again; an iterable dataset is read over again up to
   * there.
   *
   * @throws ValueError when it is no such state, or that of a loader with another batch size, number of samples, or
   * generators; nothing is changed then
   */
  loadStateDict(state: DataLoaderState): void {
    const own = this.#sampler === null ? null : generatorOf(this.#sampler);
    const { epoch, generator, samplerGenerator } = checkState(state, {
      batchSize: this.batchSize,
      samples: this.#samples(),
      generator: this.#generator !== null,
      samplerGenerator: own !== null,
    });
    this.#generator?.setState(generator as GeneratorState);
    own?.setState(samplerGenerator as GeneratorState);
    this.#position = epoch === null ? null : { seed: epoch.seed, samplerSeed: epoch.samplerSeed, batches: epoch.batches };
    this.#resume = epoch !== null;
  }
}
