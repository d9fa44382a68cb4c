import { DeviceError } from '../errors.ts';
import type { Arena } from './memory.ts';
import { argumentWords, at, maxParts, partBits, workerSource } from './worker-source.ts';

/** Where boards lie on which work is put up: behind address 0, before the arguments of kernels. */
const boardsAt = 128;
const boardWords = at.arguments + maxParts * argumentWords;
/**
 * Teams take them in turn: pages cannot wait for the end of a thread, and one that ends late must find no work of the next team, which
 * it might take and not do.
 */
const boards = 3;
let teams = 0;

/** What a thread is, in Node and in browsers. */
interface Thread {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/** A compiled module as workers get it: its bytes, in the shared memory. */
export interface SharedModule {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Names of the exported functions; calls name them by position. */
  readonly names: readonly string[];
}

/**
 * Threads that run kernels over one shared memory, side by side with the caller. Everybody takes the next part that nobody has: a thread
 * that sleeps costs the caller the part that it would have done, not the time until it wakes. Every result is computed by one thread, in
 * the order in which one thread alone would compute it: results depend neither on the number of threads nor on who does what.
 */
export class Team {
  readonly #board: Int32Array;
  readonly #threads: readonly Thread[];
  #helped = 0;

  private constructor(board: Int32Array, threads: readonly Thread[]) {
    this.#board = board;
    this.#threads = threads;
  }

  /** Threads that work, the caller among them. */
  get size(): number {
    return this.#threads.length + 1;
  }

  /** Parts that the threads beside the caller have done. */
  get helped(): number {
    return this.#helped;
  }

  /** Starts `count` threads beside the caller. */
  static async start(arena: Arena, count: number): Promise<Team> {
    const address = boardsAt + (teams++ % boards) * boardWords * 4;
    const board = arena.i32.subarray(address / 4, address / 4 + boardWords);
    board.fill(0);
    const threads: Thread[] = [];
    try {
      for (let i = 0; i < count; i++) threads.push(await startThread({ memory: arena.memory, board: address }));
    } catch (error) {
      for (const t of threads) t.terminate();
      throw error;
    }
    return new Team(board, threads);
  }

  /**
   * Calls an exported function once for each list of arguments, {@link maxParts} at most. Gives up the processor only when all are done.
   *
   * @param patient the caller takes one part at most and leaves the others to the threads, however long they take
   */
  run(
    module: SharedModule,
    exported: (...args: number[]) => unknown,
    name: string,
    calls: readonly (readonly number[])[],
    patient: boolean = false,
  ): void {
    const board = this.#board;
    board[at.done] = 0;
    board[at.failed] = 0;
    board[at.module] = module.id;
    board[at.address] = module.bytes.byteOffset;
    board[at.length] = module.bytes.length;
    board[at.name] = module.names.indexOf(name);
    board[at.count] = calls[0]!.length;
    for (let i = 0, row = at.arguments; i < calls.length; i++, row += argumentWords) {
      const args = calls[i]!;
      for (let k = 0; k < args.length; k++) board[row + k] = args[k]!;
    }
    // Nobody reads the rest before this is stored.
    Atomics.store(board, at.state, (((board[at.state]! >> partBits) + 1) << partBits) | calls.length);
    Atomics.notify(board, at.state, calls.length - 1);
    let taken = 0;
    try {
      for (let part = take(board); part >= 0; part = patient ? -1 : take(board)) {
        taken++;
        exported(...calls[part]!);
      }
    } catch (error) {
      // Nobody begins with the rest. What others work on must end, since the memory is used again.
      while (take(board) >= 0) taken++;
      throw error;
    } finally {
      // Not Atomics.wait: pages may not, and the parts end at about the same time.
      while (Atomics.load(board, at.done) + taken < calls.length);
    }
    this.#helped += calls.length - taken;
    if (board[at.failed] !== 0) throw new DeviceError(`a worker thread failed in the kernel '${name}'`);
  }

  /** Ends the threads, and in Node waits until they have. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((t) => t.terminate()));
  }
}

/** Takes a part that nobody has: its number, or -1 when there is none. */
function take(board: Int32Array): number {
  for (;;) {
    const state = Atomics.load(board, at.state);
    const left = state & ((1 << partBits) - 1);
    if (left === 0) return -1;
    if (Atomics.compareExchange(board, at.state, state, state - 1) === state) return left - 1;
  }
}

/** What a worker begins with. */
interface Start {
  readonly memory: WebAssembly.Memory;
  /** Address of the board. */
  readonly board: number;
}

interface NodeWorker extends Thread {
  once(event: string, listener: (value: unknown) => void): unknown;
  unref(): void;
}
type NodeWorkers = { readonly Worker: new (source: string, options: object) => NodeWorker };
type BrowserWorker = Thread & {
  onmessage: ((event: unknown) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
};

/** The worker threads of Node, without an import that bundlers for browsers would follow. */
export function nodeBuiltin<T>(name: string): T | null {
  const node = (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process;
  return (node?.getBuiltinModule?.(name) as T | undefined) ?? null;
}

function startThread(start: Start): Promise<Thread> {
  const failed = (why: unknown): DeviceError => new DeviceError(`setThreads: a worker thread could not be started: ${String(why)}`);
  const node = nodeBuiltin<NodeWorkers>('node:worker_threads');
  if (node !== null) {
    return new Promise((resolve, reject) => {
      const worker = new node.Worker(workerSource, { eval: true, workerData: start });
      worker.once('message', () => {
        // The process may end while threads wait for work.
        worker.unref();
        resolve(worker);
      });
      worker.once('error', (error) => reject(failed((error as Error).message)));
    });
  }
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
    const Worker = (globalThis as unknown as { Worker: new (url: string) => BrowserWorker }).Worker;
    const worker = new Worker(url);
    worker.onmessage = () => {
      URL.revokeObjectURL(url);
      resolve(worker);
    };
    worker.onerror = (event) => reject(failed(event.message ?? 'the page refuses workers from blobs'));
    worker.postMessage(start);
  });
}
