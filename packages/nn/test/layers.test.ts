import { manualSeed, ones, randn, scope, type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

const values = (t: Tensor): Float64Array => Float64Array.from(t.dataSync());

/** Largest magnitude, and mean square over that of U(-bound, bound). */
function spread(t: Tensor, bound: number): { largest: number; variance: number } {
  const v = values(t);
  return { largest: Math.max(...v.map(Math.abs)) / bound, variance: v.reduce((s, x) => s + x * x, 0) / v.length / (bound ** 2 / 3) };
}

function expectUniform(t: Tensor, bound: number): void {
  const { largest, variance } = spread(t, bound);
  expect(largest).toBeLessThanOrEqual(1);
  expect(largest).toBeGreaterThan(0.9);
  expect(variance).toBeGreaterThan(0.8);
  expect(variance).toBeLessThan(1.2);
}

describe('initial values', () => {
  it("are PyTorch's: U(-1/√fan, 1/√fan) for convolutions, U(-1/√hidden, 1/√hidden) for recurrent layers", () => {
    manualSeed(1);
    const conv = new nn.Conv2d(8, 64, 3, { groups: 2 });
    expect(conv.weight.shape).toEqual([64, 4, 3, 3]);
    expectUniform(conv.weight, 1 / Math.sqrt(36));
    expectUniform(conv.bias!, 1 / Math.sqrt(36));
    const rnn = new nn.RNN(20, 64, { numLayers: 2, bidirectional: true });
    for (const p of rnn.parameters()) expectUniform(p, 1 / 8);
  });

  it('are one and zero for normalizations', () => {
    for (const m of [new nn.BatchNorm1d(3), new nn.BatchNorm2d(3)]) {
      expect([...m.stateDict()].map(([k, t]) => [k, t.toArray(), t.dtype])).toEqual([
        ['weight', [1, 1, 1], 'float32'],
        ['bias', [0, 0, 0], 'float32'],
        ['running_mean', [0, 0, 0], 'float32'],
        ['running_var', [1, 1, 1], 'float32'],
        ['num_batches_tracked', 0, 'int64'],
      ]);
    }
    expect([...new nn.LayerNorm([2]).stateDict()].map(([k, t]) => [k, t.toArray()])).toEqual([
      ['weight', [1, 1]],
      ['bias', [0, 0]],
    ]);
    expect([...new nn.LayerNorm([2], { bias: false }).stateDict().keys()]).toEqual(['weight']);
    expect([...new nn.BatchNorm1d(2, { affine: false }).stateDict().keys()]).toEqual([
      'running_mean',
      'running_var',
      'num_batches_tracked',
    ]);
    expect([...new nn.BatchNorm1d(2, { trackRunningStats: false }).stateDict().keys()]).toEqual(['weight', 'bias']);
  });

  it('can be drawn in another dtype', () => {
    const layers = [
      new nn.Linear(2, 2, { dtype: 'float64' }),
      new nn.Conv2d(1, 1, 1, { dtype: 'float64' }),
      new nn.RNN(1, 1, { dtype: 'float64' }),
      new nn.BatchNorm1d(2, { dtype: 'float64' }),
      new nn.LayerNorm(2, { dtype: 'float64' }),
    ];
    for (const m of layers) for (const [k, t] of m.stateDict()) expect(t.dtype).toBe(k === 'num_batches_tracked' ? 'int64' : 'float64');
  });

  it('come again with resetParameters', () => {
    manualSeed(5);
    const fc = new nn.Linear(3, 3);
    const before = fc.weight.toArray();
    fc.resetParameters();
    expect(fc.weight.toArray()).not.toEqual(before);
    const norm = new nn.BatchNorm1d(1);
    norm.call(tensor([[1], [3]]) as never);
    expect(norm.numBatchesTracked!.item()).toBe(1);
    norm.resetParameters();
    expect([norm.runningMean!.item(), norm.runningVar!.item(), norm.numBatchesTracked!.item()]).toEqual([0, 1, 0]);
  });
});

describe('Conv2d', () => {
  it('checks its arguments', () => {
    expect(() => new nn.Conv2d(3, 4, 3, { groups: 2 })).toThrow('Conv2d: inChannels must be divisible by groups, got 3 and 2');
    expect(() => new nn.Conv2d(4, 3, 3, { groups: 2 })).toThrow('Conv2d: outChannels must be divisible by groups, got 3 and 2');
    expect(() => new nn.Conv2d(4, 4, 3, { groups: 0 })).toThrow('Conv2d: groups must be an integer of at least 1, got 0');
    expect(() => new nn.Conv2d(4, 4, 0)).toThrow('Conv2d: kernelSize must be an integer of at least 1, got 0');
    expect(() => new nn.Conv2d(4, 4, 3, { padding: -1 })).toThrow('Conv2d: padding must be an integer of at least 0, got -1');
    expect(() => new nn.Conv2d(4, 4, 3, { padding: 'same', stride: 2 })).toThrow(
      "padding 'same' is not supported for strided convolutions",
    );
    expect(() => new nn.Conv2d(4, 4, 3, { paddingMode: 'mirror' as never })).toThrow(
      "paddingMode must be one of zeros, reflect, replicate, circular, got 'mirror'",
    );
  });

  it('checks its input', () => {
    const m: nn.Module = new nn.Conv2d(3, 4, 3);
    expect(() => m.call(zeros([1, 2, 5, 5]))).toThrow('Conv2d(3, 4) expects [N, 3, H, W] but the input is [1, 2, 5, 5]');
    expect(() => m.call(zeros([2, 5, 5]))).toThrow('Conv2d(3, 4) expects [3, H, W] but the input is [2, 5, 5]');
    expect(() => m.call(zeros([5, 5]))).toThrow('Conv2d(3, 4) expects [N, 3, H, W] or [3, H, W] but the input is [5, 5]');
    expect(() => m.call(zeros([1, 3, 2, 5]))).toThrow(expect.objectContaining({ name: 'ShapeError' }));
  });
});

describe('BatchNorm', () => {
  it('changes no state when the batch is refused', () => {
    const m = new nn.BatchNorm1d(2);
    const call = (x: Tensor): unknown => (m as nn.Module).call(x);
    expect(() => call(zeros([1, 2]))).toThrow(
      expect.objectContaining({ name: 'ValueError', message: expect.stringContaining('more than 1 value per channel') }),
    );
    expect(() => call(zeros([3, 4]))).toThrow('BatchNorm1d(2) expects [N, 2] or [N, 2, L] but the input is [3, 4]');
    expect(() => (new nn.BatchNorm2d(2) as nn.Module).call(zeros([3, 2]))).toThrow(
      'BatchNorm2d(2) expects [N, 2, H, W] but the input is [3, 2]',
    );
    expect(m.numBatchesTracked!.item()).toBe(0);
    expect(m.runningMean!.toArray()).toEqual([0, 0]);
    expect(m.eval().call(zeros([1, 2])).shape).toEqual([1, 2]);
  });

  it('weights the new batch by its momentum, with the unbiased variance', () => {
    const m = new nn.BatchNorm1d(1, { momentum: 0.25 });
    m.call(tensor([[1], [3]]) as never);
    expect(m.runningMean!.item()).toBe(0.5);
    expect(m.runningVar!.item()).toBe(0.75 + 0.25 * 2);
  });

  it('keeps its running statistics when its scope ends', () => {
    const m = scope(() => {
      const made = new nn.BatchNorm1d(1);
      made.call(tensor([[1], [3]]) as never);
      return () => made;
    })();
    scope(() => m.call(tensor([[1], [3]]) as never));
    expect(m.runningMean!.item()).toBeCloseTo(0.38, 6);
    const cumulative = new nn.BatchNorm1d(1, { momentum: null });
    for (const x of [1, 2, 6]) scope(() => cumulative.call(tensor([[x], [x]]) as never));
    expect(cumulative.runningMean!.item()).toBeCloseTo(3, 6);
    expect(cumulative.numBatchesTracked!.item()).toBe(3);
  });
});

describe('LayerNorm', () => {
  it('checks its shape', () => {
    const m: nn.Module = new nn.LayerNorm([2, 3]);
    expect(() => m.call(zeros([2, 2]))).toThrow('LayerNorm([2, 3]) expects trailing dimensions [2, 3] but the input is [2, 2]');
    expect(() => m.call(zeros([3]))).toThrow('LayerNorm([2, 3]) expects trailing dimensions [2, 3] but the input is [3]');
    expect(() => new nn.LayerNorm([])).toThrow('at least one dimension');
  });
});

describe('Dropout', () => {
  it('drops in training only, scales, and draws from the default generator', () => {
    const m = new nn.Dropout(0.25);
    manualSeed(0);
    const y = values(m.call(ones([1000])));
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    const dropped = y.filter((v) => v === 0).length;
    expect(dropped).toBeGreaterThan(200);
    expect(dropped).toBeLessThan(300);
    manualSeed(0);
    expect(values(m.call(ones([1000])))).toEqual(y);
    const x = ones([3]);
    expect(m.eval().call(x)).toBe(x);
    expect(() => new nn.Dropout(1.5)).toThrow('Dropout: p must be a probability in [0, 1], got 1.5');
  });
});

describe('RNN', () => {
  it('checks its options and inputs', () => {
    expect(() => new nn.RNN(2, 0)).toThrow('RNN: hiddenSize must be an integer of at least 1, got 0');
    expect(() => new nn.RNN(2, 3, { nonlinearity: 'gelu' as never })).toThrow("RNN: unknown nonlinearity 'gelu'; it is tanh or relu");
    expect(() => new nn.RNN(2, 3, { dropout: 2 })).toThrow('RNN: dropout must be a probability in [0, 1], got 2');
    const m = new nn.RNN(2, 3, { numLayers: 2 });
    expect(() => m.call(zeros([5, 1, 4]))).toThrow('RNN(2, 3) expects [L, N, 2] or [L, 2] but the input is [5, 1, 4]');
    expect(() => m.call(zeros([0, 1, 2]))).toThrow('RNN(2, 3) expects at least one step but the input is [0, 1, 2]');
    expect(() => m.call(zeros([5, 1, 2]), zeros([1, 1, 3]))).toThrow(
      'RNN(2, 3) expects an initial state [2, 1, 3] for the input [5, 1, 2], got [1, 1, 3]',
    );
    expect(() => m.call(zeros([5, 2]), zeros([2, 1, 3]))).toThrow('expects an initial state [2, 3] for the input [5, 2], got [2, 1, 3]');
  });

  it("names its parameters as PyTorch's state dict does", () => {
    const m = new nn.RNN(2, 3, { numLayers: 2, bidirectional: true });
    const kinds = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'];
    const suffixes = ['_l0', '_l0_reverse', '_l1', '_l1_reverse'];
    expect([...m.stateDict().keys()]).toEqual(suffixes.flatMap((s) => kinds.map((k) => k + s)));
    expect(m['weightIhL1Reverse'].shape).toEqual([3, 6]);
  });

  it('drops between layers, in training only', () => {
    const m = new nn.RNN(2, 3, { numLayers: 2, dropout: 1 });
    const x = randn([4, 1, 2]);
    const [dropped] = m.call(x);
    const [again] = m.call(randn([4, 1, 2]));
    // Nothing reaches the second layer.
    expect(dropped.toArray()).toEqual(again.toArray());
    expect(m.eval().call(x)[0].toArray()).not.toEqual(dropped.toArray());
    const [, last] = new nn.RNN(2, 3, { dropout: 1 }).call(x);
    expect(values(last).every((v) => v !== 0)).toBe(true);
  });
});

describe('activations', () => {
  it('apply their functions with their parameters', () => {
    const x = tensor([-2, 0, 3]);
    const rows: [nn.Module, Tensor][] = [
      [new nn.ReLU(), x.relu()],
      [new nn.LeakyReLU({ negativeSlope: 0.2 }), x.leakyRelu(0.2)],
      [new nn.ELU({ alpha: 2 }), x.elu(2)],
      [new nn.SELU(), x.selu()],
      [new nn.SiLU(), x.silu()],
      [new nn.Mish(), x.mish()],
      [new nn.Tanh(), x.tanh()],
      [new nn.Sigmoid(), x.sigmoid()],
      [new nn.LogSigmoid(), x.logsigmoid()],
      [new nn.Softplus({ beta: 2, threshold: 5 }), x.softplus(2, 5)],
      [new nn.GELU(), x.gelu()],
      [new nn.GELU({ approximate: 'tanh' }), x.gelu({ approximate: 'tanh' })],
      [new nn.Softmax(0), x.softmax(0)],
      [new nn.LogSoftmax(-1), x.logSoftmax(-1)],
      [new nn.Identity(), x],
    ];
    for (const [m, want] of rows) expect((m.call(x) as Tensor).toArray(), String(m)).toEqual(want.toArray());
    expect(rows.map(([m]) => values(m.call(x))[2])).not.toContain(0);
    expect(() => new nn.GELU({ approximate: 'sigmoid' as never })).toThrow("GELU: approximate must be 'none' or 'tanh', got 'sigmoid'");
  });
});

describe('losses', () => {
  const input = tensor([
    [2, -1],
    [0.5, 1],
  ]);
  const F = nn.functional;

  it('are their functions with options', () => {
    const classes = tensor([0n, 1n]);
    const target = tensor([
      [1, 0],
      [0, 1],
    ]);
    const weight = tensor([1, 3]);
    const rows: [nn.Module & { call(a: Tensor, b: Tensor): Tensor }, Tensor, Tensor][] = [
      [new nn.CrossEntropyLoss({ weight, labelSmoothing: 0.1 }), classes, F.crossEntropy(input, classes, { weight, labelSmoothing: 0.1 })],
      [new nn.NLLLoss({ reduction: 'sum' }), classes, F.nllLoss(input, classes, { reduction: 'sum' })],
      [new nn.MSELoss(), target, F.mseLoss(input, target)],
      [new nn.L1Loss({ reduction: 'none' }), target, F.l1Loss(input, target, { reduction: 'none' })],
      [new nn.SmoothL1Loss({ beta: 0.5 }), target, F.smoothL1Loss(input, target, { beta: 0.5 })],
      [new nn.HuberLoss({ delta: 0.5 }), target, F.huberLoss(input, target, { delta: 0.5 })],
      [new nn.BCEWithLogitsLoss({ posWeight: weight }), target, F.binaryCrossEntropyWithLogits(input, target, { posWeight: weight })],
    ];
    for (const [m, t, want] of rows) expect(m.call(input, t).toArray(), m.constructor.name).toEqual(want.toArray());
    const p = input.sigmoid();
    expect(new nn.BCELoss({ weight }).call(p, target).item()).toBe(F.binaryCrossEntropy(p, target, { weight }).item());
  });

  it('keep their weights as buffers', () => {
    const m = new nn.CrossEntropyLoss({ weight: tensor([1, 3]) });
    expect([...m.stateDict().keys()]).toEqual(['weight']);
    expect(m.parameters()).toEqual([]);
    expect(m.to('float64').weight!.dtype).toBe('float64');
  });
});

describe('init', () => {
  const { init } = nn;

  it('knows gains and fans', () => {
    expect(init.calculateGain('tanh')).toBe(5 / 3);
    expect(init.calculateGain('relu')).toBe(Math.SQRT2);
    expect(init.calculateGain('leakyRelu', 0.5)).toBe(Math.sqrt(2 / 1.25));
    expect(init.calculateGain('linear')).toBe(1);
    expect(init.calculateGain('selu')).toBe(0.75);
    expect(() => init.calculateGain('gelu' as never)).toThrow("unknown nonlinearity 'gelu'");
    expect(init.calculateFan(zeros([4, 3, 2, 5]))).toEqual({ fanIn: 30, fanOut: 40 });
    expect(() => init.calculateFan(zeros([4]))).toThrow('fewer than 2 dimensions, got [4]');
  });

  it('draws with the variance it promises, into the tensor itself', () => {
    manualSeed(2);
    const w = new nn.Parameter(zeros([200, 100]));
    const variance = (): number => values(w).reduce((s, x) => s + x * x, 0) / w.size;
    const rows: [() => unknown, number][] = [
      [() => init.xavierUniform_(w, { gain: 2 }), (4 * 2) / 300],
      [() => init.xavierNormal_(w), 2 / 300],
      [() => init.kaimingUniform_(w, { nonlinearity: 'relu' }), 2 / 100],
      [() => init.kaimingNormal_(w, { mode: 'fanOut', a: 1 }), 1 / 200],
      [() => init.normal_(w, 0, 3), 9],
      [() => init.uniform_(w, -3, 3), 3],
    ];
    for (const [run, want] of rows) {
      expect(run()).toBe(w);
      expect(variance() / want).toBeGreaterThan(0.97);
      expect(variance() / want).toBeLessThan(1.03);
    }
    init.constant_(w, 0.5);
    expect(new Set(values(w))).toEqual(new Set([0.5]));
    expect(w.isLeaf && w.requiresGrad).toBe(true);
    expect(() => init.kaimingUniform_(w, { mode: 'fan_in' as never })).toThrow("mode must be 'fanIn' or 'fanOut', got 'fan_in'");
  });
});

describe('training', () => {
  it('moves every parameter of a network of every kind of layer', () => {
    manualSeed(7);
    const net = new nn.Sequential(
      new nn.Conv2d(1, 4, 3, { padding: 1 }),
      new nn.BatchNorm2d(4),
      new nn.GELU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(64, 8),
      new nn.LayerNorm([8]),
      new nn.Tanh(),
      new nn.Dropout(0.1),
      new nn.Linear(8, 3),
    );
    new nn.CrossEntropyLoss().call(net.call(randn([5, 1, 8, 8])), tensor([0n, 1n, 2n, 0n, 1n])).backward();
    for (const [name, p] of net.namedParameters()) {
      // A bias before a normalization has no effect.
      if (name === '0.bias') continue;
      expect(p.grad, name).not.toBeNull();
      expect(
        values(p.grad!).some((v) => v !== 0),
        name,
      ).toBe(true);
    }
  });
});
