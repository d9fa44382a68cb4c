import type { Scalar } from './dtype.ts';
import type { ElementwiseOp, Operand } from './elementwise.ts';
import type { Expr, ExprLike } from './expr/node.ts';
import type { Broadcast, Shape } from './shape-types.ts';
import type { Tensor } from './tensor.ts';
import type { Ok, Out, ShapeOf } from './typed.ts';

/** The shape of an elementwise op on a tensor of shape A and a tensor or number T. */
export type Bin<A extends Shape, T> = T extends Scalar ? A : Broadcast<A, ShapeOf<T>>;

/** The shape of an elementwise op on a tensor of shape A and two tensors or numbers. */
export type Tri<A extends Shape, T, U> = Bin<A, T> extends infer R ? (R extends Shape ? Bin<R, U> : R) : never;

/** An elementwise op of one operand: of a tensor it keeps the shape, of an expression it builds another. */
export interface UnaryOp extends ElementwiseOp {
  <S extends Shape>(x: Tensor<S>): Tensor<S>;
  (x: Expr): Expr;
}

/** An elementwise op of two operands, which broadcast. */
export interface BinaryOp extends ElementwiseOp {
  <A extends Shape, const T extends Operand>(a: Tensor<A>, b: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
  <B extends Shape>(a: Scalar, b: Tensor<B>): Tensor<B>;
  (a: Expr, b: ExprLike): Expr;
}
