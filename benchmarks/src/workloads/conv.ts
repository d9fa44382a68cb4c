import { both } from './ops.ts';
import type { Workload } from './workload.ts';

/** [N, C, H, W] and the number of kernels, each 3×3, with padding 1. */
const cases = [
  [[32, 3, 32, 32], 16],
  [[64, 16, 28, 28], 32],
  [[32, 64, 16, 16], 128],
] as const;

/** Convolutions of images. */
export const convolutions: readonly Workload[] = cases.flatMap(([x, kernels]) => {
  const [n, channels, height, width] = x;
  return both({
    op: 'conv2d',
    size: `${x.join('×')} to ${kernels}`,
    operands: { x, weight: [kernels, channels, 3, 3], bias: [kernels] },
    output: [n, kernels, height, width],
    quick: true,
  });
});
