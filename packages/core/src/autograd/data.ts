import { ShapeError } from '../errors.ts';
import { sameShape } from '../layout.ts';
import { show } from '../shape.ts';
import type { Storage } from '../storage.ts';
import type { Tensor } from '../tensor.ts';

/** The fields of a tensor that move with its data. */
interface Movable {
  storage: Storage;
  strides: readonly number[];
  offset: number;
}

/**
 * Points the leaf `t` at the elements of `data` (same shape; another dtype or device if need be), as `t.data = data`
 * does in PyTorch: the tensor stays the same object, so whoever holds it sees the new elements. Graphs that were
 * recorded before keep the old elements; gradients that flow through them no longer arrive here.
 */
export function replaceData(t: Tensor, data: Tensor): void {
  if (!sameShape(t.shape, data.shape)) {
    throw new ShapeError(`replaceData: data of shape ${show(data.shape)} for a tensor of shape ${show(t.shape)}`);
  }
  const before = t.storage;
  data.storage.refs++;
  const place: Movable = t as Tensor & Movable;
  place.storage = data.storage;
  place.strides = data.strides;
  place.offset = data.offset;
  // The old sink would cast gradients to the old dtype and device.
  if (t.meta !== null) t.meta.accumulator = null;
  if (--before.refs <= 0) before.free();
}
