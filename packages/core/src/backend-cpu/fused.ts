import type { FusedKernels } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { runConv2d, runConv2dInputGrad, runConv2dWeightGrad } from './conv.ts';
import { runLinear } from './linear.ts';
import { runAvgPool2d, runAvgPool2dGrad, runMaxPool2d, runMaxPool2dGrad } from './pooling.ts';
import { runRecurrent, runRecurrentGrad } from './recurrent.ts';
import { runRecurrence, runScan, runScanExtreme } from './scan.ts';
import { runSoftmax } from './softmax.ts';

/** The CPU's fused kernels, over buffers from `make`. */
export function fusedKernels(make: (dtype: DType, n: number) => TypedArray): FusedKernels {
  return {
    conv2d: (x, weight, g, out) => runConv2d(x, weight, g, out, make),
    conv2dInputGrad: (grad, weight, g, shape) => runConv2dInputGrad(grad, weight, g, shape, make),
    conv2dWeightGrad: (grad, x, g, shape) => runConv2dWeightGrad(grad, x, g, shape, make),
    maxPool2d: (x, g) => runMaxPool2d(x, g, make),
    maxPool2dGrad: (grad, indices, _g, shape) => runMaxPool2dGrad(grad, indices, shape, make),
    avgPool2d: (x, g) => runAvgPool2d(x, g, make),
    avgPool2dGrad: (grad, g, shape) => runAvgPool2dGrad(grad, g, shape, make),
    linear: (x, weight, bias) => runLinear(x, weight, bias, make),
    scan: (r) => runScan(r, make),
    scanExtreme: (kind, src, dim) => runScanExtreme(kind, src, dim, make),
    recurrence: (factor, term, dim, reverse) => runRecurrence(factor, term, dim, reverse, make),
    recurrent: (r) => runRecurrent(r, make),
    recurrentGrad: (r) => runRecurrentGrad(r, make),
    softmax: (x) => runSoftmax(x, false, make),
    logSoftmax: (x) => runSoftmax(x, true, make),
  };
}
