import type { Shape, Tensor } from '@nabla/core';
import type { Flatten as FlattenShape } from '@nabla/core/internals';
import { Module } from './module.ts';
import type { In, ShapeFn } from './shape-fn.ts';

/** Known for the default dimensions, dynamic for others. */
interface FlattenFn<A extends number, B extends number> extends ShapeFn {
  readonly out: FlattenOut<In<this['in']>, A, B>;
}

type FlattenOut<S extends Shape, A extends number, B extends number> = [A, B] extends [1, -1]
  ? number extends A | B
    ? Shape
    : FlattenShape<S>
  : Shape;

/**
 * Dimensions `startDim` to `endDim` as one; by default all but the first.
 *
 * @example
 * ```ts
 * new Flatten().call(zeros([32, 1, 28, 28])); // [32, 784]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 */
export class Flatten<const A extends number = 1, const B extends number = -1> extends Module<FlattenFn<A, B>> {
  readonly startDim: number;
  readonly endDim: number;

  /**
   * @param startDim default 1
   * @param endDim default -1
   */
  constructor(startDim: A = 1 as A, endDim: B = -1 as B) {
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }

  /** [N, ...] to [N, product of the rest] */
  forward(x: Tensor): Tensor {
    return x.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}
