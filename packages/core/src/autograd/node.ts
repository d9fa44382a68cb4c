import type { Backend } from '../backend.ts';
import { observer, type Site } from '../debug.ts';
import type { DType } from '../dtype.ts';
import { AutogradError, GraphFreedError, InPlaceError } from '../errors.ts';
import { copyData } from '../kernels.ts';
import type { Storage } from '../storage.ts';
import { Tensor } from '../tensor.ts';
import { type Disposer, type NodeHook, NodeHooks, type NodePreHook } from './hooks.ts';
import { isGradEnabled } from './modes.ts';

/** What differentiation knows of a tensor. */
export class AutogradMeta {
  /** Set by the user on a leaf; true for every tensor with a node. */
  requiresGrad = false;
  /** The accumulated gradient of a leaf (or of a tensor that asked to retain it). */
  grad: Tensor | null = null;
  /** The user may hold {@link AutogradMeta.grad}: it was read or assigned, so no scope may free it. */
  gradShown = false;
  /** The operation that made the tensor; null for a leaf. */
  node: GraphNode | null = null;
  /** Which of the node's outputs this is. */
  index = 0;
  /** A leaf's sink in the graph, made on first use. */
  accumulator: GraphNode | null = null;
  /** Shape, dtype and device, made on first use. */
  info: TensorInfo | null = null;
}

/** Where a gradient goes: output `index` of `node`. */
export interface Edge {
  readonly node: GraphNode;
  readonly index: number;
}

/** What the engine checks a gradient against. */
export interface TensorInfo {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly device: Backend;
}

/** Computes input gradients from output gradients; null where no gradient flows. */
export type BackwardFunction = (grads: readonly (Tensor | null)[]) => readonly (Tensor | null)[];

let nextId = 0;

/** Told of every new node: an open scope, an in-place write. */
export type NodeListener = (node: GraphNode) => void;
let listener: NodeListener | null = null;

/** Sets who is told of new nodes, and gives who was. */
export function setNodeListener(next: NodeListener | null): NodeListener | null {
  const before = listener;
  listener = next;
  return before;
}

/**
 * The operation that made a tensor, as a node of the graph that backward walks.
 *
 * @see https://pytorch.org/docs/stable/autograd.html#autograd-graph
 */
export interface GradFn {
  /** The name of the op; `accumulateGrad` for the sink of a leaf. */
  readonly name: string;
  /** For each input of the op where its gradient goes, and which output of that node it is; null where none is needed. */
  readonly nextFunctions: readonly (readonly [node: GradFn, output: number] | null)[];
  /** The leaf whose gradient the node accumulates; null for an op. */
  readonly leaf: Tensor | null;
  /** Adds a hook that runs after the node's backward and may replace the gradients that it gave. */
  registerHook(hook: NodeHook): Disposer;
  /** Adds a hook that runs before the node's backward and may replace the gradients that it gets. */
  registerPreHook(hook: NodePreHook): Disposer;
}

/** A tensor that a node keeps for its backward. */
export interface SavedSlot {
  /** The tensor, connected to its history when gradients are being recorded. */
  unpack(): Tensor;
  /** Copies the tensor if it lies in `storage`, which is about to be written. */
  preserve(storage: Storage): void;
  /** Drops the tensor. */
  release(): void;
}

const nothing: readonly never[] = [];

/**
 * One recorded operation. A node's id is larger than those of the nodes it depends on. It stands for the edge to its first
 * output, which is most often the only one.
 */
export class GraphNode implements GradFn, Edge {
  readonly id: number = nextId++;
  readonly name: string;
  /** Where the gradient of each input goes; null where none is needed. */
  readonly edges: readonly (Edge | null)[];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #run: BackwardFunction;
  /** What backward needs; null keeps a place. */
  saved: readonly (SavedSlot | null)[] = nothing;
  /** The leaf whose gradient this node accumulates. */
  readonly leaf: Tensor | null;
  /** Outputs that asked to keep their gradient. */
  retained: Map<number, Tensor> | null = null;
  hooks: NodeHooks | null = null;
  /** Its backward is the library's own, and keeps none of the tensors that it is given or gives. */
  closed = false;
  /**
   * Instead of its backward: adds what that would give for its one input to what has come there. Null where nothing is gained by it.
   */
  addInto: ((sum: Tensor, grad: Tensor) => void) | null = null;
  /** The open scope that releases it; null for none. */
  scope: object | null = null;
  /** Where the op was called, known in anomaly mode. */
  readonly site: Site | null;

