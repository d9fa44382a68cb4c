import { refusePromise } from './autograd/modes.ts';
import { type GraphNode, setNodeListener } from './autograd/node.ts';
import { ValueError } from './errors.ts';
import { isTensor, setBirth, type Tensor } from './tensor.ts';
import { countScope } from './wasm/memory.ts';

/**
 * An open scope. Tensors and nodes name the scope that frees them, and stand in its list; one that went to another scope may
 * stand in a list still, and does not count there.
 */
class Frame {
  readonly outer: Frame | null;
  readonly tensors: Tensor[] = [];
  readonly nodes: GraphNode[] = [];
  readonly kept: Set<Tensor> = new Set();

  constructor(outer: Frame | null) {
    this.outer = outer;
  }

  own(t: Tensor): void {
    if (t.scope === this) return;
    t.scope = this;
    this.tensors.push(t);
  }

  ownNode(n: GraphNode): void {
    n.scope = this;
    this.nodes.push(n);
  }
}

let frame: Frame | null = null;

/** What the user asked to keep, for good. */
const keptByUser = new WeakSet<Tensor>();

/** Whether a scope is open. */
export function inScope(): boolean {
  return frame !== null;
}

/**
 * Runs `fn` and frees every tensor born inside, but for the tensors it returns (alone, in arrays, plain objects or Maps),
 * those handed to {@link keep}, gradients of tensors from outside, and what backward through a returned tensor, or through
 * one from outside that was written to, needs.
 *
 * On a device this is how memory is given back in time. On the CPU, where the collector owns everything, it is
 * optional and makes loops faster: freed buffers are used again.
 *
 * @throws ValueError when `fn` is asynchronous
 * @example
 * ```ts
 * const loss = scope(() => {
 *   const loss = lossFn.call(model.call(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss.detach();
 * });
 * ```
 */
export function scope<T>(fn: () => T): T {
  const outer = frame;
  const mine = new Frame(outer);
  frame = mine;
  countScope(1);
  const birth = setBirth((t) => mine.own(t));
  const listener = setNodeListener((n) => mine.ownNode(n));
  let result: T;
  let done = false;
  try {
    result = refusePromise(fn(), 'scope');
    done = true;
  } finally {
    frame = outer;
    countScope(-1);
    setBirth(birth);
    setNodeListener(listener);
    if (!done) sweep(mine, new Set(mine.kept), outer);
  }
  const survivors = new Set(mine.kept);
  collect(result, survivors, new Set());
  sweep(mine, survivors, outer);
  return result;
}

/**
 * Lets a tensor outlive the scope that it was born in (state that a layer or an optimizer makes on first use). Gives
 * the tensor back.
 */
export function keep<T extends Tensor>(t: T): T {
  if (!isTensor(t)) throw new ValueError('keep: expects a tensor');
  keptByUser.add(t);
  for (let f = frame; f !== null; f = f.outer) f.kept.add(t);
  return t;
}

/** Lets `t` live as long as `owner` does: it survives scopes that `owner` was not born in, and goes with the one it was. */
export function keepWith(owner: Tensor, t: Tensor): void {
  let f = frame;
  let born = false;
  for (; f !== null && owner.scope !== f; f = f.outer) {
    f.kept.add(t);
    born ||= t.scope === f;
  }
  if (!born) return;
  t.scope = null;
  f?.own(t);
}

/**
 * Hands a tensor that the library kept earlier to the current scope, which frees it when it ends. Without a scope, or for
 * one that the user keeps, nothing happens.
 */
export function release(t: Tensor): void {
  if (frame === null || keptByUser.has(t)) return;
  for (let f: Frame | null = frame; f !== null; f = f.outer) f.kept.delete(t);
  frame.own(t);
}

/** Tensors in a result, through arrays, plain objects and Maps. */
function collect(value: unknown, out: Set<Tensor>, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (isTensor(value)) out.add(value);
  else if (Array.isArray(value) || value instanceof Set) for (const v of value) collect(v, out, seen);
  else if (value instanceof Map) for (const v of value.values()) collect(v, out, seen);
  else if (isPlain(value)) for (const v of Object.values(value)) collect(v, out, seen);
}

function isPlain(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}

/** Frees what did not survive. Survivors now belong to the enclosing scope, if there is one. */
function sweep(f: Frame, survivors: Set<Tensor>, outer: Frame | null): void {
  const stack: GraphNode[] = [];
  /** Nodes that survive leave the scope at once. */
  const mark = (n: GraphNode | null | undefined): void => {
    if (n == null || n.scope !== f) return;
    if (outer === null) n.scope = null;
    else outer.ownNode(n);
    stack.push(n);
  };
  // What a survivor brings in (its gradient, a leaf born inside that its history leads to) is visited too: a set is walked
  // to its end as it grows.
  for (const t of survivors) {
    mark(t.meta?.node);
    // A view holds the buffer itself; of its base only the history is needed.
    mark(t.viewOf?.meta?.node);
    if (t.meta?.grad != null) survivors.add(t.meta.grad);
    while (stack.length > 0) {
      for (const e of stack.pop()!.edges) {
        mark(e?.node);
        if (e !== null && e.node.leaf !== null) survivors.add(e.node.leaf);
      }
    }
  }
  for (const n of f.nodes) {
    if (n.scope !== f) continue;
    n.scope = null;
    n.release();
  }
  for (const t of f.tensors) {
    if (t.scope !== f) continue;
    t.scope = null;
    if (!survivors.has(t)) t.dispose();
    else if (!t.disposed && !f.kept.has(t)) outer?.own(t);
  }
  // A collection of young objects takes an old one for alive: lists that got old while the scope was open would hold what was put in
  // them until all memory is collected, which seldom happens.
  f.nodes.length = 0;
  f.tensors.length = 0;
}
