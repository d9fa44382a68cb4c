import { ValueError } from '@nabla/core';
import { contextAt, type Dataset, type IterableDataset, type SampleContext } from './dataset.ts';
import { type Reader, readerOf } from './reader.ts';
import { isPromise, makeAll, thenDo } from './settle.ts';

/** A batch; null at the end of the epoch. */
export type Delivery<B> = { readonly batch: B } | null;

/** The batches of one epoch. */
export interface BatchSource<B> {
  /** Begins another batch, which may come later. It is called again before those begun earlier have come. */
  next(): Delivery<B> | Promise<Delivery<B>>;
  /** Gives back what it holds open, once nothing that was begun runs any more. */
  close(): Promise<void>;
}

/** What every epoch is given. */
export interface EpochPlan<T, B> {
  /** Makes a batch of samples. */
  readonly assemble: (samples: T[]) => B | Promise<B>;
  /** From which the seed of every sample follows. */
  readonly seed: number;
  /** How many batches are passed over: they were delivered before. */
  readonly skip: number;
  readonly signal: AbortSignal;
}

const wrap = <B>(batch: B): Delivery<B> => ({ batch });

/** Batches of samples by index. */
export class IndexedBatches<T, B> implements BatchSource<B> {
  readonly #dataset: Dataset<T>;
  readonly #order: Reader<readonly number[]>;
  readonly #plan: EpochPlan<T, B>;
  readonly #whole: boolean;
  #skip: number;
  #place = 0;

  /** @param whole whether the dataset may be asked for whole batches */
  constructor(dataset: Dataset<T>, order: Iterable<readonly number[]>, plan: EpochPlan<T, B>, whole: boolean) {
    this.#dataset = dataset;
    this.#order = readerOf(order);
    this.#plan = plan;
    this.#whole = whole && dataset.getBatch !== undefined;
    this.#skip = plan.skip;
  }

  #indices(): readonly number[] | null {
    const { done, value } = this.#order.next() as IteratorResult<readonly number[], undefined>;
    if (done === true) return null;
    if (!Array.isArray(value)) throw new ValueError(`DataLoader: a batch sampler gives arrays of indices, this one gave ${String(value)}`);
    return value as readonly number[];
  }

  next(): Delivery<B> | Promise<Delivery<B>> {
    for (; this.#skip > 0; this.#skip--) {
      const passed = this.#indices();
      if (passed === null) throw new ValueError(`DataLoader: ${this.#plan.skip} batches had been delivered, but the sampler gives fewer`);
      this.#place += passed.length;
    }
    const indices = this.#indices();
    if (indices === null) return null;
    const { seed, signal, assemble } = this.#plan;
    const contexts: SampleContext[] = indices.map((_, k) => contextAt(seed, this.#place + k, signal));
    this.#place += indices.length;
    if (this.#whole) return thenDo(this.#dataset.getBatch!(indices, contexts) as B | Promise<B>, wrap);
    const samples = makeAll(indices.length, (k) => this.#dataset.get(indices[k]!, contexts[k]!));
    return thenDo(thenDo(samples, assemble), wrap);
  }

  async close(): Promise<void> {
    await this.#order.close();
  }
}

/** Batches of samples that come one after the other. */
export class StreamedBatches<T, B> implements BatchSource<B> {
  readonly #dataset: IterableDataset<T>;
  readonly #plan: EpochPlan<T, B>;
  readonly #size: number;
  readonly #dropLast: boolean;
  #reader: Reader<T> | null = null;
  #skip: number;
  #ended = false;
  /** The batch that is being read, and those that wait for it. */
  #reading: Promise<unknown> | null = null;

  constructor(dataset: IterableDataset<T>, plan: EpochPlan<T, B>, size: number, dropLast: boolean) {
    this.#dataset = dataset;
    this.#plan = plan;
    this.#size = size;
    this.#dropLast = dropLast;
    this.#skip = plan.skip * size;
  }

  next(): Delivery<B> | Promise<Delivery<B>> {
    const batch = this.#reading === null ? this.#read([]) : this.#reading.then(() => this.#read([]));
    if (isPromise(batch)) {
      const mine = batch.catch((error: unknown) => {
        // Nothing is read behind an error.
        this.#ended = true;
        throw error;
      });
      const settled = mine.finally(() => {
        if (this.#reading === settled) this.#reading = null;
      });
      settled.catch(() => {});
      this.#reading = settled;
      return mine;
    }
    return batch;
  }

  #read(samples: T[]): Delivery<B> | Promise<Delivery<B>> {
    this.#reader ??= readerOf(this.#dataset.iterate(contextAt(this.#plan.seed, 0, this.#plan.signal)));
    while (!this.#ended && samples.length < this.#size) {
      const step = this.#reader.next();
      if (isPromise(step)) {
        return Promise.resolve(step).then((result) => {
          this.#take(result, samples);
          return this.#read(samples);
        });
      }
      this.#take(step, samples);
    }
    if (samples.length === 0 || (this.#dropLast && samples.length < this.#size)) return null;
    return thenDo(this.#plan.assemble(samples), wrap);
  }

  #take({ done, value }: IteratorResult<T>, samples: T[]): void {
    if (done === true) {
      this.#ended = true;
      // The last batch that was delivered may have been a short one.
      if (this.#skip >= this.#size)
        throw new ValueError(`DataLoader: ${this.#plan.skip} batches had been delivered, but the dataset has fewer samples`);
    } else if (this.#skip > 0) this.#skip--;
    else samples.push(value);
  }

  async close(): Promise<void> {
    await this.#reading?.catch(() => {});
    await this.#reader?.close();
  }
}

/**
 * Gives batches in order, `ahead` of them begun before they are asked for. A batch that comes at once is made when it is
 * asked for. However it is left, everything that was begun has ended then.
 *
 * @param abort tells those at work that nobody waits any more
 * @param onDelivery called before a batch is given out
 */
export async function* deliver<B>(
  source: BatchSource<B>,
  ahead: number,
  abort: AbortController,
  onDelivery: () => void,
): AsyncGenerator<B, void, undefined> {
  const begun: (Delivery<B> | Promise<Delivery<B>>)[] = [];
  let more = true;
  const begin = (): void => {
    let batch: Delivery<B> | Promise<Delivery<B>>;
    try {
      batch = source.next();
    } catch (error) {
      more = false;
      batch = Promise.reject(error);
    }
    if (batch === null) more = false;
    // Whoever waits for it meets the error; nobody may be waiting yet.
    if (isPromise(batch)) batch.catch(() => {});
    begun.push(batch);
  };
  let completed = false;
  let failed = false;
  try {
    for (;;) {
      if (begun.length === 0) begin();
      const next = begun.shift()!;
      if (isPromise(next)) while (more && begun.length < ahead) begin();
      const delivery = await next;
      if (delivery === null) break;
      onDelivery();
      yield delivery.batch;
    }
    completed = true;
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    if (!completed) abort.abort();
    await Promise.allSettled(begun);
    // Of two errors the first counts.
    await (failed ? source.close().catch(() => {}) : source.close());
  }
}
