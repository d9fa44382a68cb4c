import type { AvgPool2dGeometry, Pool2dGeometry, View } from '../backend.ts';
import { Declined } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { isFloating } from '../dtype.ts';
import { sizeOf } from '../layout.ts';
import { runtimeFor } from './conv-wasm.ts';
import { wasmAvgPool2d, wasmAvgPool2dGrad, wasmMaxPool2d, wasmMaxPool2dGrad } from './pool-wasm.ts';
import { divisors, spans } from './pool-windows.ts';

type Make = (dtype: DType, n: number) => TypedArray;
type Shape4 = readonly [number, number, number, number];

const unsupported = (v: View): Declined | null =>
  isFloating(v.dtype) ? null : new Declined(`fused pooling takes float32 and float64, not ${v.dtype}`);

/**
 * Maximum of every window, and where it lies: the first of equal elements, or (as in PyTorch) the last NaN. x [N, C, H,
 * W]; padding never wins.
 */
export function runMaxPool2d(x: View, g: Pool2dGeometry, make: Make): readonly [TypedArray, TypedArray] | Declined {
  const refused = unsupported(x);
  if (refused !== null) return refused;
  const [images, channels, height, width] = x.shape as Shape4;
  const [ns, cs, hs, ws] = x.strides as Shape4;
  const [oh, ow] = g.output;
  const [dh, dw] = g.dilation;
  const data = x.handle as TypedArray;
  const values = make(x.dtype, images * channels * oh * ow);
  const indices = make('int64', values.length);
  const wasm = runtimeFor(x.dtype, values.length * g.kernel[0] * g.kernel[1]);
  if (wasm !== null && values.length > 0 && wasmMaxPool2d(wasm, x, g, values, indices)) return [values, indices];
  const rows = spans(0, height, g);
  const cols = spans(1, width, g);
  let at = 0;
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      const base = x.offset + n * ns + c * cs;
      for (let i = 0; i < oh; i++) {
        const h0 = rows.first[i]!;
        const h1 = rows.end[i]!;
        for (let j = 0; j < ow; j++) {
          const w0 = cols.first[j]!;
          const w1 = cols.end[j]!;
          let best = Number.NEGATIVE_INFINITY;
          let where = h0 * width + w0;
          for (let h = h0; h < h1; h += dh) {
            const line = base + h * hs;
            for (let w = w0; w < w1; w += dw) {
              const v = data[line + w * ws]!;
              if (v > best || v !== v) {
                best = v;
                where = h * width + w;
              }
            }
          }
          values[at] = best;
          indices[at++] = where;
        }
      }
    }
  }
  return [values, indices];
}

/** Adds grad [N, C, OH, OW] into zeros [N, C, H, W] at the flat positions `indices`. */
export function runMaxPool2dGrad(grad: View, indices: View, shape: readonly number[], make: Make): TypedArray | Declined {
  const refused = unsupported(grad);
  if (refused !== null) return refused;
  const [images, channels, height, width] = shape as Shape4;
  const [gn, gc, gh, gw] = grad.strides as Shape4;
  const [xn, xc, xh, xw] = indices.strides as Shape4;
  const [, , oh, ow] = grad.shape as Shape4;
  const slopes = grad.handle as TypedArray;
  const where = indices.handle as TypedArray;
  const plane = height * width;
  const out = make(grad.dtype, sizeOf(shape)).fill(0);
  const wasm = runtimeFor(grad.dtype, out.length);
  if (wasm !== null && out.length > 0 && wasmMaxPool2dGrad(wasm, grad, indices, out, shape)) return out;
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      const to = (n * channels + c) * plane;
      for (let i = 0; i < oh; i++) {
        let p = grad.offset + n * gn + c * gc + i * gh;
        let q = indices.offset + n * xn + c * xc + i * xh;
        for (let j = 0; j < ow; j++, p += gw, q += xw) {
          const k = where[q]!;
          if (k < plane) out[to + k]! += slopes[p]!;
        }
      }
    }
  }
  return out;
}

/** Mean of every window of x [N, C, H, W]; the mean of integers is cut to an integer. */
export function runAvgPool2d(x: View, g: AvgPool2dGeometry, make: Make): TypedArray | Declined {
  const whole = !isFloating(x.dtype);
  const [images, channels, height, width] = x.shape as Shape4;
  const [ns, cs, hs, ws] = x.strides as Shape4;
  const [oh, ow] = g.output;
  const data = x.handle as TypedArray;
  const out = make(x.dtype, images * channels * oh * ow);
  const wasm = runtimeFor(x.dtype, out.length * g.kernel[0] * g.kernel[1]);
  if (wasm !== null && out.length > 0 && wasmAvgPool2d(wasm, x, g, out)) return out;
  const by = divisors(g, height, width);
  const rows = spans(0, height, g);
  const cols = spans(1, width, g);
  let at = 0;
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      const base = x.offset + n * ns + c * cs;
      for (let i = 0; i < oh; i++) {
        for (let j = 0; j < ow; j++) {
          let sum = 0;
          for (let h = rows.first[i]!; h < rows.end[i]!; h++) {
            for (let w = cols.first[j]!; w < cols.end[j]!; w++) sum += data[base + h * hs + w * ws]!;
          }
          const mean = sum / by[i * ow + j]!;
          out[at++] = whole ? Math.trunc(mean) : mean;
        }
      }
    }
  }
  return out;
}

/** Spreads grad [N, C, OH, OW] evenly over the windows of `shape` [N, C, H, W]. */
export function runAvgPool2dGrad(grad: View, g: AvgPool2dGeometry, shape: readonly number[], make: Make): TypedArray | Declined {
  const refused = unsupported(grad);
  if (refused !== null) return refused;
  const [images, channels, height, width] = shape as Shape4;
  const [gn, gc, gh, gw] = grad.strides as Shape4;
  const [oh, ow] = g.output;
  const slopes = grad.handle as TypedArray;
  const by = divisors(g, height, width);
  const rows = spans(0, height, g);
  const cols = spans(1, width, g);
  const out = make(grad.dtype, sizeOf(shape));
  const wasm = runtimeFor(grad.dtype, out.length);
  if (wasm !== null && out.length > 0 && wasmAvgPool2dGrad(wasm, grad, g, out.fill(0), shape)) return out;
  const plane = new Float64Array(height * width);
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      plane.fill(0);
      for (let i = 0; i < oh; i++) {
        for (let j = 0; j < ow; j++) {
          const v = slopes[grad.offset + n * gn + c * gc + i * gh + j * gw]! / by[i * ow + j]!;
          for (let h = rows.first[i]!; h < rows.end[i]!; h++) {
            for (let w = cols.first[j]!; w < cols.end[j]!; w++) plane[h * width + w]! += v;
          }
        }
      }
      out.set(plane, (n * channels + c) * plane.length);
    }
  }
  return out;
}
