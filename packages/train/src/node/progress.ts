import { SingleBar } from 'cli-progress';
import type { EpochEndEvent, FitCallback, FitEndEvent, FitEvent, LogEvent } from '../callbacks.ts';
import type { StopReason } from '../history.ts';
import { withDefaults } from '../options.ts';

/** Where progress is shown: a stream of Node. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** Options of {@link progress}. */
export interface ProgressOptions {
  /** Where to write. Default: the standard error stream. */
  stream?: ProgressStream;
}

const endings: Readonly<Record<StopReason, string>> = {
  epochs: 'all epochs are done',
  earlyStopping: 'nothing improves any more',
  aborted: 'aborted',
  callback: 'stopped by a callback',
};

/** A duration in the two largest units that matter. */
function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

function valuesText(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join(', ');
}

/** Steps per second, and what is left to do at the present pace. */
class Pace {
  #began = performance.now();
  #epochBegan = performance.now();
  /** Where the run was when it began, in batches and in steps of the epoch. */
  #from = 0;
  #epochFrom = 0;
  #batches: number | null = null;

  start(e: FitEvent): void {
    this.#began = performance.now();
    this.#batches = e.batches;
    this.#from = this.#position(e);
  }

  startEpoch(e: FitEvent): void {
    this.#epochBegan = performance.now();
    this.#epochFrom = e.step;
  }

  #position(e: FitEvent): number {
    return (e.epoch - 1) * (this.#batches ?? 0) + e.batch;
  }

  /** The end of an epoch tells how many batches one has. */
  endEpoch(e: FitEvent): void {
    if (this.#batches !== null) return;
    this.#batches = e.batch;
    this.#from += (e.epoch - 1) * e.batch;
  }

  stepsPerSecond(e: FitEvent): number {
    return (e.step - this.#epochFrom) / Math.max((performance.now() - this.#epochBegan) / 1000, 1e-9);
  }

  /** Seconds until the last epoch is done; null when nobody can tell yet. */
  left(e: FitEvent): number | null {
    const done = this.#position(e) - this.#from;
    if (this.#batches === null || done <= 0) return null;
    return ((performance.now() - this.#began) / 1000 / done) * (e.epochs * this.#batches - this.#position(e));
  }

  get batches(): number | null {
    return this.#batches;
  }

  text(e: FitEvent): string {
    const left = this.left(e);
    return `${number(this.stepsPerSecond(e))} steps/s${left === null ? '' : `, ${duration(left)} left`}`;
  }
}

/**
 * Shows how far a run of `fit` is: one line for every epoch, with the metrics, steps per second and the time that is left. On a
 * terminal a bar below them shows the running epoch, with values that are as new as `logEvery` makes them.
 *
 * @throws ValueError for an unknown option
 * @example
 * ```ts
 * await fit(model, { optimizer, loss, data, epochs: 20, callbacks: progress() });
 * ```
 * @see https://keras.io/api/callbacks/progbar_logger/
 */
export function progress(options: ProgressOptions = {}): FitCallback {
  const { stream } = withDefaults<Required<ProgressOptions>>('progress', { stream: process.stderr }, options);
  const pace = new Pace();
  let bar: SingleBar | null = null;
  let values = '';
  const stopBar = (): void => {
    bar?.stop();
    bar = null;
  };
  const payload = (e: FitEvent): Record<string, string> => ({ values, pace: pace.text(e) });
  const line = (text: string): void => {
    stopBar();
    stream.write(`${text}\n`);
  };
  return {
    onFitStart: (e) => {
      pace.start(e);
      if (e.step > 0) line(`going on after step ${e.step}`);
    },
    onEpochStart: (e) => {
      pace.startEpoch(e);
      values = '';
      if (stream.isTTY !== true) return;
      const total = pace.batches;
      bar = new SingleBar({
        // A bar needs to know where it ends.
        format: `epoch ${e.epoch}/${e.epochs} ${total === null ? 'batch {value}' : '[{bar}] {value}/{total}'} {pace} {values}`,
        stream: stream as NodeJS.WritableStream,
        barsize: 20,
        clearOnComplete: true,
      });
      bar.start(total ?? 0, e.batch, { values, pace: '' });
    },
    onStep: (e) => {
      bar?.update(e.batch, payload(e));
    },
    onLog: (e: LogEvent) => {
      values = valuesText(e.metrics);
      bar?.update(e.batch, payload(e));
    },
    onEpochEnd: (e: EpochEndEvent) => {
      pace.endEpoch(e);
      line(`epoch ${e.epoch}/${e.epochs}: ${valuesText(e.record.metrics)} (${duration(e.record.seconds)}, ${pace.text(e)})`);
    },
    onFitEnd: ({ result }: FitEndEvent) => {
      line(`finished after ${result.steps} steps: ${endings[result.stopped]}`);
    },
    onError: stopBar,
  };
}
