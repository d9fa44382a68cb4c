import { type Shape, ShapeError, type Tensor, ValueError } from '@nabla/core';
import * as F from './functional.ts';
import { ones_ } from './init.ts';
import { bool, float, type LayerOptions, parameter } from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import type { Fail, In, Same, ShapeFn, Show } from './shape-fn.ts';

/** The size of the last dimension, or the shape of the last dimensions. */
export type NormalizedShape = number | Shape;

/** A {@link NormalizedShape} as a shape. */
export type ShapeOfNormalized<N extends NormalizedShape> = N extends number ? readonly [N] : N extends Shape ? N : never;

interface LayerNormFn<N extends Shape> extends ShapeFn {
  readonly out: LayerNormOut<In<this['in']>, N>;
}

type LayerNormOut<S extends Shape, N extends Shape> =
  Ends<S, N> extends true ? S : Fail<`LayerNorm(${Show<N>}) expects trailing dimensions ${Show<N>} but the input is ${Show<S>}`>;

/** Whether S can end in N, as far as both are known. */
type Ends<S extends Shape, N extends Shape> = N extends readonly [...infer Ni extends Shape, infer n extends number]
  ? S extends readonly [...infer Si extends Shape, infer s extends number]
    ? Same<s, n> extends true
      ? Ends<Si, Ni>
      : false
    : number extends S['length']
      ? true
      : false
  : true;

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a weight and a bias for every element of the normalized shape. Default true. */
  elementwiseAffine?: boolean;
  /** Learn the bias too. Default true. */
  bias?: boolean;
}

/**
 * Every sample normalized over its last dimensions (Ba et al. 2016): y = (x - mean) / √(variance + eps) · weight + bias,
 * with the biased variance. Weight starts as ones, bias as zeros.
 *
 * @throws ShapeError at the call when the input does not end in the normalized shape
 * @example
 * ```ts
 * new LayerNorm([512]).call(zeros([32, 10, 512]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 */
export class LayerNorm<const N extends NormalizedShape> extends Module<LayerNormFn<ShapeOfNormalized<N>>> {
  readonly normalizedShape: ShapeOfNormalized<N>;
  readonly eps: number;
  readonly weight: Parameter<ShapeOfNormalized<N>> | null;
  readonly bias: Parameter<ShapeOfNormalized<N>> | null;

  constructor(normalizedShape: N, options: LayerNormOptions = {}) {
    super();
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    const shape = (typeof normalizedShape === 'number'
      ? [normalizedShape]
      : [...(normalizedShape as Shape)]) as unknown as ShapeOfNormalized<N>;
    if (shape.length === 0) throw new ValueError('LayerNorm: the normalized shape must have at least one dimension');
    this.normalizedShape = shape;
    this.eps = eps;
    this.weight = elementwiseAffine ? ones_(parameter('LayerNorm', shape, options)) : null;
    this.bias = elementwiseAffine && bias ? parameter('LayerNorm', shape, options) : null;
  }

  /** The input normalized. */
  forward(x: Tensor): Tensor {
    const shape: Shape = this.normalizedShape;
    const lead = x.ndim - shape.length;
    if (shape.some((n, d) => x.shape[lead + d] !== n)) {
      const shown = `[${shape.join(', ')}]`;
      throw new ShapeError(`LayerNorm(${shown}) expects trailing dimensions ${shown} but the input is [${x.shape.join(', ')}]`);
    }
    return F.layerNorm(x, shape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const shape: Shape = this.normalizedShape;
    const shown = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
    return `${shown}, eps=${float(this.eps)}, elementwise_affine=${bool(this.weight !== null)}`;
  }
}
