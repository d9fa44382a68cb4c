import { AutogradError } from '../errors.ts';
import type { FunctionRow } from './function.ts';
import { functions } from './function.ts';
import { asExpr, call, constant, type Expr, type ExprLike, input, isConstant, substitute, topological } from './node.ts';

/** A named function that the rules below build with; looked up late because the rows are defined by the op files. */
function named(name: string): FunctionRow {
  const row = functions.get(name);
  if (row === undefined) throw new AutogradError(`derivative: the scalar function '${name}' is not defined`);
  return row;
}

/** a + b, where a structural zero disappears (a zero derivative is no term, not a number that may meet an infinity). */
function plus(a: Expr | null, b: Expr | null): Expr | null {
  if (a === null || (b !== null && isZero(a))) return b;
  return b === null || isZero(b) ? a : call(named('add'), [a, b]);
}

/** a * b, where a structural one disappears. */
function times(a: ExprLike, b: ExprLike): Expr {
  const x = asExpr(a);
  const y = asExpr(b);
  if (isConstant(x, 1)) return y;
  return isConstant(y, 1) ? x : call(named('mul'), [x, y]);
}

/**
 * The derivative of `e` with respect to `x`, or null where it is structurally zero. The chain rule runs over names:
 * no function is looked into, and nothing is assumed finite (no x * 0 → 0).
 */
export function derivative(e: Expr, x: Expr): Expr | null {
  const d = new Map<Expr, Expr | null>();
  for (const node of topological([e])) {
    if (node === x) d.set(node, constant(1));
    else if (node.kind !== 'call') d.set(node, null);
    else d.set(node, chain(node, d));
  }
  return d.get(e)!;
}

function chain(node: Expr, d: ReadonlyMap<Expr, Expr | null>): Expr | null {
  const row = node.row!;
  let sum: Expr | null = null;
  for (let i = 0; i < node.args.length; i++) {
    const inner = d.get(node.args[i]!) ?? null;
    const rule = row.grad?.[i];
    if (inner === null || rule === undefined || rule === null) continue;
    sum = plus(sum, product(rule(...node.args, node), inner));
  }
  return sum;
}

/** d * g, where the derivative of a flat function (a constant zero) stays zero whatever it meets. */
function product(d: Expr, g: Expr): Expr {
  return isZero(g) || isZero(d) ? constant(0) : scaled(d, g);
}

function isZero(e: Expr): boolean {
  return e.kind === 'const' && e.value === 0;
}

/**
 * The vector-Jacobian products of a function that maps `inputs` inputs to `e`: for input i, an expression of the
 * inputs 0..n-1, the value y as input n, and the incoming gradient as input n+1. null: no gradient flows there.
 * `e` itself, where a derivative mentions it, becomes input n, so that backward reuses the saved value.
 */
export function vectorJacobian(e: Expr, inputs: number, i: number): Expr | null {
  const raw = derivative(e, input(i));
  if (raw === null) return null;
  const [d] = substitute([raw], new Map([[e, input(inputs)]])) as [Expr];
  return pushIn(d, input(inputs + 1));
}

/**
 * g * d, the gradient of an argument from the gradient g of the value. A choice routes gradients: where(c, 1, 0) * g would
 * turn an infinite g into NaN in the branch that is not taken, so g goes into the branches.
 */
export function pushIn(d: Expr, g: Expr): Expr {
  // A zero that depends on g, so that the kernel has an input; 0 * g would not be 0 for an infinite g.
  return isZero(d) ? call(named('where'), [constant(0), g, constant(0)]) : scaled(d, g);
}

function scaled(d: Expr, g: Expr): Expr {
  if (d.kind === 'call' && d.row!.name === 'where') {
    const [c, a, b] = d.args;
    // NaN times g is NaN whatever g is, so that it does not depend on g either.
    const arm = (x: Expr): Expr => (isZero(x) || (x.kind === 'const' && x.value !== x.value) ? x : scaled(x, g));
    return call(d.row!, [c!, arm(a!), arm(b!)]);
  }
  return times(g, d);
}
