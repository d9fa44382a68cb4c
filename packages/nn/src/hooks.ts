import { type Disposer, isTensor, type Tensor } from '@nabla/core';
import { HookList, passThrough, replacements } from '@nabla/core/internals';
import type { Module } from './module.ts';
import { nameOf } from './state.ts';

/** Runs before a module's forward. May return other arguments: an array of them, or one that is no array. */
export type ForwardPreHook = (module: Module, args: readonly unknown[]) => unknown;
/** Runs after a module's forward: may return another output. */
export type ForwardHook = (module: Module, args: readonly unknown[], output: unknown) => unknown;
/** Gradients of a module's arguments or results; null for what has none. */
export type ModuleGradients = readonly (Tensor | null)[];
/** Runs before the backward of a module: may return other gradients of its results. */
export type FullBackwardPreHook = (module: Module, gradOutput: ModuleGradients) => ModuleGradients | null | undefined;
/** Runs after the backward of a module: may return other gradients of its arguments. */
export type FullBackwardHook = (
  module: Module,
  gradInput: ModuleGradients,
  gradOutput: ModuleGradients,
) => ModuleGradients | null | undefined;

/** Options of the functions that register hooks. */
export interface HookOptions {
  /** Run before the hooks that are there, not after them. Default false. */
  prepend?: boolean;
}

/** The hooks of one module. */
class Hooks {
  readonly before: HookList<ForwardPreHook> = new HookList();
  readonly after: HookList<ForwardHook> = new HookList();
  readonly backwardBefore: HookList<FullBackwardPreHook> = new HookList();
  readonly backwardAfter: HookList<FullBackwardHook> = new HookList();
}

/** Beside the modules, not on them: hooks are no part of the state. */
const registry = new WeakMap<Module, Hooks>();

function hooksOf(m: Module): Hooks {
  let known = registry.get(m);
  if (known === undefined) {
    known = new Hooks();
    registry.set(m, known);
  }
  return known;
}

export function addForwardPreHook(m: Module, hook: ForwardPreHook, options: HookOptions): Disposer {
  return hooksOf(m).before.add(hook, options.prepend);
}

export function addForwardHook(m: Module, hook: ForwardHook, options: HookOptions): Disposer {
  return hooksOf(m).after.add(hook, options.prepend);
}

export function addBackwardPreHook(m: Module, hook: FullBackwardPreHook, options: HookOptions): Disposer {
  return hooksOf(m).backwardBefore.add(hook, options.prepend);
}

export function addBackwardHook(m: Module, hook: FullBackwardHook, options: HookOptions): Disposer {
  return hooksOf(m).backwardAfter.add(hook, options.prepend);
}

/** Runs a module's forward with its hooks. */
export function runHooked(m: Module, args: readonly unknown[], forward: (...args: readonly unknown[]) => unknown): unknown {
  const hooks = registry.get(m);
  if (hooks === undefined) return forward.apply(m, args as unknown[]);
  let given = args;
  for (const hook of hooks.before.list()) {
    const other = hook(m, given);
    if (other !== undefined && other !== null) given = Array.isArray(other) ? (other as unknown[]) : [other];
  }
  const watch = hooks.backwardBefore.size + hooks.backwardAfter.size > 0 ? new BackwardWatch(m, hooks) : null;
  const entering = watch === null ? given : watch.enter(given);
  let output = forward.apply(m, entering as unknown[]);
  for (const hook of hooks.after.list()) output = hook(m, entering, output) ?? output;
  return watch === null ? output : watch.leave(output);
}

/** Sees the gradients at both ends of one call of a module. */
class BackwardWatch {
  readonly #module: Module;
  readonly #hooks: Hooks;
  readonly #where: string;
  #gradOutput: ModuleGradients = [];
  /** Whether gradients of arguments are computed, so that the hooks wait for them. */
  #entered = false;
  /** How many arguments are tensors. */
  #inputs = 0;

  constructor(m: Module, hooks: Hooks) {
    this.#module = m;
    this.#hooks = hooks;
    this.#where = `the module ${nameOf(m)}`;
  }

  /** The arguments, tensors among them watched. */
  enter(args: readonly unknown[]): readonly unknown[] {
    const places = args.map((_, i) => i).filter((i) => isTensor(args[i]));
    this.#inputs = places.length;
    const watched = passThrough(
      'moduleInput',
      places.map((i) => args[i] as Tensor),
      (grads) => this.#after(grads),
    );
    if (watched === null) return args;
    this.#entered = true;
    return args.map((a, i) => (places.includes(i) ? watched[places.indexOf(i)] : a));
  }

  /** The output, tensors in it (alone, in arrays and plain objects) watched. */
  leave(output: unknown): unknown {
    const found: Tensor[] = [];
    collect(output, found);
    const watched = passThrough('moduleOutput', found, (grads) => this.#before(grads));
    if (watched === null) return output;
    let next = 0;
    return replaced(output, () => watched[next++]!);
  }

  #before(grads: ModuleGradients): ModuleGradients {
    let given = grads;
    for (const hook of this.#hooks.backwardBefore.list()) given = replacements(this.#where, hook(this.#module, given), given);
    this.#gradOutput = given;
    if (!this.#entered) this.#after(new Array<null>(this.#inputs).fill(null));
    return given;
  }

  #after(grads: ModuleGradients): ModuleGradients {
    let given = grads;
    const gradOutput = this.#gradOutput;
    this.#gradOutput = [];
    for (const hook of this.#hooks.backwardAfter.list()) given = replacements(this.#where, hook(this.#module, given, gradOutput), given);
    return given;
  }
}

function isPlain(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}

function collect(value: unknown, out: Tensor[]): void {
  if (isTensor(value)) out.push(value);
  else if (Array.isArray(value)) for (const v of value) collect(v, out);
  else if (typeof value === 'object' && value !== null && isPlain(value)) for (const v of Object.values(value)) collect(v, out);
}

/** The same structure with other tensors, in the order in which {@link collect} meets them. */
function replaced(value: unknown, next: () => Tensor): unknown {
  if (isTensor(value)) return next();
  if (Array.isArray(value)) return value.map((v) => replaced(v, next));
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, replaced(v, next)]));
}
