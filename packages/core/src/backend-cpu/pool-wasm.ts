import type { AvgPool2dGeometry, Pool2dGeometry, View } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { BoundedCache } from '../expr/cache.ts';
import type { Axis } from '../wasm/frame.ts';
import { type Describe, type PoolPlan, planPooling, wasmPool, wasmPoolGrad } from '../wasm/pool.ts';
import type { Runtime } from '../wasm/runtime.ts';
import { resultView } from './conv-wasm.ts';
import { divisors, spans } from './pool-windows.ts';

// Pooling in the terms of the WebAssembly kernels.

const plans: BoundedCache<PoolPlan> = new BoundedCache(128);

function axisOf(size: number, g: Pool2dGeometry, d: 0 | 1): Axis {
  const offsets = Array.from({ length: g.kernel[d] }, (_, k) => k * g.dilation[d]);
  return { size, before: g.padding[d], stride: g.stride[d], offsets, count: g.output[d], first: 0, step: 1 };
}

function planOf(kind: string, x: View, g: Pool2dGeometry, describe: () => Describe): PoolPlan {
  const key = `${kind} ${x.shape.slice(2)} ${x.strides} ${g.kernel} ${g.stride} ${g.padding} ${g.dilation} ${g.output}`;
  let known = plans.get(key);
  if (known === undefined) {
    known = planPooling(axisOf(x.shape[2]!, g, 0), axisOf(x.shape[3]!, g, 1), x.strides, describe());
    plans.set(key, known);
  }
  return known;
}

/** Maxima of x [N, C, H, W] into `values` and, int64, their places into `indices`: both [N, C, OH, OW]. */
export function wasmMaxPool2d(runtime: Runtime, x: View, g: Pool2dGeometry, values: TypedArray, indices: TypedArray): boolean {
  const shape = [x.shape[0]!, x.shape[1]!, ...g.output];
  const [, , height, width] = x.shape as readonly [number, number, number, number];
  const plan = planOf('max', x, g, () => {
    const [rows, cols] = [spans(0, height, g), spans(1, width, g)];
    const origin = (d: 0 | 1, i: number): number => i * g.stride[d] - g.padding[d];
    return (r, c) => [origin(0, r) * width + origin(1, c), rows.first[r]! * width + cols.first[c]!];
  });
  return wasmPool(runtime, plan, x, resultView(values, shape), resultView(indices, shape, 'int64'));
}

/** Adds grad [N, C, OH, OW] into zeros of `shape` at `indices`. */
export function wasmMaxPool2dGrad(runtime: Runtime, grad: View, indices: View, out: TypedArray, shape: readonly number[]): boolean {
  return wasmPoolGrad(runtime, grad, indices, resultView(out, shape));
}

/** Means of x [N, C, H, W] into `out` [N, C, OH, OW]. */
export function wasmAvgPool2d(runtime: Runtime, x: View, g: AvgPool2dGeometry, out: TypedArray): boolean {
  const [, , height, width] = x.shape as readonly [number, number, number, number];
  const plan = planOf(`avg ${g.countIncludePad} ${g.divisorOverride}`, x, g, () => {
    // The kernel reads these bits as float32.
    const bits = new Int32Array(Float32Array.from(divisors(g, height, width)).buffer);
    return (r, c) => [bits[r * g.output[1] + c]!, 0];
  });
  return wasmPool(runtime, plan, x, resultView(out, [x.shape[0]!, x.shape[1]!, ...g.output]), null);
}

/** Spreads grad [N, C, OH, OW] evenly over the windows of zeros of `shape`. */
export function wasmAvgPool2dGrad(runtime: Runtime, grad: View, g: AvgPool2dGeometry, out: TypedArray, shape: readonly number[]): boolean {
  const [height, width] = [shape[2]!, shape[3]!];
  const all = [spans(0, height, g), spans(1, width, g)];
  const windows = {
    spans: Int32Array.from(all.flatMap(({ first, end }) => [...first].flatMap((at, i) => [at, end[i]!]))),
    divisors: Float32Array.from(divisors(g, height, width)),
  };
  return wasmPoolGrad(runtime, grad, windows, resultView(out, shape));
}
