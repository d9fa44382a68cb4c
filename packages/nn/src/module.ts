import { type Backend, type Disposer, type DType, DTypeError, noGrad, type Tensor, ValueError } from '@nabla/core';
import { clearGrad, isFloating, replaceData, snakeCase } from '@nabla/core/internals';
import { runModule } from './context.ts';
import {
  addBackwardHook,
  addBackwardPreHook,
  addForwardHook,
  addForwardPreHook,
  type ForwardHook,
  type ForwardPreHook,
  type FullBackwardHook,
  type FullBackwardPreHook,
  type HookOptions,
  runHooked,
} from './hooks.ts';
import { type Buffer, isParameter, type Parameter } from './parameter.ts';
import type { CallArgs, CallResult, ShapeFn } from './shape-fn.ts';
import { childrenOf, type Mismatch, nameOf, StateDictError, stateTensors, walk } from './state.ts';

/** What {@link Module.loadStateDict} did not find, when it was not strict. */
export interface LoadResult {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/**
 * Base class of layers and models. Write a class with fields and a `forward`, and call it with {@link Module.call}.
 *
 * State is found by walking the fields whenever it is asked for: {@link Parameter}s, {@link Buffer}s, modules, and
 * arrays, plain objects and Maps of them; nothing is registered. Only own enumerable properties count: a `#private`
 * field is invisible, and a plain tensor is a constant, no state.
 *
 * Keys of the state dict are the property paths, with lowerCamel property names in snake_case (`runningMean` is
 * `running_mean`), so that they are PyTorch's; other names, and keys of Maps and plain objects, stay as they are.
 *
 * `F`, the shape function, is for layers that check and compute shapes in types. Without it `call` has the types of
 * `forward`.
 *
 * @example
 * ```ts
 * class Net extends Module {
 *   fc1 = new Linear(784, 128);
 *   fc2 = new Linear(128, 10);
 *   forward(x: Tensor) {
 *     return this.fc2.call(this.fc1.call(x).relu());
 *   }
 * }
 * const scores = new Net().call(images);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export class Module<F extends ShapeFn = ShapeFn> {
  /** @internal The shape function; it exists in types only. */
  declare readonly shapeFn: F;
  /** Whether the module behaves as in training (dropout drops, batch norm uses the batch). */
  training: boolean = true;

  /** @internal */
  get '@nabla/nn.Module'(): true {
    return true;
  }

  /**
   * Runs `forward` with hooks. An error thrown inside names the path of the module it came from.
   *
   * @throws ValueError when the class has no `forward`
   */
  call<M extends Module, X extends Tensor>(this: M, ...args: CallArgs<M, X>): CallResult<M, X>;
  call(...args: unknown[]): unknown {
    return runModule(this, args, forwardOf);
  }

  /**
   * Names and values among which state is looked for. Containers override it to be transparent: {@link Sequential}
   * gives its layers under `0`, `1`, ... and nothing else.
   */
  stateEntries(): Iterable<readonly [string, unknown]> {
    return Object.keys(this).map((name) => [snakeCase(name), (this as unknown as Record<string, unknown>)[name]] as const);
  }

  /** Every parameter, a tied one once. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, p]) => p);
  }

  /** Every parameter with its state-dict key, a tied one under its first. */
  namedParameters(): [string, Parameter][] {
    const out = new Map<Parameter, string>();
    walk(this, {
      parameter: (path, p) => {
        if (!out.has(p)) out.set(p, path);
      },
    });
    return [...out].map(([p, path]) => [path, p]);
  }

  /** Every buffer, persistent or not. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, b]) => b);
  }

  /** Every buffer with its path. */
  namedBuffers(): [string, Buffer][] {
    const out = new Map<Buffer, string>();
    walk(this, {
      buffer: (path, b) => {
        if (!out.has(b)) out.set(b, path);
      },
    });
    return [...out].map(([b, path]) => [path, b]);
  }

  /** The modules held directly. */
  children(): Module[] {
    return childrenOf(this).map(([, m]) => m);
  }

