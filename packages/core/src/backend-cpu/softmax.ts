import type { View } from '../backend.ts';
import { Declined } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { isFloating } from '../dtype.ts';
import { isContiguous, sizeOf } from '../layout.ts';
import { runtime, worthwhile } from '../wasm/runtime.ts';
import { wasmSoftmax } from '../wasm/softmax.ts';

type Make = (dtype: DType, n: number) => TypedArray;

/** Where each row (the last dimension) of a view starts, in row-major order. */
function rowStarts(v: View): Float64Array {
  const shape = v.shape.slice(0, -1);
  const rows = sizeOf(shape);
  const starts = new Float64Array(rows);
  if (isContiguous(v.shape, v.strides)) {
    const n = v.shape[v.shape.length - 1]!;
    for (let r = 0; r < rows; r++) starts[r] = v.offset + r * n;
    return starts;
  }
  const index = new Array<number>(shape.length).fill(0);
  let at = v.offset;
  for (let r = 0; r < rows; r++) {
    starts[r] = at;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += v.strides[d]!;
      if (++index[d]! < shape[d]!) break;
      index[d] = 0;
      at -= v.strides[d]! * shape[d]!;
    }
  }
  return starts;
}

/** Elements from which softmax gains by WebAssembly's vectors. */
const vectorized = 64;

/**
 * Softmax (or its logarithm) over the last dimension, shifted by the largest element so that nothing overflows. A row
 * with a NaN or +inf, or of -inf alone, is NaN throughout.
 */
export function runSoftmax(x: View, logarithm: boolean, make: Make): TypedArray | Declined {
  if (!isFloating(x.dtype)) return new Declined(`the fused softmax takes float32 and float64, not ${x.dtype}`);
  const out = make(x.dtype, sizeOf(x.shape));
  if (out.length === 0) return out;
  if (x.dtype === 'float32' && worthwhile(out.length, vectorized) && isContiguous(x.shape, x.strides)) {
    const wasm = runtime();
    const view = { handle: out, dtype: x.dtype, shape: x.shape, strides: x.strides, offset: 0 };
    if (wasm !== null && wasmSoftmax(wasm, x, logarithm, view)) return out;
  }
  const data = x.handle as TypedArray;
  const n = x.shape[x.shape.length - 1]!;
  const step = x.strides[x.shape.length - 1]!;
  const starts = rowStarts(x);
  // float32 results are rounded once: the numerators wait in float64.
  const numerators = new Float64Array(logarithm ? 0 : n);
  for (let r = 0, to = 0; r < starts.length; r++, to += n) {
    const from = starts[r]!;
    let max = Number.NEGATIVE_INFINITY;
    for (let i = 0, q = from; i < n; i++, q += step) if (data[q]! > max) max = data[q]!;
    let sum = 0;
    if (logarithm) {
      for (let i = 0, q = from; i < n; i++, q += step) sum += Math.exp(data[q]! - max);
      const shift = Math.log(sum);
      for (let i = 0, q = from; i < n; i++, q += step) out[to + i] = data[q]! - max - shift;
    } else {
      for (let i = 0, q = from; i < n; i++, q += step) {
        const e = Math.exp(data[q]! - max);
        numerators[i] = e;
        sum += e;
      }
      for (let i = 0; i < n; i++) out[to + i] = numerators[i]! / sum;
    }
  }
  return out;
}
