import { Generator, manualSeed, ones, randn, type Tensor, zeros } from '@nabla/core';
import { readSafetensors, writeSafetensors } from '@nabla/io';
import { BatchNorm1d, Buffer, Linear, Module, Parameter } from '@nabla/nn';
import { SGD } from '@nabla/optim';
import { describe, expect, it } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';

/** A layer of one's own: a parameter, a buffer, no part of the library's but the base class. */
class Affine extends Module {
  gain: Parameter;
  calls: Buffer;
  constructor(features: number) {
    super();
    this.gain = new Parameter(randn([features]) as unknown as Tensor);
    this.calls = new Buffer(zeros([1]) as unknown as Tensor);
  }
  forward(x: Tensor): Tensor {
    if (this.training) this.calls.add_(1);
    return x.mul(this.gain as never) as Tensor;
  }
}

/** A layer of one's own that holds such layers in an array, beside one of the library's. */
class Block extends Module {
  layers = [new Affine(3), new Affine(3)];
  outProj: Linear<number, number> = new Linear(3 as number, 3 as number);
  forward(x: Tensor): Tensor {
    let y = x;
    for (const layer of this.layers) y = (layer.call(y) as Tensor).tanh() as Tensor;
    return this.outProj.call(y) as Tensor;
  }
}

/** A model that holds those in an array of arrays. */
class Net extends Module {
  stages = [[new Block()], [new Block(), new Block()]];
  norm: BatchNorm1d<number> = new BatchNorm1d(3 as number);
  forward(x: Tensor): Tensor {
    return this.norm.call(this.stages.flat().reduce((y, block) => block.call(y) as Tensor, x)) as unknown as Tensor;
  }
}

const paths = ['stages.0.0', 'stages.1.0', 'stages.1.1'];
const parametersOf = (path: string): string[] =>
  ['layers.0.gain', 'layers.1.gain', 'out_proj.weight', 'out_proj.bias'].map((k) => `${path}.${k}`);
const parameterNames = [...paths.flatMap(parametersOf), 'norm.weight', 'norm.bias'];
const stateNames = [
  ...paths.flatMap((p) =>
    ['layers.0.gain', 'layers.0.calls', 'layers.1.gain', 'layers.1.calls', 'out_proj.weight', 'out_proj.bias'].map((k) => `${p}.${k}`),
  ),
  ...['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'].map((k) => `norm.${k}`),
];

const run = (net: Net, x: Tensor): Tensor => net.call(x) as Tensor;
// With a seed: for some inputs this loss, which has no lower bound, runs away.
const x = randn([4, 3], { dtype: 'float32', generator: new Generator(7) }) as unknown as Tensor;

/** A model after a few steps, so that nothing in it is what a new one has. */
function trained(seed: number): { net: Net; optimizer: SGD } {
  manualSeed(seed);
  const net = new Net();
  const optimizer = new SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  for (let i = 0; i < 3; i++) step(net, optimizer, x);
  return { net, optimizer };
}

function step(net: Net, optimizer: SGD, input: Tensor): void {
  optimizer.zeroGrad();
  run(net, input)
    .square()
    .mul(input as never)
    .sum()
    .backward();
  optimizer.step();
}

const valuesOf = (net: Net): Map<string, number[]> => new Map([...net.stateDict()].map(([k, t]) => [k, Array.from(t.dataSync())]));

/** Names of the values that differ. */
function changedNames(before: Map<string, number[]>, net: Net): string[] {
  const after = valuesOf(net);
  return [...before].flatMap(([k, v]) => (after.get(k)!.join() === v.join() ? [] : [k]));
}

