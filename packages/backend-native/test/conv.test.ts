import { manualSeed, randn, type Tensor, type TypedArray } from '@nabla/core';
import { type Blas, type Conv2dGeometry, cpu, type View } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';
import { native } from './native.ts';
import { StrictBlas, withBlas } from './support.ts';

manualSeed(0);

type Four = readonly [number, number, number, number];
type Two = readonly [number, number];

interface Case {
  readonly name: string;
  readonly x: Four;
  readonly weight: Four;
  readonly stride?: Two;
  readonly padding?: Two;
  readonly dilation?: Two;
  readonly groups?: number;
}

const cases: readonly Case[] = [
  { name: 'a single image, no padding', x: [1, 3, 12, 10], weight: [4, 3, 3, 3] },
  { name: 'padding', x: [2, 3, 9, 11], weight: [5, 3, 3, 3], padding: [1, 1] },
  { name: 'more padding than the kernel has taps', x: [1, 2, 4, 5], weight: [3, 2, 2, 3], padding: [3, 4] },
  { name: 'images taken several at a time, with a rest', x: [13, 6, 9, 8], weight: [7, 6, 3, 3], padding: [1, 1] },
  { name: 'images in several matrices of rows', x: [2, 130, 21, 33], weight: [9, 130, 3, 4], padding: [2, 1] },
  { name: 'more outputs than taps', x: [3, 2, 40, 33], weight: [300, 2, 2, 2], padding: [1, 0] },
  { name: 'stride', x: [3, 4, 17, 19], weight: [6, 4, 3, 3], padding: [1, 1], stride: [2, 2] },
  { name: 'stride in one dimension', x: [2, 4, 12, 13], weight: [6, 4, 3, 3], padding: [1, 1], stride: [1, 3] },
  { name: 'a stride that skips elements', x: [2, 3, 14, 15], weight: [4, 3, 2, 2], stride: [3, 4] },
  { name: 'dilation', x: [2, 4, 14, 13], weight: [5, 4, 3, 2], dilation: [2, 3], padding: [2, 1] },
  { name: 'stride, dilation and padding', x: [3, 8, 17, 19], weight: [12, 8, 3, 4], stride: [3, 2], padding: [3, 4], dilation: [2, 3] },
  { name: 'groups', x: [3, 24, 11, 12], weight: [12, 6, 3, 3], padding: [1, 1], groups: 4 },
  { name: 'depthwise', x: [3, 18, 15, 16], weight: [18, 1, 3, 3], padding: [1, 1], stride: [2, 1], groups: 18 },
  { name: 'one tap', x: [3, 8, 7, 9], weight: [6, 8, 1, 1] },
  { name: 'one tap and groups', x: [3, 8, 7, 9], weight: [6, 4, 1, 1], groups: 2 },
  { name: 'one tap, stride', x: [5, 8, 7, 9], weight: [6, 8, 1, 1], stride: [2, 2] },
  { name: 'one tap, padding', x: [2, 3, 4, 4], weight: [2, 3, 1, 1], padding: [1, 2] },
  { name: 'one channel to one', x: [2, 1, 6, 6], weight: [1, 1, 3, 3], padding: [1, 1] },
  { name: 'a kernel as large as the image', x: [5, 3, 6, 7], weight: [4, 3, 6, 7] },
];

/** How x, weight and gradient lie. */
const layouts: Record<string, (shape: Four, dtype: 'float32' | 'float64') => Tensor> = {
  dense: (shape, dtype) => randn(shape, { dtype }) as unknown as Tensor,
  'channels last': ([n, c, h, w], dtype) => randn([n, h, w, c], { dtype }).permute(0, 3, 1, 2) as Tensor,
  'part of a larger tensor': ([n, c, h, w], dtype) =>
    randn([n + 1, c + 2, h, w], { dtype })
      .narrow(0, 1, n)
      .narrow(1, 1, c) as Tensor,
  'a window with gaps': ([n, c, h, w], dtype) =>
    randn([n, c, h + 1, w + 2], { dtype })
      .narrow(2, 1, h)
      .narrow(3, 1, w) as Tensor,
  'one image repeated': ([n, c, h, w], dtype) => randn([1, c, h, w], { dtype }).expand([n, c, h, w]) as Tensor,
  'one number repeated': ([n, c, h, w], dtype) => randn([1, 1, 1, 1], { dtype }).expand([n, c, h, w]) as Tensor,
};

function difference(got: TypedArray, want: TypedArray): number {
  expect(got.length).toBe(want.length);
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    const d = Math.abs(got[i]! - want[i]!) / Math.max(1, Math.abs(want[i]!));
    largest = d <= largest ? largest : d; // a NaN stays
  }
  return largest;
}

/** The three products of a convolution by a library against JavaScript's. */
function compare(blas: Blas, c: Case, layout: string, dtype: 'float32' | 'float64'): void {
  const g: Conv2dGeometry = {
    stride: c.stride ?? [1, 1],
    padding: c.padding ?? [0, 0],
    dilation: c.dilation ?? [1, 1],
    groups: c.groups ?? 1,
  };
  const size = (d: 0 | 1): number =>
    Math.floor((c.x[2 + d]! + 2 * g.padding[d] - g.dilation[d] * (c.weight[2 + d]! - 1) - 1) / g.stride[d]) + 1;
  const shape: Four = [c.x[0], c.weight[0], size(0), size(1)];
  const make = layouts[layout]!;
  const [x, weight, grad] = [make(c.x, dtype), make(c.weight, dtype), make(shape, dtype)] as [View, View, View];
  const { conv2d, conv2dInputGrad, conv2dWeightGrad } = cpu.fused;
  const bound = dtype === 'float32' ? 3e-4 : 1e-11;
  for (const run of [
    () => conv2d!(x, weight, g, shape),
    () => conv2dInputGrad!(grad, weight, g, c.x),
    () => conv2dWeightGrad!(grad, x, g, c.weight),
  ]) {
    const want = run() as TypedArray;
    const got = withBlas(blas, run) as TypedArray;
    expect(difference(got, want)).toBeLessThan(bound);
  }
}

describe.each(['float32', 'float64'] as const)('convolution in %s', (dtype) => {
  describe.each(Object.keys(layouts))('%s', (layout) => {
    test.each(cases)('$name', (c) => {
      const blas = new StrictBlas();
      compare(blas, c, layout, dtype);
      expect(blas.calls).toBeGreaterThanOrEqual(3);
      if (native !== null) compare(native, c, layout, dtype);
    });
  });
});
