import type { FusedKernels } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { runConv2d, runConv2dInputGrad, runConv2dWeightGrad } from './conv.ts';
import { runSoftmax } from './softmax.ts';

/** The CPU's fused kernels, over buffers from `make`. */
export function fusedKernels(make: (dtype: DType, n: number) => TypedArray): FusedKernels {
  return {
    conv2d: (x, weight, g, out) => runConv2d(x, weight, g, out, make),
    conv2dInputGrad: (grad, weight, g, shape) => runConv2dInputGrad(grad, weight, g, shape, make),
    conv2dWeightGrad: (grad, x, g, shape) => runConv2dWeightGrad(grad, x, g, shape, make),
    softmax: (x) => runSoftmax(x, false, make),
    logSoftmax: (x) => runSoftmax(x, true, make),
  };
}
