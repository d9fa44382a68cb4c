/// <reference lib="esnext.disposable" preserve="true" />
import { AutogradError } from '../errors.ts';
import { sameShape } from '../layout.ts';
import { show } from '../shape.ts';
import { isTensor, type Tensor } from '../tensor.ts';

/** Removes what was registered: by a call, or at the end of the block with `using`. Calling it again does nothing. */
export interface Disposer {
  (): void;
  [Symbol.dispose](): void;
}

/** A disposer that runs `remove`. */
function disposer(remove: () => void): Disposer {
  const dispose = (): void => remove();
  // Engines without explicit resource management have no such symbol.
  const symbol = (Symbol as { readonly dispose?: symbol }).dispose;
  if (symbol !== undefined) Object.defineProperty(dispose, symbol, { value: dispose });
  return dispose as Disposer;
}

/** Functions in the order in which they were registered; the same one may be registered twice. */
export class HookList<F> {
  #entries: { readonly hook: F }[] = [];

  /** Adds a function, and gives what removes it; `first` puts it before those that are there. */
  add(hook: F, first: boolean = false): Disposer {
    const entry = { hook };
    // A new array each time: hooks may come and go while they run.
    this.#entries = first ? [entry, ...this.#entries] : [...this.#entries, entry];
    return disposer(() => {
      this.#entries = this.#entries.filter((e) => e !== entry);
    });
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The functions registered now. */
  list(): readonly F[] {
    return this.#entries.map((e) => e.hook);
  }
}

/** Sees the gradient of a tensor; what it returns, if anything, takes its place. */
export type TensorHook = (grad: Tensor) => Tensor | null | undefined;
/** Runs after the gradient of a leaf was added to its `grad`. */
export type PostAccumulateGradHook = (tensor: Tensor) => void;
/** Sees the gradients of the outputs of an op before its backward; what it returns, if anything, takes their place. */
export type NodePreHook = (gradOutputs: readonly (Tensor | null)[]) => readonly (Tensor | null)[] | null | undefined;
/** Sees the gradients that the backward of an op gave and got; what it returns, if anything, takes the place of the first. */
export type NodeHook = (
  gradInputs: readonly (Tensor | null)[],
  gradOutputs: readonly (Tensor | null)[],
) => readonly (Tensor | null)[] | null | undefined;

let waited = false;

/** Says that a hook waits for the complete gradient of some leaf. */
export function expectWaiting(): void {
  waited = true;
}

/** Whether there ever was such a hook: backward passes look for them beforehand, but not in a program that has none. */
export function mayWait(): boolean {
  return waited;
}

/** The hooks of one node of the graph. */
export class NodeHooks {
  /** By output. */
  readonly tensor: Map<number, HookList<TensorHook>> = new Map();
  readonly before: HookList<NodePreHook> = new HookList();
  readonly after: HookList<NodeHook> = new HookList();
  readonly accumulated: HookList<PostAccumulateGradHook> = new HookList();

  /** The hooks of an output. */
  ofOutput(index: number): HookList<TensorHook> {
    let list = this.tensor.get(index);
    if (list === undefined) {
      list = new HookList();
      this.tensor.set(index, list);
    }
    return list;
  }
}

/** What a hook gave in the place of a gradient, which it has to resemble. */
export function replacement(where: string, given: unknown, grad: Tensor): Tensor {
  if (given === null || given === undefined) return grad;
  if (!isTensor(given)) throw new AutogradError(`a hook on ${where} returned ${typeof given}, expected a tensor or nothing`);
  if (!sameShape(given.shape, grad.shape)) {
    throw new AutogradError(`a hook on ${where} changed the shape of the gradient from ${show(grad.shape)} to ${show(given.shape)}`);
  }
  if (given.dtype !== grad.dtype) {
    throw new AutogradError(`a hook on ${where} changed the dtype of the gradient from ${grad.dtype} to ${given.dtype}`);
  }
  if (given.device !== grad.device) {
    throw new AutogradError(`a hook on ${where} moved the gradient from '${grad.device.name}' to '${given.device.name}'`);
  }
  return given;
}

/** The same for all gradients of a node; null stands for one that is not there. */
export function replacements(where: string, given: unknown, grads: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  if (given === null || given === undefined) return grads;
  if (!Array.isArray(given) || given.length !== grads.length) {
    throw new AutogradError(
      `a hook on ${where} returned ${Array.isArray(given) ? `${given.length} gradients` : typeof given}, expected ${grads.length} gradients or nothing`,
    );
  }
  return given.map((g: unknown, i) => {
    const grad = grads[i] ?? null;
    if (g === null || g === undefined) return null;
    if (grad === null) {
      if (!isTensor(g)) throw new AutogradError(`a hook on ${where} returned ${typeof g} as gradient ${i}, expected a tensor or null`);
      return g;
    }
    return replacement(where, g, grad);
  });
}
