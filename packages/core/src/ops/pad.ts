import { ShapeError, ValueError } from '../errors.ts';
import { takeEntries } from '../gathering.ts';
import { padConstant } from '../padding.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { fromBuffer } from './create.ts';

/** What lies beyond the edge: a constant, the mirror image without the edge, the edge repeated, or the other side. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Options of {@link pad}. */
export interface PadOptions {
  /** Default `constant`. */
  mode?: PadMode;
  /** The constant; default 0. */
  value?: number;
}

/** For each mode, which of n entries lies at a position outside of 0..n-1. */
const source: Readonly<Record<Exclude<PadMode, 'constant'>, (i: number, n: number) => number>> = {
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => (i + n) % n,
};

/** The largest amount on one side that a mode has entries for. */
const reach: Readonly<Record<Exclude<PadMode, 'constant'>, (n: number) => number>> = {
  reflect: (n) => Math.max(n - 1, 0),
  replicate: (n) => (n === 0 ? 0 : Number.POSITIVE_INFINITY),
  circular: (n) => n,
};

/**
 * A tensor with a border, or without one: negative amounts crop.
 *
 * @param pad amounts for the last dimension first: [before last, after last, before second to last, ...]
 * @throws ShapeError when there are more amounts than dimensions, or nothing is left; ValueError for an odd number of amounts,
 * or an amount that the mode has no entries for
 * @example
 * ```ts
 * pad(image, [1, 1, 2, 2]);                         // 1 left and right, 2 above and below
 * pad(image, [1, 1, 1, 1], { mode: 'reflect' });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 */
export function pad(t: Tensor, pad: readonly number[], options: PadOptions = {}): Tensor {
  const mode = options.mode ?? 'constant';
  if (mode !== 'constant' && !Object.hasOwn(source, mode)) {
    throw new ValueError(`pad: unknown mode '${mode as string}'; it is constant, reflect, replicate or circular`);
  }
  if (pad.length % 2 !== 0) throw new ValueError(`pad: amounts come in pairs (before, after), got ${pad.length} of them`);
  if (pad.length > 2 * t.ndim) throw new ShapeError(`pad: ${pad.length} amounts for ${show(t.shape)}, at most ${2 * t.ndim}`);
  const wrong = pad.find((n) => !Number.isInteger(n));
  if (wrong !== undefined) throw new ValueError(`pad: amounts must be integers, got ${wrong}`);
  const amount = (d: number, side: 0 | 1): number => pad[2 * (t.ndim - 1 - d) + side] ?? 0;
  const before = t.shape.map((_, d) => amount(d, 0));
  const after = t.shape.map((_, d) => amount(d, 1));
  t.shape.forEach((n, d) => {
    if (n + before[d]! + after[d]! < 0) {
      throw new ShapeError(`pad: ${before[d]} and ${after[d]} leave nothing of dim ${d} of ${show(t.shape)}`);
    }
    const most = mode === 'constant' ? Number.POSITIVE_INFINITY : reach[mode](n);
    if (before[d]! > most || after[d]! > most) {
      throw new ValueError(`pad: ${mode} cannot add ${Math.max(before[d]!, after[d]!)} to dim ${d} of size ${n} (at most ${most})`);
    }
  });
  if (mode === 'constant') {
    const out = padConstant(t, before, after, options.value ?? 0);
    return out === t ? t.clone() : out;
  }
  return t.shape.reduce<Tensor>((x, n, d) => {
    const length = n + before[d]! + after[d]!;
    if (before[d] === 0 && after[d] === 0) return x;
    const index = Float64Array.from({ length }, (_, i) => source[mode](i - before[d]!, n));
    return takeEntries(x, d, fromBuffer(index, 'int64', [length], { device: t.device }), 'pad');
  }, t);
}
