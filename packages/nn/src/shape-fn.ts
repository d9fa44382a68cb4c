import type { Ok, Out, Shape, ShapeOf } from '@nabla/core';
import type { Fail, Show } from '@nabla/core/internals';

/**
 * A function from shape to shape, as a type: what a layer does to the shape of its input. `in` is filled in by
 * {@link Apply}; `out` computes from `this['in']`.
 *
 * @example
 * ```ts
 * interface Double extends ShapeFn { readonly out: In<this['in']> }
 * class Twice extends Module<Double> { forward(x: Tensor): Tensor { return x.mul(2); } }
 * ```
 */
export interface ShapeFn {
  readonly in: unknown;
  readonly out: unknown;
}

/** The input of a {@link ShapeFn} as a shape. */
export type In<T> = T extends Shape ? T : Shape;

/** The shape that `F` makes of `S`, or the message that says why it cannot. */
export type Apply<F extends ShapeFn, S extends Shape> = (F & { readonly in: S })['out'];

/** The shape function of a module type. */
export type FnOf<M> = M extends { readonly shapeFn: infer F extends ShapeFn } ? F : never;

/** A module that says nothing about shapes: its `forward` gives the types of `call`. */
export type Untyped<M> = unknown extends FnOf<M>['out'] ? true : false;

/** What `call` takes: the arguments of `forward`, or for a module with a shape function the input or the message. */
export type CallArgs<M, X> =
  Untyped<M> extends true ? (M extends { forward(...args: infer A): unknown } ? A : X[]) : [input: Ok<Apply<FnOf<M>, ShapeOf<X>>, X>];

/** What `call` gives. */
export type CallResult<M, X> =
  Untyped<M> extends true ? (M extends { forward(...args: never[]): infer R } ? R : Out<unknown>) : Out<Apply<FnOf<M>, ShapeOf<X>>>;

/** The shape stays: activations, dropout, identity. */
export interface IdentityFn extends ShapeFn {
  readonly out: In<this['in']>;
}

/** Whether two dimensions can be the same; unknown ones can. */
export type Same<A extends number, B extends number> = number extends A ? true : number extends B ? true : A extends B ? true : false;

/** Side `I` of a size that is one number or a pair. */
export type Side<K, I extends 0 | 1> = K extends number ? K : K extends readonly [number, number] ? K[I] : number;

export type { Fail, Show };
