import { noGrad, ones, randn, type Tensor, tensor } from '@nabla/core';
import { BatchNorm1d, Linear, Module, ReLU, Sequential, spectralNorm } from '@nabla/nn';
import { SimulatedDevice } from '@nabla/testing';
import { describe, expect, it } from 'vitest';
import { AveragedModel, getEmaAvgFn, getSwaAvgFn, updateBn } from '../src/index.ts';

function linear(): Linear<2, 1> {
  const layer = new Linear(2, 1, { dtype: 'float64' });
  set(layer, 1);
  return layer;
}

/** Weights and bias all of one value. */
function set(m: Module, value: number): void {
  noGrad(() => {
    for (const p of m.parameters()) p.fill_(value);
  });
}

const x = tensor([[1, 2]], { dtype: 'float64' });

describe('AveragedModel', () => {
  it('copies at first and then averages, all models alike', () => {
    const model = linear();
    const averaged = new AveragedModel(model);
    for (const value of [4, 6, 11]) {
      set(model, value);
      averaged.updateParameters();
    }
    expect(averaged.stateDict().get('module.weight')!.toArray()).toEqual([[7, 7]]);
    expect(averaged.nAveraged.item()).toBe(3);
    expect((averaged.call(x) as Tensor).item()).toBe(28);
    expect((model.call(x) as Tensor).item()).toBe(44);
  });

  it('averages exponentially', () => {
    const model = linear();
    const averaged = new AveragedModel(model, { avgFn: getEmaAvgFn(0.75) });
    for (const value of [4, 8]) {
      set(model, value);
      averaged.updateParameters(model);
    }
    expect((averaged.call(x) as Tensor).item()).toBe(20);
    expect(() => getEmaAvgFn(1.5)).toThrow('Invalid decay value 1.5');
  });

  it('takes a function of its own', () => {
    const model = linear();
    const averaged = new AveragedModel(model, { avgFn: (a, v, n) => a.add(v.mul(n)) as Tensor });
    for (const value of [1, 2, 3]) {
      set(model, value);
      averaged.updateParameters();
    }
    expect(averaged.stateDict().get('module.bias')!.toArray()).toEqual([1 + 2 * 1 + 3 * 2]);
  });

  it("has PyTorch's state dict, and loads it", () => {
    const model = new Sequential(new Linear(2, 3), new BatchNorm1d(3));
    const averaged = new AveragedModel(model);
    expect([...averaged.stateDict().keys()]).toEqual([
      'n_averaged',
      ...['0.weight', '0.bias', '1.weight', '1.bias', '1.running_mean', '1.running_var', '1.num_batches_tracked'].map((k) => `module.${k}`),
    ]);
    averaged.updateParameters();
    const other = new AveragedModel(new Sequential(new Linear(2, 3), new BatchNorm1d(3)));
    other.loadStateDict(averaged.stateDict());
    const input = randn([4, 2]);
    expect((other.eval().call(input) as Tensor).toArray()).toEqual((averaged.eval().call(input) as Tensor).toArray());
    expect(other.nAveraged.item()).toBe(1);
  });

  it('knows tied weights, and computed ones', () => {
    class Tied extends Module {
      first = new Linear(2, 2, { bias: false });
      second = new Linear(2, 2, { bias: false });
      constructor() {
        super();
        Object.assign(this.second, { weight: this.first.weight });
      }
      forward(t: Tensor): Tensor {
        return this.second.call(this.first.call(t)) as Tensor;
      }
    }
    const tied = new AveragedModel(new Tied());
    expect([...tied.stateDict().keys()]).toEqual(['n_averaged', 'module.first.weight', 'module.second.weight']);
    expect(tied.parameters()).toHaveLength(1);
    tied.updateParameters();
    expect((tied.call(ones([1, 2])) as Tensor).toArray()).toEqual((tied.model.call(ones([1, 2])) as Tensor).toArray());

    const normalized = spectralNorm(new Linear(2, 2)).eval();
    const averaged = new AveragedModel(normalized, { useBuffers: true });
    averaged.updateParameters();
    const before = (normalized.call(ones([1, 2])) as Tensor).toArray();
    set(normalized, 9);
    expect((averaged.eval().call(ones([1, 2])) as Tensor).toArray()).toEqual(before);
    expect((normalized.call(ones([1, 2])) as Tensor).toArray()).not.toEqual(before);
  });

  it('averages buffers if asked, and integers among them', () => {
    const model = new BatchNorm1d(2, { momentum: 1 });
    const [plain, both] = [new AveragedModel(model), new AveragedModel(model, { useBuffers: true })];
    for (const value of [2, 4]) {
      model.call(
        tensor([
          [value, 0],
          [value, 0],
        ]) as Tensor,
      );
      plain.updateParameters();
      both.updateParameters();
    }
    expect(plain.stateDict().get('module.running_mean')!.toArray()).toEqual([0, 0]);
    expect(both.stateDict().get('module.running_mean')!.toArray()).toEqual([3, 0]);
    expect(both.stateDict().get('module.num_batches_tracked')!.toArray()).toBe(1);
  });

  it('leaves the model as it is: values, modes, graphs recorded before', () => {
    const model = linear();
    const averaged = new AveragedModel(model).eval();
    set(model, 3);
    averaged.updateParameters();
    set(model, 5);
    const loss = model.call(x).sum();
    averaged.call(x);
    expect(model.training).toBe(true);
    loss.backward();
    expect(model.weight.grad!.toArray()).toEqual([[1, 2]]);
    expect(averaged.withAverages(() => model.weight.toArray())).toEqual([[3, 3]]);
    expect(model.weight.toArray()).toEqual([[5, 5]]);
    expect(() =>
      averaged.withAverages(() => {
        throw new RangeError('stop');
      }),
    ).toThrow(RangeError);
    expect(model.weight.toArray()).toEqual([[5, 5]]);
  });

  it('refuses another model before anything changes', () => {
    const averaged = new AveragedModel(linear());
    expect(() => averaged.updateParameters(new Linear(2, 1, { bias: false }))).toThrow('the model has 1 tensors, the average 2');
    expect(() => averaged.updateParameters(new Linear(3, 1))).toThrow('shape [1, 3], the average [1, 2]');
    expect(averaged.nAveraged.item()).toBe(0);
    expect(() => new AveragedModel(linear(), { decay: 0.9 } as object)).toThrow("unknown option 'decay'");
    expect(getSwaAvgFn()(tensor([2]), tensor([8]), tensor(2n) as Tensor).toArray()).toEqual([4]);
  });
});

