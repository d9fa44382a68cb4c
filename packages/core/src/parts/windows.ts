import type { View } from '../backend.ts';
import { ValueError } from '../errors.ts';
import { computeKernel, contiguousData, wrap } from '../kernels.ts';
import { contiguousStrides, sizeOf } from '../layout.ts';
import { Tensor } from '../tensor.ts';

// What convolution and pooling share: arguments that are one number or a pair, and sliding windows as strided views.
// Nothing here is recorded.

/** One number for both dimensions, alone or in brackets, or one for each. */
export type Pair = number | readonly [number] | readonly [number, number];

/** `value` as two integers of at least `least`. */
export function pair(op: string, name: string, value: Pair, least: number): readonly [number, number] {
  const both = typeof value === 'number' ? ([value, value] as const) : value.length === 1 ? ([value[0], value[0]] as const) : value;
  if (both.length !== 2 || !both.every((n) => Number.isInteger(n) && n >= least)) {
    throw new ValueError(`${op}: ${name} must be an integer of at least ${least}, or two of them, got ${JSON.stringify(value)}`);
  }
  return both;
}

/** One number for all three dimensions, or one for each. */
export type Triple = number | readonly [number, number, number];

/** One number, alone or in brackets. */
export type Single = number | readonly [number];

/** `value` as an integer of at least `least`. */
export function single(op: string, name: string, value: Single, least: number): number {
  const n = typeof value === 'number' ? value : value[0];
  if (!Number.isInteger(n) || n < least || (typeof value !== 'number' && value.length !== 1)) {
    throw new ValueError(`${op}: ${name} must be an integer of at least ${least}, got ${JSON.stringify(value)}`);
  }
  return n;
}

/** `t` with `before[d]` and `after[d]` elements of `value` around it; negative amounts crop. */
function padData(op: string, t: Tensor, before: readonly number[], after: readonly number[], value: number): Tensor {
  if (before.every((n) => n === 0) && after.every((n) => n === 0)) return t;
  const shape = t.shape.map((n, d) => n + before[d]! + after[d]!);
  const handle = computeKernel(t.device, op, [t], t.dtype, sizeOf(shape), (b, [src]) => b.pad({ src: src!, before, after, value }));
  return wrap(t.device, handle, t.dtype, shape);
}

/** {@link padData} in the last two dimensions of four. */
export function padPlane(op: string, t: Tensor, before: readonly number[], after: readonly number[], value: number): Tensor {
  return padData(op, t, [0, 0, ...before], [0, 0, ...after], value);
}

/** `t` [N, C, H, W] with `steps - 1` elements of `value` after every element of H and W: [N, C, H * step, W * step]. */
export function spreadOut(op: string, t: Tensor, steps: readonly [number, number], value: number): Tensor {
  if (steps[0] === 1 && steps[1] === 1) return t;
  const [n, c, h, w] = t.shape as readonly [number, number, number, number];
  const padded = padData(op, under(t, [n, c, h, 1, w, 1]), [0, 0, 0, 0, 0, 0], [0, 0, 0, steps[0] - 1, 0, steps[1] - 1], value);
  return under(padded, [n, c, h * steps[0], w * steps[1]]);
}

/** The elements under another shape of the same size, on the same storage where possible. */
export function under(t: Tensor, shape: readonly number[]): Tensor {
  const dense = contiguousData(t);
  return new Tensor(dense.storage, shape, contiguousStrides(shape), dense.offset);
}

/** Which windows: their size, how far their elements and they themselves lie apart, and how many there are. */
export interface Windows {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly output: readonly [number, number];
}

/** How much [N, C, H, W] has to grow (or shrink) at the bottom and right for its windows to fill it, after padding before. */
export function marginAfter(shape: readonly number[], before: readonly number[], w: Windows): [number, number] {
  const need = (d: 0 | 1): number => (w.output[d] - 1) * w.stride[d] + (w.kernel[d] - 1) * w.dilation[d] + 1;
  return [need(0) - shape[2]! - before[0]!, need(1) - shape[3]! - before[1]!];
}

/** The windows of a padded [N, C, H, W] as a view [N, C, KH, KW, OH, OW]. */
export function windowsOf(t: Tensor, w: Windows): View {
  const [n, c, h, v] = t.strides as readonly [number, number, number, number];
  return {
    handle: t.handle,
    dtype: t.dtype,
    shape: [t.shape[0]!, t.shape[1]!, ...w.kernel, ...w.output],
    strides: [n, c, h * w.dilation[0], v * w.dilation[1], h * w.stride[0], v * w.stride[1]],
    offset: t.offset,
  };
}

/** A contiguous tensor with the elements of a view. */
export function gathered(op: string, t: Tensor, v: View): Tensor {
  const handle = computeKernel(t.device, op, [v], v.dtype, sizeOf(v.shape), (b, [src]) => b.copy(src!));
  return wrap(t.device, handle, v.dtype, v.shape);
}
