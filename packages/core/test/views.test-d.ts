import { cat, maskedFill, ones, type Shape, stack, type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expectTypeOf, it } from 'vitest';

/** The shape of a tensor, as a value of its type. */
declare function shapeOf<S extends Shape>(t: Tensor<S>): S;
declare const n: number;
declare const unknown: Tensor;

describe('views', () => {
  const x = zeros([2, 1, 3]);

  it('add, drop and exchange dimensions', () => {
    expectTypeOf(shapeOf(x.unsqueeze(0))).toEqualTypeOf<readonly [1, 2, 1, 3]>();
    expectTypeOf(shapeOf(x.unsqueeze(-1))).toEqualTypeOf<readonly [2, 1, 3, 1]>();
    expectTypeOf(shapeOf(x.unsqueeze(-2))).toEqualTypeOf<readonly [2, 1, 1, 3]>();
    expectTypeOf(shapeOf(zeros([]).unsqueeze(0))).toEqualTypeOf<readonly [1]>();
    expectTypeOf(shapeOf(x.squeeze(1))).toEqualTypeOf<readonly [2, 3]>();
    expectTypeOf(shapeOf(x.squeeze(-2))).toEqualTypeOf<readonly [2, 3]>();
    expectTypeOf(shapeOf(x.squeeze(0))).toEqualTypeOf<readonly [2, 1, 3]>();
    expectTypeOf(shapeOf(x.transpose(0, 2))).toEqualTypeOf<readonly [3, 1, 2]>();
    expectTypeOf(shapeOf(x.transpose(-1, 1))).toEqualTypeOf<readonly [2, 3, 1]>();
    expectTypeOf(shapeOf(x.swapaxes(0, 1))).toEqualTypeOf<readonly [1, 2, 3]>();
    expectTypeOf(shapeOf(x.select(0, 1))).toEqualTypeOf<readonly [1, 3]>();
    expectTypeOf(shapeOf(x.select(-1, 0))).toEqualTypeOf<readonly [2, 1]>();
    expectTypeOf(shapeOf(x.expand([4, 2, -1, 3]))).toEqualTypeOf<readonly [4, 2, number, 3]>();
    expectTypeOf(shapeOf(x.expandAs(zeros([2, 5, 3])))).toEqualTypeOf<readonly [2, 5, 3]>();
    expectTypeOf(shapeOf(x.flatten(1))).toEqualTypeOf<readonly [2, 3]>();
  });

  it('keep a shape that stays', () => {
    expectTypeOf(shapeOf(x.flip(0).roll(1).tril())).toEqualTypeOf<readonly [2, 1, 3]>();
    expectTypeOf(shapeOf(x.gather(0, zeros([1, 1, 2], { dtype: 'int64' })))).toEqualTypeOf<readonly [1, 1, 2]>();
    expectTypeOf(shapeOf(x.indexPut_([0], 1))).toEqualTypeOf<readonly [2, 1, 3]>();
    expectTypeOf(shapeOf(maskedFill(x, zeros([4, 1], { dtype: 'bool' }), 0))).toEqualTypeOf<readonly [2, 4, 3]>();
  });

  it('give up where a dim or the rank is unknown', () => {
    expectTypeOf(shapeOf(x.unsqueeze(n))).toEqualTypeOf<readonly number[]>();
    expectTypeOf(shapeOf(x.squeeze())).toEqualTypeOf<readonly number[]>();
    expectTypeOf(shapeOf(zeros([n, 2]).squeeze(0))).toEqualTypeOf<readonly number[]>();
    expectTypeOf(shapeOf(zeros([n, 1]).squeeze(1))).toEqualTypeOf<readonly [number]>();
    expectTypeOf(shapeOf(x.transpose(0, n))).toEqualTypeOf<readonly number[]>();
    expectTypeOf(shapeOf(unknown.unsqueeze(0).squeeze(1).transpose(0, 1).select(0, 0))).toEqualTypeOf<readonly number[]>();
    expectTypeOf(shapeOf(x.index(0))).toEqualTypeOf<readonly number[]>();
  });

  it('refuse a dim that is out of range', () => {
    // @ts-expect-error "✗ squeeze: dim 3 is out of range for [2, 1, 3] (rank 3)"
    x.squeeze(3 as const);
    // @ts-expect-error "✗ unsqueeze: dim 4 is out of range for [2, 1, 3] (rank 3)"
    x.unsqueeze(4);
    // @ts-expect-error "✗ unsqueeze: dim -5 is out of range for [2, 1, 3] (rank 3)"
    x.unsqueeze(-5);
    // @ts-expect-error "✗ transpose: dim 3 is out of range for [2, 1, 3] (rank 3)"
    x.transpose(0, 3);
    // @ts-expect-error "✗ select: dim -4 is out of range for [2, 1, 3] (rank 3)"
    x.select(-4, 0);
  });
});

describe('joining', () => {
  it('follows shapes', () => {
    expectTypeOf(shapeOf(stack([zeros([2, 3]), ones([2, 3])]))).toEqualTypeOf<readonly [2, 2, 3]>();
    expectTypeOf(shapeOf(stack([zeros([2, 3]), ones([2, n]), zeros([2, 3])], -1))).toEqualTypeOf<readonly [2, 3, 3]>();
    expectTypeOf(shapeOf(stack([zeros([]), zeros([])]))).toEqualTypeOf<readonly [2]>();
    expectTypeOf(shapeOf(cat([zeros([2, 3]), zeros([4, 3])]))).toEqualTypeOf<readonly [6, 3]>();
    expectTypeOf(shapeOf(cat([tensor([1]), tensor([2])]))).toEqualTypeOf<readonly number[]>();
    const list: Tensor[] = [];
    expectTypeOf(shapeOf(stack(list))).toEqualTypeOf<readonly number[]>();
    expectTypeOf(shapeOf(cat(list, 1))).toEqualTypeOf<readonly number[]>();
  });

  it('refuses shapes that differ', () => {
    // @ts-expect-error "✗ stack: shapes differ: [2, 3] and [2, 4]"
    stack([zeros([2, 3]), zeros([2, 4])]);
    // @ts-expect-error "✗ stack: dim out of range"
    stack([zeros([2])], 2);
  });
});
