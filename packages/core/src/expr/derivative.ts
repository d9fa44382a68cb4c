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

function plus(a: Expr, b: Expr): Expr {
  return call(named('add'), [a, b]);
}

/** a * b, where a structural one disappears. */
function times(a: ExprLike, b: ExprLike): Expr {
  const x = asExpr(a);
  const y = asExpr(b);
  if (isConstant(x, 1)) return y;
  return isConstant(y, 1) ? x : call(named('mul'), [x, y]);
}

/**
 * A gradient on its way from the value of an expression to its inputs. What a choice does not take contributes nothing, however
 * infinite the derivatives before and behind it are; so the condition travels along, instead of a zero that they would make NaN.
 */
interface Flow {
  readonly value: Expr;
  /** Where a gradient arrives at all; null: everywhere. */
  readonly where: Expr | null;
  /** The value is 0 elsewhere. */
  readonly zeroElsewhere: boolean;
}

/**
 * The derivative of `e` with respect to `x`, or null where it is structurally zero. The chain rule runs over names:
 * no function is looked into, and nothing is assumed finite (no x * 0 → 0).
 */
export function derivative(e: Expr, x: Expr): Expr | null {
  return gradient(e, x, constant(1));
}

/**
 * The product of the derivative of `e` in `x` and an incoming gradient `g`, by reverse accumulation in the order in which ops
 * of their own would multiply; null where no path leads from `x` to `e`.
 */
function gradient(e: Expr, x: Expr, g: Expr): Expr | null {
  const order = topological([e]);
  const reached = reach(order, x);
  if (!reached.has(e)) return null;
  const flows = new Map<Expr, Flow>([[e, { value: g, where: null, zeroElsewhere: true }]]);
  for (let k = order.length - 1; k >= 0; k--) {
    const node = order[k]!;
    const flow = flows.get(node);
    if (flow === undefined || node.kind !== 'call') continue;
    const row = node.row!;
    for (let i = 0; i < node.args.length; i++) {
      const arg = node.args[i]!;
      const rule = row.grad?.[i];
      if (rule === undefined || rule === null || !reached.has(arg)) continue;
      const d = rule(...node.args, node);
      // The derivative of a flat function stays zero whatever it meets.
      if (!isZero(d)) flows.set(arg, joined(flows.get(arg), through(d, flow)));
    }
  }
  const found = flows.get(x);
  return found === undefined ? constant(0) : settled(found);
}

/** The nodes that a gradient passes on its way to `x`. */
function reach(order: readonly Expr[], x: Expr): Set<Expr> {
  const reached = new Set<Expr>();
  for (const node of order) {
    const leads = (a: Expr, i: number): boolean => reached.has(a) && (node.row!.grad?.[i] ?? null) !== null;
    if (node === x || (node.kind === 'call' && node.args.some(leads))) reached.add(node);
  }
  return reached;
}

/** A flow multiplied by a derivative. */
function through(d: Expr, flow: Flow): Flow {
  if (d.kind === 'const' && d.value - d.value === 0) return { ...flow, value: times(flow.value, d) };
  if (!isChoice(d)) return { value: times(flow.value, d), where: flow.where, zeroElsewhere: flow.where === null };
  const [c, a, b] = d.args as [Expr, Expr, Expr];
  if (isZero(b)) return through(a, { value: flow.value, where: both(flow.where, c), zeroElsewhere: false });
  if (isZero(a)) return through(b, { value: flow.value, where: both(flow.where, not(c)), zeroElsewhere: false });
  const taken = taking(d);
  const value = scaled(d, flow.value);
  return { value, where: taken === null ? flow.where : both(flow.where, taken), zeroElsewhere: flow.where === null };
}

/** The sum of the flows along two paths. */
function joined(a: Flow | undefined, b: Flow): Flow {
  if (a === undefined) return b;
  const where = a.where === null || b.where === null ? null : a.where === b.where ? a.where : call(named('logicalOr'), [a.where, b.where]);
  // One condition for both needs no choice for each.
  if (a.where === b.where) return { value: plus(a.value, b.value), where, zeroElsewhere: a.zeroElsewhere && b.zeroElsewhere };
  return { value: plus(settled(a), settled(b)), where, zeroElsewhere: true };
}

/** The value of a flow, 0 where none arrives. */
function settled({ value, where, zeroElsewhere }: Flow): Expr {
  if (where === null || zeroElsewhere) return value;
  if (where.kind === 'call' && where.row!.name === 'logicalNot') return call(named('where'), [where.args[0]!, constant(0), value]);
  return call(named('where'), [where, value, constant(0)]);
}

/** The condition under which no branch of zero is taken in nested choices; null: always. */
function taking(d: Expr): Expr | null {
  if (!isChoice(d)) return null;
  const [c, a, b] = d.args as [Expr, Expr, Expr];
  const [inA, inB] = [isZero(a) ? constant(0) : taking(a), isZero(b) ? constant(0) : taking(b)];
  return inA === null && inB === null ? null : call(named('where'), [c, inA ?? constant(1), inB ?? constant(1)]);
}

function both(a: Expr | null, b: Expr): Expr {
  return a === null || a === b ? b : call(named('logicalAnd'), [a, b]);
}

function not(c: Expr): Expr {
  return call(named('logicalNot'), [c]);
}

function isZero(e: Expr): boolean {
  return e.kind === 'const' && e.value === 0;
}

function isChoice(e: Expr): boolean {
  return e.kind === 'call' && e.row!.name === 'where';
}

/**
 * The vector-Jacobian products of a function that maps `inputs` inputs to `e`: for input i, an expression of the
 * inputs 0..n-1, the value y as input n, and the incoming gradient as input n+1. null: no gradient flows there.
 * `e` itself, where a derivative mentions it, becomes input n, so that backward reuses the saved value.
 */
export function vectorJacobian(e: Expr, inputs: number, i: number): Expr | null {
  const raw = weighted(e, input(i), input(inputs + 1));
  return raw === null ? null : substitute([raw], new Map([[e, input(inputs)]]))[0]!;
}

/** The gradient of `x` from the gradient `g` of `e`. A choice routes gradients: an infinite g leaves nothing in the branch not taken. */
export function weighted(e: Expr, x: Expr, g: Expr): Expr | null {
  const d = gradient(e, x, g);
  // A zero that depends on g, so that the kernel has an input; 0 * g would not be 0 for an infinite g.
  return d !== null && isZero(d) ? call(named('where'), [constant(0), g, constant(0)]) : d;
}

function scaled(d: Expr, g: Expr): Expr {
  if (!isChoice(d)) return times(g, d);
  const [c, a, b] = d.args;
  // NaN times g is NaN whatever g is, so that it does not depend on g either.
  const arm = (x: Expr): Expr => (isZero(x) || (x.kind === 'const' && x.value !== x.value) ? x : scaled(x, g));
  return call(d.row!, [c!, arm(a!), arm(b!)]);
}
