import * as nabla from '@nabla/core';
import { enableGrad, float, grad, type Index, isTensor, NablaError, noGrad, slice, type Tensor } from '@nabla/core';
import { camelCase } from '@nabla/core/internals';
import { functional as F } from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { camelCased, check, Golden, type Json, type PythonIndex, type TensorRef } from '../src/golden.ts';

interface Statement {
  readonly s: string;
  readonly as?: string | readonly string[] | null;
  readonly on?: string;
  readonly op?: string;
  readonly args?: readonly Json[];
  readonly kwargs?: { readonly [key: string]: Json };
  readonly value?: Json;
  readonly index?: Json;
  readonly attr?: string;
  readonly requires_grad?: boolean;
  readonly gradient?: Json;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly grad_outputs?: readonly (string | null)[] | null;
  readonly retain_graph?: boolean | null;
  readonly create_graph?: boolean;
  readonly allow_unused?: boolean;
  readonly body?: readonly Statement[];
  readonly error?: { readonly type: string };
}

interface ProgramCase {
  readonly id: string;
  readonly program: readonly Statement[];
}

/** Functions that do not exist yet; programs that use them wait. */
const missing = ['nn.functional.ctc_loss'];

const golden = new Golden<ProgramCase>('programs');
const cases = golden.cases.filter((c) => !missing.some((op) => JSON.stringify(c.program).includes(`"${op}"`)));

type Any = Record<string, (...args: unknown[]) => unknown>;

/** Calls that are written differently here; the first argument is the tensor. */
const special: Readonly<Record<string, (...args: never[]) => unknown>> = {
  t: (x: Tensor) => x.T,
  sub_grad: (x: Tensor, lr: nabla.FloatScalar) => x.sub_(x.grad!, { alpha: lr.value }),
  'nn.functional.embedding': (i: Tensor, w: Tensor) => w.index(i),
  'nn.functional.layer_norm': (x: Tensor, shape: readonly number[], w: Tensor, b: Tensor) => F.layerNorm(x, shape, w, b),
};

class Interpreter {
  readonly #variables = new Map<string, unknown>();

  run(body: readonly Statement[]): void {
    for (const s of body) this.#step(s);
  }

