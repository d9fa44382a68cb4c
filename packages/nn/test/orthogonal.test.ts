import { randn, type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

const weightOf = (m: nn.Linear<number, number>): Tensor => m.weight as unknown as Tensor;

/** How far WᵀW is from I. */
const error = (w: Tensor): number =>
  Math.max(...(w.mT.matmul(w).dataSync() as Float64Array).map((v, i) => Math.abs(v - (i % (w.shape[1]! + 1) === 0 ? 1 : 0))));

describe('orthogonal', () => {
  it('keeps a matrix that is orthogonal, and makes one of what is not', () => {
    const layer = new nn.Linear(2, 2, { dtype: 'float64' });
    layer.weight.detach().copy_(
      tensor(
        [
          [0.6, 0.8],
          [-0.8, 0.6],
        ],
        { dtype: 'float64' },
      ) as never,
    );
    nn.orthogonal(layer);
    const w = weightOf(layer).toArray() as number[][];
    for (const [i, v] of w.flat().entries()) expect(v).toBeCloseTo([0.6, 0.8, -0.8, 0.6][i]!, 14);
    expect([...layer.stateDict().keys()]).toEqual(['bias', 'parametrizations.weight.original', 'parametrizations.weight.0.base']);
    expect(layer.stateDict().get('parametrizations.weight.original')!.toArray()).toEqual([
      [-1, -0],
      [-0, -1],
    ]);
    expect(error(weightOf(nn.orthogonal(new nn.Linear(3, 3, { dtype: 'float64' }))))).toBeLessThan(1e-14);
  });

  it('stays orthogonal while it is trained', () => {
    for (const orthogonalMap of ['matrix_exp', 'cayley', 'householder'] as const) {
      const layer = nn.orthogonal(new nn.Linear(3, 5, { dtype: 'float64', bias: false }), { orthogonalMap });
      const x = randn([8, 3], { dtype: 'float64' });
      const before = weightOf(layer).toArray();
      for (let step = 0; step < 3; step++) {
        layer.zeroGrad();
        (layer.call(x) as unknown as Tensor).pow(3).sum().backward();
        for (const p of layer.parameters()) p.detach().sub_(p.grad!.mul(0.1) as never);
      }
      expect(weightOf(layer).toArray()).not.toEqual(before);
      expect(error(weightOf(layer))).toBeLessThan(1e-13);
    }
  });

  it('becomes a plain parameter again', () => {
    const layer = nn.orthogonal(new nn.Linear(3, 3));
    const w = weightOf(layer).toArray();
    nn.removeParametrizations(layer, 'weight');
    expect(layer.weight.toArray()).toEqual(w);
    expect([...layer.stateDict().keys()].sort()).toEqual(['bias', 'weight']);
  });

  it('moves to another dtype with its matrix', () => {
    const layer = nn.orthogonal(new nn.Linear(3, 3)).to('float64');
    expect([...layer.stateDict().values()].map((t) => t.dtype)).toEqual(['float64', 'float64', 'float64']);
    expect((layer.call(zeros([1, 3], { dtype: 'float64' })) as unknown as Tensor).dtype).toBe('float64');
  });

  it('refuses what is no matrix, and other maps', () => {
    expect(() => nn.orthogonal(new nn.Linear(3, 2), { name: 'bias' })).toThrow('orthogonal: expected a matrix or a batch of them, got [2]');
    expect(() => nn.orthogonal(new nn.Linear(3, 2), { name: 'none' })).toThrow("orthogonal: Linear has no parameter 'none'");
    expect(() => nn.orthogonal(new nn.Linear(3, 2), { orthogonalMap: 'qr' as never })).toThrow(
      "orthogonal: orthogonalMap must be 'matrix_exp', 'cayley' or 'householder', got 'qr'",
    );
  });
});
