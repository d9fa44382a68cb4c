import {
  type AvgPool2dGeometry,
  type Conv2dGeometry,
  type Declined,
  type Handle,
  type Pool2dGeometry,
  sizeOf,
} from '@nabla/core/internals';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import type { GpuBackend } from '../src/index.ts';
import { browserModes, expectOnDevice, gpuIn, Pair, Random } from './support.ts';

/** [N, C, H, W], [O, KH, KW], stride, padding, dilation, groups. */
type ConvCase = readonly [readonly [number, number, number, number], readonly [number, number, number], ...(readonly [number, number])[]];
const convs: readonly (readonly [ConvCase, number])[] = [
  [
    [
      [2, 3, 9, 8],
      [4, 3, 3],
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    1,
  ],
  [
    [
      [2, 3, 9, 9],
      [4, 3, 2],
      [2, 3],
      [0, 2],
      [1, 1],
    ],
    1,
  ],
  [
    [
      [1, 4, 7, 7],
      [6, 3, 3],
      [2, 1],
      [1, 0],
      [2, 1],
    ],
    2,
  ],
  [
    [
      [3, 4, 5, 6],
      [4, 2, 3],
      [1, 2],
      [2, 1],
      [1, 2],
    ],
    4,
  ],
  [
    [
      [2, 8, 16, 16],
      [16, 3, 3],
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    1,
  ],
  [
    [
      [1, 1, 1, 1],
      [1, 1, 1],
      [1, 1],
      [0, 0],
      [1, 1],
    ],
    1,
  ],
  [
    [
      [0, 2, 4, 4],
      [3, 3, 3],
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    1,
  ],
  [
    [
      [8, 2, 40, 40],
      [2, 5, 5],
      [1, 1],
      [2, 2],
      [1, 1],
    ],
    1,
  ],
  [
    [
      [1, 700, 3, 3],
      [2, 5, 5],
      [1, 1],
      [2, 2],
      [1, 1],
    ],
    1,
  ],
];

/** [N, C, H, W], kernel, stride, padding, dilation. */
const pools: readonly (readonly [readonly [number, number, number, number], ...(readonly [number, number])[]])[] = [
  [
    [2, 3, 8, 8],
    [2, 2],
    [2, 2],
    [0, 0],
    [1, 1],
  ],
  [
    [1, 2, 7, 9],
    [3, 2],
    [2, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 1, 10, 10],
    [3, 3],
    [1, 2],
    [1, 0],
    [2, 2],
  ],
  [
    [0, 2, 4, 4],
    [2, 2],
    [2, 2],
    [0, 0],
    [1, 1],
  ],
];

const outSize = (n: number, k: number, s: number, p: number, d: number): number => Math.floor((n + 2 * p - d * (k - 1) - 1) / s) + 1;

describe.each(browserModes)('%s', (mode) => {
  let gpu: GpuBackend;
  let pair: Pair;
  beforeAll(async () => {
    gpu = await gpuIn(mode);
    pair = new Pair(gpu);
  });
  afterEach(() => pair.clear());
  afterAll(() => {
    expectOnDevice(gpu);
    gpu.dispose();
  });

  test('conv2d and both gradients', async () => {
    const r = new Random(21);
    for (const [[image, [o, kh, kw], stride, padding, dilation], groups] of convs) {
      const g = { stride, padding, dilation, groups } as Conv2dGeometry;
      const weight = [o, image[1] / groups, kh, kw];
      const size = (d: 0 | 1): number => outSize(image[2 + d]!, weight[2 + d]!, stride![d], padding![d], dilation![d]);
      const out = [image[0], o, size(0), size(1)];
      const x = pair.window(r, 'float32', image);
      const w = pair.window(r, 'float32', weight);
      const grad = pair.window(r, 'float32', out);
      const what = `${JSON.stringify(image)} ${JSON.stringify(weight)} ${JSON.stringify(g)}`;
      const tolerance = 1e-5 * Math.max(1, Math.sqrt(sizeOf(weight.slice(1))) / 5);
      await pair.same(`conv2d ${what}`, ['float32'], sizeOf(out), (b, on) => b.fused.conv2d!(on(x), on(w), g, out), tolerance);
      await pair.same(
        `input gradient ${what}`,
        ['float32'],
        sizeOf(image),
        (b, on) => b.fused.conv2dInputGrad!(on(grad), on(w), g, image),
        tolerance,
      );
      await pair.same(
        `weight gradient ${what}`,
        ['float32'],
        sizeOf(weight),
        (b, on) => b.fused.conv2dWeightGrad!(on(grad), on(x), g, weight),
        1e-5 * Math.max(1, Math.sqrt(out[0]! * out[2]! * out[3]!) / 5),
      );
    }
  });

  test('max pooling, its indices and its gradient', async () => {
    const r = new Random(22);
    for (const [image, kernel, stride, padding, dilation] of pools) {
      const output = [0, 1].map((d) => outSize(image[2 + d]!, kernel![d]!, stride![d]!, padding![d]!, dilation![d]!));
      const g = { kernel, stride, padding, dilation, output } as unknown as Pool2dGeometry;
      const out = [image[0], image[1], ...output];
      // Few distinct values, so that there are ties.
      const values = Float32Array.from({ length: sizeOf(image) }, () => r.below(3));
      if (values.length > 20) for (const at of [5, 11, 17]) values[at] = [NaN, -Infinity, Infinity][r.below(3)]!;
      const x = pair.view(values, 'float32', image);
      const what = `${JSON.stringify(image)} ${JSON.stringify(g)}`;
      const run = (
        b: { fused: GpuBackend['fused'] },
        view: Parameters<NonNullable<GpuBackend['fused']['maxPool2d']>>[0],
      ): readonly Handle[] | Declined => b.fused.maxPool2d!(view, g);
      await pair.same(`maxPool2d ${what}`, ['float32', 'int64'], sizeOf(out), (b, on) => run(b, on(x)));
      const grad = pair.window(r, 'float32', out);
      const spread = pair.window(r, 'float32', image);
      await pair.same(`maxPool2dGrad ${what}`, ['float32'], sizeOf(image), (b, on) => {
        const [, indices] = run(b, on(spread)) as readonly [Handle, Handle];
        const view = {
          handle: indices,
          dtype: 'int64' as const,
          shape: out,
          strides: [out[1]! * out[2]! * out[3]!, out[2]! * out[3]!, out[3]!, 1],
          offset: 0,
        };
        return b.fused.maxPool2dGrad!(on(grad), view, g, image);
      });
    }
  });

  test('average pooling and its gradient', async () => {
    const r = new Random(23);
    for (const [image, kernel, stride, padding] of pools) {
      for (const [countIncludePad, divisorOverride, extra] of [
        [true, null, 0],
        [false, null, 0],
        [true, 3, 0],
        [true, null, 1],
        [false, null, 1],
      ] as const) {
        const output = [0, 1].map((d) => outSize(image[2 + d]!, kernel![d]!, stride![d]!, padding![d]!, 1));
        // ceilMode: one more window, which starts inside the image or its left padding.
        if (extra === 1) for (const d of [0, 1]) if (output[d]! * stride![d]! < image[2 + d]! + padding![d]!) output[d]!++;
        const g = { kernel, stride, padding, dilation: [1, 1], output, countIncludePad, divisorOverride } as unknown as AvgPool2dGeometry;
        const out = [image[0], image[1], ...output];
        const x = pair.window(r, 'float32', image);
        const grad = pair.window(r, 'float32', out);
        const what = `${JSON.stringify(image)} ${JSON.stringify(g)}`;
        await pair.same(`avgPool2d ${what}`, ['float32'], sizeOf(out), (b, on) => b.fused.avgPool2d!(on(x), g));
        await pair.same(`avgPool2dGrad ${what}`, ['float32'], sizeOf(image), (b, on) => b.fused.avgPool2dGrad!(on(grad), g, image));
      }
    }
  });
});
