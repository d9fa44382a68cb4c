import type { Operand } from '../elementwise.ts';
import type { Bin } from '../elementwise-types.ts';
import { ValueError } from '../errors.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { add, mul } from './arithmetic.ts';
import { div, remainder } from './division.ts';
import { pow } from './power.ts';

// Python's reflected operators: `2 + x` calls `x.__radd__(2)`. Chains of methods can so begin with the tensor.

/** An operation with its operands exchanged. The first operand is a tensor. */
export type ReflectedOp = <A extends Shape, const T extends Operand>(x: Tensor<A>, other: Ok<Bin<A, T>, T>) => Out<Bin<A, T>>;

/** An operation with its operands exchanged, as a method. */
export type ReflectedMethod = <A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>) => Out<Bin<A, T>>;

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** `other + this`, Python's `__radd__`. @see https://docs.python.org/3/reference/datamodel.html#object.__radd__ */
    radd: ReflectedMethod;
    /** `other * this`, Python's `__rmul__`. */
    rmul: ReflectedMethod;
    /** `other / this`, Python's `__rtruediv__`. */
    rdiv: ReflectedMethod;
    /** `other % this`, Python's `__rmod__`. */
    rmod: ReflectedMethod;
    /** `other ** this`, Python's `__rpow__`. As in PyTorch, `other` gets no gradient. */
    rpow: ReflectedMethod;
  }
}

function reflected(name: string, op: (a: Tensor, b: Tensor) => Tensor): ReflectedOp {
  const run = (x: Tensor, other: Tensor): Tensor => {
    if (!isTensor(x)) throw new ValueError(`${name}: the first operand must be a tensor`);
    return op(other, x);
  };
  addMethod(name, function (this: Tensor, other: Tensor) {
    return run(this, other);
  });
  return run as unknown as ReflectedOp;
}

/** `other + x`. */
export const radd: ReflectedOp = reflected('radd', add);

/** `other * x`. */
export const rmul: ReflectedOp = reflected('rmul', mul);

/** `other / x`. */
export const rdiv: ReflectedOp = reflected('rdiv', div);

/** `other % x`, with the sign of x. */
export const rmod: ReflectedOp = reflected('rmod', remainder);

/** `other ** x`. As in PyTorch, `other` gets no gradient. */
export const rpow: ReflectedOp = reflected('rpow', (other, x) => pow(isTensor(other) ? other.detach() : other, x));
