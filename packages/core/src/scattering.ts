import { allocate, type TypedArray } from './dtype.ts';
import { IndexError, ShapeError } from './errors.ts';
import { contiguousData, copyData, wrap } from './kernels.ts';
import { contiguousStrides, sizeOf } from './layout.ts';
import { show } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** What replaces the entries of a tensor under a scatter. */
interface Winners {
  /** In the tensor's shape, bool: whether some index points there. */
  readonly hit: Tensor;
  /** In the index's shape, but as long as the tensor along `dim`, int64: the last source entry that points there, or 0. */
  readonly place: Tensor;
}

/**
 * Decides on the host which source entry each entry of a tensor of shape `shape` receives. Among several the last in
 * row-major order wins, whatever the device does first. On a device that cannot be read at once nothing waits: the
 * answer arrives in its buffers later, and an index outside of the dimension is not noticed.
 */
export function winners(op: string, index: Tensor, dim: number, shape: readonly number[]): Winners {
  const size = shape[dim]!;
  if (index.ndim !== shape.length || index.shape.some((n, d) => d !== dim && n > shape[d]!)) {
    throw new ShapeError(`${op}: the index ${show(index.shape)} does not fit the tensor ${show(shape)} along dim ${dim}`);
  }
  const placeShape = index.shape.map((n, d) => (d === dim ? size : n));
  const { device } = index;
  device.countFallback(op, 'which of several entries for one place counts is decided on the host');
  const decide = (values: TypedArray): Decision => decideWinners(op, values, index.shape, dim, shape, device.caps.syncRead);
  const dense = contiguousData(index);
  const whole = dense.offset === 0 ? dense : copyData(dense);
  const make = (
    pick: (d: Decision) => TypedArray,
    dtype: 'bool' | 'int64',
    to: readonly number[],
    d: Decision | Promise<Decision>,
  ): Tensor => wrap(device, device.upload(d instanceof Promise ? d.then(pick) : pick(d), dtype, sizeOf(to)), dtype, to);
  const decision = device.caps.syncRead
    ? decide(device.readSync(whole.handle, index.dtype, index.size))
    : device.read(whole.handle, index.dtype, index.size).then(decide);
  return { hit: make((d) => d.hit, 'bool', shape, decision), place: make((d) => d.place, 'int64', placeShape, decision) };
}

interface Decision {
  readonly hit: TypedArray;
  readonly place: TypedArray;
}

function decideWinners(
  op: string,
  values: TypedArray,
  indexShape: readonly number[],
  dim: number,
  shape: readonly number[],
  strict: boolean,
): Decision {
  const size = shape[dim]!;
  const hit = allocate('bool', sizeOf(shape));
  const placeShape = indexShape.map((n, d) => (d === dim ? size : n));
  const place = allocate('int64', sizeOf(placeShape));
  const hitStrides = contiguousStrides(shape);
  const placeStrides = contiguousStrides(placeShape);
  const at = new Array<number>(indexShape.length).fill(0);
  for (let i = 0; i < values.length; i++) {
    const k = values[i]!;
    if (k >= 0 && k < size) {
      let toHit = k * hitStrides[dim]!;
      let toPlace = k * placeStrides[dim]!;
      for (let d = 0; d < at.length; d++) {
        if (d === dim) continue;
        toHit += at[d]! * hitStrides[d]!;
        toPlace += at[d]! * placeStrides[d]!;
      }
      hit[toHit] = 1;
      place[toPlace] = at[dim]!;
    } else if (strict) throw new IndexError(`${op}: index ${k} is out of range for dim ${dim} of size ${size}`);
    for (let d = at.length - 1; d >= 0 && ++at[d]! === indexShape[d]; d--) at[d] = 0;
  }
  return { hit, place };
}
