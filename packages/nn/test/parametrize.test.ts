import { randn, type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

const x = tensor([[1, -2, 3]], { dtype: 'float64' }) as unknown as Tensor;

function filled<M extends nn.Module>(m: M): M {
  for (const p of m.parameters())
    p.detach().copy_(tensor(Array.from({ length: p.size }, (_, i) => i / 4 - 0.5)).reshape([...p.shape]) as Tensor);
  return m;
}

describe('weightNorm', () => {
  it("has PyTorch's keys, the same value at first, and gradients for length and direction", () => {
    const layer = filled(new nn.Linear(3, 2, { dtype: 'float64' }));
    const before = layer.call(x).toArray();
    nn.weightNorm(layer);
    expect([...layer.stateDict().keys()]).toEqual(['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']);
    const y = layer.call(x) as unknown as Tensor;
    const [after, wanted] = [y.toArray(), before] as unknown as [number[][], number[][]];
    for (const [k, v] of after[0]!.entries()) expect(v).toBeCloseTo(wanted[0]![k]!, 12);
    y.sum().backward();
    const byName = new Map(layer.namedParameters());
    // The direction's gradient is orthogonal to the direction.
    const v = byName.get('parametrizations.weight.original1')!;
    const along = v
      .grad!.mul(v.detach() as never)
      .sum(1)
      .toArray() as number[];
    for (const n of along) expect(n).toBeCloseTo(0, 12);
    expect(byName.get('parametrizations.weight.original0')!.grad!.shape).toEqual([2, 1]);
    nn.removeParametrizations(layer, 'weight');
    expect([...layer.stateDict().keys()].sort()).toEqual(['bias', 'weight']);
    expect(nn.isParametrized(layer)).toBe(false);
  });
});

describe('spectralNorm', () => {
  it('divides by the largest singular value, and keeps its vectors in the state', () => {
    const layer = new nn.Linear(3, 2, { dtype: 'float64' });
    layer.weight.detach().copy_(
      tensor(
        [
          [3, 0, 0],
          [0, 1, 0],
        ],
        { dtype: 'float64' },
      ) as never,
    );
    nn.spectralNorm(layer, { nPowerIterations: 30 });
    expect([...layer.stateDict().keys()]).toEqual([
      'bias',
      'parametrizations.weight.original',
      'parametrizations.weight.0._u',
      'parametrizations.weight.0._v',
    ]);
    const w = (layer.weight as unknown as Tensor).toArray() as unknown as number[][];
    expect(w[0]![0]).toBeCloseTo(1, 10);
    expect(w[1]![1]).toBeCloseTo(1 / 3, 10);
    const u = layer.stateDict().get('parametrizations.weight.0._u')!.toArray();
    layer.eval();
    layer.call(x);
    expect(layer.stateDict().get('parametrizations.weight.0._u')!.toArray()).toEqual(u);
  });

  it('allows two passes before one backward', () => {
    const layer = nn.spectralNorm(new nn.Linear(3, 2, { dtype: 'float64' }));
    const [a, b] = [layer.call(x) as unknown as Tensor, layer.call(x.mul(2) as Tensor) as unknown as Tensor];
    a.sum()
      .sub(b.sum() as never)
      .backward();
    expect(layer.parameters().every((p) => p.grad !== null)).toBe(true);
  });

  it('refuses what makes no sense', () => {
    expect(() => nn.spectralNorm(new nn.Linear(3, 2), { nPowerIterations: 0 })).toThrow('nPowerIterations must be a positive integer');
    expect(() => nn.spectralNorm(new nn.Linear(3, 2), { name: 'none' })).toThrow("Linear has no parameter 'none'");
    expect(() => nn.weightNorm(new nn.Linear(3, 2), { dim: 2 })).toThrow('dimension 2 is out of range');
  });
});

describe('registerParametrization', () => {
  class Symmetric extends nn.Module {
    forward(w: Tensor): Tensor {
      return w.triu().add((w.triu(1) as Tensor).mT as never) as Tensor;
    }
  }
  class Doubled extends nn.Module {
    forward(w: Tensor): Tensor {
      return w.mul(2) as Tensor;
    }
    rightInverse(w: Tensor): Tensor {
      return w.div(2) as Tensor;
    }
  }

  it('applies one after the other and keeps the first value through inverses', () => {
    const layer = filled(new nn.Linear(2, 2, { dtype: 'float64' }));
    nn.registerParametrization(layer, 'weight', new Doubled());
    expect(layer.weight.toArray()).toEqual([
      [-0.5, -0.25],
      [0, 0.25],
    ]);
    nn.registerParametrization(layer, 'weight', new Symmetric());
    expect(layer.weight.toArray()).toEqual([
      [-0.5, -0.25],
      [-0.25, 0.25],
    ]);
    expect([...layer.stateDict().keys()]).toEqual(['bias', 'parametrizations.weight.original']);
  });

  it('refuses another shape and what is no parameter', () => {
    class Wrong extends nn.Module {
      forward(): Tensor {
        return zeros([1]) as unknown as Tensor;
      }
    }
    expect(() => nn.registerParametrization(new nn.Linear(2, 2), 'weight', new Wrong())).toThrow('its parametrization gives float32 [1]');
    expect(() => nn.registerParametrization(new nn.Linear(2, 2), 'inFeatures', new Wrong())).toThrow("no parameter 'inFeatures'");
  });
});

describe('functionalCall', () => {
  it('uses given tensors, gives them gradients, and leaves the module as it was', () => {
    const model = new nn.Sequential(new nn.Linear(3, 2, { dtype: 'float64' }), new nn.Tanh());
    const weight = randn([2, 3], { dtype: 'float64' }).requiresGrad_(true) as unknown as Tensor;
    const before = model.stateDict().get('0.weight')!.toArray();
    const y = nn.functionalCall(model, { '0.weight': weight }, [x]);
    y.sum().backward();
    expect(weight.grad!.shape).toEqual([2, 3]);
    expect(model.stateDict().get('0.weight')!.toArray()).toEqual(before);
    expect((model.at(0) as nn.Linear<3, 2>).weight.grad).toBeNull();
    expect(() => nn.functionalCall(model, { '1.weight': weight }, [x])).toThrow('unexpected keys: "1.weight"');
    expect(() => nn.functionalCall(model, { '0.bias': weight }, [x])).toThrow('the given shape is [2, 3], in the module [2]');
    expect(() => nn.functionalCall(model, { '0.weight': weight }, [zeros([1, 4])])).toThrow('expects [..., 3]');
    expect(model.stateDict().get('0.weight')!.toArray()).toEqual(before);
  });

  it('replaces a tied tensor wherever it is held', () => {
    class Tied extends nn.Module {
      a = new nn.Linear(3, 3, { bias: false, dtype: 'float64' });
      b = new nn.Linear(3, 3, { bias: false, dtype: 'float64' });
      constructor() {
        super();
        (this.b as { weight: unknown }).weight = this.a.weight;
      }
      forward(t: Tensor): Tensor {
        return this.b.call(this.a.call(t)) as unknown as Tensor;
      }
    }
    const y = nn.functionalCall(
      new Tied(),
      {
        'a.weight': tensor(
          [
            [2, 0, 0],
            [0, 2, 0],
            [0, 0, 2],
          ],
          { dtype: 'float64' },
        ) as never,
      },
      [x],
    );
    expect(y.toArray()).toEqual([[4, -8, 12]]);
  });
});
