import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@nabla/core';
import * as nn from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { camelCased, check } from '../src/golden.ts';

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Recorded {
  readonly module: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly text: string;
}

interface Layer extends Recorded {
  readonly state: Readonly<Record<string, Values>>;
  readonly inputs: readonly Values[];
  readonly outputs: readonly Values[];
  readonly inputGrad: Values;
  readonly grads: Readonly<Record<string, Values>>;
}

/** What scripts/record-layers.py wrote. */
const recorded = JSON.parse(readFileSync(new URL('../fixtures/layers.json', import.meta.url), 'utf8')) as {
  readonly layers: readonly Layer[];
  readonly cumulative: {
    readonly batches: readonly Values[];
    readonly outputs: readonly Values[];
    readonly evaluated: Values;
    readonly state: Readonly<Record<string, Values>>;
  };
  readonly printed: readonly Recorded[];
};

const load = (v: Values): Tensor => tensor(Float64Array.from(v.data), { shape: v.shape });

function build({ module, args, kwargs }: Recorded): nn.Module {
  const make = (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>)[module]!;
  const options = camelCased(kwargs);
  return Object.keys(options).length === 0 ? new make(...args) : new make(...args, options);
}

function loadState(m: nn.Module, state: Readonly<Record<string, Values>>): void {
  m.to('float64').loadStateDict(new Map(Object.entries(state).map(([k, v]) => [k, load(v)])));
}

describe('layers as PyTorch computes them', () => {
  it('are all here', () => expect([recorded.layers.length, recorded.printed.length]).toEqual([9, 33]));

  for (const [i, c] of recorded.layers.entries()) {
    it(`${i} ${c.text}`, () => {
      const m = build(c);
      loadState(m, c.state);
      const inputs = c.inputs.map(load);
      inputs[0]!.requiresGrad_();
      const result: unknown = m.call(...inputs);
      const outputs = (Array.isArray(result) ? result : [result]) as Tensor[];
      outputs
        .map((o) => o.square().sum() as Tensor)
        .reduce((a, b) => a.add(b) as Tensor)
        .backward();
      outputs.forEach((o, k) => {
        check(o.detach(), load(c.outputs[k]!), `output ${k}`);
      });
      check(inputs[0]!.grad!, load(c.inputGrad), 'gradient of the input');
      const parameters = new Map<string, Tensor>(m.namedParameters());
      expect([...parameters.keys()]).toEqual(Object.keys(c.grads));
      for (const [name, want] of Object.entries(c.grads)) check(parameters.get(name)!.grad!, load(want), `gradient of ${name}`);
      expect(String(m)).toBe(c.text);
    });
  }

  it('batch norm without momentum averages all batches', () => {
    const { batches, outputs, evaluated, state } = recorded.cumulative;
    const m = new nn.BatchNorm1d(4, { momentum: null }).to('float64');
    batches.forEach((b, i) => {
      check((m.call(load(b) as never) as Tensor).detach(), load(outputs[i]!), `batch ${i}`);
    });
    check((m.eval().call(load(batches[0]!) as never) as Tensor).detach(), load(evaluated), 'evaluation');
    const own = m.stateDict();
    expect([...own.keys()]).toEqual(Object.keys(state));
    for (const [name, want] of Object.entries(state)) check(own.get(name)!.to('float64'), load(want), name);
  });
});

describe('layers as PyTorch prints them', () => {
  for (const c of recorded.printed) it(c.text, () => expect(String(build(c))).toBe(c.text));
});
