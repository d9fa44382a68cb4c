import { grad, type Tensor } from '@nabla/core';
import * as nn from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { camelCased, check, flatRefs, flatTensors, Golden, type Json, type TensorRef } from '../src/golden.ts';

interface Init {
  readonly args?: readonly Json[];
  readonly kwargs?: { readonly [key: string]: Json };
  readonly layers?: readonly { readonly module: string; readonly args: readonly Json[] }[];
}

interface Step {
  readonly mode: 'train' | 'eval';
  readonly inputs: readonly Json[];
  readonly kwargs: { readonly [key: string]: Json };
  readonly out: Json;
  readonly grad_out?: readonly (TensorRef | null)[];
  readonly input_grads: readonly (TensorRef & { readonly path: string; readonly none?: boolean })[];
  readonly param_grads: Readonly<Record<string, TensorRef | null>>;
  readonly state_changes?: Readonly<Record<string, TensorRef>>;
  readonly error?: { readonly type: string };
}

interface ModuleCase {
  readonly id: string;
  readonly module: string;
  readonly dtype: 'f32' | 'f64';
  readonly init: Init;
  readonly state: Readonly<Record<string, TensorRef>>;
  readonly steps: readonly Step[];
}

/** Modules that exist, with the names of their positional parameters beyond those that are positional here too. */
const supported: Readonly<Record<string, readonly string[]>> = {
  Linear: ['', ''],
  Conv2d: ['', '', ''],
  BatchNorm1d: [''],
  BatchNorm2d: [''],
  LayerNorm: [''],
  ReLU: [],
  Mish: [],
  LogSoftmax: [],
  MaxPool2d: [''],
  AvgPool2d: [''],
  AdaptiveAvgPool2d: [''],
  Dropout: [''],
  RNN: ['', '', 'numLayers'],
  CrossEntropyLoss: [],
  SmoothL1Loss: [],
  Sequential: [],
};
/** Keyword arguments that are positional here. */
const positional: Readonly<Record<string, readonly string[]>> = { LogSoftmax: ['dim'] };

/** The error class here for Python's. */
const errors: Readonly<Record<string, readonly string[]>> = {
  ValueError: ['ValueError', 'ShapeError'],
  RuntimeError: ['ShapeError', 'DTypeError'],
};

const golden = new Golden<ModuleCase>('modules');
/** Packed sequences do not exist. */
const packed = (c: ModuleCase): boolean => JSON.stringify(c).includes('"$packed"');
const cases = golden.cases.filter((c) => c.module in supported && !packed(c));

type Constructor = new (...args: unknown[]) => nn.Module;

function construct(module: string, args: readonly Json[], kwargs: { readonly [key: string]: Json }): nn.Module {
  const make = (nn as unknown as Record<string, Constructor>)[module]!;
  const names = supported[module]!;
  const given = golden.decode(args) as unknown[];
  const options = camelCased(golden.decode(kwargs) as Record<string, unknown>);
  const own: unknown[] = [];
  given.forEach((value, i) => {
    if ((names[i] ?? '') === '') own.push(value);
    else options[names[i]!] = value;
  });
  for (const name of positional[module] ?? []) {
    own.push(options[name]);
    delete options[name];
  }
  return Object.keys(options).length === 0 ? new make(...own) : new make(...own, options);
}

function build(c: ModuleCase): nn.Module {
  const layers = c.init.layers?.map((l) => construct(l.module, l.args, {}));
  const m = layers === undefined ? construct(c.module, c.init.args ?? [], c.init.kwargs ?? {}) : new nn.Sequential(...(layers as never[]));
  m.to(c.dtype === 'f32' ? 'float32' : 'float64');
  m.loadStateDict(new Map(Object.entries(c.state).map(([k, r]) => [k, golden.load(r.$t)])));
  return m;
}

function runStep(m: nn.Module, s: Step): void {
  m.train(s.mode === 'train').zeroGrad();
  const leaves = new Map<string, Tensor>();
  const inputs = golden.decode(s.inputs as Json, { leaves, path: 'inputs' }) as Tensor[];
  expect(s.kwargs).toEqual({});
  const call = (): unknown => m.call(...inputs);
  if (s.error !== undefined) {
    let thrown: unknown;
    try {
      call();
    } catch (e) {
      thrown = e;
    }
    expect(errors[s.error.type]).toContain((thrown as Error | undefined)?.name);
    return;
  }
  const outputs = flatTensors(call());
  const wanted = flatRefs(s.out);
  expect(outputs.length).toBe(wanted.length);
  outputs.forEach((t, i) => {
    check(t.detach(), golden.load(wanted[i]!.$t), `output ${i}`, wanted[i]!.n);
  });
  if (s.grad_out !== undefined) {
    const flowing = s.grad_out.flatMap((r, i) => (r === null ? [] : [{ t: outputs[i]!, g: golden.load(r.$t) }]));
    const parameters = new Map<string, Tensor>(m.namedParameters());
    const targets = [
      ...s.input_grads.map((r) => ({ name: r.path, t: leaves.get(r.path)!, want: r.none === true ? null : r })),
      ...Object.entries(s.param_grads).map(([name, want]) => ({ name, t: parameters.get(name)!, want })),
    ];
    const got = grad(
      flowing.map((f) => f.t),
      targets.map((x) => x.t),
      { gradOutputs: flowing.map((f) => f.g), allowUnused: true },
    );
    targets.forEach(({ name, want }, i) => {
      if (want === null) expect(got[i], `gradient of ${name}`).toBeNull();
      else check(got[i]!, golden.load(want.$t), `gradient of ${name}`, want.n);
    });
  }
  const state = m.stateDict();
  for (const [name, r] of Object.entries(s.state_changes ?? {})) check(state.get(name)!, golden.load(r.$t), `state ${name}`, r.n);
}

describe("PyTorch's recorded modules", () => {
  it('are all here', () => {
    expect(cases.length).toBe(66);
    expect([...new Set(cases.map((c) => c.module))].sort()).toEqual(Object.keys(supported).sort());
  });

  for (const c of cases) {
    it(c.id, () => {
      const m = build(c);
      for (const s of c.steps) runStep(m, s);
    });
  }
});
