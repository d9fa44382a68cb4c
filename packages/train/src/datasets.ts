import { fromBuffer, isTensor, ShapeError, type Tensor, ValueError } from '@nabla/core';
import {
  checkIndex,
  type Dataset,
  type DatasetLike,
  datasetOf,
  IterableDataset,
  isIterableDataset,
  type SampleContext,
  sampleContext,
} from './dataset.ts';
import { makeAll, thenDo } from './settle.ts';

const show = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** One tensor of a sample for each tensor of a dataset. */
export type TensorSample<Ts extends readonly Tensor[]> = { -readonly [K in keyof Ts]: Tensor };

/**
 * Tensors whose first dimension counts samples: sample i holds entry i of each.
 *
 * @throws ShapeError when their first dimensions differ, or one has none
 * @example
 * ```ts
 * const dataset = new TensorDataset(images, labels); // [n, 1, 28, 28] and [n]
 * for await (const [x, y] of new DataLoader(dataset, { batchSize: 64, shuffle: true })) step(x, y);
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 */
export class TensorDataset<Ts extends readonly Tensor[]> implements Dataset<TensorSample<Ts>> {
  /** The tensors, in order. */
  readonly tensors: Ts;
  /** The size of their first dimension. */
  readonly length: number;

  constructor(...tensors: Ts) {
    const first: Tensor | undefined = tensors[0];
    if (first === undefined || !tensors.every(isTensor)) throw new ValueError('TensorDataset: expected one tensor or more');
    tensors.forEach((t: Tensor, i) => {
      if (t.ndim === 0) throw new ShapeError(`TensorDataset: tensor ${i} is 0-d: it has no dimension that counts samples`);
      if (t.shape[0] !== first.shape[0])
        throw new ShapeError(
          `TensorDataset: tensor 0 of shape ${show(first.shape)} and tensor ${i} of shape ${show(t.shape)} differ in length`,
        );
    });
    this.tensors = tensors;
    this.length = first.shape[0]!;
  }

  /** Views of entry `index`. @throws IndexError */
  get(index: number): TensorSample<Ts> {
    checkIndex('TensorDataset', index, this.length);
    return this.tensors.map((t: Tensor) => t.select(0, index) as Tensor) as TensorSample<Ts>;
  }

  /** One selection for each tensor, instead of one for each sample. @throws IndexError */
  getBatch(indices: readonly number[]): TensorSample<Ts> {
    for (const index of indices) checkIndex('TensorDataset', index, this.length);
    const rows = Float64Array.from(indices);
    return this.tensors.map((t: Tensor) => {
      const at = fromBuffer(rows, 'int64', [rows.length], { device: t.device });
      const selected = t.indexSelect(0, at);
      if (!selected.requiresGrad) at.dispose();
      return selected;
    }) as TensorSample<Ts>;
  }
}

/** The sample of a dataset. */
export type SampleOf<D> = D extends DatasetLike<infer T> ? T : never;

/** What a {@link StackDataset} is made of: datasets, or one object of them by name. */
export type StackParts = readonly DatasetLike<unknown>[] | readonly [Readonly<Record<string, DatasetLike<unknown>>>];

/** The sample of a {@link StackDataset}: the samples of its parts, in an array or by name. */
export type StackSample<Ds extends StackParts> = Ds extends readonly DatasetLike<unknown>[]
  ? { -readonly [K in keyof Ds]: SampleOf<Ds[K]> }
  : Ds extends readonly [infer R]
    ? { -readonly [K in keyof R]: SampleOf<R[K]> }
    : never;

/**
 * Datasets of one length side by side: a sample holds the sample of each, in an array or by name.
 *
 * @throws ValueError when the lengths differ, or there is none
 * @example
 * ```ts
 * new StackDataset(images, captions).get(0); // [..., ...]
 * new StackDataset({ image: images, caption: captions }).get(0); // { image: ..., caption: ... }
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.StackDataset
 */
export class StackDataset<const Ds extends StackParts> implements Dataset<StackSample<Ds>> {
  readonly #names: readonly string[] | null;
  readonly #parts: readonly Dataset<unknown>[];
  /** How many samples each of them has. */
  readonly length: number;

