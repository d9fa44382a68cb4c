import { Generator, noGrad, rand, randn, type Tensor } from '@nabla/core';
import { BatchNorm1d, BatchNorm2d, GroupNorm, Identity, InstanceNorm2d, LayerNorm, Module, RMSNorm } from '@nabla/nn';
import { LabError } from '../errors.ts';
import type { Arm, Variant } from './spec.ts';

/** A layer from [N, ...] to the same shape. */
export interface Norm extends Module {
  forward(x: Tensor): Tensor;
}

const asNorm = (m: unknown): Norm => m as Norm;

/** Groups of GroupNorm: four, as fits 8 and 16 channels; Wu and He (2018, table 3) find little difference between numbers. */
const groups = 4;

/** Keeps the scale, the shift or both of a normalization where they start: at one and at zero. */
function fix(norm: Norm, variant: Variant | undefined): Norm {
  const parameters = new Map(norm.namedParameters());
  if (variant === 'scale' || variant === 'plain') parameters.get('bias')!.requiresGrad = false;
  if (variant === 'shift' || variant === 'plain') parameters.get('weight')!.requiresGrad = false;
  return norm;
}

/**
 * Noise that shifts and scales every unit anew in every training step (Santurkar et al. 2018, appendix A): batch means drawn
 * from ±0.5 and deviations from 1 to 1.25, and for every sample a little around those. In evaluation nothing happens.
 */
class Unsteady extends Module implements Norm {
  readonly #generator: Generator;

  constructor(seed: number) {
    super();
    this.#generator = new Generator(seed);
  }

  forward(x: Tensor): Tensor {
    if (!this.training) return x;
    const [n, features] = x.shape as unknown as [number, number];
    const options = { generator: this.#generator, device: x.device };
    const [mean, deviation] = noGrad(() => [
      rand([features], options)
        .sub(0.5)
        .add(rand([n, features], options).sub(0.5).mul(0.2)),
      rand([features], options)
        .mul(0.25)
        .add(1)
        .add(randn([n, features], options).mul(0.1)),
    ]) as [Tensor, Tensor];
    return x.mul(deviation).add(mean);
  }
}

/** Between a linear map to [N, features] and its activation. Draws no random numbers. */
export function featureNorm(arm: Arm, features: number, variant?: Variant, seed: number = 0): Norm {
  const norm = fix(asNorm(plainFeatureNorm(arm, features)), variant);
  return variant === 'noisy' ? asNorm(new Chain(norm, new Unsteady(seed))) : norm;
}

function plainFeatureNorm(arm: Arm, features: number): unknown {
  switch (arm) {
    case 'none':
      return new Identity();
    case 'batch':
      return new BatchNorm1d(features);
    case 'layer':
      return new LayerNorm(features);
    case 'rms':
      return new RMSNorm(features, { eps: 1e-5 });
    default:
      throw new LabError(`${arm} has no meaning for single features`);
  }
}

/** Between a convolution to [N, channels, H, W] and its activation. */
export function imageNorm(arm: Arm, channels: number): Norm {
  switch (arm) {
    case 'none':
      return asNorm(new Identity());
    case 'batch':
      return asNorm(new BatchNorm2d(channels));
    case 'layer':
      // One group is LayerNorm over channels and positions, with a scale and a shift for each channel as the others have
      // (Wu and He 2018, section 3.1): LayerNorm's own would be one for each pixel, and more to learn.
      return asNorm(new GroupNorm(1, channels));
    case 'group':
      return asNorm(new GroupNorm(groups, channels));
    case 'instance':
      return asNorm(new InstanceNorm2d(channels, { affine: true }));
    default:
      throw new LabError(`${arm} is not compared on images`);
  }
}

/** Two layers, one after the other. */
class Chain extends Module implements Norm {
  readonly first: Norm;
  readonly second: Norm;

  constructor(first: Norm, second: Norm) {
    super();
    this.first = first;
    this.second = second;
  }

  forward(x: Tensor): Tensor {
    return this.second.call(this.first.call(x) as Tensor) as Tensor;
  }
}
