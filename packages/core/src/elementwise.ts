import { isGradEnabled } from './autograd/modes.ts';
import { needsGrad } from './autograd/views.ts';
import { canCast, type DType, FloatScalar, holds, isFloating, resultType, type Scalar, scalarValue } from './dtype.ts';
import { DTypeError, ShapeError, ValueError } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { defineFunction, type FunctionOptions, type FunctionRow } from './expr/function.ts';
import { asExpr, call, Expr, type ExprLike, input, param, substitute } from './expr/node.ts';
import { inPlace, writeElementwise } from './inplace.ts';
import { sameShape } from './layout.ts';
import { Quick } from './quick.ts';
import { broadcastOf, show } from './shape.ts';
import { addMethod, isTensor, type Tensor } from './tensor.ts';

/** A tensor or a number beside tensors. */
export type Operand = Tensor | Scalar;

/**
 * How an op's dtype follows from its operands.
 * - `promote`: PyTorch's promotion; the result has that dtype.
 * - `float`: as `promote`, but integers and bools become float32.
 * - `floating`: as `promote`; integers and bools are an error.
 * - `compare`: evaluated in the promoted dtype; the result is bool.
 * - `integral`: as `promote`, floating operands are an error.
 * - `select`: the first operand is a condition; the others are promoted.
 */
export type DTypeRule = 'promote' | 'float' | 'floating' | 'compare' | 'integral' | 'select';

/** What operands an elementwise op takes, and what their dtypes make of the result. */
export interface Typing {
  /** Default `float`. */
  readonly dtype?: DTypeRule;
  /** dtypes that are an error as the common dtype, beyond the rule. */
  readonly reject?: readonly DType[];
  /** Tensors must have one dtype: nothing is promoted. */
  readonly alike?: boolean;
  /** dtypes that no single operand may have, not even one that would be promoted. */
  readonly refuse?: readonly DType[];
  /**
   * Which operands have to be tensors: `one` of them (the default), the `first`, or `all`. Further numbers, the
   * {@link parameters}, are not counted.
   */
  readonly tensors?: 'one' | 'first' | 'all';
  /** Operands from this index on are numeric parameters: as numbers they take no part in promotion. Default: none. */
  readonly parameters?: number;
}

/** A named scalar function and how it acts on tensors. */
export interface ElementwiseOptions extends Omit<FunctionOptions, 'arity'>, Typing {
  /** Default 1. */
  readonly arity?: number;
  /** Names of further methods (`sub` is also `subtract`). */
  readonly aliases?: readonly string[];
  /** Do not add an in-place method `name_`. */
  readonly noInPlace?: boolean;
}

/** An elementwise op: on tensors it computes, on expressions it builds. */
export interface ElementwiseOp {
  (...args: ExprLike[]): Expr;
  (...args: Operand[]): Tensor;
  readonly row: FunctionRow;
  /** The op under its name, for tests. */
  readonly opName: string;
}

/** Every elementwise op by name; tests go through it. */
export const elementwiseOps: Map<string, ElementwiseOp> = new Map();

/** The dtype in which an op is evaluated and that of its result. Refuses operands that it does not take. */
export function elementwiseTypes(name: string, typing: Typing, operands: readonly Operand[]): { compute: DType; output: DType } {
  for (const o of operands) checkOperand(name, o);
  checkTensors(name, typing, operands);
  const rule = typing.dtype ?? 'float';
  let common = resultType(promoted(rule, typing, operands) as readonly (Tensor | Scalar)[]);
  if (rule === 'float' && !isFloating(common)) common = 'float32';
  if (rule === 'floating' && !isFloating(common)) throw new DTypeError(`${name}: not defined for ${common}, only for floating dtypes`);
  if (rule === 'integral' && isFloating(common)) throw new DTypeError(`${name}: not defined for ${common}, only for integers and bool`);
  if (typing.reject?.includes(common) === true) throw new DTypeError(`${name}: not defined for ${common}`);
  if (typing.alike === true) checkAlike(name, operands);
  if (typing.refuse !== undefined) checkRefused(name, typing.refuse, operands);
  return rule === 'compare' ? { compute: wideEnough(common, operands), output: 'bool' } : { compute: common, output: common };
}

