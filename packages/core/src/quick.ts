import { type DType, isFloating } from './dtype.ts';
import type { DTypeRule, Operand, Typing } from './elementwise.ts';
import { evaluate } from './evaluate.ts';
import type { FunctionRow } from './expr/function.ts';
import { call, type Expr, input, param } from './expr/node.ts';
import { broadcastOf } from './shape.ts';
import { isTensor, type Tensor } from './tensor.ts';

// Most calls are of one or two tensors of one floating dtype, or of such a tensor and a number. What promotion makes of them
// is known beforehand, and working it out takes longer than a kernel of a few elements. Everything else, errors included, is
// the business of applyRow, which gives the same results for these calls too.

const none: readonly never[] = [];

/** The rules under which operands of one floating dtype give that dtype, or bool. */
const simple: readonly DTypeRule[] = ['promote', 'float', 'floating', 'compare'];

/** The short way to call an op of one or two operands. */
export class Quick {
  readonly #row: FunctionRow;
  readonly #eligible: boolean;
  readonly #compares: boolean;
  /** Whether an operand may be a number. */
  readonly #numbers: boolean;
  #form: Expr | null = null;
  #numberForm: Expr | null = null;

  constructor(row: FunctionRow, typing: Typing) {
    const rule = typing.dtype ?? 'float';
    this.#row = row;
    this.#eligible = row.arity <= 2 && simple.includes(rule) && ![...(typing.reject ?? []), ...(typing.refuse ?? [])].some(isFloating);
    this.#compares = rule === 'compare';
    this.#numbers = typing.tensors !== 'all' || (typing.parameters ?? 2) < 2;
  }

  /** The op on one tensor; null where that takes the long way. */
  unary(a: unknown): Tensor | null {
    if (!this.#eligible || this.#row.arity !== 1 || !isTensor(a)) return null;
    const { dtype } = a;
    if (!isFloating(dtype)) return null;
    this.#form ??= call(this.#row, [input(0)]);
    return this.#evaluate(this.#form, [a], none, a.shape, dtype);
  }

  /** The op on a tensor and a second operand; null where that takes the long way. */
  binary(a: unknown, b: unknown): Tensor | null {
    if (!this.#eligible || this.#row.arity !== 2 || !isTensor(a)) return null;
    const { dtype } = a;
    if (!isFloating(dtype)) return null;
    if (typeof b === 'number') {
      if (!this.#numbers) return null;
      this.#numberForm ??= call(this.#row, [input(0), param(0)]);
      return this.#evaluate(this.#numberForm, [a], [b], a.shape, dtype);
    }
    if (!isTensor(b) || b.dtype !== dtype) return null;
    this.#form ??= call(this.#row, [input(0), input(1)]);
    const inputs = [a, b];
    return this.#evaluate(this.#form, inputs, none, broadcastOf(this.#row.name, inputs), dtype);
  }

  /** The op on as many operands as are given. */
  apply(operands: readonly Operand[]): Tensor | null {
    return operands.length === 1 ? this.unary(operands[0]) : operands.length === 2 ? this.binary(operands[0], operands[1]) : null;
  }

  #evaluate(expr: Expr, inputs: readonly Tensor[], params: readonly number[], shape: readonly number[], compute: DType): Tensor {
    const output = this.#compares ? 'bool' : compute;
    return evaluate({ name: this.#row.name, expr, inputs, params, shape, dims: none, result: shape, divisor: 1, compute, output });
  }
}
