import {
  AutogradError,
  enableGrad,
  InPlaceError,
  inferenceMode,
  isInferenceMode,
  noGrad,
  type Tensor,
  tensor,
  ValueError,
} from '@nabla/core';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null): number[] => Array.from(t!.dataSync());

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

describe('inference mode', () => {
  const made = (): Tensor => inferenceMode(() => plain([1, 2, 3]).mul(2) as Tensor);

  test('records nothing, not even under enableGrad', () => {
    const x = leaf([1, 2]);
    inferenceMode(() => {
      expect([isInferenceMode(), x.mul(2).requiresGrad, enableGrad(() => x.mul(2)).requiresGrad]).toEqual([true, false, false]);
      expect(leaf([1]).isInference).toBe(true);
    });
    expect([isInferenceMode(), x.mul(2).requiresGrad]).toEqual([false, true]);
  });

  test('tensors made inside can be read and computed with outside', () => {
    const t = made();
    expect([t.isInference, t.narrow(0, 0, 1).isInference, t.detach().isInference, t.add(1).isInference]).toEqual([true, true, true, false]);
    expect(numbers(t.add(1))).toEqual([3, 5, 7]);
    const x = leaf([1, 1, 1]);
    // A sum needs neither operand for its gradient.
    x.add(t).sum().backward();
    expect(numbers(x.grad)).toEqual([1, 1, 1]);
  });

  test('but not saved for a gradient', () => {
    const x = leaf([1, 1, 1]);
    expect(() => x.mul(made())).toThrow(
      'mul: a tensor made in inference mode (float64 [3]) cannot be saved for a gradient; clone() it outside of inferenceMode',
    );
    x.mul(made().clone()).sum().backward();
    expect(numbers(x.grad)).toEqual([2, 4, 6]);
  });

  test('nor written, nor asked to require gradients, nor counted', () => {
    const t = made();
    expect(() => t.add_(1)).toThrow('add_: a tensor made in inference mode cannot be written outside of it; clone() gives one that can');
    expect(() => t.narrow(0, 0, 1).zero_()).toThrow(InPlaceError);
    expect(() => t.requiresGrad_()).toThrow(
      'requiresGrad: a tensor made in inference mode cannot require gradients outside of it; clone() it first',
    );
    expect(() => t.version).toThrow(AutogradError);
    expect(() => t.version).toThrow(/does not count writes/);
    expect(t.requiresGrad_(false).requiresGrad).toBe(false);
    expect(numbers(t)).toEqual([2, 4, 6]);
    expect(numbers(inferenceMode(() => t.add_(1)))).toEqual([3, 5, 7]);
    expect(plain([0, 0, 0]).copy_(t).isInference).toBe(false);
  });

  test('ordinary tensors may be written inside, and their views are refused outside', () => {
    const y = leaf([1, 2]).mul(1) as Tensor;
    const v = inferenceMode(() => {
      y.mul_(2);
      return y.narrow(0, 0, 1);
    });
    expect([numbers(y), y.version, v.isInference]).toEqual([[2, 4], 1, false]);
    expect(() => v.mul_(2)).toThrow(/mul_: this view was made in inference mode, and it is written outside of it/);
  });

  test('asynchronous callbacks are refused, and an error restores the mode', () => {
    expect(() => inferenceMode(async () => 1)).toThrow(/inferenceMode: the callback is asynchronous/);
    expect(() =>
      inferenceMode(() => {
        throw new RangeError('inside');
      }),
    ).toThrow('inside');
    expect(isInferenceMode()).toBe(false);
  });
});
