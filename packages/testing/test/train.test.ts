import { scope, type Tensor } from '@nabla/core';
import { BatchNorm2d, Conv2d, functional as F, Linear, Module } from '@nabla/nn';
import { Adam, AdamW, SGD } from '@nabla/optim';
import { describe, expect, it } from 'vitest';
import { camelCased, check, Golden, type Json, type TensorRef } from '../src/golden.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

interface TrainCase {
  readonly id: string;
  readonly model: string;
  readonly dtype: 'f32' | 'f64';
  readonly state: Readonly<Record<string, TensorRef>>;
  readonly X: TensorRef;
  readonly Y: TensorRef;
  readonly batches: number;
  readonly optimizer: {
    readonly type: 'SGD' | 'Adam' | 'AdamW';
    readonly kwargs: { readonly [key: string]: Json };
    readonly groups: readonly { readonly names: readonly string[]; readonly [key: string]: Json }[];
  };
  readonly clip_grad_norm: Json;
  readonly scheduler: Json;
  readonly losses: readonly number[];
  readonly grads_step0: Readonly<Record<string, TensorRef>>;
  readonly final_state: Readonly<Record<string, TensorRef>>;
  readonly eval_out: TensorRef;
}

class ConvNet extends Module {
  conv1 = new Conv2d(1, 6, 3, { padding: 1 });
  bn1 = new BatchNorm2d(6);
  conv2 = new Conv2d(6, 8, 3, { padding: 1, bias: false });
  bn2 = new BatchNorm2d(8);
  fc1 = new Linear(72, 16);
  fc2 = new Linear(16, 5);

  forward(x: Tensor): Tensor {
    const h = F.maxPool2d(this.bn1.call(this.conv1.call(x)).relu(), 2);
    const k = F.avgPool2d(this.bn2.call(this.conv2.call(h)).relu(), 2);
    return this.fc2.call(this.fc1.call(k.flatten(1)).relu());
  }
}

/** Models whose layers exist. */
const models: Readonly<Record<string, new () => Module>> = { cnn_bn: ConvNet };

const golden = new Golden<TrainCase>('train');
const cases = golden.cases.filter((c) => c.model in models);

function decoded(options: { readonly [key: string]: Json }): object {
  return camelCased(golden.decode(options) as Record<string, unknown>);
}

/** Trains as the recording did and compares; `within` runs each step (in a scope or not). */
function train(c: TrainCase, within: <T>(step: () => T) => T): void {
  expect([c.clip_grad_norm, c.scheduler]).toEqual([null, null]);
  const model = new models[c.model]!().to(c.dtype === 'f32' ? 'float32' : 'float64');
  model.loadStateDict(new Map(Object.entries(c.state).map(([k, r]) => [k, golden.load(r.$t)])));
  const parameters = new Map<string, Tensor>(model.namedParameters());
  const groups = c.optimizer.groups.map(({ names, ...options }) => ({
    ...decoded(options as { readonly [key: string]: Json }),
    params: names.map((n) => parameters.get(n)!),
  }));
  const Make = { SGD, Adam, AdamW }[c.optimizer.type] as new (groups: object, options: object) => SGD;
  const optimizer = new Make(groups, decoded(c.optimizer.kwargs));
  const x = golden.load(c.X.$t);
  const y = golden.load(c.Y.$t);
  c.losses.forEach((want, t) => {
    const loss = within(() => {
      optimizer.zeroGrad();
      const l = F.crossEntropy(model.train().call(x.select(0, t % c.batches)), y.select(0, t % c.batches));
      l.backward();
      if (t === 0) {
        for (const [name, r] of Object.entries(c.grads_step0))
          check(parameters.get(name)!.grad!, golden.load(r.$t), `gradient of ${name}`, r.n);
      }
      optimizer.step();
      return l.item();
    });
    expect(Math.abs(loss - want), `loss at step ${t}: ${loss}, expected ${want}`).toBeLessThanOrEqual(1e-5);
  });
  const state = model.stateDict();
  for (const [name, r] of Object.entries(c.final_state)) check(state.get(name)!, golden.load(r.$t), name, r.n);
  const out: Tensor = model.eval().call(x.select(0, 0));
  check(out.detach(), golden.load(c.eval_out.$t), 'evaluation', c.eval_out.n);
}

/** The run on a device that cannot be read at once, writes nothing in place and frees only what it is told to. */
async function trainOnDevice(c: TrainCase): Promise<void> {
  const device = new SimulatedDevice();
  const model = new models[c.model]!().to(device);
  model.loadStateDict(new Map(Object.entries(c.state).map(([k, r]) => [k, golden.load(r.$t)])));
  const optimizer = new SGD(model.parameters(), decoded(c.optimizer.kwargs) as { lr: number });
  const [x, y] = [golden.load(c.X.$t).to(device), golden.load(c.Y.$t).to(device)];
  const buffers: number[] = [];
  for (const [t, want] of c.losses.entries()) {
    const loss = scope(() => {
      optimizer.zeroGrad();
      const l = F.crossEntropy(model.train().call(x.select(0, t % c.batches)), y.select(0, t % c.batches));
      l.backward();
      optimizer.step();
      return l.detach();
    });
    expect(Math.abs((await loss.data())[0]! - want), `loss at step ${t}`).toBeLessThanOrEqual(1e-5);
    loss.dispose();
    buffers.push(device.memory().buffers);
  }
  // The first step makes the optimizer's state; after the second the number of buffers stays.
  expect(new Set(buffers.slice(1)).size).toBe(1);
  expect(device.report().fallbacks).toEqual([]);
}

describe("PyTorch's recorded training runs", () => {
  it('are all here', () => expect(cases.map((c) => c.id)).toEqual(['train/cnn_bn/0/f32', 'train/cnn_bn/0/f64']));

  for (const c of cases) {
    it(c.id, () => train(c, (step) => step()));
    it(`${c.id}, every step in a scope`, () => train(c, scope));
    if (c.dtype === 'f32') it(`${c.id}, on a device`, () => trainOnDevice(c));
  }
});
