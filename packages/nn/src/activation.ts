import { type EluOptions, type LeakyReluOptions, type Shape, type SoftplusOptions, type Tensor, ValueError } from '@nabla/core';
import { Module } from './module.ts';
import type { IdentityFn } from './shape-fn.ts';

/** An activation: a function applied to every element. */
abstract class Activation extends Module<IdentityFn> {
  /** Every element of `x` through the function. */
  abstract forward(x: Tensor): Tensor;
}

/** max(x, 0). @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html */
export class ReLU extends Activation {
  override forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/** x where positive, else `negativeSlope`·x. @see https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html */
export class LeakyReLU extends Activation {
  /** Default 0.01. */
  readonly negativeSlope: number;

  constructor(options: LeakyReluOptions = {}) {
    super();
    this.negativeSlope = options.negativeSlope ?? 0.01;
  }

  override forward(x: Tensor): Tensor {
    return x.leakyRelu(this.negativeSlope);
  }

  override extraRepr(): string {
    return `negative_slope=${this.negativeSlope}`;
  }
}

/** x where positive, else α(eˣ - 1). @see https://pytorch.org/docs/stable/generated/torch.nn.ELU.html */
export class ELU extends Activation {
  /** Default 1. */
  readonly alpha: number;

  constructor(options: EluOptions = {}) {
    super();
    this.alpha = options.alpha ?? 1;
  }

  override forward(x: Tensor): Tensor {
    return x.elu(this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${Number.isInteger(this.alpha) ? this.alpha.toFixed(1) : this.alpha}`;
  }
}

/** The self-normalizing {@link ELU} (Klambauer et al. 2017). @see https://pytorch.org/docs/stable/generated/torch.nn.SELU.html */
export class SELU extends Activation {
  override forward(x: Tensor): Tensor {
    return x.selu();
  }
}

/** x·sigmoid(x). @see https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html */
export class SiLU extends Activation {
  override forward(x: Tensor): Tensor {
    return x.silu();
  }
}

/** x·tanh(softplus(x)). @see https://pytorch.org/docs/stable/generated/torch.nn.Mish.html */
export class Mish extends Activation {
  override forward(x: Tensor): Tensor {
    return x.mish();
  }
}

/** The hyperbolic tangent. @see https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html */
export class Tanh extends Activation {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** 1 / (1 + e⁻ˣ). @see https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html */
export class Sigmoid extends Activation {
  override forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/** ln(sigmoid(x)). @see https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html */
export class LogSigmoid extends Activation {
  override forward(x: Tensor): Tensor {
    return x.logsigmoid();
  }
}

/** ln(1 + e^(βx)) / β. @see https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html */
export class Softplus extends Activation {
  /** Default 1. */
  readonly beta: number;
  /** Identity where βx exceeds it. Default 20. */
  readonly threshold: number;

  constructor(options: SoftplusOptions = {}) {
    super();
    this.beta = options.beta ?? 1;
    this.threshold = options.threshold ?? 20;
  }

  override forward(x: Tensor): Tensor {
    return x.softplus(this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

/** Options of {@link GELU}. */
export interface GELUOptions {
  /** `'tanh'` for the approximation by a hyperbolic tangent. Default `'none'`. */
  approximate?: 'none' | 'tanh';
}

/** x·Φ(x), with the normal distribution function Φ. @see https://pytorch.org/docs/stable/generated/torch.nn.GELU.html */
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

/** eˣ / Σ eˣ along a dimension. @see https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html */
export class Softmax extends Activation {
  readonly dim: number;

  /** @param dim along which the results sum to 1 */
  constructor(dim: number) {
    super();
    this.dim = dim;
  }

  override forward(x: Tensor<Shape>): Tensor {
    return x.softmax(this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** The logarithm of {@link Softmax}, computed stably. @see https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html */
export class LogSoftmax extends Activation {
  readonly dim: number;

  /** @param dim along which the exponentials sum to 1 */
  constructor(dim: number) {
    super();
    this.dim = dim;
  }

  override forward(x: Tensor): Tensor {
    return x.logSoftmax(this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
