import { randn, type Tensor } from '@nabla/core';
import { type Conv2dGeometry, cpu } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';
import { composeConv2d, composeConv2dInputGrad, composeConv2dWeightGrad } from '../src/parts/convolution.ts';

/** Shapes beyond what samples of gradient checks can have: several blocks of the product, several chunks of images. */
interface Shape {
  readonly name: string;
  readonly x: readonly [number, number, number, number];
  readonly weight: readonly [number, number, number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
}

const shapes: readonly Shape[] = [
  { name: 'several blocks deep', x: [2, 32, 9, 10], weight: [9, 32, 3, 3], padding: [1, 1] },
  { name: 'several blocks of rows', x: [1, 3, 8, 8], weight: [133, 3, 2, 2] },
  { name: 'several blocks of columns', x: [1, 5, 40, 33], weight: [6, 5, 3, 3], padding: [1, 1] },
  { name: 'images taken several at a time, with a rest', x: [13, 6, 9, 8], weight: [7, 6, 3, 3], padding: [1, 1] },
  { name: 'the weight gradient in several chunks', x: [5, 20, 50, 50], weight: [30, 20, 3, 3], stride: [2, 2] },
  { name: 'stride, dilation and padding', x: [3, 8, 17, 19], weight: [12, 8, 3, 4], stride: [3, 2], padding: [3, 4], dilation: [2, 3] },
  { name: 'groups', x: [3, 24, 11, 12], weight: [12, 6, 3, 3], padding: [1, 1], groups: 4 },
  { name: 'depthwise', x: [3, 18, 15, 16], weight: [18, 1, 3, 3], padding: [1, 1], stride: [2, 1], groups: 18 },
];

/** The largest difference, beside the largest element. */
function largestDifference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [a.dataSync(), b.dataSync()];
  let largest = 0;
  let size = 0;
  for (let i = 0; i < x.length; i++) {
    largest = Math.max(largest, Math.abs(x[i]! - y[i]!));
    size = Math.max(size, Math.abs(y[i]!));
  }
  return largest / size;
}

describe.each(['float32', 'float64'] as const)('fused convolution equals its composition in %s', (dtype) => {
  test.each(shapes)('$name', (s) => {
    const g: Conv2dGeometry = {
      stride: s.stride ?? [1, 1],
      padding: s.padding ?? [0, 0],
      dilation: s.dilation ?? [1, 1],
      groups: s.groups ?? 1,
    };
    const size = (d: 0 | 1): number =>
      Math.floor((s.x[2 + d]! + 2 * g.padding[d] - g.dilation[d] * (s.weight[2 + d]! - 1) - 1) / g.stride[d]) + 1;
    const out = [s.x[0], s.weight[0], size(0), size(1)];
    // Views with gaps and an order of their own.
    const x = randn([s.x[0], s.x[2], s.x[3], s.x[1]], { dtype }).permute(0, 3, 1, 2) as Tensor;
    const weight = randn([s.weight[3], s.weight[0], s.weight[1], s.weight[2]], { dtype }).permute(1, 2, 3, 0) as Tensor;
    const grad = randn([...out].reverse(), { dtype }).permute(3, 2, 1, 0) as Tensor;
    const fused = (handle: unknown, shape: readonly number[]): Tensor => {
      const like = randn(shape, { dtype });
      (like.handle as Float64Array).set(handle as Float64Array);
      return like;
    };
    // Sums of up to a few thousand products of numbers of the order of 1.
    const bound = dtype === 'float32' ? 3e-6 : 1e-13;
    expect(largestDifference(fused(cpu.fused.conv2d!(x, weight, g, out), out), composeConv2d(x, weight, g, out))).toBeLessThan(bound);
    const inputGrad = fused(cpu.fused.conv2dInputGrad!(grad, weight, g, s.x), s.x);
    expect(largestDifference(inputGrad, composeConv2dInputGrad(grad, weight, g, s.x))).toBeLessThan(bound);
    const weightGrad = fused(cpu.fused.conv2dWeightGrad!(grad, x, g, s.weight), s.weight);
    expect(largestDifference(weightGrad, composeConv2dWeightGrad(grad, x, g, s.weight))).toBeLessThan(bound);
  });
});
