import type { AvgPool2dGeometry, Pool2dGeometry, View } from '../backend.ts';
import { divisors } from '../backend-cpu/pool-windows.ts';
import { allocate, type DType, isFloating } from '../dtype.ts';
import { type Expr, input, param } from '../expr/node.ts';
import { mapKernel, reduceKernel, wrap } from '../kernels.ts';
import { contiguousStrides } from '../layout.ts';
import { sub } from '../ops/arithmetic.ts';
import { eq, lt } from '../ops/compare.ts';
import { div } from '../ops/division.ts';
import { where } from '../ops/where.ts';
import { scope } from '../scope.ts';
import type { Tensor } from '../tensor.ts';
import { marginAfter, padPlane, spreadOut, type Windows, windowsOf } from './windows.ts';

// Pooling and its gradients from the contract alone: pad, strided windows, reductions. They are what a backend without
// fused kernels runs, and what fused kernels are tested against. Nothing here is recorded.

/** Dimensions of a view of windows [N, C, KH, KW, OH, OW] that run inside a window. */
const inside = [2, 3];

/** A plane [1, 1, H, W] of numbers made on the host. */
function plane(like: Tensor, dtype: DType, height: number, width: number, at: (h: number, w: number) => number): Tensor {
  const values = allocate(dtype, height * width);
  for (let h = 0; h < height; h++) for (let w = 0; w < width; w++) values[h * width + w] = at(h, w);
  return wrap(like.device, like.device.upload(values, dtype, values.length), dtype, [1, 1, height, width]);
}

/** A [N, C, OH, OW] tensor (N and C may be 1) repeated over every element of the windows of `shape`. */
function overWindows(t: Tensor, shape: readonly number[]): View {
  const [n, c, h, w] = t.strides as readonly [number, number, number, number];
  const strides = [t.shape[0] === shape[0] ? n : 0, t.shape[1] === shape[1] ? c : 0, 0, 0, h, w];
  return { handle: t.handle, dtype: t.dtype, shape, strides, offset: t.offset };
}

/** Windows of one plane repeated for every image and channel. */
function repeatedWindows(t: Tensor, w: Windows, shape: readonly number[]): View {
  const v = windowsOf(t, w);
  return { ...v, shape, strides: [0, 0, ...v.strides.slice(2)] };
}

/** Reduces over the windows. */
function reduceWindows(
  op: string,
  kind: 'sum' | 'max' | 'min',
  expr: Expr,
  inputs: readonly View[],
  like: Tensor,
  params: readonly number[] = [],
): Tensor {
  const { shape } = inputs[0]!;
  const { dtype, device } = like;
  const request = { kind, expr, inputs, params, shape, dims: inside, compute: dtype, output: dtype, divisor: 1 };
  return wrap(device, reduceKernel(device, op, request), dtype, [shape[0]!, shape[1]!, shape[4]!, shape[5]!]);
}

// The first position whose value is the maximum m; for a window with a NaN, minus one minus the last NaN's position.
const position = where(eq(input(0), input(1)), input(2), where(eq(input(0), input(0)), param(0), sub(-1, input(2))));
const decoded = where(lt(input(0), 0), sub(-1, input(0)), input(0));

/** Maximum of every window of x [N, C, H, W], and its flat position h * W + w as int64. */
export function composeMaxPool2d(x: Tensor, g: Pool2dGeometry): readonly [Tensor, Tensor] {
  return scope(() => {
    const op = 'maxPool2d';
    const [, , height, width] = x.shape as readonly [number, number, number, number];
    const after = marginAfter(x.shape, g.padding, g);
    const padded = padPlane(op, x, g.padding, after, Number.NEGATIVE_INFINITY);
    const windows = windowsOf(padded, g);
    const values = reduceWindows(op, 'max', input(0), [windows], x);
    // Padding lies beyond every position, so that it is never the first.
    const beyond = height * width;
    const [top, left] = g.padding;
    const outside = (h: number, w: number): boolean => h < 0 || h >= height || w < 0 || w >= width;
    const where = plane(x, x.dtype, padded.shape[2]!, padded.shape[3]!, (h, w) =>
      outside(h - top, w - left) ? beyond : (h - top) * width + (w - left),
    );
    const views = [windows, overWindows(values, windows.shape), repeatedWindows(where, g, windows.shape)];
    const found = reduceWindows(op, 'min', position, views, x, [beyond]);
    const request = { exprs: [decoded], inputs: [found], params: [], shape: found.shape, compute: x.dtype, outputs: ['int64'] } as const;
    return [values, wrap(x.device, mapKernel(x.device, op, request)[0]!, 'int64', found.shape)] as const;
  });
}

