import { type Tensor, tensor, zeros } from '@nabla/core';
import * as optim from '@nabla/optim';
import { describe, expect, it } from 'vitest';
import { camelCased, check, Golden, type Json, numberOf, type TensorRef } from '../src/golden.ts';

interface OptimCase {
  readonly id: string;
  readonly optimizer: string;
  readonly kwargs: { readonly [key: string]: Json };
  readonly mode?: 'given' | 'closure';
  readonly steps: number;
  readonly params: readonly TensorRef[];
  readonly grads: readonly TensorRef[];
  readonly grad_none?: Readonly<Record<string, readonly number[]>>;
  readonly groups?: readonly { readonly params: readonly number[]; readonly [key: string]: Json }[];
  readonly trajectory: readonly TensorRef[];
  readonly final_state?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly problem: 'lstsq' | 'logreg' | 'rosenbrock';
  readonly data: Readonly<Record<string, TensorRef>>;
  readonly losses: readonly Json[];
  readonly loss_noise?: number;
  readonly construct_error?: { readonly type: string; readonly message: string };
}

/** Optimizers that exist. The others' cases wait for them. */
const optimizers = { SGD: optim.SGD, Adam: optim.Adam, AdamW: optim.AdamW } as const;
type Name = keyof typeof optimizers;
type AnyOptimizer = optim.SGD | optim.Adam | optim.AdamW;

const golden = new Golden<OptimCase>('optim');
const cases = golden.cases.filter((c) => c.optimizer in optimizers);

function build(c: OptimCase, params: readonly Tensor[]): AnyOptimizer {
  const make = optimizers[c.optimizer as Name] as new (params: unknown, options: object) => AnyOptimizer;
  const groups = c.groups?.map(({ params: which, ...options }) => ({
    ...camelCased(golden.decode(options as Json) as Record<string, unknown>),
    params: which.map((i) => params[i]!),
  }));
  return new make(groups ?? params, camelCased(golden.decode(c.kwargs) as Record<string, unknown>));
}

function loss(c: OptimCase, p: readonly Tensor[], data: Readonly<Record<string, Tensor>>): Tensor {
  if (c.problem !== 'lstsq') throw new Error(`problem ${c.problem} is not among the cases of these optimizers`);
  const { X, y } = data as { X: Tensor; y: Tensor };
  return X.matmul(p[0]!).add(p[1]!).sub(y).square().mean() as Tensor;
}

/** Row t of a recorded trajectory. */
function row(all: Tensor, t: number): Tensor {
  return all.select(0, t);
}

function run(c: OptimCase): void {
  const params = c.params.map((r) => golden.tensor(r, true));
  const optimizer = build(c, params);
  const wanted = c.trajectory.map((r) => golden.load(r.$t));
  const grads = c.mode === 'given' ? c.grads.map((r) => golden.load(r.$t)) : [];
  const data = c.mode === 'closure' ? Object.fromEntries(Object.entries(c.data).map(([k, r]) => [k, golden.load(r.$t)])) : {};
  for (let t = 0; t < c.steps; t++) {
    if (c.mode === 'given') {
      params.forEach((p, i) => {
        p.grad = c.grad_none?.[i]?.includes(t) ? null : row(grads[i]!, t).clone();
      });
      optimizer.step();
    } else {
      const value = optimizer
        .step(() => {
          optimizer.zeroGrad();
          const l = loss(c, params, data);
          l.backward();
          return l;
        })
        .item();
      const want = numberOf(c.losses[t]!);
      expect(Math.abs(value - want), `loss at step ${t}`).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(want)) + 4 * (c.loss_noise ?? 0));
    }
    params.forEach((p, i) => {
      check(p.detach(), row(wanted[i]!, t), `parameter ${i} after step ${t}`, c.trajectory[i]!.n);
    });
  }
  for (const [i, values] of Object.entries(c.final_state ?? {})) {
    const own = optimizer.stateDict().state[i] ?? {};
    expect(Object.keys(own).sort()).toEqual(Object.keys(values).sort());
    for (const [name, want] of Object.entries(values)) {
      const got = own[name]!;
      if (typeof got === 'number') expect(got).toBe(numberOf(want));
      else check(got, golden.load((want as unknown as TensorRef).$t), `${name} of parameter ${i}`, (want as unknown as TensorRef).n);
    }
  }
}

describe("PyTorch's recorded optimizer runs", () => {
  it('are all here', () => {
    expect(cases.length).toBe(19);
    expect(new Set(cases.map((c) => c.optimizer)).size).toBe(Object.keys(optimizers).length);
  });

  for (const c of cases) {
    const expected = c.construct_error;
    if (expected === undefined) it(c.id, () => run(c));
    else {
      it(c.id, () => {
        const wrong = (): unknown => build(c, [zeros([2], { requiresGrad: true })]);
        expect(wrong).toThrow(expect.objectContaining({ name: expected.type, message: expected.message }));
      });
    }
  }
});

interface ClipCase {
  readonly id: string;
  readonly fn: 'clip_grad_norm_' | 'clip_grad_value_';
  readonly dtype: 'f32' | 'f64';
  readonly kwargs: { readonly [key: string]: Json };
  readonly shapes: readonly (readonly number[])[];
  readonly grads: readonly (TensorRef | null)[];
  readonly after: readonly (TensorRef | null)[];
  readonly total_norm?: Json;
  readonly error?: { readonly type: string };
}

const clipping = new Golden<ClipCase>('clip');

describe("PyTorch's recorded gradient clipping", () => {
  it('is all here', () => expect(clipping.cases.length).toBe(10));

  for (const c of clipping.cases) {
    it(c.id, () => {
      const dtype = c.dtype === 'f32' ? 'float32' : 'float64';
      const params = c.shapes.map((s) => zeros(s, { dtype, requiresGrad: true }) as Tensor);
      params.forEach((p, i) => {
        p.grad = c.grads[i] === null ? null : clipping.load(c.grads[i]!.$t);
      });
      const options = camelCased(clipping.decode(c.kwargs) as Record<string, unknown>) as unknown as {
        maxNorm: number;
        normType?: number;
        clipValue: number;
      };
      const { maxNorm, clipValue, ...rest } = options;
      const call = (): Tensor | undefined =>
        c.fn === 'clip_grad_norm_' ? optim.clipGradNorm_(params, maxNorm, rest) : void optim.clipGradValue_(params, clipValue);
      if (c.error !== undefined) {
        expect(call).toThrow(expect.objectContaining({ name: 'IndexError' }));
        return;
      }
      const total = call();
      if (c.total_norm !== undefined) check(total!, tensor(numberOf(c.total_norm), { dtype }), 'total norm');
      c.after.forEach((want, i) => {
        if (want === null) expect(params[i]!.grad).toBeNull();
        else check(params[i]!.grad!, clipping.load(want.$t), `gradient ${i}`, want.n);
      });
    });
  }
});
