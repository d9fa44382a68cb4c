import type { EluOptions, HardtanhOptions, LeakyReluOptions, RReluOptions, ShrinkOptions, SoftplusOptions, Tensor } from '@nabla/core';
import { ValueError } from '@nabla/core';
import { Activation, InplaceActivation, type InplaceOptions, named } from './activation-base.ts';
import * as F from './functional.ts';
import { constant_ } from './init.ts';
import { checkSize, float, type LayerOptions, parameter } from './layer.ts';
import type { Parameter } from './parameter.ts';

/** A number as Python prints it, whole or not. */
function show(value: number): string {
  return Number.isInteger(value) ? float(value) : String(value);
}

/** `, inplace=True`, or nothing. */
function showInplace(inplace: boolean): string {
  return inplace ? ', inplace=True' : '';
}

/** Options of {@link LeakyReLU}. */
export type LeakyReLUOptions = LeakyReluOptions & InplaceOptions;

/**
 * x where positive, else `negativeSlope`·x.
 *
 * @example
 * ```ts
 * new LeakyReLU(0.2); // or new LeakyReLU({ negativeSlope: 0.2 })
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
 */
export class LeakyReLU extends InplaceActivation {
  /** Default 0.01. */
  readonly negativeSlope: number;

  constructor(negativeSlope?: number | LeakyReLUOptions, options?: InplaceOptions) {
    const given = named<LeakyReLUOptions>('LeakyReLU', ['negativeSlope'], [negativeSlope, options]);
    super(given);
    this.negativeSlope = given.negativeSlope ?? 0.01;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.leakyRelu_(this.negativeSlope) : x.leakyRelu(this.negativeSlope);
  }

  override extraRepr(): string {
    return `negative_slope=${this.negativeSlope}${showInplace(this.inplace)}`;
  }
}

/** Options of {@link ELU} and {@link CELU}. */
export type ELUOptions = EluOptions & InplaceOptions;

/**
 * x where positive, else α(eˣ - 1) (Clevert et al. 2016).
 *
 * @example
 * ```ts
 * new ELU(1.5);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ELU.html
 */
export class ELU extends InplaceActivation {
  /** Default 1. */
  readonly alpha: number;

