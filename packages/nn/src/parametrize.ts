import { isTensor, noGrad, type Tensor, ValueError } from '@nabla/core';
import { Module } from './module.ts';
import { isParameter, Parameter } from './parameter.ts';
import { nameOf } from './state.ts';

/** A module that computes a parameter from others. */
export interface Parametrization extends Module {
  /** The parameter from the originals. */
  forward(...originals: Tensor[]): Tensor;
  /** The originals (one, or several) that give a value: its reverse, as far as it has one. */
  rightInverse?(value: Tensor): Tensor | readonly Tensor[];
}

/** The originals of a parametrized tensor and what computes it, under PyTorch's keys. */
class ParametrizationList extends Module {
  readonly steps: Parametrization[] = [];
  readonly originals: Parameter[];

  constructor(originals: Parameter[]) {
    super();
    this.originals = originals;
  }

  forward(): Tensor {
    const [first, ...rest] = this.steps;
    let value = first!.call(...(this.originals as never[])) as Tensor;
    for (const step of rest) value = step.call(...([value] as never[])) as Tensor;
    return value;
  }

  override stateEntries(): Iterable<readonly [string, unknown]> {
    const names = this.originals.length === 1 ? ['original'] : this.originals.map((_, i) => `original${i}`);
    return [...this.originals.map((p, i) => [names[i]!, p] as const), ...this.steps.map((m, i) => [String(i), m] as const)];
  }
}

type Slots = Record<string, unknown> & { parametrizations?: Record<string, ParametrizationList> };

/**
 * Makes a parameter of a module the result of a computation: `module.weight` is computed anew whenever it is read. What it is
 * computed from stands in the state under `parametrizations.weight.original` (`original0`, `original1`, ... for several),
 * and what a parametrization keeps under `parametrizations.weight.0`. A second one is applied to the result of the first.
 *
 * @param module whose parameter it is
 * @param name of the property
 * @param parametrization a module from the originals to the parameter; its `rightInverse`, if it has one, gives the originals
 * @returns the module
 * @throws ValueError when there is no such parameter, or the result has another shape or dtype
 * @example
 * ```ts
 * class Symmetric extends Module {
 *   forward(x: Tensor): Tensor {
 *     return x.triu().add(x.triu(1).mT) as Tensor;
 *   }
 * }
 * registerParametrization(new Linear(3, 3), 'weight', new Symmetric());
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html
 */
export function registerParametrization<M extends Module>(module: M, name: string, parametrization: Parametrization): M {
  const slots = module as unknown as Slots;
  const existing = slots.parametrizations?.[name];
  const value = slots[name];
  if (!isTensor(value) || (existing === undefined && !isParameter(value)))
    throw new ValueError(`registerParametrization: ${nameOf(module)} has no parameter '${name}'`);
  const inverse = noGrad(() => parametrization.rightInverse?.(value.detach() as Tensor) ?? value);
  const several = !isTensor(inverse);
  if (existing !== undefined && several)
    throw new ValueError(`registerParametrization: only the first parametrization of '${name}' can have several originals`);
  const originals = (several ? inverse : [inverse]) as readonly Tensor[];
  const result = noGrad(() => parametrization.forward(...originals.map((t) => t.detach() as Tensor)));
  if (result.dtype !== value.dtype || result.shape.join() !== value.shape.join()) {
    throw new ValueError(
      `registerParametrization: '${name}' is ${value.dtype} [${value.shape.join(', ')}] but its parametrization gives ${result.dtype} [${result.shape.join(', ')}]`,
    );
  }
  if (existing !== undefined) {
    if (inverse !== value) noGrad(() => existing.originals[0]!.copy_(unwind(existing, originals[0]!)));
    existing.steps.push(parametrization);
    return module;
  }
  const own = value as Parameter;
  const kept = originals.map((t, i) => {
    if (t === own) return own;
    // The parameter itself stays an original where the shape allows, so that optimizers built before go on training it.
    if (i === originals.length - 1 && t.shape.join() === own.shape.join() && t.dtype === own.dtype) {
      noGrad(() => own.copy_(t));
      return own;
    }
    return new Parameter(t.clone() as Tensor, { requiresGrad: own.requiresGrad });
  });
  const list = new ParametrizationList(kept);
  list.steps.push(parametrization);
  list.training = module.training;
  delete slots[name];
  slots.parametrizations = { ...slots.parametrizations, [name]: list };
  Object.defineProperty(module, name, { configurable: true, enumerable: false, get: () => list.call() });
  return module;
}

/** The first original that gives a value after the steps so far. */
function unwind(list: ParametrizationList, value: Tensor): Tensor {
  let v = value;
  for (const step of [...list.steps].reverse()) {
    const back = step.rightInverse?.(v);
    if (back !== undefined) v = (isTensor(back) ? back : back[0]) as Tensor;
  }
  return v;
}

/** Whether a module has parametrizations, of one parameter or of any. */
export function isParametrized(module: Module, name?: string): boolean {
  const all = (module as unknown as Slots).parametrizations;
  return all !== undefined && (name === undefined ? Object.keys(all).length > 0 : name in all);
}

/**
 * Makes a parametrized parameter a plain one again, with the value that it has now, or with its original.
 *
 * @param options `leaveParametrized` (default true): keep the computed value
 * @throws ValueError when it is not parametrized, or has several originals and none of them can stay
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html
 */
export function removeParametrizations<M extends Module>(module: M, name: string, options: { leaveParametrized?: boolean } = {}): M {
  const slots = module as unknown as Slots;
  const list = slots.parametrizations?.[name];
  if (list === undefined) throw new ValueError(`removeParametrizations: ${nameOf(module)} has no parametrized '${name}'`);
  const leave = options.leaveParametrized ?? true;
  if (!leave && list.originals.length > 1)
    throw new ValueError(`removeParametrizations: '${name}' has ${list.originals.length} originals; leave it parametrized`);
  const value = noGrad(() => list.forward());
  const last = list.originals[list.originals.length - 1]!;
  const same = last.shape.join() === value.shape.join() && last.dtype === value.dtype;
  const parameter = same ? last : new Parameter(value, { requiresGrad: last.requiresGrad });
  if (leave && same) noGrad(() => parameter.copy_(value));
  const { [name]: _, ...rest } = slots.parametrizations!;
  if (Object.keys(rest).length === 0) delete slots.parametrizations;
  else slots.parametrizations = rest;
  delete slots[name];
  Object.defineProperty(module, name, { configurable: true, enumerable: true, writable: true, value: parameter });
  return module;
}
