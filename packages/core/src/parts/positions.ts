import type { TypedArray } from '../dtype.ts';
import { DeviceError } from '../errors.ts';
import { fromBuffer } from '../ops/create.ts';
import type { Tensor } from '../tensor.ts';

/** The values of `t`, which decide a shape. @throws DeviceError where they cannot be read at once; `instead` says what can be done */
export function readNow(op: string, t: Tensor, instead: string): TypedArray {
  if (!t.device.caps.syncRead) {
    throw new DeviceError(`${op}: the result's shape depends on values, which the '${t.device.name}' device only gives later; ${instead}`);
  }
  return t.dataSync();
}

/** Row-major positions of the elements that are not zero. */
export function positionsOf(values: TypedArray): Float64Array {
  let n = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) n++;
  const out = new Float64Array(n);
  let k = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) out[k++] = i;
  return out;
}

/** The coordinates of row-major positions: for each dimension of `shape` one per position. */
export function coordinatesOf(positions: Float64Array, shape: readonly number[]): Float64Array[] {
  const out = shape.map(() => new Float64Array(positions.length));
  for (let k = 0; k < positions.length; k++) {
    let rest = positions[k]!;
    for (let d = shape.length - 1; d >= 0; d--) {
      out[d]![k] = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
  }
  return out;
}

/** A 1-d int64 tensor on the device of `like`. */
export function indexTensor(values: Float64Array, like: Tensor): Tensor {
  return fromBuffer(values, 'int64', [values.length], { device: like.device });
}

/** Where a tensor with these values is not zero: one 1-d index tensor per dimension. A 0-d tensor counts as 1-d, as in PyTorch. */
export function nonzeroLists(t: Tensor, values: TypedArray): Tensor[] {
  return coordinatesOf(positionsOf(values), t.ndim === 0 ? [1] : t.shape).map((c) => indexTensor(c, t));
}
