import { callSite, type Observer, type OpResult, observe, type Site } from '../debug.ts';
import { isFloating } from '../dtype.ts';
import { AnomalyError, DeviceError } from '../errors.ts';
import { show } from '../shape.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import type { GraphNode } from './node.ts';

/** Which values that are no numbers a tensor has. */
interface Findings {
  readonly nan: boolean;
  readonly infinite: boolean;
  /** Position and value of the first. */
  readonly at: number;
  readonly value: number;
}

const clean: Findings = { nan: false, infinite: false, at: -1, value: 0 };

function scan(values: ArrayLike<number>): Findings {
  let found = clean;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (Number.isFinite(v)) continue;
    const nan = found.nan || Number.isNaN(v);
    // NaN says more than an infinity that came before it.
    const first = found.at < 0 || (nan && !found.nan);
    found = { nan, infinite: found.infinite || !Number.isNaN(v), at: first ? i : found.at, value: first ? v : found.value };
  }
  return found;
}

/** What arguments that are no tensors have: numbers, and numbers in arrays and plain objects. */
function scanArguments(value: unknown): Findings {
  if (typeof value === 'number') return scan([value]);
  if (typeof value !== 'object' || value === null) return clean;
  return scan(Object.values(value).filter((v) => typeof v === 'number'));
}

/** Values of a tensor: at once, or, where the device cannot be read at once, later. */
type Read = Findings | Promise<Findings>;

function read(t: Tensor): Read {
  if (!isFloating(t.dtype) || t.size === 0) return clean;
  return t.device.caps.syncRead ? scan(t.dataSync()) : t.data().then(scan);
}

/** Where in a tensor a position lies. */
function place(index: number, shape: readonly number[]): string {
  const at: number[] = [];
  let rest = index;
  for (let d = shape.length - 1; d >= 0; d--) {
    at.unshift(rest % shape[d]!);
    rest = Math.floor(rest / shape[d]!);
  }
  return show(at);
}

/** Something that an op gave. */
interface Given {
  readonly op: string;
  readonly phase: 'forward' | 'backward';
  readonly what: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly site: Site | null;
}

/** The error for findings in a result; null when they are none, or an infinity that was put in. */
function judge(given: Given, found: Findings, inputs: readonly Findings[]): AnomalyError | null {
  const { op, phase, what, shape, dtype, site } = given;
  if (!found.nan && !(found.infinite && !inputs.some((i) => i.infinite || i.nan))) return null;
  const because = inputs.some((i) => i.nan)
    ? '; NaN went in already'
    : inputs.some((i) => i.infinite)
      ? '; infinite values went in'
      : '; everything that went in is finite';
  const where = [
    site?.module == null ? '' : ` in module ${site.module}`,
    site?.at == null ? '' : `${site.module == null ? '' : ','} called at ${site.at}`,
  ].join('');
  const subject = phase === 'forward' ? `${op}: ` : `the backward of '${op}': `;
  const forward = where === '' ? '' : phase === 'forward' ? ` (${where.trim()})` : ` (the forward op was${where})`;
  return new AnomalyError(
    `${subject}${found.value} in ${what} of shape ${show(shape)}, dtype ${dtype}, at ${place(found.at, shape)}${because}${forward}`,
    { op, phase, module: site?.module ?? null, site: site?.at ?? null },
  );
}

/** Looks at the results of every op and of every backward. */
class AnomalyObserver implements Observer {
  /** Checks of devices that are read later, in the order of the ops; null when nobody waits for them. */
  readonly pending: Promise<AnomalyError | null>[] | null;
  /** Backward passes that are running: their ops are judged by what the node gives in the end. */
  #inside = 0;
  /** Where the ops recorded now are said to be called: at the forward op whose backward runs. */
  #site: Site | null = null;

  constructor(waits: boolean) {
    this.pending = waits ? [] : null;
  }

