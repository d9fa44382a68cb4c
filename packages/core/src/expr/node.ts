import { ValueError } from '../errors.ts';
import { BoundedCache } from './cache.ts';
import type { FunctionRow } from './function.ts';

/**
 * A scalar expression: an immutable, hash-consed node of a DAG over kernel inputs, numeric parameters, structural
 * constants and named functions. Two expressions built the same way are the same object (unless the first was forgotten,
 * long unused), so kernels and derivatives are cached by identity.
 *
 * Every elementwise op adds itself as a method, so a user writes `x.mul(beta).sigmoid()`. Numbers in an expression are
 * structure: they are part of the kernel. What changes from call to call has to be an argument.
 */
export class Expr {
  /** Unique number, in order of creation; arguments always have smaller ids. */
  readonly id: number;
  readonly kind: 'input' | 'param' | 'const' | 'call';
  /** Index of an input or parameter, value of a constant; 0 for calls. */
  readonly value: number;
  /** The function of a call. */
  readonly row: FunctionRow | null;
  readonly args: readonly Expr[];
  /** @internal What the CPU backend remembers of the expression: its kernels. */
  memo: unknown = null;

  /** Nodes are hash-consed: `input`, `param`, `constant` and `call` make them, nothing else does. */
  constructor(id: number, kind: Expr['kind'], value: number, row: FunctionRow | null, args: readonly Expr[]) {
    this.id = id;
    this.kind = kind;
    this.value = value;
    this.row = row;
    this.args = args;
  }

  /** The expression as text, for messages: calls that stand in several places are written once, under a name. */
  toString(): string {
    const order = topological([this]);
    const uses = new Map<Expr, number>();
    for (const e of order) for (const a of e.args) uses.set(a, (uses.get(a) ?? 0) + 1);
    const lines: string[] = [];
    const texts = new Map<Expr, string>();
    for (const e of order) {
      const text = e.kind === 'call' ? `${e.row!.name}(${e.args.map((a) => texts.get(a)!).join(', ')})` : leafText(e);
      const shared = e.kind === 'call' && uses.get(e)! > 1;
      texts.set(e, shared ? `t${lines.length}` : text);
      if (shared) lines.push(`t${lines.length} = ${text}; `);
    }
    return lines.join('') + texts.get(this)!;
  }
}

function leafText(e: Expr): string {
  if (e.kind === 'input') return `x${e.value}`;
  if (e.kind === 'param') return `p${e.value}`;
  return Object.is(e.value, -0) ? '-0' : String(e.value);
}

/** An expression, or a number that stands for a constant. */
export type ExprLike = Expr | number;

// Bounded rather than weak: an expression that an op builds anew at every call keeps its kernel whenever the collector
// runs, and a program that makes expressions without end stays flat even if it never yields to the event loop, until
// which weak references hold what they refer to. An expression that is forgotten and built again is compiled again.
const table = new BoundedCache<Expr>(2 ** 15);
let nextId = 0;

function intern(key: string, kind: Expr['kind'], value: number, row: FunctionRow | null, args: readonly Expr[]): Expr {
  const found = table.get(key);
  if (found !== undefined) return found;
  const made = new Expr(nextId++, kind, value, row, args);
  table.set(key, made);
  return made;
}

// Never forgotten: derivatives and substitutions look for these very objects.
const inputs: Expr[] = [];
const params: Expr[] = [];

function leaf(known: Expr[], kind: 'input' | 'param', i: number): Expr {
  while (known.length <= i) known.push(new Expr(nextId++, kind, known.length, null, []));
  return known[i]!;
}

/** The value of the kernel's i-th input at the current element. */
export function input(i: number): Expr {
  return leaf(inputs, 'input', i);
}

/** The i-th numeric argument of the kernel: a number that may change from call to call without a new kernel. */
export function param(i: number): Expr {
  return leaf(params, 'param', i);
}

/** A constant that is part of the kernel. -0 and 0 are different constants. */
export function constant(value: number): Expr {
  return intern(Object.is(value, -0) ? 'c-0' : `c${value}`, 'const', value, null, []);
}

/** `row` applied to `args`; numbers become constants. */
export function call(row: FunctionRow, args: readonly ExprLike[]): Expr {
  if (args.length !== row.arity) throw new ValueError(`${row.name} takes ${row.arity} arguments, got ${args.length}`);
  const nodes = args.map(asExpr);
  return intern(`${row.id}(${nodes.map((a) => a.id).join()})`, 'call', 0, row, nodes);
}

/** A number as a constant expression; an expression as itself. */
export function asExpr(x: ExprLike): Expr {
  return typeof x === 'number' ? constant(x) : x;
}

/** Whether `e` is the constant `value` (0 does not match -0). */
export function isConstant(e: Expr, value: number): boolean {
  return e.kind === 'const' && Object.is(e.value, value);
}

/** Every node below `roots`, each once, arguments before the calls that use them. */
export function topological(roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const stack = [...roots];
  while (stack.length > 0) {
    const e = stack.pop()!;
    if (seen.has(e)) continue;
    seen.add(e);
    for (const a of e.args) stack.push(a);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** `roots` with nodes replaced as `map` says; what does not change is kept as it is. */
export function substitute(roots: readonly Expr[], map: ReadonlyMap<Expr, Expr>): Expr[] {
  const done = new Map<Expr, Expr>(map);
  // A replaced node's arguments need not be visited, but doing so is harmless: ids order the walk.
  for (const e of topological(roots)) {
    if (done.has(e)) continue;
    const args = e.args.map((a) => done.get(a)!);
    done.set(e, e.kind === 'call' && args.some((a, i) => a !== e.args[i]) ? call(e.row!, args) : e);
  }
  return roots.map((r) => done.get(r)!);
}

/** Number of inputs and of parameters that `roots` refer to (one more than the highest index). */
export function arityOf(roots: readonly Expr[]): { inputs: number; params: number } {
  let inputs = 0;
  let params = 0;
  for (const e of topological(roots)) {
    if (e.kind === 'input') inputs = Math.max(inputs, e.value + 1);
    else if (e.kind === 'param') params = Math.max(params, e.value + 1);
  }
  return { inputs, params };
}
