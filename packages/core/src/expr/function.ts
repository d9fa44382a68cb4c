import type { DType } from '../dtype.ts';
import { ValueError } from '../errors.ts';
import type { Lanes, Vector } from '../wasm/vector.ts';
import { call, Expr, type ExprLike } from './node.ts';

/** Prints a call from the printed arguments. */
export type Printer = (...args: string[]) => string;

/**
 * The derivative with respect to one argument: an expression of the arguments and of the value `y` itself. Which of
 * them it mentions decides what an op saves for backward. null: the function is flat in that argument.
 */
export type Derivative = ((...argsThenY: Expr[]) => Expr) | null;

/** How a function is printed for a graphics kernel, where Math.* is missing or wrong. */
export interface GpuBody {
  /** The call, from the printed arguments. */
  readonly call: Printer;
  /** Functions of the backend's own library that the call uses, by name: their source stands there, not in core. */
  readonly needs?: readonly string[];
  /** Further functions that the call uses, by name: source text in gpu.js's subset of JavaScript. */
  readonly helpers?: Readonly<Record<string, string>>;
}

/** What a row says. Either `js` or `expand` is given. */
export interface FunctionOptions {
  readonly name: string;
  readonly arity: number;
  /** JavaScript for float64; float32 rounds the result. Omitted when `expand` is given. */
  readonly js?: Printer;
  /** JavaScript when the kernel computes in integers or bools; `js` is used when omitted. */
  readonly int?: Printer;
  /** JavaScript for single dtypes that differ from the rest, such as an int32 product; before `int` and `js`. */
  readonly only?: Readonly<Partial<Record<DType, Printer>>>;
  /** Functions that `js`, `int` and `only` call by name. */
  readonly helpers?: Readonly<Record<string, (...args: number[]) => number>>;
  /** The function in terms of others, used when printing; derivatives never look inside. */
  readonly expand?: (...args: Expr[]) => Expr;
  /** One derivative per argument; omitted when the function is flat or integral. */
  readonly grad?: readonly Derivative[];
  /** The result of `js` needs no rounding to float32 (comparisons, minimum, negation). */
  readonly exact?: boolean;
  /** For WebAssembly kernels, on four float32 lanes; where neither it nor `expand` is given, kernels are JavaScript. */
  readonly wasm?: (v: Vector, ...args: Lanes[]) => Lanes;
  /** For graphics kernels; `js` or `expand` is used when omitted. */
  readonly gpu?: GpuBody;
}

/** One named function of the language: its printers and its derivatives. */
export interface FunctionRow extends FunctionOptions {
  readonly id: number;
  /** Mutable so that tests can perturb a row and see the derived checks fail. */
  grad?: readonly Derivative[];
}

/** Every named function. */
export const functions: Map<string, FunctionRow> = new Map();

/** Adds a named function and its method on {@link Expr}. */
export function defineFunction(options: FunctionOptions): FunctionRow {
  if (functions.has(options.name)) throw new ValueError(`a scalar function named '${options.name}' exists already`);
  if ((options.js === undefined) === (options.expand === undefined)) throw new ValueError(`${options.name}: give either js or expand`);
  if (options.grad !== undefined && options.grad.length !== options.arity) {
    throw new ValueError(`${options.name}: ${options.arity} arguments but ${options.grad.length} derivatives`);
  }
  const row: FunctionRow = { ...options, id: functions.size };
  functions.set(row.name, row);
  if (!(row.name in Expr.prototype)) {
    Object.defineProperty(Expr.prototype, row.name, {
      configurable: true,
      value(this: Expr, ...rest: ExprLike[]): Expr {
        return call(row, [this, ...rest]);
      },
    });
  }
  return row;
}
