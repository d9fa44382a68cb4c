import { SingleBar } from 'cli-progress';
import type { Watcher } from './lab.ts';
import type { Done } from './pool.ts';
import type { RunSpec } from './spec.ts';

/** Seconds between lines where there is no terminal. */
const every = 10;

const minutes = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};

/** Shows how far the lab is and how long it will take: a bar on a terminal, a line now and then elsewhere. */
export class Progress implements Watcher {
  readonly #bar: SingleBar | null;
  readonly #started = performance.now();
  #total = 0;
  #done = 0;
  #runs = 0;
  #said = 0;
  /** Processor seconds that finished runs took, and what was estimated for them. */
  readonly spent = { cpuSeconds: 0, estimated: 0 };

  constructor(terminal: boolean) {
    this.#bar = terminal ? new SingleBar({ format: '[{bar}] {percentage}% | {runs} runs | {left} left', hideCursor: true }) : null;
  }

  expected(seconds: number): void {
    this.#total = seconds;
    this.#bar?.start(Math.max(seconds, 1e-3), 0, { runs: 0, left: '?' });
  }

  /** Seconds since the start. */
  get elapsed(): number {
    return (performance.now() - this.#started) / 1000;
  }

  advanced(seconds: number): void {
    this.#done += seconds;
    // Grids that grow are not foreseen: what is done is never more than what there is.
    this.#total = Math.max(this.#total, this.#done);
    const left = minutes((this.elapsed * (this.#total - this.#done)) / Math.max(this.#done, 1e-6));
    if (this.#bar !== null) {
      this.#bar.setTotal(this.#total);
      this.#bar.update(this.#done, { runs: this.#runs, left });
    } else if (this.elapsed - this.#said >= every) {
      this.#said = this.elapsed;
      const percent = Math.floor((100 * this.#done) / this.#total);
      console.log(`${minutes(this.elapsed)}  ${percent}%, ${this.#runs} runs, about ${left} left`);
    }
  }

  finished(_spec: RunSpec, { cpuSeconds }: Done, estimated: number): void {
    this.#runs++;
    this.spent.cpuSeconds += cpuSeconds;
    this.spent.estimated += estimated;
  }

  /** How many runs were done. */
  get runs(): number {
    return this.#runs;
  }

  stop(): void {
    this.#bar?.stop();
  }
}