/** The operands whose dtypes are promoted: no condition, no numeric parameters. */
function promoted(rule: DTypeRule, { parameters }: Typing, operands: readonly Operand[]): readonly Operand[] {
  if (rule === 'select') return operands.slice(1);
  return parameters === undefined ? operands : operands.filter((o, i) => i < parameters || isTensor(o));
}

function checkTensors(name: string, { tensors = 'one', parameters }: Typing, operands: readonly Operand[]): void {
  const n = parameters ?? operands.length;
  if (tensors === 'one' ? operands.some(isTensor) : isTensor(operands[0]!) && (tensors === 'first' || allTensors(operands, n))) return;
  const what =
    tensors === 'one' ? 'at least one operand must be a tensor' : tensors === 'first' ? 'the first operand must be a tensor' : null;
  throw new ValueError(`${name}: ${what ?? 'the operands must be tensors; make one of a number with tensor(...)'}`);
}

function allTensors(operands: readonly Operand[], n: number): boolean {
  for (let i = 0; i < n; i++) if (!isTensor(operands[i]!)) return false;
  return true;
}

function checkAlike(name: string, operands: readonly Operand[]): void {
  const found = operands.filter(isTensor).map((t) => t.dtype);
  const other = found.find((d) => d !== found[0]);
  if (other !== undefined) throw new DTypeError(`${name}: the operands must have one dtype, got ${found[0]} and ${other}`);
}

function checkRefused(name: string, refuse: readonly DType[], operands: readonly Operand[]): void {
  for (const o of operands) {
    const dtype = isTensor(o) ? o.dtype : typeof o === 'boolean' ? 'bool' : null;
    if (dtype !== null && refuse.includes(dtype)) throw new DTypeError(`${name}: not defined for ${dtype}`);
  }
}

/** Refuses what is neither a tensor nor a number: an array, a string, a bigint would be taken for NaN. */
function checkOperand(name: string, o: Operand): void {
  if (typeof o === 'number' || typeof o === 'boolean' || isTensor(o) || o instanceof FloatScalar) return;
  const what = o === null ? 'null' : Array.isArray(o) ? 'an array' : typeof o;
  throw new ValueError(`${name}: an operand must be a tensor, a number or a boolean, got ${what}`);
}

/** A dtype in which integers of dtype `common` compare with these numbers as they are: 256 is no uint8, but larger than all. */
function wideEnough(common: DType, operands: readonly Operand[]): DType {
  if (isFloating(common)) return common;
  let wide = common;
  for (const o of operands) {
    if (isTensor(o)) continue;
    const value = scalarValue(o);
    if (!holds(wide, value)) wide = Number.isSafeInteger(value) ? 'int64' : 'float64';
  }
  return wide;
}

/** Refuses numbers that an op would hand on (a bound, a choice) but that the dtype of its result cannot hold. */
function checkHeld(name: string, row: FunctionRow, compute: DType, operands: readonly Operand[], typing: Typing): void {
  if (row.exact !== true || isFloating(compute)) return;
  const end = typing.parameters ?? operands.length;
  for (let i = 0; i < operands.length; i++) {
    const o = operands[i]!;
    if (isTensor(o)) continue;
    const value = scalarValue(o);
    if (!holds(compute, i < end ? value : Math.trunc(value))) throw new DTypeError(`${name}: ${value} does not fit ${compute}`);
  }
}

/** `row` with tensors as inputs and numbers as parameters, in the order of `pattern` ('t' or 's' per operand). */
const patterns = new WeakMap<FunctionRow, Map<string, Expr>>();

function formOf(row: FunctionRow, pattern: string): Expr {
  let known = patterns.get(row);
  if (known === undefined) {
    known = new Map();
    patterns.set(row, known);
  }
  let expr = known.get(pattern);
  if (expr === undefined) {
    let inputs = 0;
    let params = 0;
    expr = call(
      row,
      [...pattern].map((c) => (c === 't' ? input(inputs++) : param(params++))),
    );
    known.set(pattern, expr);
  }
  return expr;
}

/** Applies a row to tensors and numbers, recording gradients. */
export function applyRow(row: FunctionRow, typing: Typing, operands: readonly Operand[]): Tensor {
  const types = elementwiseTypes(row.name, typing, operands);
  checkHeld(row.name, row, types.compute, operands, typing);
  return applyTyped(row.name, (pattern) => formOf(row, pattern), operands, types);
}

