import { cpu, Generator, isTensor, multinomial, randint, randperm, ShapeError, type Tensor, tensor, ValueError } from '@nabla/core';
import { checkNames } from './options.ts';
import { drawSeed } from './seeds.ts';

/** An option of everything that is shuffled. */
export interface GeneratorOptions {
  /** Where random numbers come from. The default generator if omitted; a loader's own when one is at work. */
  generator?: Generator;
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions extends GeneratorOptions {
  /** Whether an index may be drawn again in the same epoch. Default false. */
  replacement?: boolean;
  /** How many indices an epoch has. Default: as many as there are samples. */
  numSamples?: number;
}

/** Options of {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions extends GeneratorOptions {
  /** Whether an index may be drawn again in the same epoch. Default true. */
  replacement?: boolean;
}

/** Something of which the number of samples is all that counts: a dataset, an array. */
export interface Sized {
  readonly length: number;
}

/**
 * Decides which samples an epoch has, in which order. A loader takes any iterable of indices for one; a subclass can be
 * resumed exactly, since its order follows from a seed.
 *
 * @example
 * ```ts
 * class EvenFirst extends Sampler {
 *   readonly length = 10;
 *   override *order() {
 *     for (let i = 0; i < 10; i += 2) yield i;
 *     for (let i = 1; i < 10; i += 2) yield i;
 *   }
 * }
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
 */
export abstract class Sampler<T = number> implements Iterable<T> {
  /** How many items an epoch has; null where nobody knows. */
  abstract readonly length: number | null;

  /** Where the seed of an epoch is drawn; null for the default generator, or that of the loader at work. */
  get generator(): Generator | null {
    return null;
  }

  /** The items of one epoch. All that is random about them comes from `generator`, which is fresh. */
  abstract order(generator: Generator): Iterable<T>;

  /** The items of another epoch, whose seed is drawn now. */
  [Symbol.iterator](): Iterator<T> {
    return this.order(new Generator(drawSeed(this.generator ?? undefined)))[Symbol.iterator]();
  }
}

function checkCount(of: string, name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value <= 0) throw new ValueError(`${of}: ${name} should be a positive integer, got ${String(value)}`);
  return value;
}

function checkFlag(of: string, name: string, value: boolean): boolean {
  if (typeof value !== 'boolean') throw new ValueError(`${of}: ${name} should be a boolean, got ${String(value)}`);
  return value;
}

function permutation(n: number, generator: Generator): ArrayLike<number> {
  return randperm(n, { generator, device: cpu, dtype: n < 2 ** 31 ? 'int32' : 'int64' }).dataSync();
}

/** Every index in its place. @see https://pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler */
export class SequentialSampler extends Sampler {
  readonly #data: Sized;

  constructor(dataSource: Sized) {
    super();
    this.#data = dataSource;
  }

  override get length(): number {
    return this.#data.length;
  }

  override *order(): IterableIterator<number> {
    for (let i = 0; i < this.#data.length; i++) yield i;
  }
}

/** Indices that are drawn at a time. How a draw is cut into pieces changes nothing. */
const chunk = 1024;

/**
 * Indices in a random order; more than there are samples are several orders, one after the other.
 *
 * @throws ValueError when the number of samples is not positive
 * @example
 * ```ts
 * const loader = new DataLoader(dataset, { sampler: new RandomSampler(dataset, { numSamples: 1000 }) });
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
 */
export class RandomSampler extends Sampler {
  readonly #data: Sized;
  readonly #replacement: boolean;
  readonly #numSamples: number | null;
  readonly #generator: Generator | null;

  constructor(dataSource: Sized, options: RandomSamplerOptions = {}) {
    super();
    checkNames('RandomSampler', options, ['replacement', 'numSamples', 'generator']);
    this.#data = dataSource;
    this.#replacement = checkFlag('RandomSampler', 'replacement', options.replacement ?? false);
    this.#numSamples = options.numSamples ?? null;
    this.#generator = options.generator ?? null;
    checkCount('RandomSampler', 'numSamples', this.length);
  }

  override get length(): number {
    return this.#numSamples ?? this.#data.length;
  }

  override get generator(): Generator | null {
    return this.#generator;
  }

  override *order(generator: Generator): IterableIterator<number> {
    const total = this.length;
    const n = this.#data.length;
    checkCount('RandomSampler', 'the number of samples', n);
    const most = this.#replacement ? chunk : n;
    for (let at = 0; at < total; at += most) {
      const count = Math.min(most, total - at);
      const drawn = this.#replacement ? randint(n, [count], { generator, device: cpu }).dataSync() : permutation(n, generator);
      for (let i = 0; i < count; i++) yield drawn[i]!;
    }
  }
}

/** Given indices in a random order. @see https://pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler */
export class SubsetRandomSampler extends Sampler {
  readonly #indices: ArrayLike<number>;
  readonly #generator: Generator | null;

