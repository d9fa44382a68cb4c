import {
  DeviceError,
  DTypeError,
  enableGrad,
  InPlaceError,
  isTensor,
  keep,
  noGrad,
  ShapeError,
  type Tensor,
  UseAfterFreeError,
  ValueError,
} from '@nabla/core';
import { camelCase, clearGrad, isFloating, overlaps, replaceData, sameShape, snakeCase } from '@nabla/core/internals';
import { definedOf, unknownOption } from './options.ts';

/** What learning-rate schedules note in a group; an option of the same meaning is the optimizer's. */
export interface ScheduleNotes {
  /** The learning rate that a schedule started from. */
  initialLr?: number;
  /** The largest learning rate of `OneCycleLR`. */
  maxLr?: number;
  /** The last learning rate of `OneCycleLR`. */
  minLr?: number;
  /** The smallest momentum of `OneCycleLR`. */
  baseMomentum?: number;
  /** The largest momentum of `OneCycleLR`. */
  maxMomentum?: number;
  /** The learning rate that `SWALR` goes to. */
  swaLr?: number;
}

const noteNames: readonly string[] = ['initialLr', 'maxLr', 'minLr', 'baseMomentum', 'maxMomentum', 'swaLr'];

/** Parameters that share options. Options that are left out are the optimizer's. */
export type ParamGroupInput<O extends object> = { params: Iterable<Tensor> } & Partial<O> & ScheduleNotes;

/** A group with every option filled in. Options may be changed between steps (learning-rate schedules do). */
export type ParamGroup<O extends object> = { params: Tensor[] } & O & ScheduleNotes;

/** One entry of what an optimizer remembers of a parameter; {@link LBFGS} has lists. */
export type StateValue = Tensor | number | readonly (Tensor | number)[];

/** What an optimizer remembers of one parameter. */
export type ParamState = Record<string, StateValue>;

/** An option in a state dict. */
export type OptionValue = number | boolean | string | null | readonly number[];

/** An optimizer's state as PyTorch structures and names it: parameters are numbered in the order they were given. */
export interface OptimizerStateDict {
  state: Record<string, Record<string, StateValue>>;
  param_groups: (Record<string, OptionValue> & { params: readonly number[] })[];
}

/** What a closure gives: the loss. */
export type Closure = () => Tensor;

/**
 * Base class of optimizers: parameter groups, gradients, state. A subclass gives the defaults, checks a group's options
 * and updates one parameter.
 *
 * @example
 * ```ts
 * class SignDescent extends Optimizer<{ lr: number }> {
 *   constructor(params: Iterable<Tensor>, lr = 0.01) {
 *     super(params, { lr });
 *   }
 *   protected override check(): void {}
 *   protected override update(p: Tensor, grad: Tensor, o: { lr: number }): void {
 *     p.sub_(grad.sign().mul(o.lr));
 *   }
 * }
 * ```
 * @see https://pytorch.org/docs/stable/optim.html
 */
export abstract class Optimizer<O extends object> {
  /** Options of groups that do not say otherwise. */
  readonly defaults: O;
  /** Parameters and their options. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What is remembered of each parameter; most is made at its first update. */
  readonly state: Map<Tensor, ParamState> = new Map();