describe("layers of one's own in arrays in layers of one's own", () => {
  it('are found: every parameter has a name, gets a gradient and is trained', () => {
    const { net, optimizer } = trained(1);
    expect(net.namedParameters().map(([k]) => k)).toEqual(parameterNames);
    expect(net.namedModules().filter(([, m]) => m instanceof Affine)).toHaveLength(6);
    const before = valuesOf(net);
    step(net, optimizer, x);
    for (const [name, p] of net.namedParameters()) expect(p.grad?.shape, name).toEqual(p.shape);
    expect(changedNames(before, net).sort()).toEqual([...stateNames].sort());
    net.eval();
    expect(net.modules().every((m) => !m.training)).toBe(true);
    const evaluated = valuesOf(net);
    run(net, x);
    expect(changedNames(evaluated, net)).toEqual([]);
  });

  it('are saved and loaded: a new model computes the same bits, and a key that is missing is named', async () => {
    const { net } = trained(1);
    expect([...net.stateDict().keys()]).toEqual(stateNames);
    const bytes = await writeSafetensors(net.stateDict());
    const other = trained(2).net;
    expect(run(other.eval(), x).toArray()).not.toEqual(run(net.eval(), x).toArray());
    expect(other.loadStateDict(readSafetensors(bytes))).toEqual({ missing: [], unexpected: [] });
    expect(valuesOf(other)).toEqual(valuesOf(net));
    expect(run(other, x).toArray()).toEqual(run(net, x).toArray());
    const less = readSafetensors(bytes);
    less.delete('stages.1.1.layers.0.gain');
    expect(() => other.loadStateDict(less)).toThrow('missing keys: "stages.1.1.layers.0.gain"');
  });

  it('are moved to a device, trained there, and saved from there', async () => {
    const [net, twin] = [trained(1).net, trained(1).net];
    const device = new SimulatedDevice();
    expect(net.to(device)).toBe(net);
    for (const [name, t] of [...net.namedParameters(), ...net.namedBuffers()]) expect(t.device, name).toBe(device);
    for (const [name, p] of net.namedParameters()) expect(p.grad!.device, name).toBe(device);
    const [there, here] = [new SGD(net.parameters(), { lr: 0.1 }), new SGD(twin.parameters(), { lr: 0.1 })];
    step(net, there, x.to(device) as Tensor);
    step(twin, here, x);
    const y = run(net.eval(), x.to(device) as Tensor);
    expect(y.device).toBe(device);
    expect(device.report().fallbacks).toEqual([]);
    const home = new Net();
    home.loadStateDict(readSafetensors(await writeSafetensors(net.stateDict())));
    const [saved, wanted] = [valuesOf(home), valuesOf(twin)];
    for (const [name, values] of wanted) for (const [i, v] of values.entries()) expect(saved.get(name)![i], name).toBeCloseTo(v, 5);
    const [got, want] = [await y.data(), run(twin.eval(), x).dataSync()];
    for (const [i, v] of got.entries()) expect(v).toBeCloseTo(want[i]!, 5);
  });

  it('are converted: everything that floats, and nothing that counts', () => {
    const { net, optimizer } = trained(1);
    const before = valuesOf(net);
    net.to('float64');
    const dtypes = [...net.stateDict()].map(([k, t]) => [k, t.dtype]);
    expect(dtypes).toEqual(stateNames.map((k) => [k, k === 'norm.num_batches_tracked' ? 'int64' : 'float64']));
    expect(changedNames(before, net)).toEqual([]);
    step(net, optimizer, x.to('float64') as Tensor);
    expect(changedNames(before, net)).toHaveLength(stateNames.length);
    expect(run(net, ones([2, 3], { dtype: 'float64' }) as unknown as Tensor).dtype).toBe('float64');
  });

  it('are frozen: one block of an array keeps every parameter while the others are trained', () => {
    const { net } = trained(1);
    const optimizer = new SGD(net.parameters(), { lr: 0.1 });
    net.stages[1]![0]!.requiresGrad_(false);
    const frozen = parametersOf('stages.1.0');
    expect(
      net
        .namedParameters()
        .filter(([, p]) => !p.requiresGrad)
        .map(([k]) => k),
    ).toEqual(frozen);
    const before = valuesOf(net);
    step(net, optimizer, x);
    expect(changedNames(before, net).sort()).toEqual(stateNames.filter((k) => !frozen.includes(k)).sort());
    for (const [name, p] of net.namedParameters()) expect(p.grad === null, name).toBe(frozen.includes(name));
    net.requiresGrad_(false);
    expect(run(net, x).requiresGrad).toBe(false);
  });
});