  /** The modules held directly, with their names. */
  namedChildren(): [string, Module][] {
    return childrenOf(this);
  }

  /** This module and every one below it, each once. */
  modules(): Module[] {
    return this.namedModules().map(([, m]) => m);
  }

  /** This module (under the empty name) and every one below it, each once, with paths. */
  namedModules(): [string, Module][] {
    const out = new Map<Module, string>();
    walk(this, {
      module: (path, m) => {
        if (!out.has(m)) out.set(m, path);
      },
    });
    return [...out].map(([m, path]) => [path, m]);
  }

  /**
   * Parameters and persistent buffers by key, without gradients, sharing storage with the module; a tied tensor stands
   * under each of its keys (as one tensor).
   *
   * @throws ValueError when two of them have the same key
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.state_dict
   */
  stateDict(): Map<string, Tensor> {
    const once = new Map<Tensor, Tensor>();
    const out = new Map<string, Tensor>();
    for (const [key, t] of stateTensors(this)) {
      if (!once.has(t)) once.set(t, t.detach() as Tensor);
      out.set(key, once.get(t)!);
    }
    return out;
  }

  /**
   * Copies tensors into the module's parameters and buffers, converting dtype and device.
   *
   * @param options `strict` (default true): a key that is missing or unexpected is an error. Shapes must fit always.
   * @throws StateDictError naming every missing, unexpected and mismatched key; nothing was changed then
   */
  loadStateDict(dict: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>, options: { strict?: boolean } = {}): LoadResult {
    const given = dict instanceof Map ? (dict as ReadonlyMap<string, Tensor>) : new Map(Object.entries(dict as Record<string, Tensor>));
    const own = stateTensors(this);
    const missing = [...own.keys()].filter((k) => !given.has(k));
    const unexpected = [...given.keys()].filter((k) => !own.has(k));
    const mismatched: Mismatch[] = [];
    for (const [key, t] of own) {
      const from = given.get(key);
      if (from === undefined || (from.ndim === t.ndim && from.shape.every((n, d) => n === t.shape[d]))) continue;
      mismatched.push({ key, reason: `the shape in the dict is [${from.shape.join(', ')}], in the module [${t.shape.join(', ')}]` });
    }
    if (mismatched.length > 0 || ((options.strict ?? true) && missing.length + unexpected.length > 0)) {
      throw new StateDictError(nameOf(this), missing, unexpected, mismatched);
    }
    noGrad(() => {
      for (const [key, t] of own) {
        const from = given.get(key);
        if (from !== undefined) t.copy_(from);
      }
    });
    return { missing, unexpected };
  }

  /** Sets {@link Module.training} here and below. */
  train(mode: boolean = true): this {
    for (const m of this.modules()) m.training = mode;
    return this;
  }

  /** `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Clears the gradients of every parameter (`setToNull: false` fills them with zeros instead). */
  zeroGrad(options: { setToNull?: boolean } = {}): void {
    for (const p of this.parameters()) clearGrad(p, options.setToNull ?? true);
  }

  /** Turns gradients on or off for every parameter. */
  requiresGrad_(value: boolean = true): this {
    for (const p of this.parameters()) p.requiresGrad = value;
    return this;
  }

  /** Calls `fn` with every module below, children first, and then with this one: for initialization. */
  apply(fn: (m: Module) => void): this {
    const seen = new Set<Module>();
    const visit = (m: Module): void => {
      if (seen.has(m)) return;
      seen.add(m);
      for (const child of m.children()) visit(child);
      fn(m);
    };
    visit(this);
    return this;
  }

