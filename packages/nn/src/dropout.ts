import { ShapeError, type Tensor } from '@nabla/core';
import { dropoutMask } from '@nabla/core/internals';
import type { InplaceOptions } from './activation-base.ts';
import * as F from './functional.ts';
import { axes, bool, checkProbability, showShape } from './layer.ts';
import { Module } from './module.ts';
import type { IdentityFn } from './shape-fn.ts';

/** What the dropouts share: a probability. */
abstract class DropoutNd extends Module<IdentityFn> {
  readonly p: number;
  /** Whether results are written to the input. */
  readonly inplace: boolean;

  constructor(name: string, p: number, options: InplaceOptions) {
    super();
    checkProbability(name, 'p', p);
    this.p = p;
    this.inplace = options.inplace ?? false;
  }

  /** The input with some of it dropped. */
  forward(x: Tensor): Tensor {
    const y = this.drop(x);
    return this.inplace && y !== x ? x.copy_(y) : y;
  }

  protected abstract drop(x: Tensor): Tensor;

  override extraRepr(): string {
    return `p=${this.p}, inplace=${bool(this.inplace)}`;
  }
}

/**
 * In training, sets every element to zero with probability `p` and scales the others by 1 / (1 - p); otherwise gives its
 * input back (Srivastava et al. 2014).
 *
 * @example
 * ```ts
 * new Dropout(0.2).eval().call(x); // x
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 */
export class Dropout extends DropoutNd {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super('Dropout', p, options);
  }

  protected override drop(x: Tensor): Tensor {
    return F.dropout(x, this.p, this.training);
  }
}

/** 1 / (1 - p) or 0 for every channel; the first two dimensions of `shape` are samples and channels. */
function channelMask(x: Tensor, shape: readonly number[], p: number): Tensor {
  return dropoutMask(
    shape.map((n, d) => (d < 2 ? n : 1)),
    p,
    { dtype: x.dtype, device: x.device },
  );
}

/** Drops whole channels of inputs with so many spatial dimensions. */
abstract class ChannelDropout extends DropoutNd {
  readonly #spatial: number;

  constructor(spatial: number, p: number, options: InplaceOptions) {
    super(`Dropout${spatial}d`, p, options);
    this.#spatial = spatial;
  }

  protected override drop(x: Tensor): Tensor {
    const spatial = this.#spatial;
    // Only the one-dimensional form refuses other ranks in PyTorch; the others take samples and channels first.
    if (spatial === 1 ? x.ndim !== 2 && x.ndim !== 3 : x.ndim < 2) {
      const shown = `[N, C, ${axes[spatial]}] or [C, ${axes[spatial]}]`;
      throw new ShapeError(`Dropout${spatial}d expects ${shown} but the input is ${showShape(x.shape)}`);
    }
    if (!this.training || this.p === 0) return x;
    if (this.p === 1) return x.mul(0) as Tensor;
    const single = spatial !== 2 && x.ndim === spatial + 1;
    const shape = single ? [1, ...x.shape] : x.shape;
    const mask = channelMask(x, shape, this.p).div(1 - this.p) as Tensor;
    return x.mul(single ? (mask.squeeze(0) as Tensor) : mask) as Tensor;
  }
}

/**
 * In training, sets whole channels of [N, C, L] or [C, L] to zero with probability `p` and scales the others by
 * 1 / (1 - p) (Tompson et al. 2015).
 *
 * @throws ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new Dropout1d(0.2).call(ones([8, 16, 30]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
 */
export class Dropout1d extends ChannelDropout {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super(1, p, options);
  }
}

/**
 * In training, sets whole channels of [N, C, H, W] to zero with probability `p` and scales the others by
 * 1 / (1 - p) (Tompson et al. 2015). As in PyTorch, dimension 0 of a three-dimensional input counts as samples and dimension 1 as channels.
 *
 * @throws ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new Dropout2d(0.2).call(ones([8, 16, 30, 30]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
 */
export class Dropout2d extends ChannelDropout {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super(2, p, options);
  }
}

/**
 * In training, sets whole channels of [N, C, D, H, W] or [C, D, H, W] to zero with probability `p` and scales the others by
 * 1 / (1 - p) (Tompson et al. 2015).
 *
 * @throws ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new Dropout3d(0.2).call(ones([8, 16, 9, 9, 9]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
 */
export class Dropout3d extends ChannelDropout {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super(3, p, options);
  }
}

/** What a dropped element of self-normalizing networks becomes: -scale · alpha of {@link SELU}. */
const saturation = -1.0507009873554805 * 1.6732632423543772;

/** Elements where the mask is 0 become the saturation value, and an affine map keeps mean 0 and variance 1. */
function alphaDrop(x: Tensor, mask: Tensor, p: number): Tensor {
  const a = 1 / Math.sqrt((1 - p) * (1 + p * saturation * saturation));
  const b = -a * saturation * p;
  const kept = mask.ne(0).to(x.dtype) as Tensor;
  const rest = kept
    .neg()
    .add(1)
    .mul(saturation * a)
    .add(b) as Tensor;
  return x.mul(kept.mul(a) as Tensor).add(rest) as Tensor;
}

/**
 * {@link Dropout} for self-normalizing networks (Klambauer et al. 2017): in training, elements become the negative
 * saturation value of {@link SELU} with probability `p`, and an affine map keeps mean 0 and variance 1.
 *
 * @example
 * ```ts
 * new AlphaDropout(0.1).call(new SELU().call(x));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html
 */
export class AlphaDropout extends DropoutNd {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super('AlphaDropout', p, options);
  }

  protected override drop(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    if (this.p === 1) return x.mul(0) as Tensor;
    return alphaDrop(x, dropoutMask(x.shape, this.p, { dtype: x.dtype, device: x.device }), this.p);
  }
}

/**
 * {@link AlphaDropout} of whole channels of [N, C, ...].
 *
 * @throws ShapeError at the call for an input with fewer than 2 dimensions
 * @example
 * ```ts
 * new FeatureAlphaDropout(0.1).call(zeros([8, 16, 4, 4, 4]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html
 */
export class FeatureAlphaDropout extends DropoutNd {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super('FeatureAlphaDropout', p, options);
  }

  protected override drop(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    if (x.ndim < 2) throw new ShapeError(`FeatureAlphaDropout expects [N, C, ...] but the input is ${showShape(x.shape)}`);
    if (this.p === 1) return x.mul(0) as Tensor;
    return alphaDrop(x, channelMask(x, x.shape, this.p), this.p);
  }
}
