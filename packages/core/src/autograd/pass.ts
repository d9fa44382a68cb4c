import { debug, observer } from '../debug.ts';
import { ShapeError } from '../errors.ts';
import { copyData } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { keepWith, scope } from '../scope.ts';
import { show } from '../shape.ts';
import { type Storage, storagesMade } from '../storage.ts';
import type { Tensor } from '../tensor.ts';
import { anyLarge, Holdings } from './holdings.ts';
import { mayWait, replacement, replacements } from './hooks.ts';
import { metaOf } from './meta.ts';
import { setGradEnabled } from './modes.ts';
import type { Edge, GraphNode } from './node.ts';
import { NodeQueue } from './queue.ts';
import { dropRecomputed } from './recompute.ts';

type Gradients = readonly (Tensor | null)[];

/** What a backward pass starts from, wants and leaves behind. */
interface BackwardRequest {
  readonly roots: readonly { readonly edge: Edge; readonly grad: Tensor }[];
  /** Gradients to hand out instead of accumulating into leaves; null accumulates. */
  readonly capture: readonly Edge[] | null;
  readonly createGraph: boolean;
  readonly retainGraph: boolean;
}

/** Backward passes that are running: hooks and recomputations may start others. */
let depth = 0;

/**
 * Runs backward. Iterative: nodes are visited in descending order of creation, in which every consumer comes before
 * what it consumed, so a chain of any length works and each node runs once.
 *
 * @returns the captured gradients, null where none arrived
 */
export function runBackward(request: BackwardRequest): (Tensor | null)[] {
  const before = setGradEnabled(request.createGraph);
  depth++;
  try {
    return new Pass(request).run();
  } finally {
    setGradEnabled(before);
    if (--depth === 0) dropRecomputed();
  }
}

/** One backward pass. */
class Pass {
  readonly #request: BackwardRequest;
  /** The nodes that lead to a captured edge; null when gradients are accumulated. */
  readonly #needed: Needed | null;
  /** Every node that may take part, in ascending order of creation; null when nothing asks for a look ahead. */
  readonly #order: readonly GraphNode[] | null;
  /** Without a look ahead: nodes to which a gradient has come. Who sends them others is newer, and so has its turn before. */
  readonly #queue = new NodeQueue();
  /** Leaves whose gradient is accumulated as soon as it is complete, with the number of nodes that have yet to run. */
  readonly #eager: Map<GraphNode, number> | null;
  readonly #grads = new Map<GraphNode, (Tensor | null)[]>();
  readonly #captured: (Tensor | null)[];
  readonly #sinks = new Sinks();
  /** Null when gradients may be differentiated again. */
  readonly #holdings: Holdings | null;
  /** Gradients of non-leaves that asked to keep theirs. */
  readonly #retained: [Tensor, Tensor][] = [];

  constructor(request: BackwardRequest) {
    const { capture } = request;
    this.#request = request;
    this.#holdings = request.createGraph ? null : new Holdings(this.#sinks.since, this.#sinks.shared);
    this.#order = capture !== null || mayWait() ? reachable(request.roots.map((x) => x.edge.node)) : null;
    this.#needed = capture === null ? null : leadingTo(this.#order!, capture);
    this.#eager = capture === null && this.#order !== null ? eagerLeaves(this.#order) : null;
    this.#captured = capture === null ? [] : capture.map(() => null);
  }

