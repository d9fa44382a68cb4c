import { ones, scope, type Tensor, tensor, zeros } from '@nabla/core';
import { CpuBackend, compiledKernels, replaceData } from '@nabla/core/internals';
import { describe, expect, it } from 'vitest';
import { Adam, AdamW, clipGradNorm_, clipGradValue_, Optimizer, type OptimizerStateDict, SGD } from '../src/index.ts';

function parameter(...values: number[]): Tensor {
  return tensor(values, { requiresGrad: true });
}

function withGrad(values: number[], grads: number[]): Tensor {
  const p = parameter(...values);
  p.grad = tensor(grads);
  return p;
}

describe('parameters and groups', () => {
  it('are checked as in PyTorch', () => {
    const p = parameter(1);
    expect(() => new SGD([], { lr: 1 })).toThrow('optimizer got an empty parameter list');
    expect(() => new SGD([p, p], { lr: 1 })).toThrow('some parameters appear more than once');
    expect(() => new SGD([{ params: [p] }, { params: [p] }], { lr: 1 })).toThrow('some parameters appear more than once');
    expect(() => new SGD([p.mul(2) as Tensor], { lr: 1 })).toThrow("can't optimize a non-leaf tensor");
    expect(() => new SGD([3 as never], { lr: 1 })).toThrow('optimizer can only optimize tensors');
    expect(() => new SGD([{ params: [p] }, p as never], { lr: 1 })).toThrow('item 1 is none');
    expect(() => new SGD([tensor([1n])], { lr: 1 })).toThrow('only optimize floating tensors');
    for (const wrong of [() => new SGD([], { lr: 1 }), () => new SGD([p], {})])
      expect(wrong).toThrow(expect.objectContaining({ name: 'ValueError' }));
  });

  it('check their options with the texts of PyTorch', () => {
    const p = [parameter(1)];
    expect(() => new SGD(p)).toThrow("parameter group didn't specify a value of required optimization parameter lr");
    expect(() => new SGD(p, { lr: -0.5 })).toThrow('Invalid learning rate: -0.5');
    expect(() => new SGD(p, { lr: 1, momentum: -1 })).toThrow('Invalid momentum value: -1');
    expect(() => new SGD(p, { lr: 1, weightDecay: -1 })).toThrow('Invalid weightDecay value: -1');
    expect(() => new SGD(p, { lr: 1, momentum: 0.9, dampening: 0.1, nesterov: true })).toThrow('Nesterov momentum requires');
    expect(() => new Adam(p, { betas: [1, 0.9] })).toThrow('Invalid beta parameter at index 0: 1');
    expect(() => new Adam(p, { eps: -1 })).toThrow('Invalid epsilon value: -1');
    expect(() => new AdamW(p, { lr: Number.NaN })).toThrow('Invalid learning rate: NaN');
    expect(() => new SGD([{ params: p, lr: -1 }], { lr: 1 })).toThrow('Invalid learning rate: -1');
  });

  it('use their own options, else the defaults, as they are at each step', () => {
    const [a, b] = [withGrad([1], [1]), withGrad([1], [1])];
    const optimizer = new SGD([{ params: [a], lr: 0.5 }, { params: [b] }], { lr: 0.25 });
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.5, 0.75]);
    optimizer.paramGroups[0]!.lr = 0.125;
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.375, 0.5]);
  });

  it('can be added later', () => {
    const [a, b] = [withGrad([1], [1]), withGrad([1], [1])];
    const optimizer = new SGD([a], { lr: 0.5 });
    optimizer.addParamGroup({ params: [b], lr: 1 });
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.5, 0]);
    expect(() => optimizer.addParamGroup({ params: [a] })).toThrow('more than once');
  });

  it('accept every group or none', () => {
    const [a, b] = [parameter(1), parameter(1)];
    const optimizer = new SGD([a], { lr: 1 });
    expect(() => optimizer.addParamGroup({ params: [b, a] })).toThrow('more than once');
    expect(optimizer.paramGroups).toHaveLength(1);
    optimizer.addParamGroup({ params: [b] });
  });
});

