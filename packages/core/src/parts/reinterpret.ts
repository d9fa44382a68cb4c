import { allocate, bytesPerElement, type DType, dtypes, exactInteger, isDType, type TypedArray } from '../dtype.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { hostCompute } from '../kernels.ts';
import { sizeOf } from '../layout.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** The bytes of elements as PyTorch has them in memory: an int64 in eight, a bool in one. */
function bytesOf(values: TypedArray, dtype: DType): ArrayBuffer {
  if (dtype === 'int64') return BigInt64Array.from(values, (v) => BigInt(v)).buffer;
  return values.slice().buffer as ArrayBuffer;
}

function fromBytes(bytes: ArrayBuffer, dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes);
    case 'float64':
      return new Float64Array(bytes);
    case 'int32':
      return new Int32Array(bytes);
    case 'int64':
      return Float64Array.from(new BigInt64Array(bytes), (v) => exactInteger(Number(v)));
    case 'uint8':
      return new Uint8Array(bytes);
    case 'bool':
      return new Uint8Array(bytes).map((b) => (b === 0 ? 0 : 1));
  }
}

/** A copy whose elements are the bits of `t` read as another dtype. No gradient flows. */
export function reinterpret(t: Tensor, dtype: DType): Tensor {
  if (!isDType(dtype)) throw new DTypeError(`view: unknown dtype '${String(dtype)}'; there are ${dtypes.join(', ')}`);
  const from = bytesPerElement(t.dtype);
  const to = bytesPerElement(dtype);
  const shape = [...t.shape];
  if (from !== to) {
    const last = t.ndim - 1;
    if (last < 0) throw new ShapeError(`view: a 0-d ${t.dtype} tensor has no dimension that could become ${dtype}`);
    if (t.strides[last] !== 1 && t.shape[last] !== 1) {
      throw new ShapeError(
        `view: the last dimension of ${show(t.shape)} has stride ${t.strides[last]}, so its ${t.dtype} elements are not adjacent`,
      );
    }
    const length = t.shape[last]! * from;
    if (length % to !== 0) {
      throw new ShapeError(
        `view: ${t.shape[last]} ${t.dtype} elements in the last dimension of ${show(t.shape)} are no whole number of ${dtype}`,
      );
    }
    shape[last] = length / to;
  }
  const [out] = hostCompute('view', [t], [{ shape, dtype }], ([values]) => [
    sizeOf(shape) === 0 ? allocate(dtype, 0) : fromBytes(bytesOf(values!, t.dtype), dtype),
  ]);
  return out!;
}