  op<T extends OpResult>(name: string, inputs: readonly Tensor[], numbers: unknown, run: () => T): T {
    if (this.#inside > 0) return run();
    const before = inputs.map(read);
    const result = run();
    const list: readonly Tensor[] = isTensor(result) ? [result] : result;
    list.forEach((t, i) => {
      const what = list.length === 1 ? 'its result' : `result ${i}`;
      const given: Given = { op: name, phase: 'forward', what, shape: t.shape, dtype: t.dtype, site: null };
      this.#check(given, read(t), [...before, scanArguments(numbers)]);
    });
    return result;
  }

  backward(node: GraphNode, incoming: readonly (Tensor | null)[], run: () => readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    const before = incoming.map((g) => (g === null || g === undefined ? clean : read(g)));
    const outer = this.#site;
    this.#inside++;
    this.#site = node.site;
    let results: readonly (Tensor | null)[];
    try {
      results = run();
    } finally {
      this.#inside--;
      this.#site = outer;
    }
    results.forEach((g, i) => {
      if (g === null || g === undefined) return;
      const given: Given = {
        op: node.name,
        phase: 'backward',
        what: `the gradient of input ${i}`,
        shape: g.shape,
        dtype: g.dtype,
        site: node.site,
      };
      this.#check(given, read(g), before);
    });
    return results;
  }

  module<T>(_name: string, run: () => T): T {
    return run();
  }

  site(): Site | null {
    return this.#inside > 0 ? this.#site : callSite();
  }

  #check(given: Given, found: Read, inputs: readonly Read[]): void {
    const all = [found, ...inputs];
    if (all.every((r): r is Findings => !(r instanceof Promise))) {
      if (all[0] === clean) return;
      const error = judge(given.phase === 'forward' ? { ...given, site: callSite() } : given, all[0]!, all.slice(1));
      if (error !== null) throw error;
      return;
    }
    if (this.pending === null) {
      throw new DeviceError(
        `setDetectAnomaly: the device of '${given.op}' can only be read asynchronously; write await detectAnomaly(async () => ...)`,
      );
    }
    const named = given.phase === 'forward' ? { ...given, site: callSite() } : given;
    this.pending.push(Promise.all(all).then(([own, ...rest]) => judge(named, own!, rest)));
  }
}

/**
 * Runs `fn` and stops at the first NaN or infinity that an op gives, in forward or in backward: an {@link AnomalyError}
 * names the op, the path of the module that called it, and the line of the program (for a backward, those of the forward
 * op). An infinity that was put in on purpose is let through: as an argument (a mask of -Infinity), or in a tensor.
 *
 * Every value is read after every op, so that this is slow: for hunting, not for training.
 *
 * Where values cannot be read at once (WebGPU), ops are not stopped: `fn` must be asynchronous, and once it is done
 * everything is read and the promise is rejected with the error of the first op.
 *
 * @returns what `fn` returns
 * @throws AnomalyError at the first NaN or infinity; DeviceError when `fn` is not asynchronous and the device cannot be
 * read at once
 * @example
 * ```ts
 * detectAnomaly(() => lossFn.call(model.call(x), y).backward());
 * // AnomalyError: log: NaN in its result of shape [32, 10], dtype float32, at [4, 0]; everything that went in is finite
 * // (in module encoder.layers.0.linear1 (Linear), called at file:///app/model.ts:31:20)
 * ```
 * @see https://pytorch.org/docs/stable/autograd.html#anomaly-detection
 */
export function detectAnomaly<T>(fn: () => T): T {
  const watcher = new AnomalyObserver(true);
  const end = observe(watcher);
  let ends = true;
  try {
    const result = fn();
    if (result instanceof Promise) {
      ends = false;
      return result.then(
        async (value: unknown) => {
          end();
          const first = (await Promise.all(watcher.pending!)).find((e) => e !== null);
          if (first !== undefined) throw first;
          return value;
        },
        (error: unknown) => {
          end();
          throw error;
        },
      ) as T;
    }
    if (watcher.pending!.length > 0) {
      for (const p of watcher.pending!) p.catch(() => {}); // the error below is the one to see
      throw new DeviceError('detectAnomaly: this device can only be read asynchronously; write await detectAnomaly(async () => ...)');
    }
    return result;
  } finally {
    if (ends) end();
  }
}

let ends: (() => void) | null = null;

/**
 * Turns anomaly mode on or off for everything that follows; see {@link detectAnomaly}. Devices that cannot be read at once
 * need `detectAnomaly` with an asynchronous function.
 *
 * @see https://pytorch.org/docs/stable/autograd.html#torch.autograd.set_detect_anomaly
 */
export function setDetectAnomaly(value: boolean): void {
  if (value) ends ??= observe(new AnomalyObserver(false));
  else {
    ends?.();
    ends = null;
  }
}

/** Whether {@link setDetectAnomaly} is on. @see https://pytorch.org/docs/stable/generated/torch.is_anomaly_enabled.html */
export function isAnomalyEnabled(): boolean {
  return ends !== null;
}