  #tensor(name: string): Tensor {
    return this.#variables.get(name) as Tensor;
  }

  #decode(value: Json | undefined): unknown {
    return golden.decode(value, { variables: this.#variables, float });
  }

  #bind(names: string | readonly string[] | null | undefined, result: unknown): void {
    if (names == null) return;
    if (typeof names === 'string') {
      this.#variables.set(names, result);
      return;
    }
    const results = Array.isArray(result) ? result : Object.values(result as object);
    names.forEach((name, i) => {
      this.#variables.set(name, results[i]);
    });
  }

  #call(op: string, args: readonly unknown[], kwargs: Record<string, unknown>): unknown {
    const own = special[op] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (own !== undefined) return own(...args);
    const name = op.endsWith('_') ? `${camelCase(op.slice(0, -1))}_` : camelCase(op);
    const options = Object.keys(kwargs).length === 0 ? [] : [camelCased(kwargs)];
    const [self, ...rest] = args;
    if (isTensor(self) && typeof (self as unknown as Any)[name] === 'function') return (self as unknown as Any)[name]!(...rest, ...options);
    const found = (nabla as unknown as Any)[name];
    if (found === undefined) throw new Error(`no function for '${op}'`);
    return found(...args, ...options);
  }

  #index(index: Json | undefined): Index[] {
    const decoded = this.#decode(index);
    const parts = Array.isArray(decoded) && typeof index === 'object' && index !== null && '$tuple' in index ? decoded : [decoded];
    return parts.map((p: PythonIndex | Index) => {
      if (typeof p !== 'object' || p === null || !('slice' in p)) return p as Index;
      const [start, stop, step] = p.slice as readonly (number | null)[];
      return slice(start, stop, step ?? 1);
    });
  }

  #step(s: Statement): void {
    switch (s.s) {
      case 'tensor':
        this.#bind(s.as, golden.tensor(s.value as unknown as TensorRef, s.requires_grad));
        return;
      case 'call':
        this.#bind(
          s.as,
          this.#call(
            s.op!,
            s.args!.map((a) => this.#decode(a)),
            this.#decode(s.kwargs ?? {}) as Record<string, unknown>,
          ),
        );
        return;
      case 'grad_call':
        this.#call(s.op!, [this.#tensor(s.on!).grad, ...s.args!.map((a) => this.#decode(a))], {});
        return;
      case 'setitem': {
        const value = this.#decode(s.value);
        this.#tensor(s.on!).indexPut_(this.#index(s.index), (value instanceof nabla.FloatScalar ? value.value : value) as Tensor | number);
        return;
      }
      case 'backward':
        this.#tensor(s.on!).backward(this.#decode(s.gradient) as Tensor | undefined, {
          ...(s.retain_graph == null ? {} : { retainGraph: s.retain_graph }),
          ...(s.create_graph === undefined ? {} : { createGraph: s.create_graph }),
          ...(s.inputs === undefined ? {} : { inputs: s.inputs.map((n) => this.#tensor(n)) }),
        });
        return;
      case 'grad': {
        const seeds = s.grad_outputs?.map((n) => (n === null ? null : this.#tensor(n)));
        const results = grad(
          s.outputs!.map((n) => this.#tensor(n)),
          s.inputs!.map((n) => this.#tensor(n)),
          {
            ...(seeds === undefined ? {} : { gradOutputs: seeds }),
            ...(s.retain_graph == null ? {} : { retainGraph: s.retain_graph }),
            ...(s.create_graph === undefined ? {} : { createGraph: s.create_graph }),
            ...(s.allow_unused === undefined ? {} : { allowUnused: s.allow_unused }),
          },
        );
        this.#bind(s.as, results);
        return;
      }
      case 'zero_grad':
        this.#tensor(s.on!).grad = null;
        return;
      case 'retain_grad':
        this.#tensor(s.on!).retainGrad();
        return;
      case 'requires_grad_':
        this.#tensor(s.on!).requiresGrad_(s.value as boolean);
        return;
      case 'no_grad':
        noGrad(() => this.run(s.body!));
        return;
      case 'enable_grad':
        enableGrad(() => this.run(s.body!));
        return;
      case 'expect_error':
        expect(() => this.run(s.body!)).toThrow(NablaError);
        return;
      case 'expect':
        this.#expect(s);
        return;
      default:
        throw new Error(`unknown statement '${s.s}'`);
    }
  }

  #expect(s: Statement): void {
    const what = `${s.on}.${s.attr}`;
    const got = this.#variables.get(s.on!);
    const t = got as Tensor;
    const load = (): Tensor => golden.load((s.value as unknown as TensorRef).$t);
    if (s.attr === 'value') check(t.detach(), load(), what);
    else if (s.attr === 'grad') {
      if (s.value === null) expect(t.grad, what).toBeNull();
      else check(t.grad!.detach(), load(), what);
    } else {
      const attributes: Readonly<Record<string, () => unknown>> = {
        requires_grad: () => t.requiresGrad,
        is_leaf: () => t.isLeaf,
        is_none: () => got === null,
        grad_requires_grad: () => t.grad!.requiresGrad,
        grad_dtype: () => t.grad!.dtype,
        dtype: () => t.dtype,
        python: () => got,
      };
      expect(attributes[s.attr!]!(), what).toEqual(golden.decode(s.value));
    }
  }
}

describe("PyTorch's recorded autograd programs", () => {
  it('are all here', () => {
    expect(golden.cases.length - cases.length).toBe(2);
    expect(cases.length).toBe(39);
  });

  for (const c of cases) it(c.id, () => new Interpreter().run(c.program));
});
