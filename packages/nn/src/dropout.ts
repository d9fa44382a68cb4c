import type { Tensor } from '@nabla/core';
import type { InplaceOptions } from './activation-base.ts';
import * as F from './functional.ts';
import { bool, checkProbability } from './layer.ts';
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
export class Dropout1d extends DropoutNd {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super('Dropout1d', p, options);
  }

  protected override drop(x: Tensor): Tensor {
    return F.dropout1d(x, this.p, this.training);
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
export class Dropout2d extends DropoutNd {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super('Dropout2d', p, options);
  }

  protected override drop(x: Tensor): Tensor {
    return F.dropout2d(x, this.p, this.training);
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
export class Dropout3d extends DropoutNd {
  /**
   * @param p default 0.5
   * @param options `inplace` (default false)
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5, options: InplaceOptions = {}) {
    super('Dropout3d', p, options);
  }

  protected override drop(x: Tensor): Tensor {
    return F.dropout3d(x, this.p, this.training);
  }
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
    return F.alphaDropout(x, this.p, this.training);
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
    return F.featureAlphaDropout(x, this.p, this.training);
  }
}
