import { readFileSync } from 'node:fs';
import { type DType, Generator, type MaxPoolResult, manualSeed, randn, type Tensor, tensor, zeros } from '@nabla/core';
import { camelCase } from '@nabla/core/internals';
import * as nn from '@nabla/nn';
import { functional as F } from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { camelCased, check } from '../src/golden.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

interface Values {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly number[];
}

/** What every record of a function with gradients has. */
interface Differentiated {
  readonly out: Values;
  readonly seed: Values;
  readonly grad: Values;
}

type Options = Readonly<Record<string, unknown>>;

/** What scripts/record-functional.py wrote. */
const recorded = JSON.parse(readFileSync(new URL('../fixtures/functional.json', import.meta.url), 'utf8')) as {
  readonly dropout: readonly {
    readonly op: string;
    readonly p: number;
    readonly x: Values;
    readonly kept: readonly number[];
    readonly dropped: number;
    readonly scale: number;
  }[];
  readonly gumbelSoftmax: readonly (Differentiated & { readonly options: Options; readonly logits: Values; readonly times: Values })[];
  readonly fractionalMaxPool: readonly (Differentiated & {
    readonly spatial: 2 | 3;
    readonly kernel: never;
    readonly size: Options;
    readonly x: Values;
    readonly samples: Values;
    readonly indices: Values;
  })[];
  readonly rotary: readonly (Differentiated & { readonly options: nn.RotaryOptions; readonly x: Values })[];
  readonly adaptiveLogSoftmax: readonly (Omit<Differentiated, 'out'> & {
    readonly args: readonly [number, number, readonly number[]];
    readonly kwargs: Options;
    readonly state: Readonly<Record<string, Values>>;
    readonly x: Values;
    readonly logProb: Values;
    readonly predict: Values;
    readonly text: string;
  })[];
};

const load = (v: Values): Tensor => tensor([...v.data], { shape: v.shape, dtype: v.dtype });
const leaf = (v: Values): Tensor => load(v).requiresGrad_();

/** Compares a result, and the gradient that a seed has at `x`. */
function compare(y: Tensor, x: Tensor, want: Differentiated): void {
  check(y.detach(), load(want.out), 'output');
  y.backward(load(want.seed));
  check(x.grad!, load(want.grad), 'gradient');
}

type Dropout = (x: Tensor, p: number, training: boolean) => Tensor;

describe("dropouts with PyTorch's values", () => {
  it.each(recorded.dropout)('$op $p', ({ op, p, x, kept, dropped, scale }) => {
    const drop = (F as unknown as Record<string, Dropout>)[camelCase(op)]!;
    const perChannel = op !== 'alpha_dropout';
    const each = perChannel ? x.shape.slice(2).reduce((a, b) => a * b, 1) : 1;
    manualSeed(3);
    let count = 0;
    const calls = 50;
    for (let call = 0; call < calls; call++) {
      const t = leaf(x);
      const y = drop(t, p, true);
      y.sum().backward();
      const [values, slopes] = [y.detach().dataSync(), t.grad!.dataSync()];
      const gone = Array.from(slopes, (s) => s === 0);
      count += gone.filter(Boolean).length;
      gone.forEach((g, i) => {
        expect(values[i]).toBeCloseTo(g ? dropped : kept[i]!, 12);
        if (!g) expect(slopes[i]).toBeCloseTo(scale, 12);
        // All elements of a channel share its fate.
        expect(g).toBe(gone[i - (i % each)]);
      });
    }
    expect(count / (calls * kept.length)).toBeCloseTo(p, 1);
  });

  it('layers call the functions', () => {
    const layers = [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout];
    const functions: Dropout[] = [F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alphaDropout, F.featureAlphaDropout];
    const x = load({ shape: [3, 4, 2], dtype: 'float64', data: Array.from({ length: 24 }, (_, i) => i / 8 - 1) });
    layers.forEach((Layer, i) => {
      manualSeed(5);
      const want = functions[i]!(x, 0.3, true).toArray();
      expect(want).not.toEqual(x.toArray());
      manualSeed(5);
      const layer = new Layer(0.3);
      expect((layer.call(x as never) as Tensor).toArray()).toEqual(want);
      expect(layer.eval().call(x as never)).toBe(x);
      manualSeed(5);
      const copy = x.clone() as Tensor;
      expect(new Layer(0.3, { inplace: true }).call(copy as never)).toBe(copy);
      expect(copy.toArray()).toEqual(want);
    });
  });
});

