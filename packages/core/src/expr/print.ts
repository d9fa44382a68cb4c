import type { DType } from '../dtype.ts';
import { castValue, exactInteger, isFloating } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { call, type Expr, topological } from './node.ts';

/** JavaScript statements for a set of expressions. */
export interface PrintedJs {
  /** `const t0 = ...;` lines, in order. */
  readonly lines: string[];
  /** The name or literal of each root. */
  readonly results: string[];
  /** Functions that the lines call by name. */
  readonly helpers: Record<string, (...args: number[]) => number>;
}

/**
 * Replaces every call whose row `opens` by its expansion, down to functions that print.
 */
export function expandCalls(roots: readonly Expr[], opens: (e: Expr) => boolean): Expr[] {
  const done = new Map<Expr, Expr>();
  const run = (batch: readonly Expr[]): void => {
    for (const e of topological(batch)) {
      if (done.has(e)) continue;
      if (e.kind !== 'call') {
        done.set(e, e);
        continue;
      }
      const args = e.args.map((a) => done.get(a)!);
      if (!opens(e)) {
        done.set(e, call(e.row!, args));
        continue;
      }
      const inner = e.row!.expand!(...args);
      run([inner]); // as deep as expansions nest, which is the depth of the definitions, not of the expression
      done.set(e, done.get(inner)!);
    }
  };
  run(roots);
  return roots.map((r) => done.get(r)!);
}

/** The text of a constant, as a value of `compute`. */
function literal(value: number, compute: DType): string {
  if (!isFloating(compute) && !Number.isInteger(value)) throw new DTypeError(`the constant ${value} of an expression is no ${compute}`);
  if (value !== value) return 'NaN';
  if (value === Infinity) return 'Infinity';
  if (value === -Infinity) return '(-Infinity)';
  const v = castValue(value, compute);
  const text = Object.is(v, -0) ? '-0' : String(v);
  return text.startsWith('-') ? `(${text})` : text;
}

/** Rounds or wraps a computed value so that it is a value of `compute`. */
function settle(code: string, compute: DType, exact: boolean): string {
  if (exact || compute === 'float64') return code;
  switch (compute) {
    case 'float32':
      return `F(${code})`;
    case 'int32':
      return `(${code})|0`;
    case 'uint8':
      return `(${code})&255`;
    case 'int64':
      return `I(${code})`;
    default:
      return `(${code})!==0?1:0`;
  }
}

/**
 * Prints expressions as JavaScript. Inputs are `x0`, `x1`, ... and parameters `p0`, ..., already of dtype `compute`;
 * every node is a value of that dtype: rounded for float32, wrapped for int32 and uint8, checked for int64.
 *
 * @throws DTypeError for a fraction as a constant among integers
 */
export function printJs(roots: readonly Expr[], compute: DType): PrintedJs {
  const opened = expandCalls(roots, (e) => e.row!.js === undefined);
  const names = new Map<Expr, string>();
  const lines: string[] = [];
  const helpers: PrintedJs['helpers'] = { I: exactInteger };
  for (const e of topological(opened)) {
    if (e.kind === 'input') names.set(e, `x${e.value}`);
    else if (e.kind === 'param') names.set(e, `p${e.value}`);
    else if (e.kind === 'const') names.set(e, literal(e.value, compute));
    else {
      const row = e.row!;
      const print = row.only?.[compute] ?? (isFloating(compute) ? row.js : (row.int ?? row.js));
      if (print === undefined) throw new ValueError(`${row.name} has no JavaScript form`);
      Object.assign(helpers, row.helpers);
      const name = `t${lines.length}`;
      const code = print(...e.args.map((a) => names.get(a)!));
      // `exact` speaks of `js` alone: a negated integer may have left its dtype.
      lines.push(`const ${name}=${settle(code, compute, row.exact === true && print === row.js)};`);
      names.set(e, name);
    }
  }
  return { lines, results: opened.map((r) => names.get(r)!), helpers };
}
