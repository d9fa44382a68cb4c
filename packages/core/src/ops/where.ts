import type { Scalar } from '../dtype.ts';
import { applyRow, defineElementwise, type ElementwiseOp, type Operand } from '../elementwise.ts';
import type { Bin, Tri } from '../elementwise-types.ts';
import { DTypeError } from '../errors.ts';
import { call, Expr, type ExprLike } from '../expr/node.ts';
import { nonzeroLists, readNow } from '../parts/positions.ts';
import { gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * This tensor where `condition` holds, `other` elsewhere, with broadcasting. An element that is not chosen passes
     * no gradient, even when its derivative is infinite or NaN.
     *
     * @param condition a bool tensor
     * @throws DTypeError when the condition is not bool
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.where.html
     */
    where<A extends Shape, const C extends Tensor, const T extends Operand>(
      this: Tensor<A>,
      condition: Ok<Bin<A, C>, C>,
      other: Ok<Tri<A, C, T>, T>,
    ): Out<Tri<A, C, T>>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    /** This expression where `condition` is not zero, `other` elsewhere. */
    where(condition: ExprLike, other: ExprLike): Expr;
  }
}

const rowOp: ElementwiseOp = defineElementwise({
  name: 'where',
  arity: 3,
  dtype: 'select',
  exact: true,
  js: (c, a, b) => `${c}!==0?${a}:${b}`,
  wasm: (v, c, a, b) => v.select(v.truth(c), a, b),
  gpu: gpuCall('choose'),
  grad: [null, (c) => where(c, 1, 0), (c) => where(c, 0, 1)],
});

/** The `where` op: a choice between two operands under a condition. */
export interface WhereOp {
  (condition: ExprLike, a: ExprLike, b: ExprLike): Expr;
  (condition: Tensor): Tensor[];
  <C extends Shape, const T extends Operand, const U extends Operand>(
    condition: Tensor<C>,
    a: Ok<Bin<C, T>, T>,
    b: Ok<Tri<C, T, U>, U>,
  ): Out<Tri<C, T, U>>;
}

/**
 * `a` where `condition` holds, `b` elsewhere, with broadcasting. What is not chosen passes no gradient, even when its
 * derivative is infinite or NaN.
 *
 * The condition alone gives where it is not zero: one 1-d index tensor per dimension, as `nonzero` with `asTuple`.
 *
 * @param condition a bool tensor (uint8 counts as bool)
 * @param a a tensor or a number
 * @param b a tensor or a number
 * @throws DTypeError when the condition is not bool; DeviceError for the condition alone on a device that cannot be read at once
 * @example
 * ```ts
 * where(x.gt(0), x, 0);
 * x.index(...where(x.gt(0)));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.where.html
 */
export const where: WhereOp = ((condition: Tensor | ExprLike, a?: Operand | ExprLike, b?: Operand | ExprLike): Tensor | Tensor[] | Expr => {
  if (isTensor(condition) && a === undefined && b === undefined) {
    return nonzeroLists(condition, readNow('where', condition, 'use await nonzeroAsync(condition, { asTuple: true })'));
  }
  if (condition instanceof Expr || a instanceof Expr || b instanceof Expr) {
    return call(rowOp.row, [condition, a, b] as ExprLike[]);
  }
  return choose(condition as Tensor | Scalar, a as Operand, b as Operand);
}) as WhereOp;

function choose(condition: Tensor | Scalar, a: Operand, b: Operand): Tensor {
  if (isTensor(condition) ? condition.dtype !== 'bool' && condition.dtype !== 'uint8' : typeof condition !== 'boolean') {
    const given = isTensor(condition) ? `a ${condition.dtype} tensor` : `${typeof condition}`;
    throw new DTypeError(`where: the condition must be bool, got ${given}; compare it, as in x.ne(0)`);
  }
  return applyRow(rowOp.row, { dtype: 'select' }, [condition, a, b]);
}

addMethod('where', function (this: Tensor, condition: Tensor, other: Operand) {
  return choose(condition, this, other);
});
Object.defineProperty(Expr.prototype, 'where', {
  configurable: true,
  value(this: Expr, condition: ExprLike, other: ExprLike): Expr {
    return call(rowOp.row, [condition, this, other]);
  },
});
