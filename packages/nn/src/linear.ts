import { type Shape, ShapeError, type Tensor } from '@nabla/core';
import * as F from './functional.ts';
import { bool, checkSize, type LayerOptions, parameter, resetWeightAndBias } from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import type { Fail, In, Same, ShapeFn, Show } from './shape-fn.ts';

/** [..., I] to [..., O]. */
interface LinearFn<I extends number, O extends number> extends ShapeFn {
  readonly out: LinearOut<In<this['in']>, I, O>;
}

type LinearOut<S extends Shape, I extends number, O extends number> = S extends readonly [...infer B extends Shape, infer K extends number]
  ? Same<K, I> extends true
    ? readonly [...B, O]
    : Fail<`Linear(${I}, ${O}) expects [..., ${I}] but the input is ${Show<S>}`>
  : S extends readonly []
    ? Fail<`Linear(${I}, ${O}) expects [..., ${I}] but the input is a scalar`>
    : readonly [...number[], O];

/** Options of {@link Linear}. */
export interface LinearOptions extends LayerOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean;
}

/**
 * y = x Wᵀ + b over the last dimension: [..., inFeatures] to [..., outFeatures].
 *
 * Weight [outFeatures, inFeatures] and bias start as U(-1/√inFeatures, 1/√inFeatures).
 *
 * @throws ShapeError at the call when the last dimension is not `inFeatures`
 * @example
 * ```ts
 * const y = new Linear(784, 10).call(zeros([32, 784])); // [32, 10]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 */
export class Linear<const I extends number, const O extends number> extends Module<LinearFn<I, O>> {
  readonly inFeatures: I;
  readonly outFeatures: O;
  readonly weight: Parameter<readonly [O, I]>;
  readonly bias: Parameter<readonly [O]> | null;

  constructor(inFeatures: I, outFeatures: O, options: LinearOptions = {}) {
    super();
    checkSize('Linear', 'inFeatures', inFeatures);
    checkSize('Linear', 'outFeatures', outFeatures);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = parameter('Linear', [outFeatures, inFeatures], options);
    this.bias = (options.bias ?? true) ? parameter('Linear', [outFeatures], options) : null;
    this.resetParameters();
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    resetWeightAndBias(this.weight, this.bias);
  }

  /** [..., inFeatures] to [..., outFeatures] */
  forward(x: Tensor): Tensor {
    const { inFeatures, outFeatures } = this;
    if (x.ndim === 0 || x.shape[x.ndim - 1] !== inFeatures) {
      const shown = x.ndim === 0 ? 'a scalar' : `[${x.shape.join(', ')}]`;
      throw new ShapeError(`Linear(${inFeatures}, ${outFeatures}) expects [..., ${inFeatures}] but the input is ${shown}`);
    }
    return F.linear(x, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${bool(this.bias !== null)}`;
  }
}
