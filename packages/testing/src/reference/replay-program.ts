import { enableGrad, FloatScalar, float, grad, type Index, isTensor, NablaError, noGrad, type Tensor } from '@nabla/core';
import { camelCase, isFloating } from '@nabla/core/internals';
import { camelCased, type Golden, type Json, Mismatch, type TensorRef } from '../golden.ts';
import { formsOf, prepare } from './call.ts';
import type { OpCase } from './case.ts';
import { indicesOf } from './subscript.ts';

/** One statement of a program; see fixtures/pytorch/FORMAT.md. */
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
  readonly inputs?: readonly string[] | null;
  readonly outputs?: readonly string[];
  readonly grad_outputs?: readonly (string | null)[] | null;
  readonly retain_graph?: boolean | null;
  readonly create_graph?: boolean | null;
  readonly allow_unused?: boolean | null;
  readonly body?: readonly Statement[];
  readonly error?: { readonly type: string; readonly message?: string };
}

/** A recorded program. */
export interface ProgramCase {
  readonly id: string;
  readonly dtype: string;
  readonly program: readonly Statement[];
}

type Method = (...args: readonly unknown[]) => unknown;

/** Statements' shorthands, which are no functions of PyTorch. */
const shorthands: Readonly<Record<string, Method>> = {
  sub_grad: (x, rate) => {
    const t = x as Tensor;
    return t.sub_(t.grad!, { alpha: plainNumber(rate) as number });
  },
};

/** A FloatScalar as the number that it holds. */
function plainNumber(value: unknown): unknown {
  return value instanceof FloatScalar ? value.value : value;
}

function fail(what: string, found: string): never {
  throw new Mismatch(`${what}: ${found}`);
}

/** Runs the statements of one program over its variables. */
class Interpreter {
  readonly #golden: Golden<ProgramCase>;
  readonly #dtype: string;
  readonly #variables = new Map<string, unknown>();

  constructor(golden: Golden<ProgramCase>, dtype: string) {
    this.#golden = golden;
    this.#dtype = dtype;
  }

  run(body: readonly Statement[]): void {
    for (const s of body) this.#step(s);
  }

