import { enableGrad, isTensor, keep, noGrad, type Tensor, ValueError, zerosLike } from '@nabla/core';
import { camelCase, clearGrad, isFloating, replaceData, snakeCase } from '@nabla/core/internals';

/** Parameters that share options. Options that are left out are the optimizer's. */
export type ParamGroupInput<O extends object> = { params: Iterable<Tensor> } & Partial<O>;

/** A group with every option filled in. Options may be changed between steps (learning-rate schedules do). */
export type ParamGroup<O extends object> = { params: Tensor[] } & O;

/** What an optimizer remembers of one parameter: tensors and numbers. */
export type ParamState = Record<string, Tensor | number>;

/** An option in a state dict. */
export type OptionValue = number | boolean | string | null | readonly number[];

/** An optimizer's state as PyTorch structures and names it: parameters are numbered in the order they were given. */
export interface OptimizerStateDict {
  state: Record<string, Record<string, Tensor | number>>;
  param_groups: (Record<string, OptionValue> & { params: readonly number[] })[];
}

/** What a closure gives: the loss. */
export type Closure = () => Tensor;

/**
 * Base class of optimizers: parameter groups, gradients, state. A subclass gives the defaults, checks a group's options
 * and updates one parameter.
 *
 * @see https://pytorch.org/docs/stable/optim.html
 */
export abstract class Optimizer<O extends object> {
  /** Options of groups that do not say otherwise. */
  readonly defaults: O;
  /** Parameters and their options. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What is remembered of each parameter; made at its first update. */
  readonly state: Map<Tensor, ParamState> = new Map();

