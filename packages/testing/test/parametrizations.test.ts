import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@nabla/core';
import * as nn from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { camelCased, check } from '../src/golden.ts';

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type State = Readonly<Record<string, Values>>;

interface Recorded {
  readonly kind: 'weightNorm' | 'spectralNorm' | 'orthogonal';
  readonly options: Readonly<Record<string, unknown>>;
  readonly module: string;
  readonly args: readonly number[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly before: Values;
  readonly first?: Values;
  readonly state: State;
  readonly calls: readonly {
    readonly training: boolean;
    readonly inputs: readonly Values[];
    readonly out: Values;
    readonly seed: Values;
    readonly inputGrads: readonly Values[];
    readonly grads: State;
    readonly state: State;
  }[];
}

/** What scripts/record-parametrizations.py wrote. */
const recorded = JSON.parse(readFileSync(new URL('../fixtures/parametrizations.json', import.meta.url), 'utf8')) as Recorded[];

const load = (v: Values): Tensor => tensor(Float64Array.from(v.data), { shape: v.shape });

type Constructor = new (...args: unknown[]) => nn.Module;
type Parametrize = (module: nn.Module, options: object) => nn.Module;

/** The recorded module as it was before, with its parametrization. */
function build(c: Recorded): { readonly m: nn.Module; readonly weight: () => Tensor } {
  const make = (nn as unknown as Record<string, Constructor>)[c.module]!;
  const m = new make(...c.args, { ...camelCased(c.kwargs), dtype: 'float64' });
  const name = (c.options['name'] as string | undefined) ?? 'weight';
  const weight = (): Tensor => (m as unknown as Record<string, Tensor>)[name]!;
  weight().detach().copy_(load(c.before));
  (nn as unknown as Record<string, Parametrize>)[c.kind]!(m, camelCased(c.options));
  return { m, weight };
}

const named = (c: Recorded): string => `${c.kind} ${JSON.stringify(c.options)} ${c.module}(${c.args.join(', ')})`;

describe('parametrizations, as PyTorch computes them', () => {
  it('are all here', () => {
    const count = (kind: string): number => recorded.filter((c) => c.kind === kind).length;
    expect([count('weightNorm'), count('spectralNorm'), count('orthogonal')]).toEqual([6, 6, 24]);
  });

  it.each(recorded.map((c) => ({ name: named(c), c })))('$name', ({ c }) => {
    const { m, weight } = build(c);
    if (c.first !== undefined) check(weight().detach(), load(c.first), 'first weight');
    expect([...m.stateDict().keys()].sort()).toEqual(Object.keys(c.state).sort());
    m.loadStateDict(new Map(Object.entries(c.state).map(([k, v]) => [k, load(v)])));
    c.calls.forEach((call, i) => {
      m.train(call.training).zeroGrad();
      const inputs = call.inputs.map((v) => load(v).requiresGrad_());
      const y = (m as unknown as { call(...args: Tensor[]): Tensor }).call(...inputs);
      check(y.detach(), load(call.out), `output ${i}`);
      y.backward(load(call.seed));
      inputs.forEach((x, k) => {
        check(x.grad!, load(call.inputGrads[k]!), `gradient of input ${k}, call ${i}`);
      });
      const parameters = new Map<string, Tensor>(m.namedParameters());
      expect([...parameters.keys()].sort()).toEqual(Object.keys(call.grads).sort());
      for (const [key, want] of Object.entries(call.grads)) check(parameters.get(key)!.grad!, load(want), `gradient of ${key}, call ${i}`);
      const state = m.stateDict();
      for (const [key, want] of Object.entries(call.state)) check(state.get(key)!, load(want), `${key} after call ${i}`);
    });
  });

  it('weights of orthogonal are orthogonal at first and after training', () => {
    for (const c of recorded.filter((r) => r.kind === 'orthogonal')) {
      const { m, weight } = build(c);
      for (const state of [null, c.state]) {
        if (state !== null) m.loadStateDict(new Map(Object.entries(state).map(([k, v]) => [k, load(v)])));
        const w = weight().detach() as Tensor;
        const [rows, columns] = w.shape.slice(-2) as [number, number];
        const product = rows >= columns ? w.mT.matmul(w) : w.matmul(w.mT);
        const k = Math.min(rows, columns);
        Array.from(product.dataSync()).forEach((v, i) => {
          expect(v).toBeCloseTo(Math.floor(i / k) % k === i % k ? 1 : 0, 12);
        });
      }
    }
  });
});