describe('updateBn', () => {
  const batches = [
    tensor([
      [1, 10],
      [3, 10],
    ]),
    tensor([
      [5, 20],
      [7, 40],
    ]),
  ] as Tensor[];

  it('averages the statistics of all batches, and leaves momentum and modes as they were', async () => {
    const norm = new BatchNorm1d(2, { momentum: 0.3 });
    const model = new Sequential(norm, new ReLU()).eval();
    norm.train();
    await updateBn(
      batches.map((b) => [b, 'label']),
      model,
    );
    expect(norm.runningMean!.toArray()).toEqual([4, 20]);
    expect(norm.runningVar!.toArray()).toEqual([2, 100]);
    expect(norm.momentum).toBe(0.3);
    expect([model.training, norm.training]).toEqual([false, true]);
  });

  it('gives an average statistics of its own, from an asynchronous loader', async () => {
    const model = new Sequential(new Linear(2, 2), new BatchNorm1d(2));
    const before = model.stateDict().get('1.running_mean')!.toArray();
    const averaged = new AveragedModel(model);
    averaged.updateParameters();
    async function* loader(): AsyncGenerator<Tensor> {
      for (const b of batches) yield b;
    }
    await updateBn(loader(), averaged);
    const outputs = batches.map((b) => model.layers[0].call(b) as Tensor);
    const mean = outputs[0]!
      .mean(0)
      .add(outputs[1]!.mean(0) as never)
      .div(2);
    const got = averaged.stateDict().get('module.1.running_mean')!;
    expect(
      got
        .sub(mean as never)
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-5);
    expect(averaged.stateDict().get('module.1.num_batches_tracked')!.item()).toBe(2);
    expect(model.stateDict().get('1.running_mean')!.toArray()).toEqual(before);
  });

  it('and updates of averages hold no memory of a device', async () => {
    const device = new SimulatedDevice();
    const model = new Sequential(new Linear(2, 2), new BatchNorm1d(2)).to(device);
    const averaged = new AveragedModel(model, { useBuffers: true });
    const before = device.memory().buffers;
    for (let i = 0; i < 3; i++) averaged.updateParameters();
    await updateBn(batches, averaged, { device });
    expect(device.memory().buffers).toBe(before);
  });

  it('refuses what is no batch, and does nothing without batch norms', async () => {
    await expect(updateBn(['text'], new BatchNorm1d(2))).rejects.toThrow('must be a tensor');
    let read = false;
    function* loader(): Generator<Tensor> {
      read = true;
      yield batches[0]!;
    }
    await updateBn(loader(), new Linear(2, 2));
    expect(read).toBe(false);
  });
});