describe('gumbelSoftmax, as PyTorch computes it from what it drew', () => {
  it.each(recorded.gumbelSoftmax)('$options', ({ options, logits, times, ...want }) => {
    // Logits that make up for the difference between PyTorch's noise, -log(times), and that of the generator here.
    const own = zeros(logits.shape, { dtype: 'float64' }).exponential_(1, { generator: new Generator(9) }) as Tensor;
    const x = load(logits)
      .add(own.log().sub(load(times).log()) as Tensor)
      .detach()
      .requiresGrad_() as Tensor;
    compare(F.gumbelSoftmax(x, { ...camelCased(options), generator: new Generator(9) }), x, want);
  });

  it('chooses with the probabilities of the softmax', () => {
    const wanted = [0.1, 0.2, 0.7];
    const n = 20_000;
    const logits = tensor(wanted.map(Math.log), { dtype: 'float64' }).expand([n, 3]) as Tensor;
    const choice = F.gumbelSoftmax(logits, { hard: true, tau: 0.1, generator: new Generator(1) });
    expect(new Set(choice.dataSync())).toEqual(new Set([0, 1]));
    const shares = choice.mean(0).toArray() as number[];
    shares.forEach((s, i) => {
      expect(Math.abs(s - wanted[i]!)).toBeLessThan(0.01);
    });
  });
});

type Pool = (x: Tensor, kernel: never, options: object) => MaxPoolResult;
type Layer = new (kernel: never, options: object) => nn.Module & { forward(x: Tensor): MaxPoolResult };

describe('fractional max pooling, as PyTorch computes it', () => {
  it.each(recorded.fractionalMaxPool)('$spatial dimensions, $x.shape, $size', ({ spatial, kernel, size, x, samples, indices, ...want }) => {
    const options = { ...camelCased(size), randomSamples: load(samples), returnIndices: true };
    const pool = (spatial === 2 ? F.fractionalMaxPool2d : F.fractionalMaxPool3d) as unknown as Pool;
    const layer = (spatial === 2 ? nn.FractionalMaxPool2d : nn.FractionalMaxPool3d) as unknown as Layer;
    const module = new layer(kernel, options);
    expect([...module.stateDict().keys()]).toEqual(['_random_samples']);
    for (const call of [(t: Tensor) => pool(t, kernel, options), (t: Tensor) => module.forward(t)]) {
      const t = leaf(x);
      const found = call(t);
      check(found.indices, load(indices), 'indices');
      compare(found.values, t, want);
    }
    expect((pool(load(x), kernel, { ...options, returnIndices: false }) as unknown as Tensor).toArray()).toEqual(load(want.out).toArray());
  });

  it('the last NaN and the first of infinities win', () => {
    const line = (...values: number[]): Tensor => tensor([[[values]]], { dtype: 'float64' }) as unknown as Tensor;
    const options = { outputSize: [1, 2], returnIndices: true } as const;
    const { values, indices } = F.fractionalMaxPool2d(line(1, Number.NaN, Number.NaN, 3, 2, 2), [1, 3], options);
    expect([values.toArray(), indices.toArray()]).toEqual([[[[[Number.NaN, 3]]]], [[[[2, 3]]]]]);
    const low = F.fractionalMaxPool2d(line(-Infinity, -Infinity, -Infinity, -Infinity), [1, 2], options);
    expect(low.indices.toArray()).toEqual([[[[0, 2]]]]);
  });

  it('draws for each plane, from the generator that is given', () => {
    const x = tensor(Array.from({ length: 2000 }, (_, i) => i % 20)).reshape([50, 2, 1, 20]) as Tensor;
    const call = (seed: number): unknown =>
      F.fractionalMaxPool2d(x, [1, 2], { outputSize: [1, 8], generator: new Generator(seed) }).toArray();
    expect(call(1)).toEqual(call(1));
    expect(call(1)).not.toEqual(call(2));
    const rows = new Set((call(1) as number[][][][]).flat(2).map(String));
    expect(rows.size).toBeGreaterThan(1);
  });

  it('more samples than a batch needs', () => {
    const samples = tensor(Array.from({ length: 8 }, (_, i) => i / 8)).reshape([4, 1, 2]) as Tensor;
    const x = tensor(Array.from({ length: 400 }, (_, i) => (i * 7) % 31)).reshape([4, 1, 10, 10]) as Tensor;
    const pool = new nn.FractionalMaxPool2d(2, { outputSize: 4, randomSamples: samples });
    const part = (pool.call(x.narrow(0, 0, 3)) as Tensor).toArray() as number[][][][];
    expect(part).toEqual(((pool.call(x) as Tensor).toArray() as number[][][][]).slice(0, 3));
  });
});