  run(): (Tensor | null)[] {
    const { roots, capture, createGraph } = this.#request;
    for (const { edge, grad } of roots) this.#receive(edge, grad, null);
    if (this.#order === null) {
      for (let node = this.#queue.pop(); node !== undefined; node = this.#queue.pop()) this.#turn(node);
    } else {
      for (let k = this.#order.length - 1; k >= 0; k--) {
        const node = this.#order[k]!;
        if (node.leaf === null) this.#turn(node);
        if (this.#eager !== null) this.#settle(node);
      }
    }
    const leaves: [GraphNode, Gradients][] = [];
    // Leaves come last: by now every contribution has arrived, and nothing was changed if a backward failed.
    for (const [node, incoming] of this.#grads) leaves.push([node, this.#arrive(node, incoming)]);
    for (const [t, g] of this.#retained) accumulate(t, g, createGraph, this.#sinks);
    for (const [node, [g]] of leaves) {
      if (capture !== null) this.#collect(node, [g ?? null]);
      else if (g != null) accumulateLeaf(node, g, createGraph, this.#sinks);
      this.#holdings?.drop(g);
    }
    return this.#captured;
  }

  /** Runs a node, if any gradient has come to it. */
  #turn(node: GraphNode): void {
    const grads = this.#grads.get(node);
    if (grads === undefined) return;
    this.#grads.delete(node);
    const needed = this.#needed === null || this.#needed.inner.has(node);
    if (!needed && !this.#needed!.targets.has(node)) return;
    const incoming = this.#arrive(node, grads);
    if (this.#request.capture !== null) this.#collect(node, incoming);
    if (!needed) return;
    if (node.addInto !== null && this.#addInto(node, node.addInto, incoming[0] ?? null)) {
      this.#holdings!.drop(grads[0]);
      return;
    }
    const results = this.#backward(node, incoming);
    const holdings = this.#holdings;
    if (holdings !== null) for (let i = 0; i < results.length; i++) holdings.hold(results[i]);
    for (let i = 0; i < node.edges.length; i++) {
      const edge = node.edges[i]!;
      const g = results[i];
      if (edge === null || g === null || g === undefined) continue;
      if (this.#needed !== null && !this.#needed.inner.has(edge.node) && !this.#needed.targets.has(edge.node)) continue;
      this.#receive(edge, g, node);
    }
    if (holdings !== null) {
      for (let i = 0; i < results.length; i++) holdings.drop(results[i]);
      for (let i = 0; i < grads.length; i++) holdings.drop(grads[i]);
    }
    if (!this.#request.retainGraph) node.release();
  }

  /** Writes the gradient of a part of a tensor to where that of other parts has come; false where that cannot be. */
  #addInto(node: GraphNode, add: (sum: Tensor, grad: Tensor) => void, grad: Tensor | null): boolean {
    const edge = node.edges[0] ?? null;
    if (edge === null || grad === null || !this.#isClosed(node) || !grad.device.caps.collected) return false;
    const sum = this.#grads.get(edge.node)?.[edge.index] ?? null;
    if (sum === null || sum.dtype !== grad.dtype || sum.device !== grad.device || !this.#holdings!.owns(sum)) return false;
    add(sum, grad);
    return true;
  }

  /** Whether nobody but the library sees what goes into a node's backward and comes out of it. */
  #isClosed(node: GraphNode): boolean {
    return this.#holdings !== null && node.closed && node.hooks === null && observer === null && debug.afterBackward === null;
  }

  /** The complete gradients of a node's outputs, through the hooks of these tensors. */
  #arrive(node: GraphNode, grads: Gradients): Gradients {
    let incoming = grads;
    if (node.hooks !== null && node.hooks.tensor.size > 0) {
      const changed = [...grads];
      for (const [i, hooks] of node.hooks.tensor) {
        for (const hook of hooks.list()) {
          const g = changed[i] ?? null;
          if (g === null) break;
          changed[i] = replacement(node.leaf === null ? `a result of '${node.name}'` : 'a leaf', hook(g), g);
          this.#sinks.show(g, changed[i]!);
        }
      }
      incoming = changed;
    }
    if (node.retained !== null) {
      for (const [i, t] of node.retained) {
        if (incoming[i] == null) continue;
        this.#retained.push([t, incoming[i]!]);
        this.#holdings?.share(incoming[i]);
      }
    }
    return incoming;
  }

  #backward(node: GraphNode, grads: Gradients): Gradients {
    const { hooks } = node;
    const incoming = hooks === null ? grads : this.#before(node, grads);
    const closed = this.#isClosed(node);
    if (closed && anyLarge(incoming)) {
      // What the rule makes on its way is nobody's, either.
      return scope(() => node.backward(incoming));
    }
    let results = observer === null ? node.backward(incoming) : observer.backward(node, incoming, () => node.backward(incoming));
    if (!closed && this.#holdings !== null) for (const g of [...incoming, ...results]) this.#holdings.share(g);
    if (debug.afterBackward !== null) results = debug.afterBackward(node, results);
    if (hooks !== null) {
      for (const hook of hooks.after.list()) {
        this.#sinks.show(...results, ...incoming);
        results = replacements(`'${node.name}'`, hook(results, incoming), results);
      }
    }
    return results;
  }

  #before(node: GraphNode, grads: Gradients): Gradients {
    let incoming = grads;
    for (const hook of node.hooks!.before.list()) {
      this.#sinks.show(...incoming);
      incoming = replacements(`'${node.name}'`, hook(incoming), incoming);
    }
    return incoming;
  }

  /** Adds a gradient to what has arrived at an edge. */
  #receive({ node, index }: Edge, grad: Tensor, from: GraphNode | null): void {
    const want = node.outputs[index]!;
    if (!sameShape(grad.shape, want.shape)) {
      const who = from === null ? 'backward' : `the backward of '${from.name}'`;
      throw new ShapeError(`${who} gave a gradient of shape ${show(grad.shape)} for a tensor of shape ${show(want.shape)}`);
    }
    let g = grad;
    if (g.dtype !== want.dtype) g = g.to(want.dtype);
    if (g.device !== want.device) g = g.to(want.device);
    const slots = this.#grads.get(node);
    if (slots === undefined) {
      const fresh: (Tensor | null)[] = [];
      for (let i = 0; i < node.outputs.length; i++) fresh.push(i === index ? g : null);
      this.#grads.set(node, fresh);
      if (node.leaf === null && this.#order === null) this.#queue.push(node);
    } else {
      const sofar = slots[index] ?? null;
      if (sofar !== null) {
        const sum = sofar.add(g);
        this.#holdings?.drop(sofar);
        g = sum;
      }
      slots[index] = g;
    }
    this.#holdings?.hold(g);
  }

  /** Accumulates into the eager leaves behind a node that were waiting for nothing else. */
  #settle(node: GraphNode): void {
    for (const edge of node.edges) {
      const waiting = edge === null ? undefined : this.#eager!.get(edge.node);
      if (waiting === undefined) continue;
      this.#eager!.set(edge!.node, waiting - 1);
      const grads = this.#grads.get(edge!.node);
      if (waiting > 1 || grads === undefined) continue;
      this.#grads.delete(edge!.node);
      const [g] = this.#arrive(edge!.node, grads);
      if (g != null) accumulateLeaf(edge!.node, g, this.#request.createGraph, this.#sinks);
    }
  }

  #collect(node: GraphNode, incoming: Gradients): void {
    this.#request.capture!.forEach((edge, i) => {
      if (edge.node !== node) return;
      this.#captured[i] = incoming[edge.index] ?? null;
      this.#holdings?.share(this.#captured[i]);
    });
  }
}

/** What the gradients that a backward pass hands out have in common. */
export class Sinks {
  /** Storages with smaller ids were there before: a gradient on one of them belongs to somebody else. */
  readonly since: number = storagesMade();
  /** Storages that were handed out already. */
  readonly taken: Set<Storage> = new Set();
  /** Storages that others than the pass may know, those handed out among them. */
  readonly shared: Set<Storage> = new Set();

  /** Gradients that a hook saw, and may have kept. */
  show(...grads: Gradients): void {
    for (const g of grads) if (g !== null && g !== undefined) this.take(g.storage);
  }

  take(storage: Storage): void {
    this.taken.add(storage);
    this.shared.add(storage);
  }
}

/** The nodes that lead to a captured edge, and the captured ones. */
interface Needed {
  readonly inner: ReadonlySet<GraphNode>;
  readonly targets: ReadonlySet<GraphNode>;
}

/** Accumulates into a leaf, with the hooks of its node. */
function accumulateLeaf(node: GraphNode, grad: Tensor, createGraph: boolean, sinks: Sinks): void {
  const t = node.leaf!;
  // The elements of the leaf were replaced since (the gradient is one of the old ones), or it wants no gradient any more.
  if (t.meta?.accumulator !== node || !t.meta.requiresGrad) return;
  let g = grad;
  const { hooks } = node;
  if (hooks === null) {
    accumulate(t, g, createGraph, sinks);
    return;
  }
  for (const hook of hooks.before.list()) {
    sinks.show(g);
    g = replacements('a leaf', hook([g]), [g])[0] ?? g;
  }
  accumulate(t, g, createGraph, sinks);
  for (const hook of hooks.after.list()) {
    sinks.show(g);
    hook([], [g]);
  }
  runAccumulated(t);
}

export function runAccumulated(t: Tensor): void {
  const hooks = t.meta?.accumulator?.hooks?.accumulated;
  if (hooks === undefined) return;
  for (const hook of hooks.list()) hook(t);
}

/** Adds a gradient to `t.grad`, which gets a buffer of its own: the user may write to it. */
export function accumulate(t: Tensor, grad: Tensor, createGraph: boolean, sinks: Sinks): void {
  const meta = metaOf(t);
  if (meta.grad === null) {
    // An op may hand on what it was given, so the same tensor can arrive at two leaves, or be the caller's own.
    const { storage } = grad;
    const free = grad.isContiguous && storage.refs <= 1 && storage.id >= sinks.since && !sinks.taken.has(storage);
    meta.grad = free ? grad : createGraph ? grad.clone() : copyData(grad);
    meta.gradShown = false;
    sinks.take(meta.grad.storage);
    keepWith(t, meta.grad);
  } else if (createGraph) {
    meta.grad = meta.grad.add(grad);
    meta.gradShown = false;
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

/** Leaves with a hook that waits for their gradient, with the number of edges that lead to each; null when there are none. */
function eagerLeaves(order: readonly GraphNode[]): Map<GraphNode, number> | null {
  const eager = new Map<GraphNode, number>();
  for (const node of order) if (node.leaf !== null && (node.hooks?.accumulated.size ?? 0) > 0) eager.set(node, 0);
  if (eager.size === 0) return null;
  for (const node of order) {
    for (const edge of node.edges) {
      const count = edge === null ? undefined : eager.get(edge.node);
      if (count !== undefined) eager.set(edge!.node, count + 1);
    }
  }
  return eager;
}

/** The nodes from which a captured edge can be reached. A captured node's own backward runs only when it is one of them. */
function leadingTo(ascending: readonly GraphNode[], capture: readonly Edge[]): Needed {
  const targets = new Set(capture.map((e) => e.node));
  const inner = new Set<GraphNode>();
  for (const node of ascending) if (node.edges.some((e) => e !== null && (inner.has(e.node) || targets.has(e.node)))) inner.add(node);
  return { inner, targets };
}
