import { type Observer, type OpResult, observe } from '../debug.ts';
import { show } from '../shape.ts';
import { bytesMade } from '../storage.ts';
import type { Tensor } from '../tensor.ts';
import type { GraphNode } from './node.ts';

/** What one op cost, all its calls together. Times are in milliseconds. */
export interface ProfileRow {
  readonly name: string;
  /** `forward`, or `backward` for what ran inside of a backward pass. */
  readonly phase: 'forward' | 'backward';
  readonly calls: number;
  /** With what it called. */
  readonly total: number;
  /** Without what it called. */
  readonly self: number;
  /** Part of the self time of all rows, from 0 to 1. */
  readonly share: number;
  /** Bytes of the buffers that were made, without those of what it called. A buffer that was recycled counts. */
  readonly bytes: number;
}

/** One call, for the trace; times in milliseconds. */
interface Span {
  readonly name: string;
  readonly category: 'forward' | 'backward' | 'module';
  readonly start: number;
  readonly duration: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** An open call. */
interface Open {
  readonly start: number;
  readonly bytes: number;
  /** Time and bytes of what it called. */
  childTime: number;
  childBytes: number;
}

class Recorder implements Observer {
  readonly spans: Span[] = [];
  readonly rows: Map<string, { name: string; phase: 'forward' | 'backward'; calls: number; total: number; self: number; bytes: number }> =
    new Map();
  readonly start: number = performance.now();
  readonly #open: Open[] = [];
  #passes = 0;

  op<T extends OpResult>(name: string, inputs: readonly Tensor[], _numbers: unknown, run: () => T): T {
    return this.#timed(name, this.#passes > 0 ? 'backward' : 'forward', inputs, run);
  }

  backward(node: GraphNode, incoming: readonly (Tensor | null)[], run: () => readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    this.#passes++;
    try {
      const given = incoming.filter((g) => g !== null && g !== undefined);
      return this.#timed(`backward of ${node.name}`, 'backward', given, run);
    } finally {
      this.#passes--;
    }
  }

  module<T>(name: string, run: () => T): T {
    const start = performance.now();
    try {
      return run();
    } finally {
      this.spans.push({ name, category: 'module', start, duration: performance.now() - start, detail: {} });
    }
  }

  site(): null {
    return null;
  }

  #timed<T>(name: string, phase: 'forward' | 'backward', inputs: readonly Tensor[], run: () => T): T {
    const open: Open = { start: performance.now(), bytes: bytesMade(), childTime: 0, childBytes: 0 };
    this.#open.push(open);
    try {
      return run();
    } finally {
      const duration = performance.now() - open.start;
      const bytes = bytesMade() - open.bytes;
      this.#open.pop();
      const parent = this.#open[this.#open.length - 1];
      if (parent !== undefined) {
        parent.childTime += duration;
        parent.childBytes += bytes;
      }
      const key = `${phase} ${name}`;
      let row = this.rows.get(key);
      if (row === undefined) {
        row = { name, phase, calls: 0, total: 0, self: 0, bytes: 0 };
        this.rows.set(key, row);
      }
      row.calls++;
      row.total += duration;
      row.self += duration - open.childTime;
      row.bytes += bytes - open.childBytes;
      const detail = { inputs: inputs.map((t) => `${t.dtype} ${show(t.shape)}`), bytes };
      this.spans.push({ name, category: phase, start: open.start, duration, detail });
    }
  }
}

/** What {@link profile} saw. */
export class Profile<T = unknown> {
  /** What the profiled function returned. */
  readonly result: T;
  /** One row per op and phase, the one with the largest self time first. */
  readonly rows: readonly ProfileRow[];
  /** Milliseconds from beginning to end. */
  readonly duration: number;
  readonly #spans: readonly Span[];
  readonly #start: number;

  /** @internal */
  constructor(result: T, rows: readonly ProfileRow[], spans: readonly Span[], start: number, duration: number) {
    this.result = result;
    this.rows = rows;
    this.duration = duration;
    this.#spans = spans;
    this.#start = start;
  }