describe('rotary positions, as written out in PyTorch', () => {
  it.each(recorded.rotary)('$x.shape $options', ({ options, x, ...want }) => {
    const t = leaf(x);
    compare(nn.rotaryEmbedding(t, options), t, want);
  });
});

describe('AdaptiveLogSoftmaxWithLoss, the functions beside forward', () => {
  it.each(recorded.adaptiveLogSoftmax)('$args', ({ args, kwargs, state, x, logProb, predict, text, ...want }) => {
    const m = new nn.AdaptiveLogSoftmaxWithLoss(...args, { ...camelCased(kwargs), dtype: 'float64' });
    m.loadStateDict(new Map(Object.entries(state).map(([k, v]) => [k, load(v)])));
    expect([...m.stateDict().keys()]).toEqual(Object.keys(state));
    const t = leaf(x);
    compare(m.logProb(t), t, { ...want, out: logProb });
    check(m.predict(t), load(predict), 'prediction');
    expect(String(m)).toBe(text);
  });
});

describe('on a device whose values are not read at once', () => {
  const there = (t: Tensor, device: SimulatedDevice): Tensor => t.to(device) as Tensor;

  it('AdaptiveLogSoftmaxWithLoss gives what it gives on the CPU', async () => {
    const device = new SimulatedDevice();
    const m = new nn.AdaptiveLogSoftmaxWithLoss(6, 11, [2, 5], { divValue: 2 });
    const x = randn([6, 6]) as unknown as Tensor;
    const target = tensor([0, 4, 1, 10, 5, 2], { dtype: 'int64' }) as unknown as Tensor;
    const want = m.forward(x, target);
    want.loss.backward();
    const grads = new Map(m.namedParameters().map(([name, p]) => [name, p.grad!.toArray()]));
    const predicted = m.predict(x).toArray();
    m.zeroGrad();
    m.to(device);
    const found = m.forward(there(x, device), there(target, device));
    found.loss.backward();
    const close = (got: Tensor, expected: unknown): Promise<void> =>
      got.data().then((values) => {
        const flat = [expected].flat(2) as number[];
        Array.from(values).forEach((v, i) => {
          expect(v).toBeCloseTo(flat[i]!, 5);
        });
      });
    await close(found.output.detach(), want.output.toArray());
    for (const [name, p] of m.namedParameters()) await close(p.grad!, grads.get(name));
    await close(m.predict(there(x, device)), predicted);
    const beyond = tensor([11, -1, 0, 11, 5, 2], { dtype: 'int64' }) as unknown as Tensor;
    const output = await m.forward(there(x, device), there(beyond, device)).output.data();
    expect(Array.from(output, (v) => v === 0)).toEqual([true, true, false, true, false, false]);
  });

  it('orthogonal makes its matrix there', async () => {
    const device = new SimulatedDevice();
    const layer = nn.orthogonal(new nn.Linear(3, 3, { device }));
    const w = layer.weight as unknown as Tensor;
    const product = await (w.mT.matmul(w) as Tensor).detach().data();
    Array.from(product).forEach((v, i) => {
      expect(v).toBeCloseTo(i % 4 === 0 ? 1 : 0, 5);
    });
  });
});
