import { ShapeError, type Tensor, ValueError } from '@nabla/core';
import { Activation } from './activation-base.ts';
import * as F from './functional.ts';
import { Module } from './module.ts';

/** Options of {@link GELU}. */
export interface GELUOptions {
  /** `'tanh'` for the approximation by a hyperbolic tangent. Default `'none'`. */
  approximate?: 'none' | 'tanh';
}

/**
 * x·Φ(x), with the normal distribution function Φ (Hendrycks and Gimpel 2016).
 *
 * @throws ValueError for an unknown approximation
 * @example
 * ```ts
 * new GELU({ approximate: 'tanh' });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GELU.html
 */
export class GELU extends Activation {
  readonly approximate: 'none' | 'tanh';

  constructor(options: GELUOptions = {}) {
    super();
    const { approximate = 'none' } = options;
    if (approximate !== 'none' && approximate !== 'tanh')
      throw new ValueError(`GELU: approximate must be 'none' or 'tanh', got '${String(approximate)}'`);
    this.approximate = approximate;
  }

  override forward(x: Tensor): Tensor {
    return x.gelu({ approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** What functions along a dimension share. */
abstract class AlongDim extends Activation {
  readonly dim: number;

  constructor(dim: number) {
    super();
    if (!Number.isInteger(dim)) throw new ValueError(`${this.constructor.name}: dim must be an integer, got ${String(dim)}`);
    this.dim = dim;
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * eˣ / Σ eˣ along a dimension.
 *
 * @throws ValueError without a dimension; IndexError at the call for one that the input has not
 * @example
 * ```ts
 * new Softmax(-1).call(scores);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html
 */
export class Softmax extends AlongDim {
  /** @param dim along which the results sum to 1 */
  constructor(dim: number) {
    super(dim);
  }

  override forward(x: Tensor): Tensor {
    return x.softmax(this.dim);
  }
}

/**
 * The logarithm of {@link Softmax}, computed stably.
 *
 * @throws ValueError without a dimension; IndexError at the call for one that the input has not
 * @example
 * ```ts
 * new LogSoftmax(-1).call(scores);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
 */
export class LogSoftmax extends AlongDim {
  /** @param dim along which the exponentials sum to 1 */
  constructor(dim: number) {
    super(dim);
  }

  override forward(x: Tensor): Tensor {
    return x.logSoftmax(this.dim);
  }
}

/**
 * {@link Softmax} of -x.
 *
 * @throws ValueError without a dimension; IndexError at the call for one that the input has not
 * @example
 * ```ts
 * new Softmin(-1).call(distances);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Softmin.html
 */
export class Softmin extends AlongDim {
  /** @param dim along which the results sum to 1 */
  constructor(dim: number) {
    super(dim);
  }

  override forward(x: Tensor): Tensor {
    return F.softmin(x, this.dim);
  }
}

/**
 * {@link Softmax} over the channels of every position of images [N, C, H, W] or [C, H, W].
 *
 * @throws ShapeError at the call when the input is no image
 * @example
 * ```ts
 * new Softmax2d().call(zeros([2, 3, 8, 8]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
 */
export class Softmax2d extends Activation {
  override forward(x: Tensor): Tensor {
    if (x.ndim !== 3 && x.ndim !== 4)
      throw new ShapeError(`Softmax2d expects [N, C, H, W] or [C, H, W] but the input is [${x.shape.join(', ')}]`);
    return x.softmax(-3);
  }
}

/**
 * a·sigmoid(b), where a and b are the halves of the input along a dimension (Dauphin et al. 2017).
 *
 * @throws ShapeError at the call when the dimension has an odd size
 * @example
 * ```ts
 * new GLU().call(zeros([8, 64])); // [8, 32]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GLU.html
 */
export class GLU extends Module {
  readonly dim: number;

  /** @param dim default -1 */
  constructor(dim: number = -1) {
    super();
    this.dim = dim;
  }

  /** [..., 2K, ...] to [..., K, ...] */
  forward(x: Tensor): Tensor {
    return F.glu(x, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
