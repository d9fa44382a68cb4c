import type { Fail, Shape } from './shape-types.ts';
import type { Tensor } from './tensor.ts';

/** What a parameter becomes: itself when the rule holds, the message when it does not. */
export type Ok<R, T> = R extends Fail ? R : T;

/** What a result becomes: the shape, or (after an error that was already reported, or a cast) an unknown shape. */
export type Out<R> = [R] extends [never] ? Tensor : R extends Shape ? Tensor<R> : Tensor;

/** The shape of a tensor type; never for what is not a tensor. */
export type ShapeOf<T> = T extends { readonly shape: infer S extends Shape } ? S : never;
