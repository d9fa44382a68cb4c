import { ShapeError, ValueError } from '../errors.ts';
import { takeEntries } from '../parts/gathering.ts';
import { padConstant } from '../parts/padding.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { fromBuffer } from './create.ts';

/** What lies beyond the edge: a constant, the mirror image without the edge, the edge repeated, or the other side. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Options of `pad`. */
export interface PadOptions {
  /** Default `constant`. */
  mode?: PadMode;
  /** The constant; default 0. */
  value?: number;
}

/** A mode other than `constant`. */
type Mirror = Exclude<PadMode, 'constant'>;

/** For each mode, which of n entries lies at a position outside of 0..n-1. */
const source: Readonly<Record<Mirror, (i: number, n: number) => number>> = {
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => ((i % n) + n) % n,
};

/** The largest amount on one side that a mode has entries for. */
const reach: Readonly<Record<Mirror, (n: number) => number>> = {
  reflect: (n) => Math.max(n - 1, 0),
  replicate: (n) => (n === 0 ? 0 : Number.POSITIVE_INFINITY),
  circular: (n) => n,
};

/**
 * A tensor with a border, or without one: negative amounts crop. The modes other than `constant` take amounts for all but the
 * first one or two dimensions (a batch, which `circular` asks for, and channels) of at most 5.
 *
 * @param pad amounts for the last dimension first: [before last, after last, before second to last, ...]
 * @throws ShapeError when there are more amounts than dimensions, a rank that the mode does not take, or nothing is left;
 * ValueError for an odd number of amounts, one that the mode has no entries for, or a value beside a mode other than constant
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
  const [before, after] = amounts('pad', t, pad);
  if (mode === 'constant') return bordered('pad', t, before, after, options.value ?? 0);
  if (options.value !== undefined && options.value !== 0) throw new ValueError(`pad: ${mode} takes no value, got ${options.value}`);
  const padded = pad.length / 2;
  if (padded < 1 || padded > 3 || t.ndim < padded + 1 || t.ndim > padded + 2) {
    throw new ShapeError(
      `pad: ${mode} pads the last 1 to 3 dimensions of a tensor with 1 or 2 more (channels, batch), got ${pad.length} amounts for ${show(t.shape)}`,
    );
  }
  if (mode === 'circular' && t.ndim !== padded + 2) {
    throw new ShapeError(`pad: circular needs a batch: ${pad.length} amounts for ${padded + 2} dimensions, got ${show(t.shape)}`);
  }
  // As PyTorch: a reflection of 1 or 2 dimensions takes no channels for an empty batch.
  const first = t.ndim === padded + 2 || (mode === 'reflect' && padded < 3) ? 1 : 0;
  t.shape.forEach((n, d) => {
    const [left, right] = [before[d]!, after[d]!];
    if (mode !== 'circular' && n === 0 && d >= first) throw new ShapeError(`pad: ${mode} of ${show(t.shape)}: dim ${d} is empty`);
    if (d < t.ndim - padded) return;
    const most = reach[mode](n);
    if (left > most || right > most) {
      throw new ValueError(`pad: ${mode} cannot add ${Math.max(left, right)} to dim ${d} of size ${n} (at most ${most})`);
    }
    if (n + left + right < (mode === 'circular' ? 0 : 1)) {
      throw new ShapeError(`pad: ${left} and ${right} leave nothing of dim ${d} of ${show(t.shape)}`);
    }
  });
  const out = t.shape.reduce<Tensor>((x, n, d) => {
    const length = n + before[d]! + after[d]!;
    if (before[d] === 0 && after[d] === 0) return x;
    // A negative amount crops first; what is left is what goes around.
    const from = mode === 'circular' ? Math.max(-before[d]!, 0) : 0;
    const period = mode === 'circular' ? n - from + Math.min(after[d]!, 0) : n;
    const index = Float64Array.from({ length }, (_, i) => from + source[mode](i - before[d]! - from, period));
    return takeEntries(x, d, fromBuffer(index, 'int64', [length], { device: t.device }), 'pad');
  }, t);
  return out === t ? t.clone() : out;
}

/** Amounts before and after each dimension. */
function amounts(op: string, t: Tensor, pad: readonly number[]): [number[], number[]] {
  if (pad.length % 2 !== 0) throw new ValueError(`${op}: amounts come in pairs (before, after), got ${pad.length} of them`);
  if (pad.length > 2 * t.ndim) throw new ShapeError(`${op}: ${pad.length} amounts for ${show(t.shape)}, at most ${2 * t.ndim}`);
  const wrong = pad.find((n) => !Number.isInteger(n));
  if (wrong !== undefined) throw new ValueError(`${op}: amounts must be integers, got ${wrong}`);
  const amount = (d: number, side: 0 | 1): number => pad[2 * (t.ndim - 1 - d) + side] ?? 0;
  return [t.shape.map((_, d) => amount(d, 0)), t.shape.map((_, d) => amount(d, 1))];
}

function bordered(op: string, t: Tensor, before: readonly number[], after: readonly number[], value: number): Tensor {
  t.shape.forEach((n, d) => {
    if (n + Math.min(before[d]!, 0) + Math.min(after[d]!, 0) < 0) {
      throw new ShapeError(`${op}: ${before[d]} and ${after[d]} take more than dim ${d} of ${show(t.shape)} has`);
    }
  });
  const out = padConstant(t, before, after, value);
  return out === t ? t.clone() : out;
}

/** `pad` with a constant. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html */
export function constantPadNd(t: Tensor, pad: readonly number[], value: number = 0): Tensor {
  const [before, after] = amounts('constantPadNd', t, pad);
  return bordered('constantPadNd', t, before, after, value);
}
