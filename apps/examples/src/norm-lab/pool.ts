import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LabError } from '../errors.ts';
import type { Answer, Order, Setup } from './messages.ts';
import type { RunResult, RunSpec } from './spec.ts';

/** A run that waits for a process, and whom to tell. */
interface Waiting {
  readonly spec: RunSpec;
  /** Higher goes first. */
  readonly priority: number;
  readonly onShare: (share: number) => void;
  readonly resolve: (done: Done) => void;
  readonly reject: (e: Error) => void;
}

/** A result, and the processor seconds that it took. */
export interface Done {
  readonly result: RunResult;
  readonly cpuSeconds: number;
}

const childPath = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url));

/** Processes that do runs, one at a time each. The first failure ends all of them. */
export class Pool {
  readonly #idle: ChildProcess[] = [];
  readonly #all: ChildProcess[] = [];
  readonly #busy = new Map<ChildProcess, Waiting>();
  readonly #waiting: Waiting[] = [];
  #failure: Error | null = null;
  #giveUp: (e: Error) => void = () => {};
  /** The device that the processes compute on, in its own words. */
  readonly device: Promise<string>;

  constructor(count: number, setup: Setup) {
    let tell: (device: string) => void = () => {};
    this.device = new Promise((resolve, reject) => {
      tell = resolve;
      this.#giveUp = reject;
    });
    // Whoever waits for it hears of a failure; nobody has to wait.
    this.device.catch(() => {});
    for (let i = 0; i < count; i++) {
      const child = fork(childPath);
      this.#all.push(child);
      this.#idle.push(child);
      child.on('message', (answer: Answer) => (answer.kind === 'ready' ? tell(answer.device) : this.#heard(child, answer)));
      child.on('error', (e) => this.#fail(e));
      child.on('exit', (code, signal) => this.#fail(new LabError(`a training process stopped early (${signal ?? `code ${code}`})`)));
      child.send({ kind: 'setup', setup } satisfies Order);
    }
  }

  /** Does a run when a process is free. */
  run(spec: RunSpec, priority: number, onShare: (share: number) => void): Promise<Done> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ spec, priority, onShare, resolve, reject });
      // Whoever asks for many runs at once has asked for all of them before the first starts, so that the order counts.
      setImmediate(() => this.#serve());
    });
  }

  #serve(): void {
    this.#waiting.sort((a, b) => b.priority - a.priority);
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const child = this.#idle.pop()!;
      const next = this.#waiting.shift()!;
      this.#busy.set(child, next);
      child.send({ kind: 'run', spec: next.spec } satisfies Order);
    }
  }

  #heard(child: ChildProcess, answer: Exclude<Answer, { kind: 'ready' }>): void {
    const mine = this.#busy.get(child);
    if (mine === undefined) return;
    if (answer.kind === 'progress') {
      mine.onShare(answer.share);
      return;
    }
    this.#busy.delete(child);
    this.#idle.push(child);
    mine.resolve(answer);
    this.#serve();
  }

  #fail(e: Error): void {
    this.#failure ??= e;
    this.#giveUp(this.#failure);
    for (const w of [...this.#busy.values(), ...this.#waiting.splice(0)]) w.reject(this.#failure);
    this.#busy.clear();
    this.close();
  }

  /** Ends the processes. */
  close(): void {
    for (const child of this.#all) child.removeAllListeners('exit').kill();
  }
}
