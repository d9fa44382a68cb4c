import { arange, empty, manualSeed, ones, randn, type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

function near(a: Tensor, b: Tensor, tolerance: number = 1e-10): void {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [a.detach().dataSync(), b.detach().dataSync()];
  for (let i = 0; i < x.length; i++) expect(Math.abs(x[i]! - y[i]!)).toBeLessThanOrEqual(tolerance);
}

describe('parameters as a vector', () => {
  it('go there and back', () => {
    const layer = new nn.Linear(3, 2);
    const vector = nn.parametersToVector(layer.parameters());
    expect(vector.shape).toEqual([8]);
    nn.vectorToParameters(arange(8), layer.parameters());
    expect(layer.weight.toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(layer.bias!.toArray()).toEqual([6, 7]);
    expect(() => nn.vectorToParameters(zeros([7]), layer.parameters())).toThrow('the vector has shape [7], the parameters have 8 elements');
    expect(() => nn.parametersToVector([])).toThrow('there are no parameters');
  });
});

describe('fusion with batch norm', () => {
  const trained = <M extends nn.Module>(bn: M, shape: readonly number[]): M => {
    for (let i = 0; i < 3; i++) (bn as unknown as { call(x: unknown): unknown }).call(randn(shape, { dtype: 'float64' }).mul(2).add(1));
    for (const p of bn.parameters()) p.detach().uniform_(0.5, 1.5);
    return bn.eval();
  };
  const f64 = { dtype: 'float64' } as const;
  it.each([
    ['Conv2d', () => new nn.Conv2d(4, 6, 3, { groups: 2, padding: 1, paddingMode: 'reflect', bias: false, ...f64 })],
    ['ConvTranspose2d', () => new nn.ConvTranspose2d(4, 6, 3, { groups: 2, stride: 2, outputPadding: 1, ...f64 })],
  ] as const)('%s', (_, make) => {
    const conv = make().eval() as nn.Conv2d<number, number, number>;
    const bn = trained(new nn.BatchNorm2d(6 as number, f64), [2, 6, 4, 4]);
    const x = randn([2, 4, 5, 5], f64) as unknown as Tensor;
    near(nn.fuseConvBnEval(conv, bn).call(x) as unknown as Tensor, bn.call(conv.call(x)) as unknown as Tensor);
    expect(() => nn.fuseConvBnEval(conv.train(), bn)).toThrow('both layers must be in evaluation mode');
  });
  it('Linear', () => {
    const linear = new nn.Linear(3 as number, 4 as number, f64).eval();
    const bn = trained(new nn.BatchNorm1d(4 as number, f64), [5, 4]);
    const x = randn([2, 3], f64) as unknown as Tensor;
    near(nn.fuseLinearBnEval(linear, bn).call(x) as unknown as Tensor, bn.call(linear.call(x)) as unknown as Tensor);
  });
});

describe('summary', () => {
  it('lists shapes, parameters and multiply-adds, and leaves modes and hooks as they were', () => {
    const model = new nn.Sequential(new nn.Conv2d(3, 8, 3, { padding: 1 }), new nn.ReLU(), new nn.Flatten(), new nn.Linear(8 * 36, 10));
    model.layers[1].eval();
    const s = nn.summary(model, zeros([2, 3, 6, 6]));
    expect(s.rows.map((r) => [r.path, r.type, r.outputShapes, r.parameters, r.multAdds])).toEqual([
      ['', 'Sequential', [[2, 10]], 0, 0],
      ['0', 'Conv2d', [[2, 8, 6, 6]], 224, 2 * 8 * 36 * 27],
      ['1', 'ReLU', [[2, 8, 6, 6]], 0, 0],
      ['2', 'Flatten', [[2, 288]], 0, 0],
      ['3', 'Linear', [[2, 10]], 2890, 2 * 2880],
    ]);
    expect([s.totalParameters, s.trainableParameters, s.totalMultAdds]).toEqual([3114, 3114, 15552 + 5760]);
    expect(model.modules().map((m) => m.training)).toEqual([true, true, false, true, true]);
    expect(String(s).split('\n')).toEqual([
      'Layer         Output        Parameters  Mult-adds',
      '-------------------------------------------------',
      'Sequential    [2, 10]                -          -',
      '  0: Conv2d   [2, 8, 6, 6]         224     15,552',
      '  1: ReLU     [2, 8, 6, 6]           -          -',
      '  2: Flatten  [2, 288]               -          -',
      '  3: Linear   [2, 10]            2,890      5,760',
      '-------------------------------------------------',
      'Parameters: 3,114, of which 3,114 are trained',
      'Mult-adds: 21,312',
    ]);
  });
});

describe('positions', () => {
  it('are sines and cosines', () => {
    const p = nn.sinusoidalEncoding(3, 4, { dtype: 'float64' }).toArray() as unknown as number[][];
    expect(p[0]).toEqual([0, 1, 0, 1]);
    expect(p[2]!).toEqual([Math.sin(2), Math.cos(2), Math.sin(2 / 100), Math.cos(2 / 100)]);
    const layer = new nn.PositionalEncoding(4, { batchFirst: true, maxLength: 5 }).eval();
    expect(layer.stateDict().size).toBe(0);
    near(layer.call(zeros([2, 3, 4])).select(0, 1) as Tensor, nn.sinusoidalEncoding(3, 4), 0);
    expect(() => layer.call(zeros([1, 6, 4]))).toThrow('at most 5 positions of size 4');
  });

  it.each([true, false])('turn queries and keys so that products depend on distances only (interleaved %s)', (interleaved) => {
    const [q, k] = [randn([1, 8], { dtype: 'float64' }), randn([1, 8], { dtype: 'float64' })] as unknown as [Tensor, Tensor];
    const at = (t: Tensor, offset: number): Tensor => nn.rotaryEmbedding(t, { offset, interleaved });
    const product = (a: number, b: number): number =>
      (
        at(q, a)
          .mul(at(k, b) as never)
          .sum() as unknown as Tensor
      ).item() as number;
    expect(product(7, 3)).toBeCloseTo(product(104, 100), 10);
    expect(product(7, 3)).not.toBeCloseTo(product(7, 5), 3);
    near(at(q, 0), q, 0);
  });
});

describe('initializers', () => {
  it('truncNormal_ stays within its bounds and has the spread of the truncated distribution', () => {
    manualSeed(1);
    const values = nn.init.truncNormal_(empty([200, 200], { dtype: 'float64' }) as unknown as Tensor, { mean: 1, std: 2, a: -1, b: 3 });
    const data = values.dataSync();
    expect(Math.min(...data.slice(0, 5000))).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...data.slice(0, 5000))).toBeLessThanOrEqual(3);
    // A normal distribution cut at one standard deviation on both sides has variance 0.2911 σ².
    expect(values.var().item()).toBeCloseTo(0.2911 * 4, 1);
    expect(values.mean().item()).toBeCloseTo(1, 1);
    expect(() => nn.init.truncNormal_(values, { a: 1, b: 0 })).toThrow('b must exceed a');
  });

  it.each([
    [5, 3],
    [3, 5],
    [4, 2, 3],
  ])('orthogonal_ [%s, %s]', (...shape) => {
    const w = nn.init.orthogonal_(
      empty(
        shape.filter((n) => n !== undefined),
        { dtype: 'float64' },
      ) as unknown as Tensor,
      { gain: 2 },
    );
    const m = w.reshape([w.shape[0]!, -1]) as Tensor;
    const product = (m.shape[0]! <= m.shape[1]! ? m.matmul(m.mT) : m.mT.matmul(m)) as Tensor;
    const n = product.shape[0]!;
    near(
      product,
      tensor(
        Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 4 : 0)),
        { dtype: 'float64' },
      ).reshape([n, n]) as Tensor,
    );
  });

  it('eye_, dirac_ and sparse_ put their values in their places', () => {
    expect(nn.init.eye_(ones([2, 3])).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    const w = nn.init.dirac_(ones([4, 2, 3]) as unknown as Tensor, 2).toArray() as unknown as number[][][];
    const hits = w.flatMap((a, i) => a.flatMap((b, k) => b.flatMap((v, t) => (v === 0 ? [] : [[i, k, t]]))));
    expect(hits).toEqual([
      [0, 0, 1],
      [1, 1, 1],
      [2, 0, 1],
      [3, 1, 1],
    ]);
    const s = nn.init.sparse_(ones([10, 4]) as unknown as Tensor, 0.25);
    expect((s.eq(0) as Tensor).sum(0).toArray()).toEqual([3, 3, 3, 3]);
    expect(() => nn.init.dirac_(ones([3, 2, 3]) as unknown as Tensor, 2)).toThrow('must be divisible by groups, got 2');
    expect(() => nn.init.sparse_(ones([3]) as unknown as Tensor, 0.5)).toThrow('sparse_ expects a matrix');
  });
});