describe('step', () => {
  it('skips parameters without gradients and leaves their state alone', () => {
    const [a, b] = [withGrad([1], [1]), parameter(1)];
    const optimizer = new Adam([a, b]);
    optimizer.step();
    expect(b.item()).toBe(1);
    expect(optimizer.state.has(b)).toBe(false);
  });

  it('updates in place: the parameter and its storage stay, and it is still a leaf', () => {
    const p = withGrad([1, 2], [1, 1]);
    const { storage } = p;
    const { version } = storage;
    new SGD([p], { lr: 1, momentum: 0.5 }).step();
    expect(p.storage).toBe(storage);
    expect(storage.version).toBe(version + 1);
    expect(p.toArray()).toEqual([0, 1]);
    expect(p.isLeaf && p.requiresGrad).toBe(true);
  });

  it('runs a closure with recording and gives its loss', () => {
    const p = parameter(3);
    const optimizer = new SGD([p], { lr: 0.25 });
    const loss = optimizer.step(() => {
      optimizer.zeroGrad();
      const l = p.square().sum() as Tensor;
      l.backward();
      return l;
    });
    expect(loss.item()).toBe(9);
    expect(p.item()).toBe(1.5);
    expect(optimizer.step()).toBeUndefined();
  });

  it('updates strided and scalar parameters', () => {
    const base = zeros([2, 3]);
    const p = base.transpose(0, 1).detach().requiresGrad_() as Tensor;
    p.grad = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const s = tensor(2, { requiresGrad: true });
    s.grad = tensor(4);
    new SGD([p, s], { lr: 0.5, momentum: 0.9 }).step();
    expect(base.toArray()).toEqual([
      [-0.5, -1.5, -2.5],
      [-1, -2, -3],
    ]);
    expect(s.item()).toBe(0);
  });

  it('maximizes', () => {
    for (const make of [(p: Tensor) => new SGD([p], { lr: 1, maximize: true }), (p: Tensor) => new Adam([p], { lr: 1, maximize: true })]) {
      const p = withGrad([0], [2]);
      make(p).step();
      expect(p.item()).toBeGreaterThan(0.9);
    }
  });

  it('compiles nothing for new numbers: learning rates, momenta, decays, betas', () => {
    const p = withGrad([1, 2], [1, 1]);
    const sgd = new SGD([p], { lr: 1, momentum: 0.5, weightDecay: 0.1, nesterov: true });
    const adam = new Adam([p], { lr: 1, weightDecay: 0.1 });
    const adamW = new AdamW([p], { lr: 1, amsgrad: true });
    const all = [sgd, adam, adamW];
    for (const o of [...all, ...all]) o.step();
    const before = compiledKernels();
    for (let i = 1; i <= 1000; i++) {
      for (const o of all) o.paramGroups[0]!.lr = 1 / (i + 7);
      sgd.paramGroups[0]!.momentum = 0.5 + i / 5000;
      sgd.paramGroups[0]!.weightDecay = i / 3000;
      adam.paramGroups[0]!.weightDecay = i / 4000;
      adam.paramGroups[0]!.betas = [0.5 + i / 5000, 0.9];
      adamW.paramGroups[0]!.eps = i / 1e9;
      for (const o of all) o.step();
    }
    expect(compiledKernels()).toBe(before);
  });
});

describe('AMSGrad', () => {
  it('divides by the largest mean square so far', () => {
    const p = withGrad([0], [10]);
    const optimizer = new Adam([p], { lr: 1, betas: [0, 0.5], eps: 0, amsgrad: true });
    optimizer.step();
    p.grad = tensor([1]);
    optimizer.step();
    const state = optimizer.state.get(p)!;
    expect((state['maxExpAvgSq'] as Tensor).item()).toBe(50);
    expect((state['expAvgSq'] as Tensor).item()).toBe(25.5);
    // The second step is 1 / sqrt(50 / (1 - 0.25)).
    expect(p.item()).toBeCloseTo(-1 - 1 / Math.sqrt(50 / 0.75), 6);
  });
});

