import { AutogradError, defineOp, GraphFreedError, grad, noGrad, ShapeError, Tensor, tensor } from '@nabla/core';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null): number[] => Array.from(t!.dataSync());

describe('backward', () => {
  test('a chain of 100,000 ops', () => {
    const x = leaf([1, 2]);
    let y: Tensor = x;
    for (let i = 0; i < 50_000; i++) y = y.mul(1.0001).sub(0.0001);
    y.sum().backward();
    const expected = 1.0001 ** 50_000;
    for (const g of numbers(x.grad)) expect(g / expected).toBeCloseTo(1, 9);
  });

  test('a graph in which every node is reached along 2^60 paths runs each node once', () => {
    const x = leaf([3]);
    let y: Tensor = x;
    for (let i = 0; i < 60; i++) y = y.add(y);
    y.backward();
    expect(numbers(x.grad)).toEqual([2 ** 60]);
  });

  test('accumulates into what is there', () => {
    const x = leaf([1, 2]);
    x.mul(3).sum().backward();
    x.mul(x).sum().backward();
    expect(numbers(x.grad)).toEqual([5, 7]);
  });

  test('a second backward says what to do', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    y.backward();
    expect(() => y.backward()).toThrow(GraphFreedError);
    expect(() => y.backward()).toThrow(/backward through 'mul' a second time.*retainGraph: true/);
    expect(numbers(x.grad)).toEqual([2, 4]);
  });

  test('a second backward that fails changes no gradient, not even a retained one', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x);
    const z = y.mul(2);
    y.retainGrad();
    z.sum().backward();
    expect(() => z.sum().backward()).toThrow(GraphFreedError);
    expect(numbers(y.grad)).toEqual([2, 2]);
    expect(numbers(x.grad)).toEqual([4, 8]);
  });

  test('retainGraph allows another backward', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    y.backward(null, { retainGraph: true });
    y.backward();
    expect(numbers(x.grad)).toEqual([4, 8]);
    expect(() => y.backward()).toThrow(GraphFreedError);
  });

  test('createGraph gives gradients that can be differentiated', () => {
    const x = leaf([2, 3]);
    x.mul(x).mul(x).sum().backward(null, { createGraph: true });
    expect(numbers(x.grad)).toEqual([12, 27]);
    const first = x.grad!;
    x.grad = null;
    first.sum().backward();
    expect(numbers(x.grad)).toEqual([12, 18]);
  });

  test('third derivative by grad of grad of grad', () => {
    const x = leaf([2]);
    let y = x.mul(x).mul(x).mul(x);
    for (let k = 0; k < 3; k++) [y] = grad(y, [x], { createGraph: true }) as [Tensor];
    expect(numbers(y)).toEqual([48]);
  });

  test('needs a gradient for a tensor with several elements', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(2).backward()).toThrow(AutogradError);
    expect(() => x.mul(2).backward()).toThrow(/only for a tensor with one element, got \[2\]/);
    expect(() => x.mul(2).backward(plain([1, 2, 3]))).toThrow(ShapeError);
    x.mul(2).backward(plain([1, 10]));
    expect(numbers(x.grad)).toEqual([2, 20]);
  });

  test('needs a tensor with a history', () => {
    expect(() => plain([1]).backward()).toThrow(/does not require gradients/);
    expect(() => tensor([1n]).requiresGrad_()).toThrow(/only floating tensors/);
  });

  test('inputs limits where gradients go', () => {
    const x = leaf([1]);
    const y = leaf([2]);
    const z = x.mul(y);
    z.backward(null, { inputs: [y] });
    expect(x.grad).toBeNull();
    expect(numbers(y.grad)).toEqual([1]);
  });

  test('retainGrad keeps the gradient of a non-leaf', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    y.retainGrad();
    y.mul(y).sum().backward();
    expect(numbers(y.grad)).toEqual([4, 8]);
    expect(numbers(x.grad)).toEqual([8, 16]);
  });
});

describe('grad', () => {
  test('touches no one', () => {
    const x = leaf([1, 2]);
    const y = leaf([3, 4]);
    const [dx, dy] = grad(x.mul(y).sum(), [x, y]);
    expect(numbers(dx!)).toEqual([3, 4]);
    expect(numbers(dy!)).toEqual([1, 2]);
    expect(x.grad).toBeNull();
    expect(y.grad).toBeNull();
  });

  test('an unused input is an error unless allowed', () => {
    const x = leaf([1]);
    const y = leaf([1]);
    expect(() => grad(x.mul(2), [x, y])).toThrow(/input 1 was not used.*allowUnused: true/);
    const [dx, dy] = grad(x.mul(2), [x, y], { allowUnused: true });
    expect(numbers(dx!)).toEqual([2]);
    expect(dy).toBeNull();
  });

  test('an input that requires no gradients is an error', () => {
    expect(() => grad(leaf([1]).mul(2), [plain([1])])).toThrow(/input 0 does not require gradients/);
  });

  test('with respect to a non-leaf leaves what is below it alone', () => {
    const x = leaf([2]);
    const y = x.mul(x);
    const z = y.mul(y);
    const [dy] = grad(z, [y]);
    expect(numbers(dy!)).toEqual([8]);
    // The graph from y down to x was not part of that pass, so its saved tensors are still there.
    y.backward();
    expect(numbers(x.grad)).toEqual([4]);
  });

  test('of several outputs, one of which leads through another', () => {
    const x = leaf([2]);
    const y = x.mul(3);
    const z = y.mul(y);
    const [dx, dy] = grad([z, y], [x, y], { gradOutputs: [plain([1]), plain([10])] });
    expect(numbers(dy!)).toEqual([22]);
    expect(numbers(dx!)).toEqual([66]);
  });

  test('of a leaf with respect to itself', () => {
    const x = leaf([5]);
    expect(numbers(grad(x, [x])[0]!)).toEqual([1]);
  });
});

describe('a wrong backward is blamed', () => {
  test('a gradient of the wrong shape', () => {
    const bad = defineOp<void>({
      name: 'test.wrongShape',
      infer: ([a]) => [{ shape: [], dtype: a!.dtype }],
      forward: ([a]) => [noGrad(() => a!.sum())],
      backward: (_ctx, [g]) => [g!],
    });
    const x = leaf([1, 2]);
    expect(() => bad([x], undefined)[0]!.backward()).toThrow(ShapeError);
    expect(() => bad([x], undefined)[0]!.backward()).toThrow(
      /the backward of 'test.wrongShape' gave a gradient of shape \[\] for a tensor of shape \[2\]/,
    );
  });
});

test('gradients have the dtype of their tensor', () => {
  const x = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
  x.to('float64')
    .mul(plain([3, 4]))
    .sum()
    .backward();
  expect(x.grad!.dtype).toBe('float32');
  expect(x.grad).toBeInstanceOf(Tensor);
});
