import { isTensor, type Tensor } from '@nabla/core';
import type { Module } from './module.ts';
import { isModule, type Mismatch, nameOf, StateDictError, walk } from './state.ts';

/** What {@link functionalCall} gives: what the module's `forward` gives. */
export type ForwardResult<M> = M extends { forward(...args: never[]): infer R } ? R : unknown;

/**
 * Calls a module with other parameters and buffers than its own, which stay as they are: for derivatives with respect to
 * weights, meta-learning and ensembles. Gradients flow into the given tensors.
 *
 * @param module called in its present mode, with its hooks
 * @param state tensors by state-dict key; what is not given is the module's own. A tied tensor is replaced under all of its keys.
 * @param args of `forward`
 * @throws StateDictError for a key that the module has not, or another shape
 * @example
 * ```ts
 * const model = new Linear(3, 2);
 * const y = functionalCall(model, { weight: zeros([2, 3], { requiresGrad: true }) }, [ones([1, 3])]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.func.functional_call.html
 */
export function functionalCall<M extends Module>(
  module: M,
  state: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  args: readonly unknown[],
): ForwardResult<M> {
  const given = state instanceof Map ? (state as ReadonlyMap<string, Tensor>) : new Map(Object.entries(state as Record<string, Tensor>));
  const own = new Map<string, Tensor>();
  walk(module, { parameter: (path, p) => own.set(path, p), buffer: (path, b) => own.set(path, b) });
  const unexpected = [...given.keys()].filter((key) => !own.has(key));
  const mismatched: Mismatch[] = [...given].flatMap(([key, t]) => {
    const mine = own.get(key);
    if (mine === undefined || mine.shape.join() === t.shape.join()) return [];
    return [{ key, reason: `the given shape is [${t.shape.join(', ')}], in the module [${mine.shape.join(', ')}]` }];
  });
  if (unexpected.length + mismatched.length > 0) throw new StateDictError(nameOf(module), [], unexpected, mismatched);
  const replacement = new Map<Tensor, Tensor>([...given].map(([key, t]) => [own.get(key)!, t]));
  const undo = swap(module, replacement);
  try {
    return (module as unknown as { call(...args: readonly unknown[]): ForwardResult<M> }).call(...args);
  } finally {
    for (const put of undo) put();
  }
}

/** Puts tensors where others are held, anywhere below a module; gives what puts the others back. */
function swap(root: Module, replacement: ReadonlyMap<Tensor, Tensor>): (() => void)[] {
  const undo: (() => void)[] = [];
  const seen = new Set<object>();
  const visit = (holder: object): void => {
    if (seen.has(holder)) return;
    seen.add(holder);
    const entries: (readonly [unknown, unknown])[] = holder instanceof Map ? [...holder] : Object.entries(holder);
    for (const [key, value] of entries) {
      if (isTensor(value)) {
        const other = replacement.get(value);
        if (other === undefined) continue;
        const put = (t: Tensor): void => {
          if (holder instanceof Map) holder.set(key, t);
          else (holder as Record<string, unknown>)[key as string] = t;
        };
        put(other);
        undo.push(() => put(value));
      } else if (typeof value === 'object' && value !== null && walkable(value)) visit(value);
    }
  };
  visit(root);
  return undo;
}

function walkable(value: object): boolean {
  if (isModule(value) || Array.isArray(value) || value instanceof Map) return true;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}
