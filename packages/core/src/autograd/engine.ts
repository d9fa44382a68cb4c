import { debug } from '../debug.ts';
import { AutogradError, ShapeError } from '../errors.ts';
import { copyData, fullData } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { keepWith } from '../scope.ts';
import { show } from '../shape.ts';
import { type Storage, storagesMade } from '../storage.ts';
import type { Tensor } from '../tensor.ts';
import { metaOf } from './meta.ts';
import { setGradEnabled } from './modes.ts';
import type { Edge, GraphNode } from './node.ts';
import { edgeOf } from './views.ts';

/** What a backward pass starts from, wants and leaves behind. */
interface BackwardRequest {
  readonly roots: readonly { readonly edge: Edge; readonly grad: Tensor }[];
  /** Gradients to hand out instead of accumulating into leaves; null accumulates. */
  readonly capture: readonly Edge[] | null;
  readonly createGraph: boolean;
  readonly retainGraph: boolean;
}

/**
 * Runs backward. Iterative: nodes are visited in descending order of creation, in which every consumer comes before
 * what it consumed, so a chain of any length works and each node runs once.
 *
 * @returns the captured gradients, null where none arrived
 */
function runBackward(r: BackwardRequest): (Tensor | null)[] {
  const order = reachable(r.roots.map((x) => x.edge.node));
  const needed = r.capture === null ? null : leadingTo(order, r.capture);
  const grads = new Map<GraphNode, (Tensor | null)[]>();
  const sinks: Sinks = { since: storagesMade(), taken: new Set(), retained: [] };
  const captured: (Tensor | null)[] = (r.capture ?? []).map(() => null);
  const before = setGradEnabled(r.createGraph);
  try {
    for (const { edge, grad } of r.roots) receive(grads, edge, grad);
    for (let k = order.length - 1; k >= 0; k--) {
      const node = order[k]!;
      const incoming = grads.get(node);
      if (incoming === undefined) continue;
      grads.delete(node);
      if (node.leaf === null) visit(node, incoming, r, needed, grads, captured, sinks);
      else grads.set(node, incoming);
    }
    // Leaves come last: by now every contribution has arrived, and nothing was changed if a backward failed.
    for (const [t, g] of sinks.retained) accumulate(t, g, r.createGraph, sinks);
    for (const [node, [g]] of grads) {
      if (g === null || g === undefined) continue;
      if (r.capture === null) accumulate(node.leaf!, g, r.createGraph, sinks);
      else collect(node, [g], r.capture, captured);
    }
  } finally {
    setGradEnabled(before);
  }
  return captured;
}

/** What the gradients that a backward pass hands out have in common. */
interface Sinks {
  /** Storages with smaller ids were there before: a gradient on one of them belongs to somebody else. */
  readonly since: number;
  /** Storages that were handed out already. */
  readonly taken: Set<Storage>;
  /** Gradients of non-leaves that asked to keep theirs. */
  readonly retained: [Tensor, Tensor][];
}

/** The nodes that lead to a captured edge, and the captured ones. */
interface Needed {
  readonly inner: ReadonlySet<GraphNode>;
  readonly targets: ReadonlySet<GraphNode>;
}

function visit(
  node: GraphNode,
  incoming: readonly (Tensor | null)[],
  r: BackwardRequest,
  needed: Needed | null,
  grads: Map<GraphNode, (Tensor | null)[]>,
  captured: (Tensor | null)[],
  sinks: Sinks,
): void {
  if (r.capture !== null) collect(node, incoming, r.capture, captured);
  else if (node.retained !== null) {
    for (const [i, t] of node.retained) if (incoming[i] != null) sinks.retained.push([t, incoming[i]!]);
  }
  if (needed !== null && !needed.inner.has(node)) return;
  const results = debug.afterBackward === null ? node.backward(incoming) : debug.afterBackward(node, node.backward(incoming));
  for (let i = 0; i < node.edges.length; i++) {
    const edge = node.edges[i]!;
    const g = results[i];
    if (edge === null || g === null || g === undefined) continue;
    if (needed !== null && !needed.inner.has(edge.node) && !needed.targets.has(edge.node)) continue;
    receive(grads, edge, g, node);
  }
  if (!r.retainGraph) node.release();
}

/** Adds a gradient to what has arrived at an edge. */
function receive(grads: Map<GraphNode, (Tensor | null)[]>, edge: Edge, grad: Tensor, from?: GraphNode): void {
  const want = edge.node.outputs[edge.index]!;
  if (!sameShape(grad.shape, want.shape)) {
    const who = from === undefined ? 'backward' : `the backward of '${from.name}'`;
    throw new ShapeError(`${who} gave a gradient of shape ${show(grad.shape)} for a tensor of shape ${show(want.shape)}`);
  }
  let g = grad;
  if (g.dtype !== want.dtype) g = g.to(want.dtype);
  if (g.device !== want.device) g = g.to(want.device);
  const slots = grads.get(edge.node);
  if (slots === undefined) {
    const fresh: (Tensor | null)[] = edge.node.outputs.map(() => null);
    fresh[edge.index] = g;
    grads.set(edge.node, fresh);
  } else {
    const sofar = slots[edge.index] ?? null;
    slots[edge.index] = sofar === null ? g : sofar.add(g);
  }
}

function collect(node: GraphNode, incoming: readonly (Tensor | null)[], capture: readonly Edge[], captured: (Tensor | null)[]): void {
  capture.forEach((edge, i) => {
    if (edge.node === node) captured[i] = incoming[edge.index] ?? null;
  });
}

