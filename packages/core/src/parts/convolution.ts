import type { Conv2dGeometry, View } from '../backend.ts';
import { input } from '../expr/node.ts';
import { computeKernel, contiguousData, reduceKernel, wrap } from '../kernels.ts';
import { sizeOf } from '../layout.ts';
import { scope } from '../scope.ts';
import type { Tensor } from '../tensor.ts';
import { gathered, marginAfter, padPlane, spreadOut, under, type Windows, windowsOf } from './windows.ts';

// Convolution and its two gradients from the contract alone: pad, copy of strided windows, matrix product. They are
// what a backend without fused kernels runs, and what fused kernels are tested against. Nothing here is recorded.

/** A contiguous tensor seen under other dimensions. */
function seen(t: Tensor, shape: readonly number[], strides: readonly number[], offset: number = t.offset): View {
  return { handle: t.handle, dtype: t.dtype, shape, strides, offset };
}

function product(op: string, a: View, b: View, like: Tensor, shape: readonly number[]): Tensor {
  const handle = computeKernel(like.device, op, [a, b], like.dtype, sizeOf(shape), (dev, [x, y]) =>
    dev.matmul({ a: x!, b: y!, dtype: like.dtype }),
  );
  return wrap(like.device, handle, like.dtype, shape);
}

/** Every window of x as a column: [N, C * KH * KW, OH * OW], dense. */
function columns(op: string, x: Tensor, w: Windows, padding: readonly [number, number]): Tensor {
  const padded = padPlane(op, x, padding, marginAfter(x.shape, padding, w), 0);
  const [n, c] = x.shape as readonly [number, number];
  return under(gathered(op, padded, windowsOf(padded, w)), [n, c * w.kernel[0] * w.kernel[1], w.output[0] * w.output[1]]);
}

/** Columns by group: [N, G, K, P]; `flip` gives [N, G, P, K]. */
function grouped(cols: Tensor, groups: number, flip = false): View {
  const [n, all, p] = cols.shape as readonly [number, number, number];
  const k = all / groups;
  return flip ? seen(cols, [n, groups, p, k], [all * p, k * p, 1, p]) : seen(cols, [n, groups, k, p], [all * p, k * p, p, 1]);
}

function windowsFor(weight: readonly number[], g: Conv2dGeometry, out: readonly number[]): Windows {
  return { kernel: [weight[2]!, weight[3]!], stride: g.stride, dilation: g.dilation, output: [out[2]!, out[3]!] };
}

/** x [N, C, H, W] * weight [O, C/groups, KH, KW] → `shape` [N, O, OH, OW]. */
export function composeConv2d(x: Tensor, weight: Tensor, g: Conv2dGeometry, shape: readonly number[]): Tensor {
  return scope(() => {
    const op = 'conv2d';
    const cols = columns(op, x, windowsFor(weight.shape, g, shape), g.padding);
    const w = contiguousData(weight);
    const rows = shape[1]! / g.groups;
    const k = sizeOf(w.shape.slice(1));
    const weights = seen(w, [shape[0]!, g.groups, rows, k], [0, rows * k, k, 1]);
    return under(product(op, weights, grouped(cols, g.groups), x, [shape[0]!, g.groups, rows, shape[2]! * shape[3]!]), shape);
  });
}

/** Gradient of {@link composeConv2d} in x, whose shape is `shape`: a convolution of the spread gradient with the flipped weight. */
export function composeConv2dInputGrad(grad: Tensor, weight: Tensor, g: Conv2dGeometry, shape: readonly number[]): Tensor {
  return scope(() => {
    const op = 'conv2dInputGrad';
    const [o, c, kh, kw] = weight.shape as readonly [number, number, number, number];
    const [os, cs, hs, ws] = weight.strides as readonly [number, number, number, number];
    const before: [number, number] = [g.dilation[0] * (kh - 1) - g.padding[0], g.dilation[1] * (kw - 1) - g.padding[1]];
    const each: Windows = { kernel: [kh, kw], stride: [1, 1], dilation: g.dilation, output: [shape[2]!, shape[3]!] };
    const cols = columns(op, spreadOut(op, grad, g.stride, 0), each, before);
    const outputs = o / g.groups;
    const last = weight.offset + (kh - 1) * hs + (kw - 1) * ws;
    const flipped = gathered(op, weight, seen(weight, [g.groups, c, outputs, kh, kw], [outputs * os, cs, os, -hs, -ws], last));
    const k = outputs * kh * kw;
    const weights = seen(flipped, [shape[0]!, g.groups, c, k], [0, c * k, k, 1]);
    return under(product(op, weights, grouped(cols, g.groups), grad, [shape[0]!, g.groups, c, shape[2]! * shape[3]!]), shape);
  });
}

/** Gradient of {@link composeConv2d} in the weight, whose shape is `shape`. */
export function composeConv2dWeightGrad(grad: Tensor, x: Tensor, g: Conv2dGeometry, shape: readonly number[]): Tensor {
  return scope(() => {
    const op = 'conv2dWeightGrad';
    const cols = columns(op, x, windowsFor(shape, g, grad.shape), g.padding);
    const n = x.shape[0]!;
    const rows = shape[0]! / g.groups;
    const k = sizeOf(shape.slice(1));
    const p = grad.shape[2]! * grad.shape[3]!;
    const dense = contiguousData(grad);
    const slopes = seen(dense, [n, g.groups, rows, p], [g.groups * rows * p, rows * p, p, 1]);
    const each = product(op, slopes, grouped(cols, g.groups, true), x, [n, g.groups, rows, k]);
    const total = { kind: 'sum', expr: input(0), inputs: [each], params: [], shape: each.shape, dims: [0] } as const;
    const handle = reduceKernel(x.device, op, { ...total, compute: x.dtype, output: x.dtype, divisor: 1 });
    return wrap(x.device, handle, x.dtype, shape);
  });
}
