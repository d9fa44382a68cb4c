import { isFloating } from '../dtype.ts';
import type { Tensor } from '../tensor.ts';
import { attach, infoOf, metaOf } from './meta.ts';
import { GraphNode, type SavedSlot, type TensorInfo } from './node.ts';
import { slotFor } from './recompute.ts';
import { edgeOf } from './views.ts';

/** Backward of a recorded op: the saved tensors in the order they were given, then the gradients of the outputs. */
export type RecordedBackward = (
  saved: readonly (Tensor | null)[],
  grads: readonly (Tensor | null)[],
  inputs: readonly TensorInfo[],
) => readonly (Tensor | null)[];

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
  outputs.forEach((t) => {
    if (isFloating(t.dtype)) metaOf(t);
  });
  const node = new GraphNode(name, edges, inputs.map(infoOf), outputs.map(infoOf), () => []);
  const slots: (SavedSlot | null)[] = [];
  for (const t of save) {
    if (t === null) {
      slots.push(null);
      continue;
    }
    const out = outputs.indexOf(t);
    const at = inputs.indexOf(t);
    const slot = slotFor(t, name, out >= 0 ? { node, index: out } : at >= 0 ? edges[at]! : edgeOf(t));
    node.saved.push(slot);
    slots.push(slot);
  }
  node.backward = bind(backward, slots, node);
  outputs.forEach((t, i) => {
    if (isFloating(t.dtype)) attach(t, node, i);
  });
}

// A function of its own: the closure must hold the slots only, not the tensors of the forward call.
function bind(backward: RecordedBackward, slots: readonly (SavedSlot | null)[], node: GraphNode): GraphNode['backward'] {
  return (grads) =>
    backward(
      slots.map((s) => (s === null ? null : s.unpack())),
      grads,
      node.inputs,
    );
}
