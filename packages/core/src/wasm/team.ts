import { DeviceError } from '../errors.ts';
import type { Arena } from './memory.ts';
import { workerSource } from './worker-source.ts';

/** Words of shared memory that one worker listens to: turn, done, module, bytes of the module, function, count, arguments. */
const mailWords = 32;
const turnAt = 0;
const doneAt = 1;
const moduleAt = 2;
const addressAt = 3;
const lengthAt = 4;
const nameAt = 5;
const countAt = 6;
const argumentsFrom = 8;
/** Mailboxes lie here: behind address 0, before the arguments of kernels. */
const mailAt = 128;

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
 * Threads that run kernels over one shared memory, side by side with the caller, who waits for them. Work is split so that every result
 * is computed by one thread, in the order in which one thread alone would compute it: results do not depend on the number.
 */
export class Team {
  readonly #mail: Int32Array;
  readonly #threads: readonly Thread[];

  private constructor(mail: Int32Array, threads: readonly Thread[]) {
    this.#mail = mail;
    this.#threads = threads;
  }

  /** Threads that work, the caller among them. */
  get size(): number {
    return this.#threads.length + 1;
  }

  /** Starts `count` threads beside the caller. */
  static async start(arena: Arena, count: number): Promise<Team> {
    const mail = arena.i32.subarray(mailAt / 4, mailAt / 4 + count * mailWords);
    mail.fill(0);
    const threads: Thread[] = [];
    try {
      for (let i = 0; i < count; i++) threads.push(await startThread({ memory: arena.memory, mail: mailAt + i * mailWords * 4 }));
    } catch (error) {
      for (const t of threads) t.terminate();
      throw error;
    }
    return new Team(mail, threads);
  }

  /**
   * Calls an exported function once for each list of arguments: the first here, the others on threads. Gives up the processor only when
   * all are done.
   */
  run(module: SharedModule, exported: (...args: number[]) => unknown, name: string, calls: readonly (readonly number[])[]): void {
    const mail = this.#mail;
    for (let i = 1; i < calls.length; i++) {
      const at = (i - 1) * mailWords;
      const args = calls[i]!;
      mail[at + moduleAt] = module.id;
      mail[at + addressAt] = module.bytes.byteOffset;
      mail[at + lengthAt] = module.bytes.length;
      mail[at + nameAt] = module.names.indexOf(name);
      mail[at + countAt] = args.length;
      for (let k = 0; k < args.length; k++) mail[at + argumentsFrom + k] = args[k]!;
      Atomics.add(mail, at + turnAt, 1);
      Atomics.notify(mail, at + turnAt);
    }
    exported(...calls[0]!);
    let failed = false;
    for (let i = 1; i < calls.length; i++) {
      const at = (i - 1) * mailWords;
      const turn = mail[at + turnAt]!;
      // Not Atomics.wait: pages may not, and the parts end at about the same time.
      let done = Atomics.load(mail, at + doneAt);
      while (done !== turn && done !== -turn) done = Atomics.load(mail, at + doneAt);
      failed ||= done === -turn;
    }
    // Only when nobody works on the memory any more.
    if (failed) throw new DeviceError(`a worker thread failed in the kernel '${name}'`);
  }

  /** Ends the threads, and waits until they have: a team that follows has the same mailboxes. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((t) => t.terminate()));
  }
}

/** What a worker begins with. */
interface Start {
  readonly memory: WebAssembly.Memory;
  /** Address of its mailbox. */
  readonly mail: number;
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
