import { ValueError } from '@nabla/core';
import {
  contextAt,
  type Dataset,
  type DatasetLike,
  datasetOf,
  IterableDataset,
  isIterableDataset,
  type SampleContext,
  sampleContext,
} from './dataset.ts';
import { checkNames } from './options.ts';
import { readerOf } from './reader.ts';
import { seedAt } from './seeds.ts';
import { thenDo } from './settle.ts';

/** Makes one sample of another, at once or later. */
export type Transform<T, U> = (sample: T, context: SampleContext) => U | Promise<U>;

/** Options of {@link mapDataset} for iterable datasets. */
export interface MapOptions {
  /** How many samples are transformed at a time. Their order is kept. Default 1. */
  concurrency?: number;
}

class MapDataset<T, U> implements Dataset<U> {
  readonly #dataset: Dataset<T>;
  readonly #transform: Transform<T, U>;

  constructor(dataset: Dataset<T>, transform: Transform<T, U>) {
    this.#dataset = dataset;
    this.#transform = transform;
  }

  get length(): number {
    return this.#dataset.length;
  }

  get parallelism(): number {
    return this.#dataset.parallelism ?? 1;
  }

  get(index: number, context: SampleContext = sampleContext()): U | Promise<U> {
    return thenDo(this.#dataset.get(index, context), (sample) => this.#transform(sample, context));
  }
}

/** Transforms up to `concurrency` samples at a time and gives them in the order of the source, errors too. */
async function* mapInOrder<T, U>(
  source: Iterable<T> | AsyncIterable<T>,
  transform: (sample: T, place: number) => U | Promise<U>,
  concurrency: number,
): AsyncGenerator<U, void, undefined> {
  const reader = readerOf(source);
  const underway: Promise<U>[] = [];
  const start = (result: Promise<U>): void => {
    // Whoever waits for it meets the error; nobody may be waiting yet.
    result.catch(() => {});
    underway.push(result);
  };
  try {
    let more = true;
    for (let place = 0; more || underway.length > 0; ) {
      while (more && underway.length < concurrency) {
        try {
          const { done, value } = await reader.next();
          more = done !== true;
          const at = place++;
          if (more) start((async () => transform(value as T, at))());
        } catch (error) {
          more = false;
          start(Promise.reject(error));
        }
      }
      if (underway.length > 0) yield await underway.shift()!;
    }
  } finally {
    await Promise.allSettled(underway);
    await reader.close();
  }
}

/**
 * A dataset whose samples are made of another's.
 *
 * What is random about a transform should come from `context.generator`: each sample has one of its own, so that results
 * do not depend on threads and batches ahead, and are the same after a resume.
 *
 * @param dataset samples by index, an array, or an iterable dataset; the result is of the same kind
 * @param transform is given a sample and its context
 * @throws ValueError for a concurrency that is no positive integer
 * @example
 * ```ts
 * const noisy = mapDataset(images, (x, { generator }) => x.add(randn(x.shape, { generator }).mul(0.1)));
 * ```
 */
export function mapDataset<T, U>(dataset: IterableDataset<T>, transform: Transform<T, U>, options?: MapOptions): IterableDataset<U>;
export function mapDataset<T, U>(dataset: DatasetLike<T>, transform: Transform<T, U>): Dataset<U>;
export function mapDataset<T, U>(
  dataset: DatasetLike<T> | IterableDataset<T>,
  transform: Transform<T, U>,
  options: MapOptions = {},
): Dataset<U> | IterableDataset<U> {
  if (typeof transform !== 'function') throw new ValueError('mapDataset: the transform must be a function');
  checkNames('mapDataset', options, ['concurrency']);
  if (!isIterableDataset(dataset)) {
    if (options.concurrency !== undefined)
      throw new ValueError('mapDataset: concurrency is for iterable datasets; of samples by index a loader makes a whole batch at a time');
    return new MapDataset(datasetOf('mapDataset', dataset), transform);
  }
  const concurrency = options.concurrency ?? 1;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new ValueError(`mapDataset: concurrency should be a positive integer, got ${String(concurrency)}`);
  return new IterableDataset(({ seed, signal }) => {
    // Seeds of their own for the source and for the transform, or the transforms of a chain would draw the same numbers.
    const source = (dataset as IterableDataset<T>).iterate(contextAt(seed, 0, signal));
    const own = seedAt(seed, 1);
    return mapInOrder(source, (sample, place) => transform(sample, contextAt(own, place, signal)), concurrency);
  });
}
