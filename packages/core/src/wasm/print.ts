import { arityOf, type Expr, topological } from '../expr/node.ts';
import { expandCalls } from '../expr/print.ts';
import { FunctionBuilder } from './module.ts';
import { Doubts, type Lanes, Vector } from './vector.ts';

/** Expressions ready for printing, or null when a function has no form for WebAssembly. */
export function vectorForm(roots: readonly Expr[]): readonly Expr[] | null {
  const opened = expandCalls(roots, (e) => e.row!.wasm === undefined && e.row!.expand !== undefined);
  return topological(opened).every((e) => e.kind !== 'call' || e.row!.wasm !== undefined) ? opened : null;
}

/** The values of expressions (of {@link vectorForm}), four elements at a time. See {@link Vector} for `doubts`. */
export function printVector(
  f: FunctionBuilder,
  roots: readonly Expr[],
  inputs: readonly Lanes[],
  params: readonly Lanes[],
  doubts: Doubts | null = null,
): Lanes[] {
  const v = new Vector(f, doubts);
  const values = new Map<Expr, Lanes>();
  for (const e of topological(roots)) {
    if (e.kind === 'input') values.set(e, inputs[e.value]!);
    else if (e.kind === 'param') values.set(e, params[e.value]!);
    else if (e.kind === 'const') values.set(e, v.number(e.value));
    else values.set(e, e.row!.wasm!(v, ...e.args.map((a) => values.get(a)!)));
  }
  return roots.map((r) => values.get(r)!);
}

/** Whether expressions have a quick way that does not hold for all arguments. */
export function mayDoubt(roots: readonly Expr[]): boolean {
  const f = new FunctionBuilder([]);
  const doubts = new Doubts(f);
  const { inputs, params } = arityOf(roots);
  const lanes = (n: number): Lanes[] => Array.from({ length: n }, () => f.local('v128'));
  printVector(f, roots, lanes(inputs), lanes(params), doubts);
  return doubts.any;
}

/** How many values an expression computes: decides how far a loop is unrolled. */
export function weightOf(roots: readonly Expr[]): number {
  return topological(roots).filter((e) => e.kind === 'call').length;
}
