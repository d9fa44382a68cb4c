import { isFloating } from '../dtype.ts';
import type { Tensor } from '../tensor.ts';
import { attach, infoOf, metaOf } from './meta.ts';
import { type Edge, GraphNode, type SavedSlot, type TensorInfo } from './node.ts';
import { slotFor } from './recompute.ts';
import { edgeOf } from './views.ts';

/**
 * Backward of a recorded op, which many nodes share: what is particular to the call, the saved tensors in the order they were
 * given, the gradients of the outputs.
 */
export type RecordedBackward<A> = (
  attrs: A,
  saved: readonly (Tensor | null)[],
  grads: readonly (Tensor | null)[],
  inputs: readonly TensorInfo[],
) => readonly (Tensor | null)[];

/** The node of a recorded op. */
class RecordedNode<A> extends GraphNode {
  readonly #rule: RecordedBackward<A>;
  readonly #attrs: A;

  constructor(
    name: string,
    edges: readonly (Edge | null)[],
    inputs: readonly TensorInfo[],
    outputs: readonly TensorInfo[],
    rule: RecordedBackward<A>,
    attrs: A,
  ) {
    super(name, edges, inputs, outputs, none);
    this.#rule = rule;
    this.#attrs = attrs;
  }

  override backward(grads: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    const tensors = new Array<Tensor | null>(this.saved.length);
    for (let i = 0; i < tensors.length; i++) tensors[i] = this.saved[i]?.unpack() ?? null;
    return this.#rule(this.#attrs, tensors, grads, this.inputs);
  }
}

const none = (): [] => [];

/**
 * Records one operation: `outputs` of floating dtype now require gradients. `save` lists the tensors that backward
 * needs (inputs or outputs; null keeps a place). `attrs` must not hold tensors of the call: only the slots may. `closed`: see
 * {@link GraphNode.closed}.
 */
export function recordNode<A>(
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  save: readonly (Tensor | null)[],
  rule: RecordedBackward<A>,
  attrs: A,
  closed: boolean,
): GraphNode {
  // As long as they will be: arrays that are pushed to make room for sixteen more, and a graph has thousands.
  const edges = new Array<Edge | null>(inputs.length);
  const inputInfos = new Array<TensorInfo>(inputs.length);
  const outputInfos = new Array<TensorInfo>(outputs.length);
  for (let i = 0; i < inputs.length; i++) {
    edges[i] = edgeOf(inputs[i]!);
    inputInfos[i] = infoOf(inputs[i]!);
  }
  for (let i = 0; i < outputs.length; i++) {
    const t = outputs[i]!;
    if (isFloating(t.dtype)) metaOf(t);
    outputInfos[i] = infoOf(t);
  }
  const node = new RecordedNode(name, edges, inputInfos, outputInfos, rule, attrs);
  node.closed = closed;
  if (save.length > 0) {
    const saved = new Array<SavedSlot | null>(save.length);
    for (let i = 0; i < save.length; i++) saved[i] = slotOf(save[i]!, node, inputs, outputs);
    node.saved = saved;
  }
  for (let i = 0; i < outputs.length; i++) if (isFloating(outputs[i]!.dtype)) attach(outputs[i]!, node, i);
  return node;
}

function slotOf(t: Tensor | null, node: GraphNode, inputs: readonly Tensor[], outputs: readonly Tensor[]): SavedSlot | null {
  if (t === null) return null;
  const index = outputs.indexOf(t);
  if (index >= 0) return slotFor(t, node.name, index === 0 ? node : { node, index });
  const at = inputs.indexOf(t);
  return slotFor(t, node.name, at >= 0 ? node.edges[at]! : edgeOf(t));
}