/** Evaluates an expression of operands whose dtypes are known to fit. */
function applyTyped(
  name: string,
  form: (pattern: string) => Expr,
  operands: readonly Operand[],
  { compute, output }: { readonly compute: DType; readonly output: DType },
): Tensor {
  const { tensors, params, pattern } = split(operands, compute);
  const shape = broadcastOf(name, tensors);
  return evaluate({ name, expr: form(pattern), inputs: tensors, params, shape, dims: [], result: shape, divisor: 1, compute, output });
}

function split(operands: readonly Operand[], compute: DType): { tensors: Tensor[]; params: number[]; pattern: string } {
  const tensors: Tensor[] = [];
  const params: number[] = [];
  let pattern = '';
  const whole = !isFloating(compute);
  for (const o of operands) {
    if (isTensor(o)) {
      tensors.push(o);
      pattern += 't';
    } else {
      const value = scalarValue(o);
      // Only parameters that take no part in promotion can be fractions among integers.
      params.push(whole ? Math.trunc(value) : value);
      pattern += 's';
    }
  }
  return { tensors, params, pattern };
}

/**
 * Applies a row and writes the result into the first operand, whose dtype and shape stay.
 *
 * @throws ShapeError when the operands broadcast to another shape
 * @throws DTypeError when the result cannot be cast to the first operand's dtype
 */
export function applyRowInPlace(row: FunctionRow, typing: Typing, self: Tensor, rest: readonly Operand[]): Tensor {
  const run = (): Tensor => applyRow(row, typing, [self, ...rest]);
  const name = `${row.name}_`;
  if (row.exact === true) {
    const operands = [self, ...rest];
    checkHeld(name, row, elementwiseTypes(name, typing, operands).compute, operands, typing);
  }
  return applyInPlace(name, (pattern) => formOf(row, pattern), typing, self, rest, run);
}

/** As {@link applyRowInPlace}, for an op made by {@link elementwise}. */
export function applyFormInPlace(name: string, op: ElementwiseOp, typing: Typing, self: Tensor, rest: readonly Operand[]): Tensor {
  const form = (pattern: string): Expr => placed(forms.get(op)!, pattern);
  return applyInPlace(name, form, typing, self, rest, () => applyForm(op.opName, forms.get(op)!, typing, [self, ...rest]));
}

function applyInPlace(
  name: string,
  form: (pattern: string) => Expr,
  typing: Typing,
  self: Tensor,
  rest: readonly Operand[],
  outOfPlace: () => Tensor,
): Tensor {
  const operands = [self, ...rest];
  const { compute, output } = elementwiseTypes(name, typing, operands);
  checkCast(name, output, self.dtype);
  const { tensors, params, pattern } = split(operands, compute);
  const shape = broadcastOf(name, tensors);
  if (!sameShape(shape, self.shape)) {
    throw new ShapeError(`${name}: the result has shape ${show(shape)} but the tensor written to has ${show(self.shape)}`);
  }
  if (isGradEnabled() && tensors.some(needsGrad)) return inPlace(name, self, outOfPlace);
  return writeElementwise(name, self, form(pattern), tensors, params, compute);
}

/** In-place results may widen but not change kind: a float cannot be stored in an integer tensor. */
function checkCast(name: string, from: DType, to: DType): void {
  if (!canCast(from, to)) throw new DTypeError(`${name}: a ${from} result cannot be written into a ${to} tensor`);
}

/** Defines a named function, its op and its methods. The family file declares the methods' types. */
export function defineElementwise(options: ElementwiseOptions): ElementwiseOp {
  const arity = options.arity ?? 1;
  const rule = options.dtype ?? 'float';
  const row = defineFunction({ ...options, arity });
  const quick = new Quick(row, options);
  const op = ((...args: (ExprLike | Operand)[]) => {
    const done = quick.apply(args as Operand[]);
    if (done !== null) return done;
    if (args.some((a) => a instanceof Expr)) return call(row, args as ExprLike[]);
    if (args.length !== arity) throw new ValueError(`${row.name} takes ${arity} operands, got ${args.length}`);
    return applyRow(row, options, args as Operand[]);
  }) as unknown as ElementwiseOp;
  Object.defineProperties(op, { row: { value: row }, opName: { value: row.name }, name: { value: row.name } });
  elementwiseOps.set(row.name, op);
  const method =
    arity === 1
      ? function (this: Tensor, ...rest: Operand[]) {
          return (rest.length === 0 ? quick.unary(this) : null) ?? op(this, ...rest);
        }
      : function (this: Tensor, ...rest: Operand[]) {
          return (rest.length === 1 ? quick.binary(this, rest[0]) : null) ?? op(this, ...rest);
        };
  for (const name of [row.name, ...(options.aliases ?? [])]) {
    addMethod(name, method);
    if (options.noInPlace !== true && rule !== 'compare' && rule !== 'select') {
      addMethod(`${name}_`, function (this: Tensor, ...rest: Operand[]) {
        return applyRowInPlace(row, options, this, rest);
      });
    }
  }
  return op;
}