/** The windows that an element of the input lies in, as windows of the spread and padded gradient. */
function reaching(op: string, t: Tensor, g: Pool2dGeometry, shape: readonly number[], value: number): View {
  const before = [g.dilation[0] * (g.kernel[0] - 1) - g.padding[0], g.dilation[1] * (g.kernel[1] - 1) - g.padding[1]] as const;
  const each: Windows = { kernel: g.kernel, stride: [1, 1], dilation: g.dilation, output: [shape[2]!, shape[3]!] };
  const dense = spreadOut(op, t, g.stride, value);
  const padded = padPlane(op, dense, before, marginAfter(dense.shape, before, each), value);
  return windowsOf(padded, each);
}

const routed = where(eq(input(1), input(2)), input(0), 0);

/** Sends grad [N, C, OH, OW] to the positions `indices` of zeros of `shape`: each element looks into the windows it lies in. */
export function composeMaxPool2dGrad(grad: Tensor, indices: Tensor, g: Pool2dGeometry, shape: readonly number[]): Tensor {
  return scope(() => {
    const op = 'maxPool2dGrad';
    const slopes = reaching(op, grad, g, shape, 0);
    const places = reaching(op, indices, g, shape, -1);
    const width = shape[3]!;
    const own = plane(grad, grad.dtype, shape[2]!, width, (h, w) => h * width + w);
    return reduceWindows(op, 'sum', routed, [slopes, places, overWindows(own, slopes.shape)], grad);
  });
}

const quotient = div(input(0), input(1));

/** `t` [N, C, OH, OW] divided by what each window is divided by. */
function averaged(op: string, t: Tensor, g: AvgPool2dGeometry, height: number, width: number): Tensor {
  const by = divisors(g, height, width);
  const [oh, ow] = g.output;
  const divisor = plane(t, t.dtype, oh, ow, (i, j) => by[i * ow + j]!);
  // A mean of integers is a quotient that is cut to an integer when it is stored.
  const compute = isFloating(t.dtype) ? t.dtype : 'float64';
  const view: View = { handle: divisor.handle, dtype: t.dtype, shape: t.shape, strides: [0, 0, ...contiguousStrides([oh, ow])], offset: 0 };
  const request = { exprs: [quotient], inputs: [t, view], params: [], shape: t.shape, compute, outputs: [t.dtype] };
  return wrap(t.device, mapKernel(t.device, op, request)[0]!, t.dtype, t.shape);
}

/** Mean of every window of x [N, C, H, W]. */
export function composeAvgPool2d(x: Tensor, g: AvgPool2dGeometry): Tensor {
  return scope(() => {
    const op = 'avgPool2d';
    const padded = padPlane(op, x, g.padding, marginAfter(x.shape, g.padding, g), 0);
    const sums = reduceWindows(op, 'sum', input(0), [windowsOf(padded, g)], x);
    return averaged(op, sums, g, x.shape[2]!, x.shape[3]!);
  });
}

/** Spreads grad [N, C, OH, OW] evenly over the windows of `shape`. */
export function composeAvgPool2dGrad(grad: Tensor, g: AvgPool2dGeometry, shape: readonly number[]): Tensor {
  return scope(() => {
    const op = 'avgPool2dGrad';
    const shares = averaged(op, grad, g, shape[2]!, shape[3]!);
    return reduceWindows(op, 'sum', input(0), [reaching(op, shares, g, shape, 0)], grad);
  });
}
