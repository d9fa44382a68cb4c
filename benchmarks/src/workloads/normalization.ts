import { both } from './ops.ts';
import type { Workload } from './workload.ts';

/** Rows of 1024 that make about 1e3 to 1e7 elements. */
const rows = { '1e3': 1, '1e4': 10, '1e5': 100, '1e6': 1000, '1e7': 10_000 } as const;
const width = 1024;

/** [N, C, H, W] of about as many elements. */
const images = {
  '1e3': [1, 16, 8, 8],
  '1e4': [10, 16, 8, 8],
  '1e5': [8, 16, 28, 28],
  '1e6': [80, 16, 28, 28],
  '1e7': [800, 16, 28, 28],
} as const;

const quick = (size: string): boolean => size === '1e3' || size === '1e6';

/** Softmax and LayerNorm of rows, BatchNorm of images with the statistics of the batch. */
export const normalizations: readonly Workload[] = [
  ...Object.entries(rows).flatMap(([size, n]) =>
    both({ op: 'softmax', size, operands: { x: [n, width] }, output: [n, width], quick: quick(size) }),
  ),
  ...Object.entries(rows).flatMap(([size, n]) =>
    both({
      op: 'layerNorm',
      size,
      operands: { x: [n, width], weight: [width], bias: [width] },
      output: [n, width],
      quick: quick(size),
    }),
  ),
  ...Object.entries(images).flatMap(([size, x]) =>
    both({ op: 'batchNorm', size, operands: { x, weight: [x[1]], bias: [x[1]] }, output: x, quick: quick(size) }),
  ),
];
