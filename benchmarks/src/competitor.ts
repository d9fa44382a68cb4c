import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Entrant } from './entrant.ts';
import { ContenderError, ContenderProcess } from './process.ts';
import type { Memory } from './protocol.ts';
import { hasSettled, nextCount, type Summary, summarize } from './statistics.ts';
import type { Workload } from './workloads/workload.ts';

/** How long everything may take. Times are in milliseconds. */
export interface Settings {
  readonly rounds: number;
  /** What an op is repeated for in one round. */
  readonly round: number;
  /** Least warming up before the first round. */
  readonly warmUp: number;
  /** A contender that has taken this long in its rounds takes part in no more of them. */
  readonly budget: number;
  /** A contender that needs longer for one answer is out. */
  readonly limit: number;
  /** Before each turn, so that threads of the contender before have gone to sleep. */
  readonly pause: number;
}

/** What a contender achieved on a workload. */
export interface Measured {
  readonly threads: number;
  /** Milliseconds of a step or a call. */
  readonly time: Summary;
  /** Of the last step of a round; null for an op. */
  readonly loss: number | null;
  readonly memory: Memory;
}

/** What a contender did, or why it did not. */
export type Cell = Measured | { readonly reason: string };

/** Time for a library to be imported before it can load a task. */
const startLimit = 60_000;

/** A contender at work on one workload. */
export class Competitor {
  readonly id: string;
  readonly #threads: number;
  readonly #process: ContenderProcess;
  readonly #workload: Workload;
  readonly #settings: Settings;
  readonly #samples: number[] = [];
  readonly #losses: (number | null)[] = [];
  #outputs: readonly Float32Array[] = [];
  /** Steps in one round. */
  #steps: number;
  #spent = 0;
  #memory: Memory | null = null;
  /** Why there is no result; null so far. */
  #failure: string | null = null;

  /** @throws TypeError for an entrant that takes no part */
  constructor(entrant: Entrant, workload: Workload, settings: Settings) {
    if (entrant.about === null) throw new TypeError(`${entrant.contender.label} takes no part`);
    this.id = entrant.contender.id;
    this.#threads = entrant.about.threads;
    this.#process = new ContenderProcess(entrant.command);
    this.#workload = workload;
    this.#settings = settings;
    this.#steps = workload.steps ?? 1;
  }

  /** Whether it is out. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Losses at the end of each round of training. */
  get losses(): readonly (number | null)[] {
    return this.#losses;
  }

  /** What the op gave. */
  get outputs(): readonly Float32Array[] {
    return this.#outputs;
  }

  /** Does something with the process; a contender that cannot is out, and says why. */
  async #try(action: (process: ContenderProcess) => Promise<void>): Promise<void> {
    if (this.#failure !== null) return;
    try {
      await action(this.#process);
    } catch (e) {
      if (!(e instanceof ContenderError)) throw e;
      this.#failure = e.message;
      await this.#process.stop();
    }
  }

  async load(file: string): Promise<void> {
    await this.#try(async (p) => {
      await p.request({ kind: 'load', file, task: this.#workload.task }, startLimit + this.#settings.limit);
    });
  }

  /** Runs until code is compiled and caches are warm, and finds out how many calls make a round of an op. */
  async warmUp(): Promise<void> {
    const { warmUp, round, budget, limit, pause } = this.#settings;
    const isOp = this.#workload.steps === null;
    await sleep(pause);
    await this.#try(async (p) => {
      let total = 0;
      const times: number[] = [];
      for (;;) {
        const { milliseconds } = await p.request({ kind: 'run', steps: this.#steps }, limit);
        total += milliseconds;
        times.push(milliseconds / this.#steps);
        if (isOp) this.#steps = nextCount(this.#steps, milliseconds, round);
        const long = !isOp || milliseconds >= round / 2;
        if ((long && total >= warmUp && hasSettled(times)) || total >= budget / 4) return;
      }
    });
  }

  async round(): Promise<void> {
    const { budget, limit, pause } = this.#settings;
    if (this.#spent >= budget) return;
    await sleep(pause);
    await this.#try(async (p) => {
      const { task } = this.#workload;
      const { milliseconds, loss } = await p.request({ kind: 'run', steps: this.#steps }, limit);
      this.#spent += milliseconds;
      this.#samples.push(milliseconds / this.#steps / (task.kind === 'op' ? task.calls : 1));
      if (task.kind === 'train') this.#losses.push(loss);
    });
  }

  /** Asks for memory and then for what an op gives, since handing that over takes memory itself. Ends the process. */
  async finish(file: string): Promise<void> {
    const { limit } = this.#settings;
    await this.#try(async (p) => {
      this.#memory = await p.request({ kind: 'memory' }, limit);
      if (this.#workload.task.kind !== 'op') return;
      const { sizes } = await p.request({ kind: 'outputs', file }, limit);
      this.#outputs = readOutputs(file, sizes);
      rmSync(file);
    });
    await this.stop();
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  /** What it achieved, once it has finished. */
  cell(): Cell {
    if (this.#failure !== null) return { reason: this.#failure };
    return { threads: this.#threads, time: summarize(this.#samples), loss: this.#losses.at(-1) ?? null, memory: this.#memory! };
  }
}

/** Tensors of float32, one after the other in a file. */
function readOutputs(file: string, sizes: readonly number[]): readonly Float32Array[] {
  const bytes = readFileSync(file);
  let at = 0;
  return sizes.map((size) => {
    const tensor = new Float32Array(size);
    new Uint8Array(tensor.buffer).set(bytes.subarray(at, at + tensor.byteLength));
    at += tensor.byteLength;
    return tensor;
  });
}
