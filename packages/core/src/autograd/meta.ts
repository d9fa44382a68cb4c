import type { Tensor } from '../tensor.ts';
import type { AutogradMeta, GraphNode, TensorInfo } from './node.ts';

/** A tensor's differentiation state, made on first need. */
export function metaOf(t: Tensor): AutogradMeta {
  if (t.meta === null) t.meta = { requiresGrad: false, grad: null, gradShown: false, node: null, index: 0, accumulator: null, info: null };
  return t.meta;
}

/** What the engine checks gradients of `t` against. */
export function infoOf(t: Tensor): TensorInfo {
  const { meta } = t;
  if (meta === null) return { shape: t.shape, dtype: t.dtype, device: t.device };
  // Kept: a tensor is the output of one node and the input of others.
  meta.info ??= { shape: t.shape, dtype: t.dtype, device: t.device };
  return meta.info;
}

/** Makes `t` an output of `node`. */
export function attach(t: Tensor, node: GraphNode, index: number): void {
  const meta = metaOf(t);
  // A tensor that retains its gradient does so whatever history it gets.
  if (meta.node?.retained?.get(meta.index) === t) {
    meta.node.retained.delete(meta.index);
    node.retained ??= new Map();
    node.retained.set(index, t);
  }
  meta.requiresGrad = true;
  meta.node = node;
  meta.index = index;
}
