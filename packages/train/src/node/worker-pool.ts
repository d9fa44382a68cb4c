import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ValueError } from '@nabla/core';
import { type Dataset, type SampleContext, sampleContext } from '../dataset.ts';
import type { Transform } from '../map-dataset.ts';
import { checkNames } from '../options.ts';
import { decode, encode } from './worker-codec.ts';
import { WorkerError } from './worker-error.ts';
import type { Answer, Failure, Request, Task, WorkerSetup } from './worker-messages.ts';

/** Options of {@link WorkerPool}. */
export interface WorkerPoolOptions {
  /** How many threads there are at most. Default: one less than the machine runs at a time, and at least one. */
  size?: number;
  /** Given to the module's factories in every thread: plain values that can be cloned. */
  data?: unknown;
  /** Options of Node for the threads, such as `['--import', './hooks.js']`. Those of this thread if omitted. */
  execArgv?: readonly string[];
}

/** Something that a worker is to do. */
interface Job {
  readonly task: Task;
  readonly moved: ArrayBuffer[];
  readonly signal: AbortSignal;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A place for a thread, which is started when it is needed. */
interface Slot {
  worker: Worker | null;
  /** What the thread was given, in order: it is at work on the first. */
  readonly given: Map<number, Job>;
}

/**
 * Tasks that a thread is given at a time: the next one is there when one is done. A task whose buffers move cannot be given
 * to another thread when this one dies, so it waits for a thread that is free.
 */
const depthOf = (job: Job): number => (job.moved.length > 0 ? 1 : 2);

const main = new URL(import.meta.url.endsWith('.ts') ? './worker-main.ts' : './worker-main.js', import.meta.url);

function subject(task: Task): string {
  switch (task.kind) {
    case 'get':
      return `sample ${task.index}`;
    case 'batch':
      return `the samples ${task.indices.join(', ')}`;
    case 'transform':
      return 'a transform';
    case 'length':
      return 'the length of the dataset';
  }
}

const indexOf = (task: Task): number | null => (task.kind === 'get' ? task.index : null);

function thrownThere(task: Task, { name, message, stack, index }: Failure): WorkerError {
  const cause = new Error(message);
  cause.name = name;
  cause.stack = stack;
  return new WorkerError(`${index === null ? subject(task) : `sample ${index}`}: ${name}: ${message}`, index, cause);
}

/**
 * Worker threads that make samples, so that training goes on meanwhile. A module of yours, which every thread loads, says
 * what they do: `createDataset(data)` gives samples by index, `createTransform(data)` a function of a sample; both may be
 * asynchronous.
 *
 * Batches and samples come in order, and bit for bit the same for any number of threads, and for none: what is random
 * comes from the context of each sample (draws that name no generator follow from its seed as well here). A batch is put
 * together in the thread by `defaultCollate`, and its buffers move to this one without being copied; with a `collate` of
 * the loader's own, samples cross one by one.
 *
 * Threads are started when they are needed, do not keep a program alive that waits for none of them, and end with
 * {@link WorkerPool.dispose}. One that died is replaced when there is something to do again.
 *
 * @example
 * ```ts
 * // digits.js: export const createDataset = ({ folder }) => ({ length: 1000, get: (i, context) => read(folder, i, context) });
 * const pool = new WorkerPool(new URL('./digits.js', import.meta.url), { size: 4, data: { folder: 'digits' } });
 * const loader = new DataLoader(await pool.dataset(), { batchSize: 64, shuffle: true });
 * for await (const [x, y] of loader) step(x, y);
 * await pool.dispose();
 * ```
 * @see https://pytorch.org/docs/stable/data.html#multi-process-data-loading
 */
export class WorkerPool {
  /** How many threads there are at most. */
  readonly size: number;
  readonly #setup: WorkerSetup;
  readonly #execArgv: readonly string[] | undefined;
  readonly #slots: readonly Slot[];
  readonly #running = new Set<Worker>();
  readonly #watched = new WeakSet<AbortSignal>();
  readonly #never = new AbortController().signal;
  #queue: Job[] = [];
  #requests = 0;
  #disposed = false;

  /**
   * @param module where the module is: `new URL('./module.js', import.meta.url)`
   * @throws ValueError for a size that is no positive integer, for data that cannot be cloned, and for no URL
   */
  constructor(module: URL | string, options: WorkerPoolOptions = {}) {
    checkNames('WorkerPool', options, ['size', 'data', 'execArgv']);
    const refuse = (message: string): never => {
      throw new ValueError(`WorkerPool: ${message}`);
    };
    this.size = options.size ?? Math.max(availableParallelism() - 1, 1);
    if (!Number.isSafeInteger(this.size) || this.size < 1) refuse(`size should be a positive integer, got ${String(this.size)}`);
    if (!URL.canParse(module)) refuse(`the module should be a URL, such as new URL('./module.js', import.meta.url), got ${String(module)}`);
    let data: unknown;
    try {
      data = structuredClone(options.data);
    } catch (error) {
      refuse(`data cannot be cloned: ${(error as Error).message}`);
    }
    this.#setup = { module: String(module), data };
    this.#execArgv = options.execArgv;
    this.#slots = Array.from({ length: this.size }, () => ({ worker: null, given: new Map() }));
  }

