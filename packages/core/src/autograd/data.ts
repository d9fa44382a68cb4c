import { ShapeError } from '../errors.ts';
import { fullData, writeData } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { release } from '../scope.ts';
import { show } from '../shape.ts';
import type { Storage } from '../storage.ts';
import type { Tensor } from '../tensor.ts';
import type { NodeHooks } from './hooks.ts';
import { infoOf } from './meta.ts';
import { GraphNode } from './node.ts';
import { baseOf } from './views.ts';

/** The fields of a tensor that move with its data. */
interface Movable {
  storage: Storage;
  strides: readonly number[];
  offset: number;
}

/**
 * Points the leaf `t` at the elements of `data` (same shape; another dtype or device if need be), as `t.data = data`
 * does in PyTorch: the tensor stays the same object, so whoever holds it sees the new elements. Graphs that were
 * recorded before, and views, keep the old elements; gradients that flow through them no longer arrive here.
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
  baseOf(t);
  if (t.meta !== null) {
    // The old sink would cast gradients to the old dtype and device.
    const hooks = t.meta.accumulator?.hooks ?? null;
    t.meta.accumulator = null;
    t.meta.info = null;
    if (hooks !== null) hooksOfLeaf(t, hooks);
  }
  if (--before.refs <= 0) before.free();
}

/** The sink of a leaf's gradient, with these hooks. */
function hooksOfLeaf(t: Tensor, hooks: NodeHooks): void {
  const sink = new GraphNode('accumulateGrad', [], [], [infoOf(t)], () => [], t);
  sink.hooks = hooks;
  t.meta!.accumulator = sink;
}

/**
 * Clears the gradient of a leaf. Set to null, the old gradient goes to the current scope, which frees it when it ends,
 * unless someone may hold it: it was read, assigned or kept. Else it is filled with zeros in place.
 */
export function clearGrad(t: Tensor, setToNull: boolean): void {
  const meta = t.meta;
  if (meta === null || meta.grad === null) return;
  const { grad } = meta;
  if (setToNull) {
    meta.grad = null;
    if (!meta.gradShown) release(grad);
    return;
  }
  const zeros = fullData(grad.device, 0, grad.dtype, grad.shape);
  writeData(grad, zeros);
  zeros.dispose();
  // A gradient with a graph of its own would carry it into the next backward.
  if (grad.meta !== null) grad.meta = null;
}