  constructor(alpha?: number | ELUOptions, options?: InplaceOptions) {
    const given = named<ELUOptions>('ELU', ['alpha'], [alpha, options]);
    super(given);
    this.alpha = given.alpha ?? 1;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.elu_(this.alpha) : x.elu(this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${show(this.alpha)}${showInplace(this.inplace)}`;
  }
}

/**
 * max(x, 0) + min(0, α(e^(x/α) - 1)) (Barron 2017), an {@link ELU} with a continuous derivative.
 *
 * @throws ValueError at the call for α = 0
 * @example
 * ```ts
 * new CELU(0.5);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CELU.html
 */
export class CELU extends InplaceActivation {
  /** Default 1. */
  readonly alpha: number;

  constructor(alpha?: number | ELUOptions, options?: InplaceOptions) {
    const given = named<ELUOptions>('CELU', ['alpha'], [alpha, options]);
    super(given);
    this.alpha = given.alpha ?? 1;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.celu_(this.alpha) : x.celu(this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${show(this.alpha)}${showInplace(this.inplace)}`;
  }
}

/** Options of the {@link Hardtanh} layer. */
export type HardtanhLayerOptions = HardtanhOptions & InplaceOptions;

/**
 * x, at least `minVal` and at most `maxVal`.
 *
 * @throws ValueError when `maxVal` is not above `minVal`
 * @example
 * ```ts
 * new Hardtanh(-2, 2);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
 */
export class Hardtanh extends InplaceActivation {
  /** Default -1. */
  readonly minVal: number;
  /** Default 1. */
  readonly maxVal: number;

  constructor(minVal?: number | HardtanhLayerOptions, maxVal?: number, options?: InplaceOptions) {
    const given = named<HardtanhLayerOptions>('Hardtanh', ['minVal', 'maxVal'], [minVal, maxVal, options]);
    super(given);
    this.minVal = given.minVal ?? -1;
    this.maxVal = given.maxVal ?? 1;
    if (!(this.maxVal > this.minVal)) throw new ValueError(`Hardtanh: maxVal must exceed minVal, got ${this.minVal} and ${this.maxVal}`);
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.hardtanh_(this.minVal, this.maxVal) : x.hardtanh(this.minVal, this.maxVal);
  }

  override extraRepr(): string {
    return `min_val=${show(this.minVal)}, max_val=${show(this.maxVal)}${showInplace(this.inplace)}`;
  }
}

/**
 * x where |x| exceeds `lambd`, else 0.
 *
 * @example
 * ```ts
 * new Hardshrink(0.3);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
 */
export class Hardshrink extends Activation {
  /** Default 0.5. */
  readonly lambd: number;

  constructor(lambd?: number | ShrinkOptions) {
    super();
    this.lambd = named<ShrinkOptions>('Hardshrink', ['lambd'], [lambd]).lambd ?? 0.5;
  }

  override forward(x: Tensor): Tensor {
    return x.hardshrink(this.lambd);
  }

  override extraRepr(): string {
    return String(this.lambd);
  }
}

/**
 * x moved towards 0 by `lambd`, 0 in between.
 *
 * @throws ValueError at the call for a negative `lambd`
 * @example
 * ```ts
 * new Softshrink(0.3);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
 */
export class Softshrink extends Activation {
  /** Default 0.5. */
  readonly lambd: number;

  constructor(lambd?: number | ShrinkOptions) {
    super();
    this.lambd = named<ShrinkOptions>('Softshrink', ['lambd'], [lambd]).lambd ?? 0.5;
  }

  override forward(x: Tensor): Tensor {
    return x.softshrink(this.lambd);
  }

  override extraRepr(): string {
    return String(this.lambd);
  }
}

/**
 * ln(1 + e^(βx)) / β.
 *
 * @example
 * ```ts
 * new Softplus(2);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html
 */
export class Softplus extends Activation {
  /** Default 1. */
  readonly beta: number;
  /** Identity where βx exceeds it. Default 20. */
  readonly threshold: number;

  constructor(beta?: number | SoftplusOptions, threshold?: number) {
    super();
    const given = named<SoftplusOptions>('Softplus', ['beta', 'threshold'], [beta, threshold]);
    this.beta = given.beta ?? 1;
    this.threshold = given.threshold ?? 20;
  }

  override forward(x: Tensor): Tensor {
    return x.softplus(this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

/**
 * x where it exceeds `threshold`, else `value`.
 *
 * @example
 * ```ts
 * new Threshold(0.1, 20);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html
 */
export class Threshold extends InplaceActivation {
  readonly threshold: number;
  readonly value: number;

  constructor(threshold: number, value: number, options: InplaceOptions = {}) {
    super(options);
    this.threshold = threshold;
    this.value = value;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.threshold_(this.threshold, this.value) : x.threshold(this.threshold, this.value);
  }

  override extraRepr(): string {
    return `threshold=${this.threshold}, value=${this.value}${showInplace(this.inplace)}`;
  }
}

/** Options of the {@link RReLU} layer. */
export type RReLULayerOptions = Omit<RReluOptions, 'training'>;

/**
 * x where positive, else a·x: in training with slopes a drawn evenly from [lower, upper) (Xu et al. 2015), in evaluation
 * with their mean.
 *
 * @throws ValueError at the call for bounds that are not in order
 * @example
 * ```ts
 * new RReLU(0.1, 0.3).eval();
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html
 */
export class RReLU extends Activation {
  /** Default 1/8. */
  readonly lower: number;
  /** Default 1/3. */
  readonly upper: number;
  readonly #generator: RReluOptions['generator'];

  constructor(lower?: number | RReLULayerOptions, upper?: number) {
    super();
    const given = named<RReLULayerOptions>('RReLU', ['lower', 'upper'] as never, [lower, upper]);
    this.lower = given.lower ?? 1 / 8;
    this.upper = given.upper ?? 1 / 3;
    this.#generator = given.generator;
  }

  override forward(x: Tensor): Tensor {
    const { lower, upper, training } = this;
    return F.rrelu(x, { lower, upper, training, ...(this.#generator === undefined ? {} : { generator: this.#generator }) });
  }

  override extraRepr(): string {
    return `lower=${this.lower}, upper=${this.upper}`;
  }
}

/** Options of {@link PReLU}. */
export interface PReLUOptions extends LayerOptions {
  /** 1, or one slope for each channel. Default 1. */
  numParameters?: number;
  /** First value of the slopes. Default 0.25. */
  init?: number;
}

/**
 * x where positive, else a·x with a learned slope a (He et al. 2015), one for all channels or one for each.
 *
 * @throws ShapeError at the call when the slopes do not fit the channels (dimension 1)
 * @example
 * ```ts
 * new PReLU(16).call(zeros([8, 16, 32, 32]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 */
export class PReLU extends Activation {
  readonly numParameters: number;
  readonly weight: Parameter;
  readonly #init: number;

  constructor(numParameters?: number | PReLUOptions, init?: number, options?: LayerOptions) {
    super();
    const given = named<PReLUOptions>('PReLU', ['numParameters', 'init'], [numParameters, init, options]);
    this.numParameters = given.numParameters ?? 1;
    checkSize('PReLU', 'numParameters', this.numParameters, 1);
    this.#init = given.init ?? 0.25;
    this.weight = parameter('PReLU', [this.numParameters], given);
    this.resetParameters();
  }

  /** Every slope its first value again. */
  resetParameters(): void {
    constant_(this.weight, this.#init);
  }

  override forward(x: Tensor): Tensor {
    return F.prelu(x, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