/** Options of {@link elementwise}. */
export interface UserElementwiseOptions {
  /** Dtype rule; default `float`. */
  readonly dtype?: DTypeRule;
  /** Arguments from this index on are numeric parameters: as numbers they take no part in promotion. */
  readonly parameters?: number;
  /** Derivatives to use instead of those derived from the expression, one per argument; the last parameter is the value. */
  readonly grad?: FunctionOptions['grad'];
}

/**
 * Defines an op from one scalar expression: its kernels on every backend and its gradients of every order follow.
 *
 * @param name how the op is called in graphs, messages and reports; it need not be unique
 * @param define builds the expression from one {@link Expr} per argument
 * @returns a function of tensors and numbers (which broadcast), and of expressions
 * @example
 * ```ts
 * const swish = elementwise('swish', (x, beta) => x.mul(x.mul(beta).sigmoid()));
 * const y = swish(x, beta);
 * ```
 */
export function elementwise(name: string, define: (...args: Expr[]) => Expr, options: UserElementwiseOptions = {}): ElementwiseOp {
  const arity = define.length;
  const args = Array.from({ length: arity }, (_, i) => input(i));
  const body = define(...args);
  if (!(body instanceof Expr)) throw new ValueError(`elementwise('${name}'): the definition must return an expression`);
  const row: FunctionRow = { id: nextUserId--, name, arity, expand: define, ...(options.grad === undefined ? {} : { grad: options.grad }) };
  const transparent = options.grad === undefined;
  const form = transparent ? body : call(row, args);
  const op = ((...given: (ExprLike | Operand)[]) => {
    if (given.length !== arity) throw new ValueError(`${name} takes ${arity} operands, got ${given.length}`);
    if (given.some((a) => a instanceof Expr)) {
      const operands = (given as ExprLike[]).map(asExpr);
      return transparent ? define(...operands) : call(row, operands);
    }
    return applyForm(name, form, options, given as Operand[]);
  }) as unknown as ElementwiseOp;
  Object.defineProperties(op, { row: { value: row }, opName: { value: name }, name: { value: name } });
  forms.set(op, form);
  return op;
}

/** The expressions of ops made by {@link elementwise}, all operands as inputs. */
const forms = new WeakMap<ElementwiseOp, Expr>();

/** User rows have negative ids, so that they never meet those of named functions. */
let nextUserId = -1;

/** Applies an op made by {@link elementwise} under other rules for its dtypes. */
export function applyFormAs(op: ElementwiseOp, typing: Typing, operands: readonly Operand[]): Tensor {
  return applyForm(op.opName, forms.get(op)!, typing, operands);
}

/** Applies an expression whose operands are all inputs; numbers become 0-d parameters of the kernel. */
function applyForm(name: string, body: Expr, typing: Typing, operands: readonly Operand[]): Tensor {
  return applyTyped(name, (pattern) => placed(body, pattern), operands, elementwiseTypes(name, typing, operands));
}

const placements = new WeakMap<Expr, Map<string, Expr>>();

function placed(body: Expr, pattern: string): Expr {
  if (!pattern.includes('s')) return body;
  let known = placements.get(body);
  if (known === undefined) {
    known = new Map();
    placements.set(body, known);
  }
  let expr = known.get(pattern);
  if (expr === undefined) {
    let inputs = 0;
    let params = 0;
    const map = new Map([...pattern].map((c, i) => [input(i), c === 't' ? input(inputs++) : param(params++)]));
    [expr] = substitute([body], map) as [Expr];
    known.set(pattern, expr);
  }
  return expr;
}