/** Adds a gradient to `t.grad`, which gets a buffer of its own: the user may write to it. */
function accumulate(t: Tensor, grad: Tensor, createGraph: boolean, sinks: Sinks): void {
  const meta = metaOf(t);
  if (meta.grad === null) {
    // An op may hand on what it was given, so the same tensor can arrive at two leaves, or be the caller's own.
    const { storage } = grad;
    const free = grad.isContiguous && storage.refs <= 1 && storage.id >= sinks.since && !sinks.taken.has(storage);
    meta.grad = free ? grad : createGraph ? grad.clone() : copyData(grad);
    sinks.taken.add(meta.grad.storage);
    keepWith(t, meta.grad);
  } else if (createGraph) {
    meta.grad = meta.grad.add(grad);
    keepWith(t, meta.grad);
  } else meta.grad.add_(grad);
}

/** Every node from which a gradient can flow, in ascending order of creation. */
function reachable(roots: readonly GraphNode[]): GraphNode[] {
  const seen = new Set<GraphNode>(roots);
  const stack = [...seen];
  while (stack.length > 0) {
    for (const edge of stack.pop()!.edges) {
      if (edge === null || seen.has(edge.node)) continue;
      seen.add(edge.node);
      stack.push(edge.node);
    }
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The nodes from which a captured edge can be reached. A captured node's own backward runs only when it is one of them. */
function leadingTo(ascending: readonly GraphNode[], capture: readonly Edge[]): Needed {
  const targets = new Set(capture.map((e) => e.node));
  const inner = new Set<GraphNode>();
  for (const node of ascending) if (node.edges.some((e) => e !== null && (inner.has(e.node) || targets.has(e.node)))) inner.add(node);
  return { inner, targets };
}

/** Options of {@link Tensor.backward} and {@link grad}. */
export interface BackwardOptions {
  /** Keep the saved tensors for another backward. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Record the backward pass itself, so that gradients can be differentiated again. Default false. */
  createGraph?: boolean;
}

function rootOf(name: string, t: Tensor, gradient: Tensor | null | undefined): { edge: Edge; grad: Tensor } {
  const edge = edgeOf(t);
  if (edge === null) throw new AutogradError(`${name}: the tensor does not require gradients and has no history`);
  if (gradient == null) {
    if (t.size !== 1) {
      throw new AutogradError(`${name}: a gradient can be made up only for a tensor with one element, got ${show(t.shape)}; pass one`);
    }
    return { edge, grad: fullData(t.device, 1, t.dtype, t.shape) };
  }
  if (!sameShape(gradient.shape, t.shape)) {
    throw new ShapeError(`${name}: the gradient has shape ${show(gradient.shape)}, the tensor ${show(t.shape)}`);
  }
  return { edge, grad: gradient };
}

/** Accumulates the gradients of `t` into the leaves it depends on (or into `inputs` only). */
export function backward(t: Tensor, gradient?: Tensor | null, options: BackwardOptions & { inputs?: readonly Tensor[] } = {}): void {
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const roots = [rootOf('backward', t, gradient)];
  if (options.inputs === undefined) {
    runBackward({ roots, capture: null, createGraph, retainGraph });
    return;
  }
  const inputs = [...new Set(options.inputs)];
  const capture = captureEdges('backward', inputs);
  const sinks: Sinks = { since: storagesMade(), taken: new Set(), retained: [] };
  const found = runBackward({ roots, capture, createGraph, retainGraph });
  inputs.forEach((x, i) => {
    if (found[i] !== null) accumulate(x, found[i]!, createGraph, sinks);
  });
}

function captureEdges(name: string, inputs: readonly Tensor[]): Edge[] {
  return inputs.map((x, i) => {
    const edge = edgeOf(x);
    if (edge === null) throw new AutogradError(`${name}: input ${i} does not require gradients`);
    return edge;
  });
}

/** Options of {@link grad}. */
export interface GradOptions extends BackwardOptions {
  /** Gradients of the outputs; ones by default for outputs with one element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Give null for an input that the outputs do not depend on, instead of an error. Default false. */
  allowUnused?: boolean;
}

/**
 * Gradients of `outputs` with respect to `inputs`, without touching anyone's `grad`.
 *
 * @returns one gradient per input; null only with `allowUnused`
 * @throws AutogradError when an input is unused (unless allowed) or does not require gradients
 * @example
 * ```ts
 * const x = tensor([2], { requiresGrad: true });
 * const [dx] = grad(x.pow(3).sum(), [x], { createGraph: true });
 * const [ddx] = grad(dx!.sum(), [x]); // 12
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
 */
export function grad(outputs: Tensor | readonly Tensor[], inputs: readonly Tensor[], options: GradOptions = {}): (Tensor | null)[] {
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const outs = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [outputs as Tensor];
  const given = options.gradOutputs;
  const seeds = given === undefined ? [] : Array.isArray(given) ? (given as readonly (Tensor | null)[]) : [given as Tensor];
  const roots = outs.map((t, i) => rootOf('grad', t, seeds[i]));
  const found = runBackward({ roots, capture: captureEdges('grad', inputs), createGraph, retainGraph });
  if (options.allowUnused !== true) {
    const unused = found.indexOf(null);
    if (unused >= 0)
      throw new AutogradError(`grad: input ${unused} was not used by the outputs; pass { allowUnused: true } to get null for it`);
  }
  return found;
}