  /** How many threads are running. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * The samples of the module's `createDataset`, made by the threads.
   *
   * @throws WorkerError when the module cannot be loaded, has no such function, or it throws
   */
  async dataset<T>(): Promise<Dataset<T>> {
    const length = (await this.#perform({ kind: 'length' })) as number;
    return {
      length,
      parallelism: this.size,
      get: (index, context = sampleContext()) => this.#perform({ kind: 'get', index, seed: context.seed }, context) as Promise<T>,
      getBatch: (indices, contexts) => this.#perform({ kind: 'batch', indices, seeds: contexts.map((c) => c.seed) }, contexts[0]),
    };
  }

  /**
   * The function of the module's `createTransform`, for `mapDataset`: it runs in the threads. For an iterable dataset, a
   * `concurrency` above {@link WorkerPool.size} keeps all of them at work. Its promise rejects with a WorkerError when the
   * module cannot be loaded, has no such function, or one of the two throws.
   */
  transform<T, U>(): Transform<T, U> {
    return async (sample, context) => {
      const moved: ArrayBuffer[] = [];
      const encoded = await encode(sample, moved);
      return this.#perform({ kind: 'transform', sample: encoded, seed: context.seed }, context, moved) as Promise<U>;
    };
  }

  /** Ends all threads. What they were at work on is rejected with a {@link WorkerError}. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const waiting = [...this.#slots.flatMap((s) => [...s.given.values()]), ...this.#queue];
    this.#queue = [];
    for (const slot of this.#slots) {
      slot.given.clear();
      slot.worker = null;
    }
    for (const { task, reject } of waiting) reject(new WorkerError(`${subject(task)}: the pool was disposed`, indexOf(task)));
    await Promise.all([...this.#running].map((w) => w.terminate()));
  }

  #perform(task: Task, context?: SampleContext, moved: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#disposed) throw new ValueError('WorkerPool: the pool was disposed');
    const signal = context?.signal ?? this.#never;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      this.#watch(signal);
      this.#queue.push({ task, moved, signal, resolve, reject });
      this.#assign();
    });
  }

  /** Takes back what has not begun when a signal is given. One listener does for all that wait for it. */
  #watch(signal: AbortSignal): void {
    if (this.#watched.has(signal)) return;
    this.#watched.add(signal);
    const cancel = (): void => {
      const dropped = this.#queue.filter((job) => job.signal === signal);
      this.#queue = this.#queue.filter((job) => job.signal !== signal);
      for (const { reject } of dropped) reject(signal.reason);
    };
    signal.addEventListener('abort', cancel, { once: true });
  }

  /** Gives waiting tasks to the threads with the least to do. */
  #assign(): void {
    while (this.#queue.length > 0) {
      const slot = this.#slots.reduce((best, s) => (s.given.size < best.given.size ? s : best));
      if (slot.given.size >= depthOf(this.#queue[0]!)) return;
      const job = this.#queue.shift()!;
      const id = this.#requests++;
      try {
        slot.worker ??= this.#start(slot);
      } catch (error) {
        job.reject(error);
        continue;
      }
      slot.worker.ref();
      slot.given.set(id, job);
      slot.worker.postMessage({ id, task: job.task } satisfies Request, job.moved);
    }
  }

  #start(slot: Slot): Worker {
    const worker = new Worker(main, {
      workerData: this.#setup,
      name: 'nabla-data',
      ...(this.#execArgv === undefined ? {} : { execArgv: [...this.#execArgv] }),
    });
    this.#running.add(worker);
    let broke: Error | undefined;
    worker.on('message', (answer: Answer) => this.#receive(slot, worker, answer));
    worker.on('error', (error) => {
      broke = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', (code) => {
      this.#running.delete(worker);
      if (slot.worker === worker) this.#bury(slot, code, broke);
    });
    return worker;
  }

  #receive(slot: Slot, worker: Worker, answer: Answer): void {
    const job = slot.given.get(answer.id);
    if (job === undefined) return; // it was disposed of meanwhile
    slot.given.delete(answer.id);
    if (slot.given.size === 0) worker.unref();
    try {
      if ('failure' in answer) throw thrownThere(job.task, answer.failure);
      job.resolve(decode(answer.value));
    } catch (error) {
      job.reject(error);
    }
    this.#assign();
  }

  /** A thread ended by itself: what it was at work on failed, what it had not begun is given to another. */
  #bury(slot: Slot, code: number, error: Error | undefined): void {
    const [atWork, ...others] = slot.given.values();
    slot.worker = null;
    slot.given.clear();
    this.#queue.unshift(...others.filter((job) => !job.signal.aborted));
    for (const { signal, reject } of others) if (signal.aborted) reject(signal.reason);
    if (atWork !== undefined) {
      const how = error === undefined ? `the thread stopped with exit code ${code}` : `the thread died: ${error.name}: ${error.message}`;
      atWork.reject(new WorkerError(`${subject(atWork.task)}: ${how}`, indexOf(atWork.task), error));
    }
    this.#assign();
  }
}