  /**
   * @param params parameters, or groups of them with options of their own
   * @throws ValueError for an empty list, what is not a leaf tensor, a parameter given twice, or an invalid option
   */
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<O>>, defaults: O) {
    this.defaults = defaults;
    const list: readonly (Tensor | ParamGroupInput<O>)[] = [...params];
    if (list.length === 0) throw new ValueError('optimizer got an empty parameter list');
    const isGroup = (x: unknown): boolean => typeof x === 'object' && x !== null && !isTensor(x) && 'params' in x;
    const groups = list.some(isGroup) ? (list as ParamGroupInput<O>[]) : [{ params: list } as unknown as ParamGroupInput<O>];
    const stray = groups.findIndex((g) => !isGroup(g));
    if (stray >= 0) throw new ValueError(`optimizer got groups of parameters, but item ${stray} is none`);
    const added = new Set<Tensor>();
    const checked = groups.map((g) => this.#complete(g, added));
    this.paramGroups.push(...checked);
  }

  /** Checks a group's options; throws ValueError. */
  protected abstract check(options: O): void;

  /** Updates one parameter in place from its gradient. Runs without recording. */
  protected abstract update(p: Tensor, grad: Tensor, options: O, state: ParamState): void;

  /** Adds a group, for example the layers that fine-tuning thaws. */
  addParamGroup(group: ParamGroupInput<O>): void {
    const taken = new Set(this.paramGroups.flatMap((g) => g.params));
    this.paramGroups.push(this.#complete(group, taken));
  }

  #complete(group: ParamGroupInput<O>, taken: Set<Tensor>): ParamGroup<O> {
    const { params, ...options } = group;
    const list = isTensor(params) ? [params as Tensor] : [...params];
    const given = Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined));
    const full = { ...this.defaults, ...given } as O;
    this.check(full);
    for (const p of list) {
      if (!isTensor(p)) throw new ValueError(`optimizer can only optimize tensors, but one of the params is ${typeof p}`);
      if (!p.isLeaf) throw new ValueError("can't optimize a non-leaf tensor");
      if (!isFloating(p.dtype)) throw new ValueError(`optimizer can only optimize floating tensors, but one of the params is ${p.dtype}`);
      if (taken.has(p)) throw new ValueError('some parameters appear more than once in the parameter groups');
      taken.add(p);
    }
    return { params: list, ...full };
  }

  /** Updates every parameter that has a gradient. */
  step(): undefined;
  /**
   * Computes the loss again, then updates every parameter that has a gradient.
   *
   * @param closure clears gradients, computes the loss, runs backward and gives the loss
   * @returns the closure's loss
   */
  step(closure: Closure): Tensor;
  step(closure?: Closure): Tensor | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const p of group.params) {
          if (p.grad === null) continue;
          this.update(p, p.grad, group, this.#stateOf(p));
        }
      }
    });
    return loss;
  }

  #stateOf(p: Tensor): ParamState {
    let state = this.state.get(p);
    if (state === undefined) {
      state = {};
      this.state.set(p, state);
      return state;
    }
    // A parameter that moved since (Module.to) takes its state along.
    for (const value of Object.values(state)) {
      if (typeof value === 'number' || (value.device === p.device && value.dtype === p.dtype)) continue;
      const moved = value.to(p.device, p.dtype);
      replaceData(value, moved);
      moved.dispose();
    }
    return state;
  }

  /**
   * Clears the gradients of every parameter: sets them to null, or fills them with zeros with `setToNull: false`.
   *
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
   */
  zeroGrad(options: { setToNull?: boolean } = {}): void {
    for (const group of this.paramGroups) for (const p of group.params) clearGrad(p, options.setToNull ?? true);
  }

  /** State and options under PyTorch's names. The tensors share storage with the optimizer. */
  stateDict(): OptimizerStateDict {
    const index = new Map<Tensor, number>();
    const groups = this.paramGroups.map(({ params, ...options }) => {
      const numbers = params.map((p) => {
        index.set(p, index.size);
        return index.size - 1;
      });
      return { ...renamed(options as Record<string, OptionValue>, snakeCase), params: numbers };
    });
    const state: OptimizerStateDict['state'] = {};
    for (const [p, values] of this.state) state[index.get(p)!] = renamed(values, snakeCase);
    return { state, param_groups: groups };
  }

  /**
   * Takes over state and options. Tensors are copied, to the dtype and device of their parameters.
   *
   * @throws ValueError when groups, their sizes or the shapes of state tensors differ; nothing was changed then
   */
  loadStateDict(dict: OptimizerStateDict): void {
    const given = dict.param_groups;
    if (given.length !== this.paramGroups.length) {
      throw new ValueError(`loaded state dict has ${given.length} parameter groups, the optimizer ${this.paramGroups.length}`);
    }
    const byNumber = new Map<number, Tensor>();
    const options = given.map((g, i) => {
      const { params } = this.paramGroups[i]!;
      if (g.params.length !== params.length) {
        throw new ValueError(`loaded state dict has ${g.params.length} parameters in group ${i}, the optimizer ${params.length}`);
      }
      for (const [k, p] of params.entries()) byNumber.set(g.params[k]!, p);
      const { params: _, ...rest } = g;
      const known = Object.entries(renamed(rest as Record<string, OptionValue>, camelCase)).filter(([k]) => k in this.defaults);
      const full = { ...this.paramGroups[i]!, ...Object.fromEntries(known) } as O;
      this.check(full);
      return Object.fromEntries(known) as Partial<O>;
    });
    const state = new Map<Tensor, ParamState>();
    for (const [key, values] of Object.entries(dict.state)) {
      const p = byNumber.get(Number(key));
      if (p === undefined) throw new ValueError(`loaded state dict has state for parameter ${key}, which is in none of its groups`);
      state.set(p, this.#adopt(p, renamed(values, camelCase), key));
    }
    options.forEach((o, i) => {
      Object.assign(this.paramGroups[i]!, o);
    });
    this.state.clear();
    for (const [p, values] of state) this.state.set(p, values);
  }

  #adopt(p: Tensor, values: ParamState, key: string): ParamState {
    const out: ParamState = {};
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'number') out[name] = value;
      // PyTorch counts steps in a tensor.
      else if (name === 'step' && value.size === 1) out[name] = value.item();
      else if (value.ndim !== p.ndim || value.shape.some((n, d) => n !== p.shape[d])) {
        throw new ValueError(
          `the state '${name}' of parameter ${key} has shape [${value.shape.join(', ')}], expected [${p.shape.join(', ')}]`,
        );
      } else out[name] = keep(noGrad(() => value.to(p.device, p.dtype).clone()));
    }
    return out;
  }
}

function renamed<T>(values: Readonly<Record<string, T>>, rename: (name: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [rename(k), v]));
}

/** The state tensor `name`, zeros of the parameter's shape when it is new. */
export function zeroState(state: ParamState, name: string, p: Tensor): Tensor {
  const known = state[name];
  if (known !== undefined && typeof known !== 'number') return known;
  const made = keep(zerosLike(p));
  state[name] = made;
  return made;
}

/** Checks a number that may not be negative. */
export function nonNegative(what: string, value: number): void {
  if (!(value >= 0)) throw new ValueError(`Invalid ${what}: ${value}`);
}
