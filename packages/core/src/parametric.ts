import { FloatScalar, scalarValue } from './dtype.ts';
import { applyRow, applyRowInPlace, defineElementwise, type ElementwiseOptions, type Operand } from './elementwise.ts';
import { ValueError } from './errors.ts';
import type { FunctionRow } from './expr/function.ts';
import { call, Expr, type ExprLike } from './expr/node.ts';
import type { Shape } from './shape-types.ts';
import { addMethod, isTensor, Tensor } from './tensor.ts';

/** The numeric parameters of an op: as one options object, or by position as PyTorch's users write them. */
export type Given<O> = readonly [options?: O] | readonly number[];

/** The same in an expression, where a parameter may be an expression too. */
export type GivenExpr<O> = readonly [options?: { readonly [K in keyof O]: O[K] | Expr }] | readonly ExprLike[];

/** An elementwise op of one tensor with numeric parameters, which are arguments of its kernel. */
export interface ParametricOp<O> {
  <S extends Shape>(x: Tensor<S>, ...parameters: Given<O>): Tensor<S>;
  (x: Expr, ...parameters: GivenExpr<O>): Expr;
  readonly row: FunctionRow;
}

/** What {@link defineParametric} needs to know of an op's parameters, in the order of the row's further arguments. */
export type Defaults<O> = readonly (readonly [name: keyof O & string, value: number])[];

/**
 * As {@link defineElementwise} for an op whose operands after the first are numeric parameters with defaults. A new
 * value of a parameter compiles no kernel.
 *
 * @param check refuses values of the parameters (not those that are expressions)
 */
export function defineParametric<O>(
  options: ElementwiseOptions,
  defaults: Defaults<O>,
  check?: (...values: readonly number[]) => void,
): ParametricOp<O> {
  const { name } = options;
  const typing = { ...options, arity: 1 + defaults.length, parameters: 1 };
  const { row } = defineElementwise(typing);

  const complete = <T>(given: readonly unknown[]): T[] => {
    const [first] = given;
    const isOptions =
      typeof first === 'object' && first !== null && !isTensor(first) && !(first instanceof Expr || first instanceof FloatScalar);
    if (given.length > (isOptions ? 1 : defaults.length)) throw new ValueError(`${name} takes ${defaults.map(([n]) => n).join(', ')}`);
    const named = isOptions ? (first as Record<string, unknown>) : undefined;
    for (const key of Object.keys(named ?? {})) {
      if (!defaults.some(([n]) => n === key))
        throw new ValueError(`${name} has no option '${key}', only ${defaults.map(([n]) => n).join(', ')}`);
    }
    return defaults.map(([n, value], i) => ((named === undefined ? given[i] : named[n]) ?? value) as T);
  };
  const operands = (given: readonly unknown[]): Operand[] => {
    const values = complete<Operand>(given);
    check?.(...values.map((v) => (isTensor(v) ? Number.NaN : scalarValue(v))));
    return values;
  };
  const op = (x: Tensor | Expr, ...given: unknown[]): Tensor | Expr =>
    x instanceof Expr ? call(row, [x, ...complete<ExprLike>(given)]) : applyRow(row, typing, [x, ...operands(given)]);
  Object.defineProperties(op, { row: { value: row }, name: { value: name } });

  addMethod(name, function (this: Tensor, ...given: unknown[]) {
    return op(this, ...given);
  } as never);
  if (`${name}_` in Tensor.prototype) {
    addMethod(`${name}_`, function (this: Tensor, ...given: unknown[]) {
      return applyRowInPlace(row, typing, this, operands(given));
    } as never);
  }
  Object.defineProperty(Expr.prototype, name, {
    configurable: true,
    value(this: Expr, ...given: unknown[]) {
      return op(this, ...given);
    },
  });
  return op as unknown as ParametricOp<O>;
}
