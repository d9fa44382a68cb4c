import { ones, ShapeError, ValueError, zeros } from '@nabla/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as nn from '../src/index.ts';

describe('FractionalMaxPool2d and FractionalMaxPool3d', () => {
  it('give the size that was asked for, with and without a batch', () => {
    expect(new nn.FractionalMaxPool2d(3, { outputSize: [13, 12] }).call(zeros([2, 1, 50, 32])).shape).toEqual([2, 1, 13, 12]);
    expect(new nn.FractionalMaxPool2d([2, 3], { outputRatio: [0.5, 0.25] }).call(zeros([1, 9, 9])).shape).toEqual([1, 4, 2]);
    expect(new nn.FractionalMaxPool3d(2, { outputRatio: 0.5 }).call(zeros([1, 2, 8, 7, 6])).shape).toEqual([1, 2, 4, 3, 3]);
    const { values, indices } = new nn.FractionalMaxPool3d([1, 2, 2], { outputSize: 3, returnIndices: true }).forward(zeros([2, 5, 4, 4]));
    expect([values.shape, indices.shape, indices.dtype]).toEqual([[2, 3, 3, 3], [2, 3, 3, 3], 'int64']);
    expectTypeOf(values.shape).toEqualTypeOf<readonly number[]>();
  });

  it('can be undone by MaxUnpool2d', () => {
    const pool = new nn.FractionalMaxPool2d(2, { outputSize: 2, returnIndices: true });
    const { values, indices } = pool.forward(ones([1, 1, 4, 4]));
    expect(new nn.MaxUnpool2d(2).forward(values, indices).sum().item()).toBe(4);
  });

  it('refuse sizes that make no sense', () => {
    for (const [make, name] of [
      [(o: object) => new nn.FractionalMaxPool2d(2, o), 'FractionalMaxPool2d'],
      [(o: object) => new nn.FractionalMaxPool3d(2, o), 'FractionalMaxPool3d'],
    ] as const) {
      for (const o of [{}, { outputSize: 2, outputRatio: 0.5 }, { outputSize: null }]) {
        expect(() => make(o)).toThrow(ValueError);
        expect(() => make(o)).toThrow(`${name}: give one of outputSize and outputRatio`);
      }
      for (const outputRatio of [0, 1, Number.NaN, [0.5], [0.5, 0.5, 0.5, 0.5]])
        expect(() => make({ outputRatio })).toThrow(`${name}: outputRatio must be a number between 0 and 1`);
      expect(() => make({ outputSize: 2.5 })).toThrow(`${name}: outputSize must be an integer`);
    }
    expect(() => new nn.FractionalMaxPool2d(0, { outputSize: 2 })).toThrow(
      'FractionalMaxPool2d: kernelSize must be an integer of at least 1',
    );
    const samples = zeros([1, 2, 2]);
    expect(() => new nn.FractionalMaxPool2d(2, { outputSize: 2, randomSamples: samples }).call(zeros([2, 2, 4, 4]))).toThrow(ShapeError);
    expect(() => new nn.FractionalMaxPool2d(2, { outputSize: 4 }).call(zeros([1, 4, 4]))).toThrow(ShapeError);
  });
});
