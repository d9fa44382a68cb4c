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
  // Arrays by map, objects of classes: where a literal or `new Array` has made mostly long-lived ones, as those of a graph are, V8 lays the
  // next among the old objects, and frees them hundreds of steps later.
  const edges = inputs.map(edgeOf);
  const inputInfos = inputs.map(infoOf);
  const outputInfos = outputs.map(outputInfo);
  const node = new RecordedNode(name, edges, inputInfos, outputInfos, rule, attrs);
  node.closed = closed;
  if (save.length > 0) node.saved = save.map((t) => slotOf(t, node, inputs, outputs));
  for (let i = 0; i < outputs.length; i++) if (isFloating(outputs[i]!.dtype)) attach(outputs[i]!, node, i);
  return node;
}

function outputInfo(t: Tensor): TensorInfo {
  if (isFloating(t.dtype)) metaOf(t);
  return infoOf(t);
}

function slotOf(t: Tensor | null, node: GraphNode, inputs: readonly Tensor[], outputs: readonly Tensor[]): SavedSlot | null {
  if (t === null) return null;
  const index = outputs.indexOf(t);
  if (index >= 0) return slotFor(t, node.name, index === 0 ? node : { node, index });
  const at = inputs.indexOf(t);
  return slotFor(t, node.name, at >= 0 ? node.edges[at]! : edgeOf(t));
}