  constructor(...datasets: Ds) {
    const first: object | undefined = datasets[0];
    const byName = datasets.length === 1 && !('length' in first!);
    const parts = (byName ? first : datasets) as Readonly<Record<string, DatasetLike<unknown>>>;
    this.#names = byName ? Object.keys(parts) : null;
    this.#parts = Object.values(parts).map((d) => datasetOf('StackDataset', d));
    if (this.#parts.length === 0) throw new ValueError('StackDataset: expected one dataset or more');
    this.length = this.#parts[0]!.length;
    this.#parts.forEach((d, i) => {
      if (d.length !== this.length)
        throw new ValueError(
          `StackDataset: dataset ${this.#names?.[0] ?? 0} has ${this.length} samples and dataset ${this.#names?.[i] ?? i} has ${d.length}`,
        );
    });
  }

  /** Sample `index` of each. @throws IndexError */
  get(index: number, context: SampleContext = sampleContext()): StackSample<Ds> | Promise<StackSample<Ds>> {
    checkIndex('StackDataset', index, this.length);
    const together = (all: readonly unknown[]): StackSample<Ds> =>
      (this.#names === null ? all : Object.fromEntries(this.#names.map((name, i) => [name, all[i]]))) as StackSample<Ds>;
    return thenDo(
      makeAll(this.#parts.length, (i) => this.#parts[i]!.get(index, context)),
      together,
    );
  }
}

/**
 * Datasets one after the other.
 *
 * @throws ValueError when there is none
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
 */
export class ConcatDataset<T> implements Dataset<T> {
  /** The datasets, in order. */
  readonly datasets: readonly Dataset<T>[];
  /** For each dataset, how many samples it has together with those before it. */
  readonly cumulativeSizes: readonly number[];

  constructor(datasets: readonly DatasetLike<T>[]) {
    if (datasets.length === 0) throw new ValueError('ConcatDataset: expected one dataset or more');
    this.datasets = datasets.map((d) => datasetOf('ConcatDataset', d));
    let total = 0;
    this.cumulativeSizes = this.datasets.map((d) => {
      total += d.length;
      return total;
    });
  }

  /** How many samples they have together. */
  get length(): number {
    return this.cumulativeSizes.at(-1)!;
  }

  /** Sample `index`, counted over all datasets. @throws IndexError */
  get(index: number, context: SampleContext = sampleContext()): T | Promise<T> {
    checkIndex('ConcatDataset', index, this.length);
    let low = 0;
    let high = this.datasets.length - 1;
    // The first dataset that ends behind the index.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.cumulativeSizes[middle]! > index) high = middle;
      else low = middle + 1;
    }
    return this.datasets[low]!.get(index - (this.cumulativeSizes[low - 1] ?? 0), context);
  }
}

/**
 * Iterable datasets one after the other.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.ChainDataset
 */
export class ChainDataset<T> extends IterableDataset<T> {
  constructor(datasets: readonly IterableDataset<T>[]) {
    for (const d of datasets) if (!isIterableDataset(d)) throw new ValueError('ChainDataset: only iterable datasets can be chained');
    super(async function* (context) {
      for (const d of datasets) yield* d.iterate(context);
    });
  }
}

/**
 * Some samples of a dataset.
 *
 * @throws IndexError for an index that the dataset does not have
 * @example
 * ```ts
 * const firstHundred = new Subset(dataset, Array.from({ length: 100 }, (_, i) => i));
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
 */
export class Subset<T> implements Dataset<T> {
  /** The whole. */
  readonly dataset: Dataset<T>;
  /** Which samples of it are taken, in order. */
  readonly indices: ArrayLike<number>;
  /** Several samples as one batch, where the dataset has that. */
  readonly getBatch?: (indices: readonly number[], contexts: readonly SampleContext[]) => unknown;

  constructor(dataset: DatasetLike<T>, indices: ArrayLike<number>) {
    this.dataset = datasetOf('Subset', dataset);
    this.indices = indices;
    for (let i = 0; i < indices.length; i++) checkIndex('Subset', indices[i]!, this.dataset.length);
    const { getBatch } = this.dataset;
    if (getBatch !== undefined)
      this.getBatch = (at, contexts) =>
        getBatch.call(
          this.dataset,
          at.map((i) => this.#place(i)),
          contexts,
        );
  }

  /** How many samples are taken. */
  get length(): number {
    return this.indices.length;
  }

  /** That of the whole. */
  get parallelism(): number {
    return this.dataset.parallelism ?? 1;
  }

  #place(index: number): number {
    checkIndex('Subset', index, this.length);
    return this.indices[index]!;
  }

  /** Sample `indices[index]` of the whole. @throws IndexError */
  get(index: number, context: SampleContext = sampleContext()): T | Promise<T> {
    return this.dataset.get(this.#place(index), context);
  }
}