  constructor(
    name: string,
    edges: readonly (Edge | null)[],
    inputs: readonly TensorInfo[],
    outputs: readonly TensorInfo[],
    run: BackwardFunction,
    leaf: Tensor | null = null,
  ) {
    this.name = name;
    this.edges = edges;
    this.inputs = inputs;
    this.outputs = outputs;
    this.#run = run;
    this.leaf = leaf;
    this.site = observer === null ? null : observer.site();
    if (listener !== null) listener(this);
  }

  /** @internal As an edge. */
  get node(): GraphNode {
    return this;
  }

  /** @internal As an edge. */
  get index(): number {
    return 0;
  }

  /** Gradients of the inputs from gradients of the outputs. */
  backward(grads: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    return this.#run(grads);
  }

  get nextFunctions(): readonly (readonly [node: GradFn, output: number] | null)[] {
    return this.edges.map((e) => (e === null ? null : [e.node, e.index]));
  }

  registerHook(hook: NodeHook): Disposer {
    this.hooks ??= new NodeHooks();
    return this.hooks.after.add(hook);
  }

  registerPreHook(hook: NodePreHook): Disposer {
    this.hooks ??= new NodeHooks();
    return this.hooks.before.add(hook);
  }

  /** Drops the saved tensors; a later backward is an error. */
  release(): void {
    for (const s of this.saved) s?.release();
  }
}

/** A second backward through a node whose saved tensors are gone. */
export function freedError(op: string): GraphFreedError {
  return new GraphFreedError(
    `backward through '${op}' a second time: its saved tensors were dropped after the first. Pass { retainGraph: true } to the first backward if you need another`,
  );
}

/** The window of a tensor that an op saved. */
interface Kept {
  readonly storage: Storage;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A tensor that an op saved, with the history that it had then. */
export function connected(t: Kept, edge: Edge | null): Tensor {
  // A tracked tensor of its own: backward may hand it on as a gradient that outlives the slot.
  const out = new Tensor(t.storage, t.shape, t.strides, t.offset);
  if (edge === null || !isGradEnabled()) return out;
  const { node, index } = edge;
  const meta = new AutogradMeta();
  meta.requiresGrad = true;
  meta.node = node;
  meta.index = index;
  out.meta = meta;
  return out;
}

/** A tensor kept for backward, with the version it had. */
export class SavedTensor implements SavedSlot {
  /** Null when it was released. The tensor itself is not held, so that a scope may dispose of it. */
  #storage: Storage | null;
  readonly #shape: readonly number[];
  #strides: readonly number[];
  #offset: number;
  #version: number;
  readonly #edge: Edge | null;
  readonly #op: string;

  constructor(t: Tensor, op: string, edge: Edge | null) {
    const { storage } = t;
    if (storage.inference) {
      throw new AutogradError(
        `${op}: a tensor made in inference mode (${t.dtype} [${t.shape.join(', ')}]) cannot be saved for a gradient; clone() it outside of inferenceMode`,
      );
    }
    storage.refs++;
    this.#storage = storage;
    this.#shape = t.shape;
    this.#strides = t.strides;
    this.#offset = t.offset;
    this.#version = storage.version;
    this.#edge = edge;
    this.#op = op;
  }

  /** The tensor, connected to its history when gradients are being recorded. */
  unpack(edge: Edge | null = this.#edge): Tensor {
    const storage = this.#storage;
    if (storage === null) throw freedError(this.#op);
    if (storage.version !== this.#version) throw this.#changed(storage);
    return connected({ storage, shape: this.#shape, strides: this.#strides, offset: this.#offset }, edge);
  }

  #changed(storage: Storage): InPlaceError {
    const edge = this.#edge;
    const from = edge === null || edge.node.leaf !== null ? '' : `, which is output ${edge.index} of '${edge.node.name}',`;
    return new InPlaceError(
      `a tensor that '${this.#op}' needs for its gradient was changed in place: ${storage.dtype} [${this.#shape.join(', ')}]${from} is at version ${storage.version}, expected version ${this.#version}. Use the op without the trailing underscore, or clone() before writing`,
    );
  }

  /** Copies the tensor if it lies in `storage`, which is about to be written. */
  preserve(storage: Storage): void {
    if (this.#storage !== storage) return;
    const copy = copyData(new Tensor(storage, this.#shape, this.#strides, this.#offset, false));
    this.#storage = copy.storage;
    this.#strides = copy.strides;
    this.#offset = copy.offset;
    this.#version = copy.storage.version;
    copy.storage.refs++;
    copy.dispose();
    storage.refs--;
  }

  release(): void {
    const storage = this.#storage;
    if (storage === null) return;
    this.#storage = null;
    storage.refs--;
    // Nobody else holds it: a scope that ended while the slot was taken left the buffer to us.
    if (storage.refs <= 0) storage.free();
  }
}