  /**
   * Moves parameters and buffers to another device, converts the floating ones to another dtype, or both. Parameters
   * stay the same objects and their gradients move along, so an optimizer built before goes on training them.
   *
   * @throws DTypeError for a dtype that is not floating, or that the device lacks; nothing was changed then
   */
  to(target: DType | Backend, dtype?: DType): this {
    const device = typeof target === 'string' ? null : target;
    const type = typeof target === 'string' ? target : dtype;
    if (type !== undefined && !isFloating(type))
      throw new DTypeError(`to: a module can be converted to float32 or float64, not to ${type}`);
    const all: Tensor[] = [...this.parameters(), ...this.buffers()];
    const wanted = (t: Tensor): DType => (type !== undefined && isFloating(t.dtype) ? type : t.dtype);
    for (const t of all) {
      const where = device ?? t.device;
      if (!where.caps.dtypes.includes(wanted(t))) throw new DTypeError(`to: the '${where.name}' backend has no ${wanted(t)}`);
    }
    noGrad(() => {
      for (const t of all) {
        move(t, device ?? t.device, wanted(t));
        const grad = isParameter(t) ? t.grad : null;
        if (grad !== null) move(grad, device ?? t.device, wanted(t));
      }
    });
    return this;
  }

  /**
   * Adds a function that runs before `forward` and may replace its arguments: by an array of them, or by one that is no array.
   * Hooks run in the order in which they were added.
   *
   * @returns what removes the hook
   * @example
   * ```ts
   * model.registerForwardPreHook((_, [x]) => [(x as Tensor).div(255)]);
   * ```
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_pre_hook
   */
  registerForwardPreHook(hook: ForwardPreHook, options: HookOptions = {}): Disposer {
    return addForwardPreHook(this, hook, options);
  }

  /**
   * Adds a function that runs after `forward` and may replace its output.
   *
   * @returns what removes the hook
   * @example
   * ```ts
   * const seen: Tensor[] = [];
   * const remove = model.conv1.registerForwardHook((_, __, y) => {
   *   seen.push((y as Tensor).detach());
   * });
   * ```
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook
   */
  registerForwardHook(hook: ForwardHook, options: HookOptions = {}): Disposer {
    return addForwardHook(this, hook, options);
  }

  /**
   * Adds a function that runs when the gradients of the module's results are known, and may replace them. There is one
   * gradient per tensor in the output, null where none arrived.
   *
   * @returns what removes the hook
   * @throws AutogradError in backward when a gradient is replaced by one of another shape, dtype or device
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_pre_hook
   */
  registerFullBackwardPreHook(hook: FullBackwardPreHook, options: HookOptions = {}): Disposer {
    return addBackwardPreHook(this, hook, options);
  }

  /**
   * Adds a function that runs when the gradients of the module's arguments are known, gets those of its results too, and may
   * replace the first. There is one gradient per argument that is a tensor, null for those that need none. A module with
   * such a hook must not write to its arguments in place, nor its caller to its results.
   *
   * @returns what removes the hook
   * @throws AutogradError in backward when a gradient is replaced by one of another shape, dtype or device
   * @example
   * ```ts
   * model.fc.registerFullBackwardHook((_, [dx]) => [dx!.clamp(-1, 1)]);
   * ```
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook
   */
  registerFullBackwardHook(hook: FullBackwardHook, options: HookOptions = {}): Disposer {
    return addBackwardHook(this, hook, options);
  }

  /** What {@link Module.toString} prints between the parentheses, in PyTorch's notation. */
  extraRepr(): string {
    return '';
  }

  /** The tree of modules, as PyTorch prints it. */
  toString(): string {
    const extra = this.extraRepr();
    const children = childrenOf(this).map(([name, m]) => `(${name}): ${String(m).replaceAll('\n', '\n  ')}`);
    if (children.length === 0) return `${nameOf(this)}(${extra})`;
    return `${nameOf(this)}(\n  ${[...(extra === '' ? [] : [extra]), ...children].join('\n  ')}\n)`;
  }
}

// No closures on the way: a module of a few numbers is called in less time than they take.
function forwardOf(m: Module, args: readonly unknown[]): unknown {
  const { forward } = m as unknown as { forward?: (...args: readonly unknown[]) => unknown };
  if (forward === undefined) throw new ValueError(`${nameOf(m)} has no forward method`);
  return runHooked(m, args, forward);
}

function move(t: Tensor, device: Backend, dtype: DType): void {
  if (t.device === device && t.dtype === dtype) return;
  const moved = t.detach().to(device, dtype);
  replaceData(t, moved);
  moved.dispose();
}
