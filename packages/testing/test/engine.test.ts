import {
  AutogradError,
  defineOp,
  enableGrad,
  GraphFreedError,
  grad,
  InPlaceError,
  noGrad,
  ShapeError,
  Tensor,
  tensor,
  ValueError,
} from '@nabla/core';
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

describe('stored gradients have buffers of their own', () => {
  /** Hands the same incoming gradient to both inputs. */
  const both = defineOp<void>({
    name: 'test.both',
    doc: 'the sum of two tensors, whose backward hands on one object twice',
    infer: ([a]) => [{ shape: a!.shape, dtype: a!.dtype }],
    forward: ([a, b]) => [noGrad(() => a!.add(b!))],
    backward: (_ctx, [g]) => [g!, g!],
  });
  const mask = plain([1, 0]);
  const masked = defineOp<void>({
    name: 'test.masked',
    doc: 'an op whose backward hands out a tensor that it owns',
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

describe('in place', () => {
  test('a write to a tensor that backward needs names the op and the versions', () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    const z = y.mul(y).sum();
    y.add_(1);
    expect(() => z.backward()).toThrow(InPlaceError);
    expect(() => z.backward()).toThrow(
      /a tensor that 'mul' needs for its gradient was changed in place: float64 \[2\] is at version 1, expected version 0/,
    );
    expect(x.grad).toBeNull();
  });

  test('a write through a view counts as well', () => {
    const x = leaf([1, 2, 3, 4]);
    const y = x.mul(1);
    const z = y.mul(y).sum();
    y.view([2, 2]).add_(1);
    expect(() => z.backward()).toThrow(/version 1, expected version 0/);
  });

  test('a write to a detached alias counts as well', () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    const z = y.mul(y).sum();
    y.detach().add_(1);
    expect(() => z.backward()).toThrow(InPlaceError);
  });

  test('a leaf that requires gradients refuses, and keeps its values', () => {
    const x = leaf([1, 2]);
    expect(() => x.add_(1)).toThrow(InPlaceError);
    expect(() => x.add_(1)).toThrow(/add_: a leaf that requires gradients cannot be written in place; use noGrad\(\)/);
    expect(() => x.view([2, 1]).mul_(3)).toThrow(/a view of a leaf that requires gradients/);
    expect(numbers(x)).toEqual([1, 2]);
    noGrad(() => x.add_(1));
    expect(numbers(x)).toEqual([2, 3]);
    expect(x.isLeaf).toBe(true);
  });

  test('an expanded tensor refuses', () => {
    expect(() => plain([1]).expand([3]).add_(1)).toThrow(/share one place in memory.*clone\(\)/);
  });

  test('an op that needs the old value keeps it', () => {
    const x = leaf([2, 3]);
    const w = leaf([5, 7]);
    const y = x.clone();
    y.mul_(w);
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([5, 7]);
    expect(numbers(w.grad)).toEqual([2, 3]);
  });

  test('squaring in place', () => {
    const x = leaf([2, 3]);
    const y = x.clone();
    y.mul_(y);
    y.mul_(y);
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([32, 108]);
  });

  test('a tensor without history gets one', () => {
    const w = leaf([2, 3]);
    const y = plain([1, 1]);
    y.mul_(w);
    expect(y.requiresGrad).toBe(true);
    y.mul(y).sum().backward();
    expect(numbers(w.grad)).toEqual([4, 6]);
  });

  test('what is overwritten by values without history passes a gradient of zero', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    y.copy_(plain([7, 8]));
    expect(numbers(y)).toEqual([7, 8]);
    y.mul(x).sum().backward();
    expect(numbers(x.grad)).toEqual([7, 8]);
  });
});

describe('modes', () => {
  test('noGrad records nothing, enableGrad inside it does', () => {
    const x = leaf([1, 2]);
    const [y, z] = noGrad(() => [x.mul(2), enableGrad(() => x.mul(3))] as const);
    expect(y.requiresGrad).toBe(false);
    expect(z.requiresGrad).toBe(true);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  test('an error inside restores the mode', () => {
    expect(() =>
      noGrad(() => {
        throw new RangeError('inside');
      }),
    ).toThrow('inside');
    expect(leaf([1]).mul(2).requiresGrad).toBe(true);
  });

  test('asynchronous callbacks are refused', () => {
    expect(() => noGrad(async () => 1)).toThrow(ValueError);
    expect(() => noGrad(async () => 1)).toThrow(/noGrad: the callback is asynchronous/);
    expect(() => enableGrad(() => Promise.resolve(1))).toThrow(/enableGrad: the callback is asynchronous/);
    expect(leaf([1]).mul(2).requiresGrad).toBe(true);
  });

  test('detach shares elements and cuts history', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const d = y.detach();
    expect(d.requiresGrad).toBe(false);
    d.mul(x).sum().backward();
    expect(numbers(x.grad)).toEqual([2, 4]);
    noGrad(() => d.add_(1));
    expect(numbers(y)).toEqual([3, 5]);
  });

  test('requiresGrad of a non-leaf cannot be turned off', () => {
    expect(() => leaf([1]).mul(2).requiresGrad_(false)).toThrow(/only a leaf can be changed; detach\(\)/);
  });
});

describe('a wrong backward is blamed', () => {
  test('a gradient of the wrong shape', () => {
    const bad = defineOp<void>({
      name: 'test.wrongShape',
      doc: 'an op whose backward forgets to sum',
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