  #tensor(name: string): Tensor {
    const value = this.#variables.get(name);
    if (!isTensor(value)) throw new Mismatch(`${name}: ${String(value)} is no tensor`);
    return value;
  }

  #decode(value: Json | undefined): unknown {
    return this.#golden.decode(value, { variables: this.#variables, float });
  }

  #bind(names: Statement['as'], result: unknown): void {
    if (names == null) return;
    if (typeof names === 'string') {
      this.#variables.set(names, result);
      return;
    }
    const results: readonly unknown[] = Array.isArray(result) ? result : Object.values(result as object);
    if (results.length !== names.length) fail(names.join(', '), `${results.length} results`);
    names.forEach((name, i) => {
      this.#variables.set(name, results[i]);
    });
  }

  /** Calls that have a row go through it; in-place methods and what has no row are called by name. */
  #call(op: string, args: readonly Json[], kwargs: { readonly [key: string]: Json }): unknown {
    const own = shorthands[op];
    if (own !== undefined) return own(...args.map((a) => this.#decode(a)));
    const forms = formsOf(op);
    if (forms.length > 0) {
      // As the user of a program would write it: the method where the first argument is a tensor.
      const form = forms.includes('method') && isTensor(this.#decode(args[0])) ? 'method' : forms[0]!;
      const c: OpCase = { id: op, op, dtype: this.#dtype, args, kwargs };
      return prepare(this.#golden as unknown as Golden<OpCase>, c, form, { variables: this.#variables })();
    }
    return this.#method(
      op,
      args.map((a) => this.#decode(a)),
      kwargs,
    );
  }

  #method(op: string, args: readonly unknown[], kwargs: { readonly [key: string]: Json }): unknown {
    const name = op.endsWith('_') ? `${camelCase(op.slice(0, -1))}_` : camelCase(op);
    const [self, ...given] = args;
    // Whether a number is floating matters beside integers only.
    const rest = isTensor(self) && isFloating(self.dtype) ? given.map(plainNumber) : given;
    const member = isTensor(self) ? (self as unknown as Record<string, unknown>)[name] : undefined;
    if (member === undefined) throw new Mismatch(`there is no ${op}`);
    if (typeof member !== 'function') return member;
    const options = Object.entries(kwargs).map(([key, value]) => [key, plainNumber(this.#decode(value))] as const);
    return (member as Method).apply(self, options.length === 0 ? rest : [...rest, camelCased(Object.fromEntries(options))]);
  }

  #index(index: Json | undefined): Index[] {
    return indicesOf(this.#decode(index)) as Index[];
  }

  #step(s: Statement): void {
    switch (s.s) {
      case 'tensor':
        this.#bind(s.as, this.#golden.tensor(s.value as unknown as TensorRef, s.requires_grad));
        return;
      case 'call':
        this.#bind(s.as, this.#call(s.op!, s.args ?? [], s.kwargs ?? {}));
        return;
      case 'grad_call': {
        const { grad: g } = this.#tensor(s.on!);
        this.#method(s.op!, [g, ...(s.args ?? []).map((a) => this.#decode(a))], s.kwargs ?? {});
        return;
      }
      case 'setitem': {
        const value = plainNumber(this.#decode(s.value)) as Tensor | number;
        this.#tensor(s.on!).indexPut_(this.#index(s.index), value);
        return;
      }
      case 'backward':
        this.#tensor(s.on!).backward(this.#decode(s.gradient) as Tensor | undefined, {
          ...this.#graphOptions(s),
          ...(s.inputs == null ? {} : { inputs: s.inputs.map((n) => this.#tensor(n)) }),
        });
        return;
      case 'grad':
        this.#bind(s.as, this.#grad(s));
        return;
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
        this.#expectError(s);
        return;
      case 'expect':
        this.#expect(s);
        return;
      default:
        throw new Mismatch(`unknown statement '${s.s}'`);
    }
  }

  #graphOptions(s: Statement): { retainGraph?: boolean; createGraph?: boolean } {
    return {
      ...(s.retain_graph == null ? {} : { retainGraph: s.retain_graph }),
      ...(s.create_graph == null ? {} : { createGraph: s.create_graph }),
    };
  }

  #grad(s: Statement): unknown {
    const seeds = s.grad_outputs?.map((n) => (n === null ? null : this.#tensor(n)));
    return grad(
      s.outputs!.map((n) => this.#tensor(n)),
      s.inputs!.map((n) => this.#tensor(n)),
      {
        ...(seeds === undefined ? {} : { gradOutputs: seeds }),
        ...this.#graphOptions(s),
        ...(s.allow_unused == null ? {} : { allowUnused: s.allow_unused }),
      },
    );
  }

  #expectError(s: Statement): void {
    let thrown: unknown;
    try {
      this.run(s.body!);
    } catch (e) {
      thrown = e;
    }
    const wanted = `${s.error?.type}: ${s.error?.message}`;
    if (thrown === undefined) throw new Mismatch(`no error, expected ${wanted}`);
    if (!(thrown instanceof NablaError)) throw new Mismatch(`${String(thrown)}, expected ${wanted}`);
  }

  #expect(s: Statement): void {
    const what = `${s.on}.${s.attr}`;
    const value = this.#variables.get(s.on!);
    if (s.attr === 'is_none') {
      if ((value === null) !== s.value) fail(what, String(value === null));
      return;
    }
    if (s.attr === 'python') {
      const want = plainNumber(this.#decode(s.value));
      const check = (got: unknown): void => {
        if (!this.#close(got, want)) fail(what, `${String(got)}, expected ${String(want)}`);
      };
      if (value instanceof Promise) this.#golden.await(value.then(check));
      else check(value);
      return;
    }
    const t = this.#tensor(s.on!);
    if (s.attr === 'value') this.#same(t, s.value!, what);
    else if (s.attr === 'grad') {
      if (s.value !== null && t.grad !== null) this.#same(t.grad, s.value!, what);
      else if (s.value !== null || t.grad !== null) fail(what, `${String(t.grad)}, expected ${s.value === null ? 'none' : 'a gradient'}`);
    } else {
      const attributes: Readonly<Record<string, () => unknown>> = {
        requires_grad: () => t.requiresGrad,
        is_leaf: () => t.isLeaf,
        grad_requires_grad: () => t.grad?.requiresGrad,
        grad_dtype: () => t.grad?.dtype,
        dtype: () => t.dtype,
        version: () => t.version,
      };
      const read = attributes[s.attr!];
      if (read === undefined) throw new Mismatch(`unknown attribute '${s.attr}'`);
      const got = read();
      const want = this.#decode(s.value);
      if (got !== want) fail(what, `${String(got)}, expected ${String(want)}`);
    }
  }

  /** Numbers up to the tolerance of their dtype; anything else exactly. */
  #close(got: unknown, want: unknown): boolean {
    if (Object.is(got, want) || got === want) return true;
    const tolerance = this.#dtype === 'f32' ? 1e-5 : 1e-10;
    return typeof got === 'number' && typeof want === 'number' && Math.abs(got - want) <= tolerance + tolerance * Math.abs(want);
  }

  #same(got: Tensor, ref: Json, what: string): void {
    this.#golden.compare(what, got, ref as unknown as TensorRef);
  }
}

/** Replays one program; throws {@link Mismatch}. */
export function replayProgram(golden: Golden<ProgramCase>, c: ProgramCase): void {
  new Interpreter(golden, c.dtype).run(c.program);
}