  constructor(indices: ArrayLike<number>, options: GeneratorOptions = {}) {
    super();
    checkNames('SubsetRandomSampler', options, ['generator']);
    this.#indices = indices;
    this.#generator = options.generator ?? null;
  }

  override get length(): number {
    return this.#indices.length;
  }

  override get generator(): Generator | null {
    return this.#generator;
  }

  override *order(generator: Generator): IterableIterator<number> {
    const drawn = permutation(this.#indices.length, generator);
    for (let i = 0; i < drawn.length; i++) yield this.#indices[drawn[i]!]!;
  }
}

/**
 * Indices drawn with these weights, which need not sum to 1.
 *
 * @throws ValueError for weights that are negative, not finite or all zero, for a number of samples that is not positive,
 * and when there are too few to draw without replacement; ShapeError for weights of more than one dimension
 * @example
 * ```ts
 * const weights = labels.map((label) => 1 / countOf[label]); // as often as the other classes
 * const sampler = new WeightedRandomSampler(weights, labels.length);
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
 */
export class WeightedRandomSampler extends Sampler {
  readonly #weights: Float64Array;
  readonly #replacement: boolean;
  readonly #generator: Generator | null;
  override readonly length: number;

  constructor(weights: ArrayLike<number> | Tensor, numSamples: number, options: WeightedRandomSamplerOptions = {}) {
    super();
    checkNames('WeightedRandomSampler', options, ['replacement', 'generator']);
    this.length = checkCount('WeightedRandomSampler', 'numSamples', numSamples);
    this.#replacement = checkFlag('WeightedRandomSampler', 'replacement', options.replacement ?? true);
    this.#generator = options.generator ?? null;
    if (isTensor(weights) && weights.ndim !== 1)
      throw new ShapeError(`WeightedRandomSampler: weights should be one-dimensional, got the shape [${weights.shape.join(', ')}]`);
    this.#weights = Float64Array.from(isTensor(weights) ? weights.dataSync() : weights);
    // What cannot be drawn from is told here, not in the first epoch.
    this.#draw(new Generator(0));
  }

  override get generator(): Generator | null {
    return this.#generator;
  }

  #draw(generator: Generator): ArrayLike<number> {
    const weights = tensor(this.#weights, { device: cpu });
    return multinomial(weights, this.length, { replacement: this.#replacement, generator }).dataSync();
  }

  override *order(generator: Generator): IterableIterator<number> {
    const drawn = this.#draw(generator);
    for (let i = 0; i < drawn.length; i++) yield drawn[i]!;
  }
}

/**
 * Indices of another sampler in batches.
 *
 * @param sampler a sampler, or any iterable of indices
 * @param batchSize indices in a batch
 * @param dropLast whether a last batch that is not full is left out
 * @throws ValueError when the size is no positive integer
 * @example
 * ```ts
 * [...new BatchSampler(new SequentialSampler({ length: 5 }), 2, false)]; // [[0, 1], [2, 3], [4]]
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler
 */
export class BatchSampler extends Sampler<number[]> {
  readonly #sampler: Sampler | Iterable<number>;
  readonly #batchSize: number;
  readonly #dropLast: boolean;

  constructor(sampler: Sampler | Iterable<number>, batchSize: number, dropLast: boolean) {
    super();
    this.#sampler = sampler;
    this.#batchSize = checkCount('BatchSampler', 'batchSize', batchSize);
    this.#dropLast = checkFlag('BatchSampler', 'dropLast', dropLast);
  }

  override get length(): number | null {
    const n = lengthOf(this.#sampler);
    if (n === null) return null;
    return this.#dropLast ? Math.floor(n / this.#batchSize) : Math.ceil(n / this.#batchSize);
  }

  override get generator(): Generator | null {
    return generatorOf(this.#sampler);
  }

  override *order(generator: Generator): IterableIterator<number[]> {
    let batch: number[] = [];
    for (const index of orderOf(this.#sampler, generator)) {
      batch.push(index);
      if (batch.length < this.#batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.#dropLast) yield batch;
  }
}

function isSampler<T>(source: Sampler<T> | Iterable<T>): source is Sampler<T> {
  return 'order' in source && typeof source.order === 'function';
}

/** The items of one epoch, in an order that `generator` decides where the source allows it. */
export function orderOf<T>(source: Sampler<T> | Iterable<T>, generator: Generator): Iterable<T> {
  return isSampler(source) ? source.order(generator) : source;
}

/** How many items an epoch has; null where nobody knows. */
export function lengthOf(source: Sampler<unknown> | Iterable<unknown>): number | null {
  const { length } = source as { length?: unknown };
  return typeof length === 'number' ? length : null;
}

/** The generator that a sampler was given. */
export function generatorOf(source: Sampler<unknown> | Iterable<unknown>): Generator | null {
  return isSampler(source) ? source.generator : null;
}