  /** The rows as a table. */
  table(): string {
    const head = ['op', 'phase', 'calls', 'total ms', 'self ms', 'share', 'bytes'];
    const body = this.rows.map((r) => [
      r.name,
      r.phase,
      String(r.calls),
      r.total.toFixed(3),
      r.self.toFixed(3),
      `${(100 * r.share).toFixed(1)}%`,
      String(r.bytes),
    ]);
    const widths = head.map((h, i) => Math.max(h.length, ...body.map((row) => row[i]!.length)));
    const line = (cells: readonly string[]): string =>
      cells
        .map((c, i) => (i < 2 ? c.padEnd(widths[i]!) : c.padStart(widths[i]!)))
        .join('  ')
        .trimEnd();
    const calls = this.rows.reduce((n, r) => n + r.calls, 0);
    const busy = this.rows.reduce((ms, r) => ms + r.self, 0);
    const rule = widths.map((w) => '-'.repeat(w)).join('  ');
    return [
      line(head),
      rule,
      ...body.map(line),
      rule,
      `${calls} calls, ${busy.toFixed(3)} ms in ops of ${this.duration.toFixed(3)} ms`,
    ].join('\n');
  }

  toString(): string {
    return this.table();
  }

  /**
   * The calls as a trace for `chrome://tracing` or https://ui.perfetto.dev: write it to a file that ends in `.json`.
   *
   * @see https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
   */
  chromeTrace(): string {
    const micro = (ms: number): number => Math.round(ms * 1e6) / 1e3;
    const meta = (name: string, value: string): object => ({ name, ph: 'M', pid: 1, tid: 1, args: { name: value } });
    const spans = [...this.#spans].sort((a, b) => a.start - b.start || b.duration - a.duration);
    const events = spans.map((s) => ({
      name: s.name,
      cat: s.category,
      ph: 'X',
      ts: micro(s.start - this.#start),
      dur: micro(s.duration),
      pid: 1,
      tid: 1,
      args: s.detail,
    }));
    return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [meta('process_name', 'nabla'), meta('thread_name', 'ops'), ...events] });
  }
}

function finished<T>(recorder: Recorder, result: T): Profile<T> {
  const duration = performance.now() - recorder.start;
  const all = [...recorder.rows.values()];
  const busy = all.reduce((ms, r) => ms + r.self, 0);
  const rows = all.map((r) => ({ ...r, share: busy > 0 ? r.self / busy : 0 })).sort((a, b) => b.self - a.self);
  return new Profile(result, rows, recorder.spans, recorder.start, duration);
}

/**
 * Runs `fn` and measures every op in it: how often it ran, how long, and how much memory it asked for. An asynchronous `fn`
 * is measured until its promise is fulfilled.
 *
 * Times are those of this thread. Where a device works on its own, an op takes as long as it takes to hand the work
 * over; a read at the end (`await t.data()`) shows the rest in {@link Profile.duration}.
 *
 * @returns the measurements, with what `fn` returned as `result`; a promise of them when `fn` is asynchronous
 * @example
 * ```ts
 * const p = profile(() => lossFn.call(model.call(x), y).backward());
 * console.log(p.table());
 * await writeFile('trace.json', p.chromeTrace());
 * ```
 * @see https://pytorch.org/docs/stable/profiler.html
 */
export function profile<T>(fn: () => Promise<T>): Promise<Profile<T>>;
export function profile<T>(fn: () => T): Profile<T>;
export function profile<T>(fn: () => T | Promise<T>): Profile<T> | Promise<Profile<T>> {
  const recorder = new Recorder();
  const end = observe(recorder);
  let result: T | Promise<T>;
  try {
    result = fn();
  } catch (error) {
    end();
    throw error;
  }
  if (!(result instanceof Promise)) {
    end();
    return finished(recorder, result);
  }
  return result.finally(end).then((value) => finished(recorder, value));
}