  /**
   * @param params parameters, or groups of them with options of their own
   * @throws ValueError for an empty list, what is not a leaf tensor, a parameter given twice, or an invalid option
   */
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<O>>, defaults: O) {
    this.defaults = defaults;
    this.checkDefaults(defaults);
    if (isTensor(params)) throw new ValueError('optimizer expects several tensors or groups of them, got one tensor; put it in an array');
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

  /** Checks the defaults; as {@link Optimizer.check}, unless an option may be left to the groups. */
  protected checkDefaults(options: O): void {
    this.check(options);
  }

  /** Checks a parameter that joins a group; throws ValueError for one that the optimizer cannot take. */
  protected checkParameter(_p: Tensor): void {}

  /** Updates one parameter in place from its gradient. Runs without recording. */
  protected update(_p: Tensor, _grad: Tensor, _options: O, _state: ParamState): void {
    throw new ValueError(`${this.constructor.name} has neither an update of one parameter nor a step of its own`);
  }

  /**
   * Adds a group, for example the layers that fine-tuning thaws.
   *
   * @throws ValueError as the constructor does; nothing was added then
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.add_param_group.html
   */
  addParamGroup(group: ParamGroupInput<O>): void {
    const taken = new Set(this.paramGroups.flatMap((g) => g.params));
    this.paramGroups.push(this.#complete(group, taken));
  }

  #complete(group: ParamGroupInput<O>, taken: Set<Tensor>): ParamGroup<O> {
    const { params, ...options } = group;
    const list = isTensor(params) ? [params as Tensor] : [...params];
    const given = definedOf(options as object);
    for (const name of Object.keys(given)) {
      if (!(name in this.defaults) && !noteNames.includes(name)) throw unknownOption(this.constructor.name, name, this.defaults);
    }
    const full = { ...this.defaults, ...given } as O;
    this.check(full);
    for (const p of list) {
      if (!isTensor(p)) throw new ValueError(`optimizer can only optimize tensors, but one of the params is ${typeof p}`);
      if (!p.isLeaf) throw new ValueError("can't optimize a non-leaf tensor");
      if (!isFloating(p.dtype)) throw new ValueError(`optimizer can only optimize floating tensors, but one of the params is ${p.dtype}`);
      if (taken.has(p)) throw new ValueError('some parameters appear more than once in the parameter groups');
      this.checkParameter(p);
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
   * @throws UseAfterFreeError, InPlaceError, ShapeError, DTypeError or DeviceError when a parameter cannot be written or
   *   its gradient does not fit it; no parameter was changed then
   */
  step(closure: Closure): Tensor;
  step(closure?: Closure): Tensor | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    noGrad(() => {
      // All are checked before any is written.
      const grads: (Tensor | null)[] = [];
      for (const group of this.paramGroups) {
        for (const p of group.params) {
          const { grad } = p;
          if (grad !== null) checkUpdate(p, grad);
          grads.push(grad);
        }
      }
      let next = 0;
      for (const group of this.paramGroups) {
        for (const p of group.params) {
          const grad = grads[next++]!;
          if (grad !== null) this.update(p, grad, group, this.stateOf(p));
        }
      }
    });
    return loss;
  }

  /** What is remembered of `p`, where `p` is now: a parameter that moved since (`Module.to`) takes its state along. */
  protected stateOf(p: Tensor): ParamState {
    let state = this.state.get(p);
    if (state === undefined) {
      state = {};
      this.state.set(p, state);
      return state;
    }
    for (const name in state) {
      const value = state[name]!;
      if (Array.isArray(value)) for (const t of value as readonly (Tensor | number)[]) follow(t, p);
      else follow(value as Tensor | number, p);
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

  /**
   * State and options under PyTorch's names. The tensors share storage with the optimizer.
   *
   * @example
   * ```ts
   * const dict = optimizer.stateDict(); // { state: { 0: { step: 1, exp_avg: ... } }, param_groups: [{ lr: 0.001, ... }] }
   * ```
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.state_dict.html
   */
  stateDict(): OptimizerStateDict {
    const index = new Map<Tensor, number>();
    const groups = this.paramGroups.map(({ params, ...options }) => {
      const numbers = params.map((p) => {
        index.set(p, index.size);
        return index.size - 1;
      });
      return { ...renamed(definedOf(options) as Record<string, OptionValue>, snakeCase), params: numbers };
    });
    const state: OptimizerStateDict['state'] = {};
    for (const [p, values] of this.state) state[index.get(p)!] = renamed(values, snakeCase);
    return { state, param_groups: groups };
  }

  /**
   * Takes over state and options. Tensors are copied, to the dtype and device of their parameters. Options that do not
   * exist here (`foreach`, `capturable`) are passed over.
   *
   * @throws ValueError when groups, their sizes or the shapes of state tensors differ; nothing was changed then
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html
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
      const known = Object.entries(renamed(rest as Record<string, OptionValue>, camelCase)).filter(
        ([k]) => k in this.defaults || noteNames.includes(k),
      );
      const full = { ...this.paramGroups[i]!, ...Object.fromEntries(known) } as O;
      this.check(full);
      return Object.fromEntries(known) as Partial<O>;
    });
    const state = new Map<Tensor, ParamState>();
    for (const [key, values] of Object.entries(dict.state)) {
      const p = byNumber.get(Number(key));
      if (p === undefined) throw new ValueError(`loaded state dict has state for parameter ${key}, which is in none of its groups`);
      const own: ParamState = {};
      for (const [name, value] of Object.entries(renamed(values, camelCase))) {
        // What PyTorch has not made yet is None there.
        const adopted = value == null ? null : this.adopt(p, name, value, key);
        if (adopted !== null) own[name] = adopted;
      }
      state.set(p, own);
    }
    options.forEach((o, i) => {
      Object.assign(this.paramGroups[i]!, o);
    });
    this.state.clear();
    for (const [p, values] of state) this.state.set(p, values);
  }

  /** State that is one number for a whole parameter, which PyTorch keeps in tensors. */
  protected isNumber(name: string): boolean {
    return name === 'step';
  }

  /**
   * A loaded entry of the state of `p`, checked and copied; null for what is of no use here.
   *
   * @param key the parameter's number, for messages
   */
  protected adopt(p: Tensor, name: string, value: StateValue, key: string): StateValue | null {
    if (typeof value === 'number') return value;
    if (!isTensor(value)) throw new ValueError(`the state '${name}' of parameter ${key} must be a tensor or a number`);
    if (this.isNumber(name) && value.size === 1) return value.item();
    if (!sameShape(value.shape, p.shape)) {
      throw new ValueError(
        `the state '${name}' of parameter ${key} has shape [${value.shape.join(', ')}], expected [${p.shape.join(', ')}]`,
      );
    }
    return copied(value, p);
  }
}

/** Moves an entry of the state of `p` to where `p` is. */
function follow(t: Tensor | number, p: Tensor): void {
  if (typeof t === 'number' || (t.device === p.device && t.dtype === p.dtype)) return;
  const moved = t.to(p.device, p.dtype);
  replaceData(t, moved);
  moved.dispose();
}

/** A copy of `value` with the dtype and device of `p`, that outlives scopes. */
export function copied(value: Tensor, p: Tensor): Tensor {
  return keep(noGrad(() => value.detach().to(p.device, p.dtype).clone() as Tensor));
}

function renamed<T>(values: Readonly<Record<string, T>>, rename: (name: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [rename(k), v]));
}

/** Refuses a parameter that cannot be written, or whose gradient does not fit, before any is written. */
export function checkUpdate(p: Tensor, grad: Tensor): void {
  if (p.disposed || grad.disposed) {
    throw new UseAfterFreeError(
      `step: ${p.disposed ? 'a parameter' : 'the gradient of a parameter'} of shape [${p.shape.join(', ')}] was freed`,
    );
  }
  if (overlaps(p.shape, p.strides)) {
    throw new InPlaceError(`step: several elements of a parameter of shape [${p.shape.join(', ')}] share one place in memory; clone() it`);
  }
  if (!sameShape(p.shape, grad.shape)) {
    throw new ShapeError(`step: the gradient has shape [${grad.shape.join(', ')}], its parameter [${p.shape.join(', ')}]`);
  }
  if (p.dtype !== grad.dtype) throw new DTypeError(`step: the gradient is ${grad.dtype}, its parameter ${p.dtype}`);
  if (p.device !== grad.device)
    throw new DeviceError(`step: the gradient is on '${grad.device.name}', its parameter on '${p.device.name}'`);
}
