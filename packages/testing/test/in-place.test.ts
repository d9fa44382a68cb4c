import { InPlaceError, noGrad, type Tensor, tensor } from '@nabla/core';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null): number[] => Array.from(t!.dataSync());

describe('in place', () => {
  test('a write to a tensor that backward needs names the op and the versions', () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    const z = y.mul(y).sum();
    y.add_(1);
    expect(() => z.backward()).toThrow(InPlaceError);
    expect(() => z.backward()).toThrow(
      /a tensor that 'mul' needs for its gradient was changed in place: float64 \[2\], which is output 0 of 'mul', is at version 1, expected version 0/,
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

describe('the count of writes', () => {
  test('is shared by views and detached tensors, and counts what noGrad writes', () => {
    const x = leaf([1, 2, 3, 4]);
    const y = x.mul(1) as Tensor;
    const v = y.view([2, 2]) as Tensor;
    const d = y.detach();
    expect([y.version, v.version, d.version]).toEqual([0, 0, 0]);
    y.add_(1);
    noGrad(() => d.mul_(2));
    v.indexPut_([0], 5);
    expect([y.version, v.version, d.version, x.version]).toEqual([3, 3, 3, 0]);
    expect(y.clone().version).toBe(0);
  });

  test('an error in backward says which result of which op was written', () => {
    const y = leaf([1, 2]).exp() as Tensor;
    const z = y.sum();
    y.add_(1);
    expect(() => z.backward()).toThrow(
      "a tensor that 'exp' needs for its gradient was changed in place: float64 [2], which is output 0 of 'exp', is at version 1, expected version 0. Use the op without the trailing underscore, or clone() before writing",
    );
  });
});

describe('views that one op gave at once', () => {
  const gives: readonly [string, (t: Tensor) => Tensor][] = [
    ['unbind', (t) => t.unbind(0)[1]!],
    ['split', (t) => t.split(2)[0]!],
    ['chunk', (t) => t.chunk(2)[0]!],
    ['a view of one', (t) => t.split(2)[0]!.narrow(0, 0, 1)],
  ];
  for (const [name, view] of gives) {
    test(`${name}: cannot be written where gradients are recorded`, () => {
      const y = leaf([1, 2, 3, 4]).mul(1) as Tensor;
      const v = view(y);
      expect(() => v.mul_(2)).toThrow(InPlaceError);
      expect(() => v.mul_(2)).toThrow(/mul_: this view is one of several that one op gave \(unbind, split, chunk\), and it is written/);
      expect(numbers(y)).toEqual([1, 2, 3, 4]);
      const base = plain([1, 2, 3, 4]);
      expect(() => view(base).mul_(leaf([3]).sum())).toThrow(/this view is one of several/);
      expect(numbers(base)).toEqual([1, 2, 3, 4]);
    });

    test(`${name}: cannot be used once the base was written`, () => {
      const y = leaf([1, 2, 3, 4]).mul(1) as Tensor;
      const v = view(y);
      y.mul_(2);
      expect(() => v.mul(2)).toThrow(/this view is one of several .*, and its base or another view of it was written/);
      expect(v.requiresGrad).toBe(true);
      expect(noGrad(() => numbers(v.mul(1)))).toEqual(numbers(v));
    });

    test(`${name}: can be written where nothing is recorded`, () => {
      const y = plain([1, 2, 3, 4]);
      view(y).mul_(2);
      expect(y.sum().item()).toBeGreaterThan(10);
      const z = leaf([1, 2, 3, 4]);
      noGrad(() => view(z).mul_(2));
      expect(z.detach().sum().item()).toBeGreaterThan(10);
    });
  }

  test('select and narrow give one view each, which can be written', () => {
    const x = leaf([1, 2, 3, 4]);
    const y = x.mul(1) as Tensor;
    y.narrow(0, 0, 2).mul_(3);
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([3, 3, 1, 1]);
  });
});

describe('views made under noGrad', () => {
  test('cannot be written with what needs a gradient, whatever their base', () => {
    const base = plain([1, 2, 3]);
    const v = noGrad(() => base.narrow(0, 1, 2));
    expect(() => v.mul_(leaf([2, 3]))).toThrow(
      'mul_: this view was made under noGrad, and it is written where gradients are recorded; make the view and the write either both inside of noGrad or both outside',
    );
    expect(numbers(base)).toEqual([1, 2, 3]);
    v.mul_(2);
    expect(numbers(base)).toEqual([1, 4, 6]);
  });

  test('cannot be used once their base was written where gradients are recorded', () => {
    const base = plain([1, 2, 3]);
    const v = noGrad(() => base.narrow(0, 1, 2));
    base.mul_(leaf([2, 3, 4]));
    expect(() => v.mul(1)).toThrow(
      /this view was made under noGrad, and its base or another view of it was written where gradients are recorded/,
    );
  });
});

describe('detach_', () => {
  test('makes a leaf that knows nothing of how it was computed', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2) as Tensor;
    y.retainGrad();
    expect(y.detach_()).toBe(y);
    expect([y.requiresGrad, y.isLeaf, y.gradFn, y.retainsGrad]).toEqual([false, true, null, false]);
    y.mul(x).sum().backward();
    expect(numbers(x.grad)).toEqual([2, 4]);
    expect(x.detach_().requiresGrad).toBe(false);
  });

  test('refuses views', () => {
    const v = leaf([1, 2]).mul(1).narrow(0, 0, 1);
    expect(() => v.detach_()).toThrow('detach_: a view cannot be detached in place; use detach()');
    expect(v.requiresGrad).toBe(true);
  });
});

describe('results of ops that were computed under noGrad', () => {
  test('can be written, though they may be the last temporary of the op in another shape', () => {
    const picked = noGrad(() => plain([1, 2, 3, 4]).index([0, 2]));
    const w = leaf([5, 7]);
    picked.mul_(w);
    expect([numbers(picked), picked.requiresGrad]).toEqual([[5, 21], true]);
    picked.mul_(2);
    picked.sum().backward();
    expect(numbers(w.grad)).toEqual([2, 6]);
  });
});

describe('in-place methods of ops that are no scalar functions', () => {
  const matrix = (t: Tensor): Tensor => t.reshape([2, 2]) as Tensor;
  const methods: readonly [string, (t: Tensor) => Tensor, number[], number[]][] = [
    ['cumsum_', (t) => matrix(t).cumsum_(1), [1, 3, 3, 7], [2, 1, 2, 1]],
    ['cumprod_', (t) => matrix(t).cumprod_(0), [1, 2, 3, 8], [4, 5, 1, 2]],
    ['tril_', (t) => matrix(t).tril_(), [1, 0, 3, 4], [1, 0, 1, 1]],
    ['triu_', (t) => matrix(t).triu_(1), [0, 2, 0, 0], [0, 1, 0, 0]],
  ];
  for (const [name, write, values, gradient] of methods) {
    test(name, () => {
      const x = leaf([1, 2, 3, 4]);
      const y = x.mul(1) as Tensor;
      write(y);
      expect(numbers(y)).toEqual(values);
      y.sum().backward();
      expect(numbers(x.grad)).toEqual(gradient);
      expect(() => write(leaf([1, 2, 3, 4]))).toThrow(InPlaceError);
    });
  }
});