describe('zeroGrad', () => {
  it('sets to null, or fills with zeros', () => {
    const p = withGrad([1], [2]);
    const optimizer = new SGD([p], { lr: 1 });
    const { grad } = p;
    optimizer.zeroGrad({ setToNull: false });
    expect(p.grad).toBe(grad);
    expect(grad!.item()).toBe(0);
    optimizer.zeroGrad();
    expect(p.grad).toBeNull();
    expect(grad!.item()).toBe(0);
  });

  it('hands gradients to the scope, so that a training loop frees everything it made', () => {
    const p = tensor([1, 2, 3], { requiresGrad: true });
    const optimizer = new Adam([p], { lr: 0.1 });
    const gradients: Tensor[] = [];
    for (let i = 0; i < 3; i++) {
      scope(() => {
        optimizer.zeroGrad();
        p.square().sum().backward();
        gradients.push(p.grad!);
        optimizer.step();
      });
    }
    expect(gradients.map((g) => g.disposed)).toEqual([true, true, false]);
    const state = optimizer.state.get(p)!;
    expect((state['expAvg'] as Tensor).disposed).toBe(false);
    expect((state['expAvg'] as Tensor).toArray()).toHaveLength(3);
    expect(p.toArray()).toHaveLength(3);
  });
});

describe('state dicts', () => {
  function trained(): { optimizer: Adam; params: Tensor[] } {
    const params = [withGrad([1, 2], [1, -1]), withGrad([3], [2])];
    const optimizer = new Adam([{ params: [params[0]!], lr: 0.5 }, { params: [params[1]!] }], { betas: [0.8, 0.9], weightDecay: 0.1 });
    optimizer.step();
    return { optimizer, params };
  }

  it("have PyTorch's structure and names", () => {
    const { optimizer } = trained();
    const dict = optimizer.stateDict();
    expect(Object.keys(dict)).toEqual(['state', 'param_groups']);
    expect(Object.keys(dict.state)).toEqual(['0', '1']);
    expect(Object.keys(dict.state['0']!)).toEqual(['step', 'exp_avg', 'exp_avg_sq']);
    expect(dict.state['0']!['step']).toBe(1);
    expect(dict.param_groups).toEqual([
      { lr: 0.5, betas: [0.8, 0.9], eps: 1e-8, weight_decay: 0.1, amsgrad: false, maximize: false, params: [0] },
      { lr: 1e-3, betas: [0.8, 0.9], eps: 1e-8, weight_decay: 0.1, amsgrad: false, maximize: false, params: [1] },
    ]);
    expect(new SGD([parameter(1)], { lr: 1 }).stateDict().state).toEqual({});
  });

  it('continue a run exactly, and copy their tensors', () => {
    const one = trained();
    const params = one.params.map((p) => {
      const copy = p.detach().clone().requiresGrad_() as Tensor;
      copy.grad = p.grad;
      return copy;
    });
    const two = new Adam([{ params: [params[0]!] }, { params: [params[1]!] }]);
    two.loadStateDict(one.optimizer.stateDict());
    for (let i = 0; i < 3; i++) {
      one.optimizer.step();
      two.step();
    }
    expect(params.map((p) => p.toArray())).toEqual(one.params.map((p) => p.toArray()));
    expect(two.paramGroups[0]!.lr).toBe(0.5);
    expect(two.state.get(params[0]!)!['expAvg']).not.toBe(one.optimizer.state.get(one.params[0]!)!['expAvg']);
  });

  it("take PyTorch's: a step counted in a tensor, options that do not exist here", () => {
    const p = withGrad([1], [1]);
    const optimizer = new Adam([p]);
    const dict: OptimizerStateDict = {
      state: { 0: { step: tensor(4), exp_avg: tensor([0.5]), exp_avg_sq: tensor([0.25]) } },
      param_groups: [{ lr: 0.5, foreach: null, capturable: false, weight_decay: 0.25, params: [0] }],
    };
    optimizer.loadStateDict(dict);
    expect(optimizer.state.get(p)!['step']).toBe(4);
    expect(optimizer.paramGroups[0]!.weightDecay).toBe(0.25);
    expect(optimizer.paramGroups[0]).not.toHaveProperty('foreach');
  });

  it('that do not fit change nothing', () => {
    const { optimizer, params } = trained();
    const before = JSON.stringify(optimizer.stateDict().param_groups);
    const dict = optimizer.stateDict();
    expect(() => optimizer.loadStateDict({ ...dict, param_groups: [dict.param_groups[0]!] })).toThrow(
      'has 1 parameter groups, the optimizer 2',
    );
    const two = { ...dict.param_groups[0]!, params: [0, 1] };
    expect(() => optimizer.loadStateDict({ ...dict, param_groups: [two, two] })).toThrow('has 2 parameters in group 0, the optimizer 1');
    const wrong = { ...dict.state, 1: { ...dict.state['1']!, exp_avg: ones([2]) } };
    expect(() => optimizer.loadStateDict({ ...dict, state: wrong })).toThrow(
      "the state 'expAvg' of parameter 1 has shape [2], expected [1]",
    );
    expect(() => optimizer.loadStateDict({ ...dict, state: { 5: {} } })).toThrow('state for parameter 5');
    const negative = dict.param_groups.map((g) => ({ ...g, lr: -1 }));
    expect(() => optimizer.loadStateDict({ ...dict, param_groups: negative })).toThrow('Invalid learning rate');
    expect(JSON.stringify(optimizer.stateDict().param_groups)).toBe(before);
    expect(optimizer.state.get(params[0]!)!['step']).toBe(1);
  });
});

