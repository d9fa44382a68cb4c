import type { Conv2dGeometry, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { BoundedCache } from '../expr/cache.ts';
import { contiguousStrides } from '../layout.ts';
import { type CorrelationPlan, planCorrelation, type Weights, wasmCorrelate } from '../wasm/conv.ts';
import { planWeightGradient, type WeightGradientPlan, wasmWeightGradient } from '../wasm/conv-grad.ts';
import type { Axis } from '../wasm/frame.ts';
import { type Runtime, runtime, worthwhile } from '../wasm/runtime.ts';
import { type Phase, phases } from './conv-phases.ts';

// The convolution and its gradients in the terms of the WebAssembly kernels.

/** Products or elements of windows from which WebAssembly's vectors gain more than a call costs. */
const vectorized = 8192;

/** The runtime for a kernel over windows of so many products or elements in all; null where JavaScript does it. */
export function runtimeFor(dtype: DType, products: number): Runtime | null {
  return dtype === 'float32' && worthwhile(products, vectorized) ? runtime() : null;
}

/** A contiguous view of a whole buffer. */
export function resultView(handle: TypedArray, shape: readonly number[], dtype: DType = 'float32'): View {
  return { handle, dtype, shape, strides: contiguousStrides(shape), offset: 0 };
}

/** Plans by what they depend on: an entry holds tables of a few KB. */
const plans: BoundedCache<readonly CorrelationPlan[]> = new BoundedCache(128);
const gradientPlans: BoundedCache<WeightGradientPlan> = new BoundedCache(128);

function keyOf(kind: string, source: View, weight: readonly number[], steps: readonly number[], g: Conv2dGeometry): string {
  return `${kind} ${source.shape} ${source.strides} ${weight} ${steps} ${g.stride} ${g.padding} ${g.dilation} ${g.groups}`;
}

/** One dimension of a convolution: `count` windows of `taps` elements. */
function axisOf(size: number, count: number, taps: number, g: Conv2dGeometry, d: 0 | 1): Axis {
  const offsets = Array.from({ length: taps }, (_, k) => k * g.dilation[d]);
  return { size, before: g.padding[d], stride: g.stride[d], offsets, count, first: 0, step: 1 };
}

function planConv2d(x: View, weight: View, g: Conv2dGeometry, shape: readonly number[]): CorrelationPlan[] {
  const [outputs, channels, kh, kw] = weight.shape as readonly [number, number, number, number];
  const [os, cs, hs, ws] = weight.strides as readonly [number, number, number, number];
  const lines = outputs / g.groups;
  const taps = [
    { count: channels, step: cs },
    { count: kh, step: hs },
    { count: kw, step: ws },
  ] as const;
  const weights: Weights = { origin: 0, group: lines * os, line: os, taps };
  const vertical = axisOf(x.shape[2]!, shape[2]!, kh, g, 0);
  const horizontal = axisOf(x.shape[3]!, shape[3]!, kw, g, 1);
  return [planCorrelation({ weights, groups: g.groups, lines, vertical, horizontal }, x.strides, shape)];
}

/**
 * x [N, C, H, W] * weight [O, C/groups, KH, KW] into `out` of `shape` [N, O, OH, OW]; nothing is empty.
 *
 * @returns false when operands outside of WebAssembly memory are too large to be copied there
 */
export function wasmConv2d(runtime: Runtime, x: View, weight: View, g: Conv2dGeometry, out: TypedArray, shape: readonly number[]): boolean {
  const key = keyOf('conv2d', x, weight.shape, weight.strides, g);
  let known = plans.get(key);
  if (known === undefined) {
    known = planConv2d(x, weight, g, shape);
    plans.set(key, known);
  }
  return wasmCorrelate(runtime, known[0]!, x, weight, resultView(out, shape));
}

/** The axis of one phase of the gradient in the input. */
function axisOfPhase(p: Phase, size: number, stride: number): Axis {
  return { size, before: p.before, stride: 1, offsets: p.shifts, count: p.count, first: p.start, step: stride };
}

/** The taps of a phase: they lie evenly apart. */
function tapsOfPhase(p: Phase, step: number): { readonly count: number; readonly step: number } {
  return { count: p.taps.length, step: p.taps.length > 1 ? (p.taps[1]! - p.taps[0]!) * step : 0 };
}

function planInputGrad(grad: View, weight: View, g: Conv2dGeometry, shape: readonly number[]): CorrelationPlan[] {
  const [outputs, lines, kh, kw] = weight.shape as readonly [number, number, number, number];
  const [os, cs, hs, ws] = weight.strides as readonly [number, number, number, number];
  const channels = outputs / g.groups;
  const reached = (p: Phase): boolean => p.taps.length > 0;
  const rows = phases(shape[2]!, kh, g.stride[0], g.padding[0], g.dilation[0]).filter(reached);
  const columns = phases(shape[3]!, kw, g.stride[1], g.padding[1], g.dilation[1]).filter(reached);
  return rows.flatMap((v) =>
    columns.map((h) => {
      const weights: Weights = {
        origin: v.taps[0]! * hs + h.taps[0]! * ws,
        group: channels * os,
        line: cs,
        taps: [{ count: channels, step: os }, tapsOfPhase(v, hs), tapsOfPhase(h, ws)],
      };
      const vertical = axisOfPhase(v, grad.shape[2]!, g.stride[0]);
      const horizontal = axisOfPhase(h, grad.shape[3]!, g.stride[1]);
      return planCorrelation({ weights, groups: g.groups, lines, vertical, horizontal }, grad.strides, shape);
    }),
  );
}

/**
 * Gradient in the input: grad [N, O, OH, OW], weight [O, C/groups, KH, KW] into `out` of `shape` [N, C, H, W]; nothing is empty.
 * Positions that no tap reaches are left as they are.
 *
 * @returns false when operands outside of WebAssembly memory are too large to be copied there
 */
export function wasmConv2dInputGrad(
  runtime: Runtime,
  grad: View,
  weight: View,
  g: Conv2dGeometry,
  out: TypedArray,
  shape: readonly number[],
): boolean {
  const key = keyOf(`input ${shape}`, grad, weight.shape, weight.strides, g);
  let known = plans.get(key);
  if (known === undefined) {
    known = planInputGrad(grad, weight, g, shape);
    plans.set(key, known);
  }
  const result = resultView(out, shape);
  return known.every((plan) => wasmCorrelate(runtime, plan, grad, weight, result));
}

function planWeightGrad(grad: View, x: View, g: Conv2dGeometry, shape: readonly number[]): WeightGradientPlan {
  const [outputs, channels, kh, kw] = shape as readonly [number, number, number, number];
  const vertical = axisOf(x.shape[2]!, grad.shape[2]!, kh, g, 0);
  const horizontal = axisOf(x.shape[3]!, grad.shape[3]!, kw, g, 1);
  const { groups } = g;
  return planWeightGradient({ groups, channels, lines: outputs / groups, vertical, horizontal }, x.strides, x.shape[0]!);
}

/**
 * Gradient in the weight: grad [N, O, OH, OW], x [N, C, H, W] into `out` of `shape` [O, C/groups, KH, KW]; nothing is empty.
 *
 * @returns false when operands outside of WebAssembly memory are too large to be copied there
 */
export function wasmConv2dWeightGrad(
  runtime: Runtime,
  grad: View,
  x: View,
  g: Conv2dGeometry,
  out: TypedArray,
  shape: readonly number[],
): boolean {
  const key = keyOf('weight', x, shape, grad.shape, g);
  let known = gradientPlans.get(key);
  if (known === undefined) {
    known = planWeightGrad(grad, x, g, shape);
    gradientPlans.set(key, known);
  }
  return wasmWeightGradient(runtime, known, x, grad, resultView(out, shape));
}
