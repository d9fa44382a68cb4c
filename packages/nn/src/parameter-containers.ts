import { IndexError, isTensor, type Tensor, ValueError } from '@nabla/core';
import { Module } from './module.ts';
import { isParameter, Parameter } from './parameter.ts';

/** A parameter, or a tensor made one. */
function asParameter(container: string, value: unknown, at: string): Parameter {
  if (isParameter(value)) return value;
  if (!isTensor(value)) throw new ValueError(`${container}: ${at} is neither a parameter nor a tensor`);
  return new Parameter(value);
}

/**
 * Parameters in a list, under the keys `0`, `1`, ... A plain array as a field does the same; the list is for code that comes
 * from PyTorch. Tensors become parameters.
 *
 * @throws ValueError for what is no tensor
 * @example
 * ```ts
 * class Sums extends Module {
 *   scales = new ParameterList([ones([3]), ones([3])]);
 *   forward(x: Tensor): Tensor {
 *     return this.scales.items.reduce((y, s) => y.mul(s) as Tensor, x);
 *   }
 * }
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
 */
export class ParameterList extends Module {
  readonly items: Parameter[];

  constructor(values: Iterable<Tensor> = []) {
    super();
    this.items = [];
    this.extend(values);
  }

  /** Number of parameters. */
  get length(): number {
    return this.items.length;
  }

  /** One parameter; a negative index counts from the end. @throws IndexError when there is none */
  at(index: number): Parameter {
    const found = Number.isInteger(index) ? this.items.at(index) : undefined;
    if (found === undefined) throw new IndexError(`ParameterList: index ${index} is out of range for ${this.length} parameters`);
    return found;
  }

  /** Adds a parameter at the end. */
  append(value: Tensor): this {
    return this.extend([value]);
  }

  /** Adds parameters at the end. */
  extend(values: Iterable<Tensor>): this {
    this.items.push(...[...values].map((v, i) => asParameter('ParameterList', v, `item ${this.length + i}`)));
    return this;
  }

  [Symbol.iterator](): Iterator<Parameter> {
    return this.items[Symbol.iterator]();
  }

  override stateEntries(): Iterable<readonly [string, unknown]> {
    return this.items.map((p, i) => [String(i), p] as const);
  }
}

/**
 * Parameters by name; names are state-dict keys as they are. Tensors become parameters.
 *
 * @throws ValueError for what is no tensor, and for names that are empty or contain a dot
 * @example
 * ```ts
 * const factors = new ParameterDict({ left: ones([3]), right: ones([3]) });
 * factors.get('left');
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
 */
export class ParameterDict extends Module {
  readonly items: Map<string, Parameter>;

  constructor(values: Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]> = []) {
    super();
    this.items = new Map();
    const entries = Symbol.iterator in values ? values : Object.entries(values);
    for (const [name, value] of entries as Iterable<readonly [string, Tensor]>) this.set(name, value);
  }

  /** Number of parameters. */
  get size(): number {
    return this.items.size;
  }

  /** The parameter called `name`. @throws IndexError when there is none */
  get(name: string): Parameter {
    const found = this.items.get(name);
    if (found === undefined)
      throw new IndexError(`ParameterDict: no parameter '${name}'; there are ${[...this.items.keys()].join(', ') || 'none'}`);
    return found;
  }

  /** Whether there is a parameter called `name`. */
  has(name: string): boolean {
    return this.items.has(name);
  }

  /** Adds or replaces a parameter. */
  set(name: string, value: Tensor): this {
    if (name === '' || name.includes('.')) throw new ValueError(`ParameterDict: '${name}' cannot be a name: it is empty or contains a dot`);
    this.items.set(name, asParameter('ParameterDict', value, `'${name}'`));
    return this;
  }

  [Symbol.iterator](): Iterator<[string, Parameter]> {
    return this.items[Symbol.iterator]();
  }

  override stateEntries(): Iterable<readonly [string, unknown]> {
    return this.items;
  }
}
