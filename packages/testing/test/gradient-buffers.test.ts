import { defineOp, noGrad, type Tensor, tensor } from '@nabla/core';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null): number[] => Array.from(t!.dataSync());

describe('stored gradients have buffers of their own', () => {
  /** Hands the same incoming gradient to both inputs. */
  const both = defineOp<void>({
    name: 'test.both',
    infer: ([a]) => [{ shape: a!.shape, dtype: a!.dtype }],
    forward: ([a, b]) => [noGrad(() => a!.add(b!))],
    backward: (_ctx, [g]) => [g!, g!],
  });
  const mask = plain([1, 0]);
  const masked = defineOp<void>({
    name: 'test.masked',
    infer: ([a]) => [{ shape: a!.shape, dtype: a!.dtype }],
    forward: ([a]) => [noGrad(() => a!.mul(mask))],
    backward: () => [mask],
  });

  test('two leaves behind a sum', () => {
    const a = leaf([1, 2]);
    const b = leaf([3, 4]);
    a.add(b).sum().backward();
    a.grad!.mul_(0);
    expect(numbers(b.grad)).toEqual([1, 1]);
  });

  for (const createGraph of [false, true]) {
    test(`two leaves that get the same object, createGraph: ${createGraph}`, () => {
      const a = leaf([1, 2]);
      const b = leaf([3, 4]);
      both([a, b], undefined)[0]!.sum().backward(null, { createGraph });
      noGrad(() => a.grad!.mul_(0));
      expect(numbers(b.grad)).toEqual([1, 1]);
    });

    test(`the caller's gradient, createGraph: ${createGraph}`, () => {
      const a = leaf([1, 2]);
      const g = plain([5, 6]);
      a.clone().backward(g, { createGraph });
      noGrad(() => a.grad!.mul_(0));
      expect(numbers(g)).toEqual([5, 6]);
      const b = leaf([1, 2]);
      b.backward(g, { createGraph });
      noGrad(() => b.grad!.mul_(0));
      expect(numbers(g)).toEqual([5, 6]);
    });
  }

  test('a tensor that an op owns', () => {
    const a = leaf([1, 2]);
    masked([a], undefined)[0]!.sum().backward();
    a.grad!.mul_(7);
    expect(numbers(mask)).toEqual([1, 0]);
  });

  test('a retained gradient and the leaf behind it', () => {
    const a = leaf([1, 2]);
    const y = a.clone();
    y.retainGrad();
    y.mul(2).sum().backward();
    y.grad!.mul_(0);
    expect(numbers(a.grad)).toEqual([2, 2]);
  });

  test('inputs that get the same object', () => {
    const a = leaf([1, 2]);
    const b = leaf([3, 4]);
    both([a, b], undefined)[0]!
      .sum()
      .backward(null, { inputs: [a, b] });
    a.grad!.mul_(0);
    expect(numbers(b.grad)).toEqual([1, 1]);
  });

  test('saved tensors', () => {
    const a = leaf([1, 2]);
    const w = plain([3, 4]);
    a.mul(w).sum().backward();
    a.grad!.mul_(0);
    expect(numbers(w)).toEqual([3, 4]);
  });
});
