import type { Conv2dGeometry, View } from '../backend.ts';
import { Declined } from '../backend.ts';
import { backendOf, wrap } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { composeConv2d, composeConv2dInputGrad, composeConv2dWeightGrad } from './convolution.ts';

// The three ops that every convolution is made of. Each is the gradient of the other two, so derivatives of every order
// stay on the same kernels. Operands are batched, have two spatial dimensions, and were checked to fit.

/** A geometry with the size of what is computed, which strides leave open. */
export interface SizedGeometry extends Conv2dGeometry {
  readonly shape: readonly number[];
}

function geometry({ stride, padding, dilation, groups }: Conv2dGeometry): Conv2dGeometry {
  return { stride, padding, dilation, groups };
}

/** How many windows fit along each spatial dimension of x. */
function outputSizes(x: readonly number[], weight: readonly number[], g: Conv2dGeometry): number[] {
  return ([0, 1] as const).map(
    (d) => Math.floor((x[2 + d]! + 2 * g.padding[d] - g.dilation[d] * (weight[2 + d]! - 1) - 1) / g.stride[d]) + 1,
  );
}

/** x [N, C, H, W] and weight [O, C / groups, KH, KW] to [N, O, OH, OW]. */
export const correlate: OpFunction<Conv2dGeometry> = defineOp<Conv2dGeometry>({
  name: 'conv2d',
  infer: ([x, w], g) => [{ shape: [x!.shape[0]!, w!.shape[0]!, ...outputSizes(x!.shape, w!.shape, g)], dtype: x!.dtype }],
  forward: ([x, w], g, [out]) => {
    const backend = backendOf('conv2d', [x!, w!]);
    const done = backend.fused.conv2d?.(x as View, w as View, geometry(g), out!.shape);
    if (done === undefined || done instanceof Declined) return [composeConv2d(x!, w!, g, out!.shape)];
    return [wrap(backend, done, out!.dtype, out!.shape)];
  },
  save: ([x, w]) => [x!, w!],
  backward: ({ attrs: g, saved: [x, w], needs }, [grad]) => [
    needs[0] ? correlateInputGrad([grad!, w!], { ...g, shape: x!.shape })[0]! : null,
    needs[1] ? correlateWeightGrad([grad!, x!], { ...g, shape: w!.shape })[0]! : null,
  ],
});

/** Gradient of {@link correlate} in x, which is the transposed convolution: grad [N, O, OH, OW] and weight to `shape`. */
export const correlateInputGrad: OpFunction<SizedGeometry> = defineOp<SizedGeometry>({
  name: 'conv2dInputGrad',
  infer: ([grad], { shape }) => [{ shape, dtype: grad!.dtype }],
  forward: ([grad, w], g, [out]) => {
    const backend = backendOf('conv2dInputGrad', [grad!, w!]);
    const done = backend.fused.conv2dInputGrad?.(grad as View, w as View, geometry(g), g.shape);
    if (done === undefined || done instanceof Declined) return [composeConv2dInputGrad(grad!, w!, g, g.shape)];
    return [wrap(backend, done, out!.dtype, out!.shape)];
  },
  save: ([grad, w]) => [grad!, w!],
  backward: ({ attrs: g, saved: [grad, w], needs }, [h]) => [
    needs[0] ? correlate([h!, w!], geometry(g))[0]! : null,
    needs[1] ? correlateWeightGrad([grad!, h!], { ...g, shape: w!.shape })[0]! : null,
  ],
});

/** Gradient of {@link correlate} in the weight: grad [N, O, OH, OW] and x to `shape`. */
const correlateWeightGrad: OpFunction<SizedGeometry> = defineOp<SizedGeometry>({
  name: 'conv2dWeightGrad',
  infer: ([grad], { shape }) => [{ shape, dtype: grad!.dtype }],
  forward: ([grad, x], g, [out]) => {
    const backend = backendOf('conv2dWeightGrad', [grad!, x!]);
    const done = backend.fused.conv2dWeightGrad?.(grad as View, x as View, geometry(g), g.shape);
    if (done === undefined || done instanceof Declined) return [composeConv2dWeightGrad(grad!, x!, g, g.shape)];
    return [wrap(backend, done, out!.dtype, out!.shape)];
  },
  save: ([grad, x]) => [grad!, x!],
  backward: ({ attrs: g, saved: [grad, x], needs }, [h]) => [
    needs[0] ? correlate([x!, h!], geometry(g))[0]! : null,
    needs[1] ? correlateInputGrad([grad!, h!], { ...g, shape: x!.shape })[0]! : null,
  ],
});
