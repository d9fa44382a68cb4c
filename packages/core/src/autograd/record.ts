import { isFloating } from '../dtype.ts';
import type { Tensor } from '../tensor.ts';
import { type AutogradMeta, type Edge, GraphNode, SavedTensor, type TensorInfo } from './node.ts';
import { refreshView } from './views.ts';

/** Backward of a recorded op: the saved tensors in the order they were given, then the gradients of the outputs. */
export type RecordedBackward = (
  saved: readonly (Tensor | null)[],
  grads: readonly (Tensor | null)[],
  inputs: readonly TensorInfo[],
) => readonly (Tensor | null)[];

/** A tensor's differentiation state, made on first need. */
export function metaOf(t: Tensor): AutogradMeta {
  if (t.meta === null) t.meta = { requiresGrad: false, grad: null, node: null, index: 0, accumulator: null, retain: false };
  return t.meta;
}

/** Where the gradient of `t` goes, or null when it needs none. */
export function edgeOf(t: Tensor): Edge | null {
  if (t.viewOf !== null) refreshView(t);
  const meta = t.meta;
  if (meta === null || !meta.requiresGrad) return null;
  if (meta.node !== null) return { node: meta.node, index: meta.index };
  if (meta.accumulator === null) meta.accumulator = new GraphNode('accumulateGrad', [], [], [infoOf(t)], () => [], t);
  return { node: meta.accumulator, index: 0 };
}

/** What the engine checks gradients of `t` against. */
export function infoOf(t: Tensor): TensorInfo {
  return { shape: t.shape, dtype: t.dtype, device: t.device };
}

/** Makes `t` an output of `node`. */
export function attach(t: Tensor, node: GraphNode, index: number): void {
  const meta = metaOf(t);
  meta.requiresGrad = true;
  meta.node = node;
  meta.index = index;
}

/** Told of every new node while a scope is open. */
let listener: ((node: GraphNode) => void) | null = null;

/** Sets who is told of new nodes, and gives who was. */
export function setNodeListener(next: ((node: GraphNode) => void) | null): ((node: GraphNode) => void) | null {
  const before = listener;
  listener = next;
  return before;
}

/**
 * Records one operation: `outputs` of floating dtype now require gradients. `save` lists the tensors that backward
 * needs (inputs or outputs; null keeps a place).
 */
export function recordNode(
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  save: readonly (Tensor | null)[],
  backward: RecordedBackward,
): void {
  const edges = inputs.map(edgeOf);
  const node = new GraphNode(name, edges, inputs.map(infoOf), outputs.map(infoOf), () => []);
  const slots: (SavedTensor | null)[] = [];
  for (const t of save) {
    if (t === null) {
      slots.push(null);
      continue;
    }
    const out = outputs.indexOf(t);
    const at = inputs.indexOf(t);
    const slot = new SavedTensor(t, name, out >= 0 ? { node, index: out } : at >= 0 ? edges[at]! : edgeOf(t));
    node.saved.push(slot);
    slots.push(slot);
  }
  node.backward = bind(backward, slots, node);
  outputs.forEach((t, i) => {
    if (isFloating(t.dtype)) attach(t, node, i);
  });
  if (listener !== null) listener(node);
}

// A function of its own: the closure must hold the slots only, not the tensors of the forward call.
function bind(backward: RecordedBackward, slots: readonly (SavedTensor | null)[], node: GraphNode): GraphNode['backward'] {
  return (grads) =>
    backward(
      slots.map((s) => (s === null ? null : s.unpack())),
      grads,
      node.inputs,
    );
}
