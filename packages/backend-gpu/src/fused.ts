import { type FusedKernels, sizeOf } from '@nabla/core/internals';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from './conv.ts';
import type { Kernels } from './kernels.ts';
import { avgPool2d, avgPool2dGrad, maxPool2d, maxPool2dGrad } from './pool.ts';
import type { Safety } from './safety.ts';

/** Convolutions and pooling. What else could be fused runs as generated kernels. */
export function fusedKernels(kernels: Kernels, safety: Safety): FusedKernels {
  const float32 = (shape: readonly number[]): { dtype: 'float32'; length: number } => ({ dtype: 'float32', length: sizeOf(shape) });
  return {
    conv2d: (x, weight, g, out) =>
      safety.one({
        op: 'conv2d',
        inputs: [x, weight],
        outputs: [float32(out)],
        here: () => conv2d(kernels, x, weight, g, out),
        there: (b, [a, w]) => b.fused.conv2d?.(a!, w!, g, out),
      }),
    conv2dInputGrad: (grad, weight, g, shape) =>
      safety.one({
        op: 'conv2dInputGrad',
        inputs: [grad, weight],
        outputs: [float32(shape)],
        here: () => conv2dInputGrad(kernels, grad, weight, g, shape),
        there: (b, [a, w]) => b.fused.conv2dInputGrad?.(a!, w!, g, shape),
      }),
    conv2dWeightGrad: (grad, x, g, shape) =>
      safety.one({
        op: 'conv2dWeightGrad',
        inputs: [grad, x],
        outputs: [float32(shape)],
        here: () => conv2dWeightGrad(kernels, grad, x, g, shape),
        there: (b, [a, v]) => b.fused.conv2dWeightGrad?.(a!, v!, g, shape),
      }),
    maxPool2d: (x, g) => {
      const length = sizeOf([...x.shape.slice(0, 2), ...g.output]);
      return safety.many({
        op: 'maxPool2d',
        inputs: [x],
        outputs: [
          { dtype: 'float32', length },
          { dtype: 'int64', length },
        ],
        here: () => maxPool2d(kernels, x, g),
        there: (b, [a]) => b.fused.maxPool2d?.(a!, g),
      }) as ReturnType<NonNullable<FusedKernels['maxPool2d']>>;
    },
    maxPool2dGrad: (grad, indices, g, shape) =>
      safety.one({
        op: 'maxPool2dGrad',
        inputs: [grad, indices],
        outputs: [float32(shape)],
        here: () => maxPool2dGrad(kernels, grad, indices, g, shape),
        there: (b, [a, i]) => b.fused.maxPool2dGrad?.(a!, i!, g, shape),
      }),
    avgPool2d: (x, g) =>
      safety.one({
        op: 'avgPool2d',
        inputs: [x],
        outputs: [float32([...x.shape.slice(0, 2), ...g.output])],
        here: () => avgPool2d(kernels, x, g),
        there: (b, [a]) => b.fused.avgPool2d?.(a!, g),
      }),
    avgPool2dGrad: (grad, g, shape) =>
      safety.one({
        op: 'avgPool2dGrad',
        inputs: [grad],
        outputs: [float32(shape)],
        here: () => avgPool2dGrad(kernels, grad, g, shape),
        there: (b, [a]) => b.fused.avgPool2dGrad?.(a!, g, shape),
      }),
  };
}
