import {
  arange,
  DTypeError,
  empty,
  emptyLike,
  eye,
  float,
  full,
  fullLike,
  linspace,
  logspace,
  ShapeError,
  type Tensor,
  tensor,
  trilIndices,
  triuIndices,
  ValueError,
  zeros,
} from '@nabla/core';
import { describe, expect, test } from 'vitest';

/** dtype and elements. */
const seen = (t: Tensor): unknown[] => [t.dtype, t.toArray()];

describe('sequences', () => {
  test('arange', () => {
    expect(seen(arange(3))).toEqual(['int64', [0, 1, 2]]);
    expect(seen(arange(float(2)))).toEqual(['float32', [0, 1]]);
    expect(seen(arange(3.5))).toEqual(['float32', [0, 1, 2, 3]]);
    expect(seen(arange(5, 1, -2))).toEqual(['int64', [5, 3]]);
    expect(seen(arange(1, 2, 0.5, { dtype: 'float64' }))).toEqual(['float64', [1, 1.5]]);
    // Bounds of integers are integers before anything else.
    expect(seen(arange(1.9, 4.9, { dtype: 'int64' }))).toEqual(['int64', [1, 2, 3]]);
    expect(arange(2, 2).shape).toEqual([0]);
  });

  test('linspace', () => {
    expect(seen(linspace(0, 1, 5))).toEqual(['float32', [0, 0.25, 0.5, 0.75, 1]]);
    expect(seen(linspace(3, 1, 2, { dtype: 'float64' }))).toEqual(['float64', [3, 1]]);
    expect(seen(linspace(0, 9.9, 4, { dtype: 'int64' }))).toEqual(['int64', [0, 3, 6, 9]]);
    expect(seen(linspace(0, 3, 3, { dtype: 'int32' }))).toEqual(['int32', [0, 1, 3]]);
    expect(seen(linspace(7, 9, 1))).toEqual(['float32', [7]]);
    expect(linspace(0, 1, 0).shape).toEqual([0]);
    // The last value is the bound itself, whatever the steps add up to.
    expect(linspace(0, 0.1, 7, { dtype: 'float64' }).dataSync()[6]).toBe(0.1);
  });

  test('logspace', () => {
    expect(seen(logspace(0, 2, 3))).toEqual(['float32', [1, 10, 100]]);
    expect(seen(logspace(3, 0, 4, 2, { dtype: 'int64' }))).toEqual(['int64', [8, 4, 2, 1]]);
    expect(seen(logspace(-1, 1, 3, float(4), { dtype: 'float64' }))).toEqual(['float64', [0.25, 1, 4]]);
  });

  test('eye', () => {
    expect(seen(eye(2))).toEqual([
      'float32',
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    expect(seen(eye(1, 3, { dtype: 'int64' }))).toEqual(['int64', [[1, 0, 0]]]);
    expect(seen(eye(1, { dtype: 'bool' }))).toEqual(['bool', [[1]]]);
  });

  test('places of triangles', () => {
    expect(seen(trilIndices(2, 3))).toEqual([
      'int64',
      [
        [0, 1, 1],
        [0, 0, 1],
      ],
    ]);
    expect(seen(triuIndices(2, 3, 1, { dtype: 'int32' }))).toEqual([
      'int32',
      [
        [0, 0, 1],
        [1, 2, 2],
      ],
    ]);
    expect(trilIndices(0, 4).shape).toEqual([2, 0]);
    expect(triuIndices(2, 2, 2).shape).toEqual([2, 0]);
  });
});

describe('filled tensors', () => {
  test('the dtype follows the value', () => {
    expect(seen(full([1], 2))).toEqual(['float32', [2]]);
    expect(seen(full([1], 2n))).toEqual(['int64', [2]]);
    expect(seen(full([], true))).toEqual(['bool', 1]);
    expect(seen(full([1], float(2)))).toEqual(['float32', [2]]);
  });

  test('of the dtype of another tensor', () => {
    const t = zeros([2], { dtype: 'int64' });
    expect(seen(t.newFull([1], 2.5))).toEqual(['int64', [2]]);
    expect(seen(t.newFull([1], 2.5, { dtype: 'float64' }))).toEqual(['float64', [2.5]]);
    expect(seen(t.newZeros([2]))).toEqual(['int64', [0, 0]]);
    expect(seen(t.newOnes([1, 1], { dtype: 'bool' }))).toEqual(['bool', [[1]]]);
    expect(seen(t.newTensor([1.5, 2]))).toEqual(['int64', [1, 2]]);
    expect(t.newEmpty([3, 0]).shape).toEqual([3, 0]);
    expect([t.newEmpty([1]).dtype, emptyLike(t).dtype, empty([2]).dtype]).toEqual(['int64', 'int64', 'float32']);
    expect(seen(fullLike(t, 3n))).toEqual(['int64', [3, 3]]);
    expect(tensor([1]).newZeros([2], { requiresGrad: true }).requiresGrad).toBe(true);
  });
});

describe('what is refused', () => {
  const cases: [string, () => unknown, new (message: string) => Error, RegExp][] = [
    ['step 0', () => arange(0, 3, 0), ValueError, /^arange: step 0 does not lead from 0 to 3$/],
    ['a step that becomes 0', () => arange(0, 3, 0.5, { dtype: 'int64' }), ValueError, /^arange: step 0.5 does not lead from 0 to 3$/],
    ['direction', () => arange(5, 0), ValueError, /^arange: step 1 points away from 0$/],
    ['infinity', () => arange(Number.NEGATIVE_INFINITY, 1, 2), ValueError, /^arange: expected finite numbers, got -Infinity$/],
    ['bool', () => arange(3, { dtype: 'bool' }), DTypeError, /^arange: not defined for bool$/],
    ['floating steps', () => linspace(0, 3, float(1) as never), ValueError, /^linspace: steps must be a non-negative integer, got 1$/],
    ['negative steps', () => logspace(0, 3, -1), ValueError, /^logspace: steps must be a non-negative integer, got -1$/],
    ['a power that does not fit', () => logspace(0, 40, 2, 10, { dtype: 'int64' }), DTypeError, /^logspace: 1e\+40 does not fit int64$/],
    ['negative size', () => eye(0, -3), ShapeError, /^eye: invalid size -3 in \[0, -3\]$/],
    ['triangle', () => trilIndices(-1, 2), ShapeError, /^trilIndices: invalid size -1/],
    ['floating places', () => triuIndices(1, 2, 0, { dtype: 'float32' }), DTypeError, /^triuIndices: places are integers, not float32$/],
    ['offset', () => triuIndices(1, 2, 0.5), ValueError, /^triuIndices: offset must be an integer, got 0.5$/],
  ];
  test.each(cases)('%s', (_name, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});
