import { IndexError, type Shape, type Tensor, ValueError } from '@nabla/core';
import { Module } from './module.ts';
import type { Apply, Fail, FnOf, In, ShapeFn } from './shape-fn.ts';
import { isModule } from './state.ts';

/** The shape after one layer. A layer without a shape function tells by its `forward`. */
export type AfterLayer<M, S extends Shape> = unknown extends FnOf<M>['out']
  ? M extends { forward(...args: never[]): { readonly shape: infer R extends Shape } }
    ? R
    : Shape
  : Apply<FnOf<M>, S>;

/** The shape after all layers, or the message of the first that does not fit. */
type Run<L extends readonly Module[], S> = number extends L['length']
  ? Shape
  : S extends Shape
    ? L extends readonly [infer H extends Module, ...infer T extends readonly Module[]]
      ? Run<T, AfterLayer<H, S>>
      : S
    : S;

interface SequentialFn<L extends readonly Module[]> extends ShapeFn {
  readonly out: Run<L, In<this['in']>>;
}

/** The layers, the first that cannot follow its predecessor replaced by the message. */
export type CheckLayers<L extends readonly Module[], S, Acc extends readonly unknown[] = []> = S extends Shape
  ? L extends readonly [infer H extends Module, ...infer T extends readonly Module[]]
    ? AfterLayer<H, S> extends infer R
      ? R extends Fail
        ? [...Acc, R, ...T]
        : CheckLayers<T, R, [...Acc, H]>
      : never
    : Acc
  : Acc;

/** What a {@link Sequential} takes at a place: the layer, or the message that says why it does not fit there. */
export type Slot<L extends readonly Module[], K extends keyof L> = number extends L['length']
  ? L[K]
  : CheckLayers<L, Shape> extends infer C
    ? K extends keyof C
      ? C[K] extends Fail
        ? C[K]
        : L[K]
      : L[K]
    : never;

function checkModule(container: string, m: unknown, at: string): void {
  if (!isModule(m)) throw new ValueError(`${container}: ${at} is not a module`);
}

/** `index` counted from the front; negative counts from the end. */
function position(container: string, index: number, length: number): number {
  const at = index < 0 ? index + length : index;
  if (!Number.isInteger(index) || at < 0 || at >= length)
    throw new IndexError(`${container}: index ${index} is out of range for ${length} modules`);
  return at;
}

/**
 * Layers one after the other. The compiler runs shapes through them: a layer that does not fit is an error at its own
 * place, and an input that does not fit one at the call.
 *
 * State-dict keys are `0.weight`, `2.bias`, ...
 *
 * @example
 * ```ts
 * const mlp = new Sequential(new Linear(784, 128), new ReLU(), new Linear(128, 10));
 * const scores = mlp.call(zeros([32, 784])); // [32, 10]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 */
export class Sequential<const L extends readonly Module[]> extends Module<SequentialFn<L>> {
  readonly layers: L;

  constructor(...layers: { [K in keyof L]: Slot<L, K> }) {
    super();
    const list = layers as unknown as L;
    list.forEach((m, i) => {
      checkModule('Sequential', m, `layer ${i}`);
    });
    this.layers = list;
  }

  /** Number of layers. */
  get length(): number {
    return this.layers.length;
  }

  /** One layer; a negative index counts from the end. */
  at(index: number): Module {
    return this.layers[position('Sequential', index, this.length)]!;
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.layers[Symbol.iterator]();
  }

  override stateEntries(): Iterable<readonly [string, unknown]> {
    return this.layers.map((m, i) => [String(i), m] as const);
  }

  /** Runs the layers in order. */
  forward(x: Tensor): Tensor {
    let y = x;
    for (const layer of this.layers as readonly Module[]) y = layer.call(y);
    return y;
  }
}

/**
 * Modules in a list, under the keys `0`, `1`, ... A plain array as a field does the same; the list is for code that
 * comes from PyTorch.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 */
export class ModuleList<M extends Module = Module> extends Module {
  readonly items: M[];

  constructor(modules: Iterable<M> = []) {
    super();
    this.items = [];
    this.extend(modules);
  }

  /** Number of modules. */
  get length(): number {
    return this.items.length;
  }

  /** One module; a negative index counts from the end. */
  at(index: number): M {
    return this.items[position('ModuleList', index, this.length)]!;
  }

  /** Adds a module at the end. */
  append(m: M): this {
    return this.extend([m]);
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    const added = [...modules];
    added.forEach((m, i) => {
      checkModule('ModuleList', m, `item ${this.length + i}`);
    });
    this.items.push(...added);
    return this;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.items[Symbol.iterator]();
  }

  override stateEntries(): Iterable<readonly [string, unknown]> {
    return this.items.map((m, i) => [String(i), m] as const);
  }
}

/**
 * Modules by name; names are state-dict keys as they are.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
 */
export class ModuleDict<M extends Module = Module> extends Module {
  readonly items: Map<string, M>;

  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]> = []) {
    super();
    this.items = new Map();
    const entries = Symbol.iterator in modules ? modules : Object.entries(modules);
    for (const [name, m] of entries as Iterable<readonly [string, M]>) this.set(name, m);
  }

  /** Number of modules. */
  get size(): number {
    return this.items.size;
  }

  /** The module called `name`. @throws IndexError when there is none */
  get(name: string): M {
    const m = this.items.get(name);
    if (m === undefined) throw new IndexError(`ModuleDict: no module '${name}'; there are ${[...this.items.keys()].join(', ') || 'none'}`);
    return m;
  }

  has(name: string): boolean {
    return this.items.has(name);
  }

  /** Adds or replaces a module. */
  set(name: string, m: M): this {
    checkModule('ModuleDict', m, `'${name}'`);
    if (name === '' || name.includes('.')) throw new ValueError(`ModuleDict: '${name}' cannot be a name: it is empty or contains a dot`);
    this.items.set(name, m);
    return this;
  }

  [Symbol.iterator](): Iterator<[string, M]> {
    return this.items[Symbol.iterator]();
  }

  override stateEntries(): Iterable<readonly [string, unknown]> {
    return this.items;
  }
}