describe('a parameter that moves', () => {
  it('takes its state along', () => {
    const other = new CpuBackend();
    const p = withGrad([1], [1]);
    const optimizer = new Adam([p], { lr: 0.5 });
    optimizer.step();
    replaceData(p, p.detach().to(other)); // what Module.to does
    p.grad = tensor([1], { device: other });
    optimizer.step();
    expect((optimizer.state.get(p)!['expAvg'] as Tensor).device).toBe(other);
    expect(p.item()).toBeCloseTo(0, 4);
  });
});

describe('clipping', () => {
  it('takes one parameter or many, and leaves small gradients alone', () => {
    const p = withGrad([0, 0], [3, 4]);
    expect(clipGradNorm_(p, 10).item()).toBe(5);
    expect(p.grad!.toArray()).toEqual([3, 4]);
    expect(clipGradNorm_([p, parameter(1)], 1, { normType: Infinity }).item()).toBe(4);
    expect((p.grad!.toArray() as number[])[1]).toBeCloseTo(1, 6);
    expect(clipGradNorm_([], 1).item()).toBe(0);
    p.grad = tensor([3, -4]);
    clipGradValue_(p, 3.5);
    expect(p.grad.toArray()).toEqual([3, -3.5]);
  });

  it('can refuse norms that are not finite', () => {
    const p = withGrad([0], [Number.NaN]);
    expect(() => clipGradNorm_(p, 1, { errorIfNonfinite: true })).toThrow(expect.objectContaining({ name: 'NonFiniteGradientError' }));
    expect(() => clipGradNorm_(p, 1, { normType: Number.NaN })).toThrow('must be numbers, got 1 and NaN');
    expect(() => clipGradValue_(p, -1)).toThrow('must not be negative');
    expect(clipGradNorm_(p, 1).item()).toBeNaN();
  });
});

describe("an optimizer of one's own", () => {
  it('gives defaults, a check and an update', () => {
    class SignDescent extends Optimizer<{ lr: number }> {
      constructor(params: Iterable<Tensor>) {
        super(params, { lr: 0.5 });
      }
      protected override check(): void {}
      protected override update(p: Tensor, grad: Tensor, o: { lr: number }): void {
        p.sub_(grad.sign().mul(o.lr));
      }
    }
    const p = withGrad([1, 1], [-3, 7]);
    new SignDescent([p]).step();
    expect(p.toArray()).toEqual([1.5, 0.5]);
  });
});
