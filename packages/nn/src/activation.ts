import type { Tensor } from '@nabla/core';
import { Activation, InplaceActivation, type InplaceOptions } from './activation-base.ts';

/**
 * max(x, 0).
 *
 * @example
 * ```ts
 * new ReLU().call(x); // x.relu()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html
 */
export class ReLU extends InplaceActivation {
  /** @param options `inplace`, default false */
  constructor(options: InplaceOptions = {}) {
    super(options);
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.relu_() : x.relu();
  }
}

/**
 * min(max(x, 0), 6).
 *
 * @example
 * ```ts
 * new ReLU6().call(x); // x.relu6()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU6.html
 */
export class ReLU6 extends InplaceActivation {
  /** @param options `inplace`, default false */
  constructor(options: InplaceOptions = {}) {
    super(options);
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.relu6_() : x.relu6();
  }
}

/**
 * The self-normalizing {@link ELU} (Klambauer et al. 2017).
 *
 * @example
 * ```ts
 * new SELU().call(x); // x.selu()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.SELU.html
 */
export class SELU extends InplaceActivation {
  /** @param options `inplace`, default false */
  constructor(options: InplaceOptions = {}) {
    super(options);
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.selu_() : x.selu();
  }
}

/**
 * x·sigmoid(x).
 *
 * @example
 * ```ts
 * new SiLU().call(x); // x.silu()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html
 */
export class SiLU extends InplaceActivation {
  /** @param options `inplace`, default false */
  constructor(options: InplaceOptions = {}) {
    super(options);
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.silu_() : x.silu();
  }
}

/**
 * x·tanh(softplus(x)) (Misra 2019).
 *
 * @example
 * ```ts
 * new Mish().call(x); // x.mish()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Mish.html
 */
export class Mish extends InplaceActivation {
  /** @param options `inplace`, default false */
  constructor(options: InplaceOptions = {}) {
    super(options);
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.mish_() : x.mish();
  }
}

/**
 * x·min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
 *
 * @example
 * ```ts
 * new Hardswish().call(x); // x.hardswish()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
 */
export class Hardswish extends InplaceActivation {
  /** @param options `inplace`, default false */
  constructor(options: InplaceOptions = {}) {
    super(options);
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.hardswish_() : x.hardswish();
  }
}

/**
 * min(max(x + 3, 0), 6) / 6.
 *
 * @example
 * ```ts
 * new Hardsigmoid().call(x); // x.hardsigmoid()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
 */
export class Hardsigmoid extends InplaceActivation {
  /** @param options `inplace`, default false */
  constructor(options: InplaceOptions = {}) {
    super(options);
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.hardsigmoid_() : x.hardsigmoid();
  }
}

/**
 * The hyperbolic tangent.
 *
 * @example
 * ```ts
 * new Tanh().call(x); // x.tanh()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html
 */
export class Tanh extends Activation {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/**
 * 1 / (1 + e⁻ˣ).
 *
 * @example
 * ```ts
 * new Sigmoid().call(x); // x.sigmoid()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
 */
export class Sigmoid extends Activation {
  override forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/**
 * ln(sigmoid(x)).
 *
 * @example
 * ```ts
 * new LogSigmoid().call(x); // x.logsigmoid()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html
 */
export class LogSigmoid extends Activation {
  override forward(x: Tensor): Tensor {
    return x.logsigmoid();
  }
}

/**
 * x / (1 + |x|).
 *
 * @example
 * ```ts
 * new Softsign().call(x); // x.softsign()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Softsign.html
 */
export class Softsign extends Activation {
  override forward(x: Tensor): Tensor {
    return x.softsign();
  }
}

/**
 * x - tanh(x).
 *
 * @example
 * ```ts
 * new Tanhshrink().call(x); // x.tanhshrink()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html
 */
export class Tanhshrink extends Activation {
  override forward(x: Tensor): Tensor {
    return x.tanhshrink();
  }
}
