import type { Backend } from '../backend.ts';
import type { DType } from '../dtype.ts';
import type { Tensor } from '../tensor.ts';
import { AutogradMeta, type GraphNode, type TensorInfo } from './node.ts';

/** A tensor's differentiation state, made on first need. */
export function metaOf(t: Tensor): AutogradMeta {
  t.meta ??= new AutogradMeta();
  return t.meta;
}

/** What a graph keeps of a tensor. A class, as all that graphs are made of: see {@link recordNode}. */
class Described implements TensorInfo {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly device: Backend;

  constructor({ shape, dtype, device }: Tensor) {
    this.shape = shape;
    this.dtype = dtype;
    this.device = device;
  }
}

/** What the engine checks gradients of `t` against. */
export function infoOf(t: Tensor): TensorInfo {
  const { meta } = t;
  if (meta === null) return new Described(t);
  // Kept: a tensor is the output of one node and the input of others.
  meta.info ??= new Described(t);
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
