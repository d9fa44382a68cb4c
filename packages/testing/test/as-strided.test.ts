import { arange, grad, noGrad, type Tensor, tensor } from '@nabla/core';
import { describe, expect, test } from 'vitest';

/** 0, 1, 2, ... in float64. */
const counting = (n: number): Tensor => arange(n, { dtype: 'float64' });
/** A leaf on the storage of `t`, with its strides. */
const leaf = (t: Tensor): Tensor => t.detach().requiresGrad_();
/** The gradient of a window whose elements have the gradients 1, 2, 3, ... */
function gradientThrough(t: Tensor, window: (t: Tensor) => Tensor): unknown {
  const y = window(t);
  const seed = (counting(y.size).add(1) as Tensor).reshape(y.shape) as Tensor;
  return grad(y, t, { gradOutputs: seed })[0]!.toArray();
}

// What PyTorch 1.13.1 answers.
describe('gradients of windows follow how the input lies in memory', () => {
  test('elements beside those of the input have no gradient', () => {
    expect(gradientThrough(leaf(counting(6).slice(0, 1, null, 2)), (t) => t.asStrided([4], [1], 1))).toEqual([1, 3, 0]);
  });

  test('a transposed input', () => {
    const t = leaf((counting(6).reshape([2, 3]) as Tensor).t());
    expect(gradientThrough(t, (x) => x.asStrided([2, 2], [1, 2], 1))).toEqual([
      [0, 2],
      [1, 4],
      [3, 0],
    ]);
  });

  test('an expanded input shares the gradient of its places', () => {
    const t = leaf(counting(2).expand([3, 2]));
    const [a, b] = [1 / 3, 2 / 3];
    expect(gradientThrough(t, (x) => x.asStrided([2], [1]))).toEqual([
      [a, b],
      [a, b],
      [a, b],
    ]);
  });

  test('overlapping windows of overlapping windows', () => {
    const t = leaf(counting(4).unfold(0, 3, 1));
    expect(gradientThrough(t, (x) => x.asStrided([2, 3], [1, 1]))).toEqual([
      [1, 3, 4],
      [3, 4, 6],
    ]);
    expect(gradientThrough(t, (x) => x.asStrided([4], [1]))).toEqual([
      [1, 1, 1.5],
      [1, 1.5, 4],
    ]);
  });
});

describe('a window is a view', () => {
  test('writes through it reach the storage, and gradients follow', () => {
    const x = leaf(counting(6));
    const y = x.mul(1) as Tensor;
    const diagonal = (y.reshape([2, 3]) as Tensor).asStrided([2], [4]);
    diagonal.mul_(10);
    expect(y.toArray()).toEqual([0, 1, 2, 3, 40, 5]);
    expect(grad(y.sum(), x)[0]!.toArray()).toEqual([10, 1, 1, 1, 10, 1]);
  });

  test('it sees writes to the tensor', () => {
    const x = leaf(tensor([1, 2, 3]));
    const y = x.mul(1) as Tensor;
    const twice = y.asStrided([2, 2], [1, 1]);
    y.mul_(2);
    expect(twice.toArray()).toEqual([
      [2, 4],
      [4, 6],
    ]);
    expect(grad(twice.sum(), x)[0]!.toArray()).toEqual([2, 4, 2]);
  });

  test('a window reached from a part of the storage', () => {
    const base = counting(5);
    noGrad(() => base.slice(0, 3).asStrided([2], [1], 0).add_(10));
    expect(base.toArray()).toEqual([10, 11, 2, 3, 4]);
  });
});
