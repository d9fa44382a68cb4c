import type { DType } from '@nabla/core';
import { Declined, type Expr, expandCalls, type FunctionRow, type GpuBody, isFloating, topological } from '@nabla/core/internals';
import type { Source } from './kernels.ts';
import { addFromLibrary } from './library.ts';

/** A scalar expression as statements of a kernel. */
export interface Printed {
  /** Number of the text: the same text, the same number. */
  readonly id: number;
  /** Functions that the lines call, by name. */
  readonly helpers: ReadonlyMap<string, string>;
  /** `const t0=...;` statements over inputs `x0`, ... , parameters `p0`, ... and constants `k0`, ... */
  readonly lines: string;
  /** Name or literal of the value. */
  readonly result: string;
  /** Values of the constants that cannot be written in a shader (infinities, NaN, zeros that must keep their sign). */
  readonly constants: readonly number[];
}

const printed = new WeakMap<Expr, Map<DType, Printed | Declined>>();
const texts = new Map<string, number>();

/**
 * Prints an expression whose nodes are values of `compute`; declines when a function in it has no form for graphics
 * kernels. Expressions that print alike share their kernels.
 */
export function print(expr: Expr, compute: DType): Printed | Declined {
  let known = printed.get(expr);
  if (known === undefined) {
    known = new Map();
    printed.set(expr, known);
  }
  let p = known.get(compute);
  if (p === undefined) {
    p = printNow(expr, compute);
    known.set(compute, p);
  }
  return p;
}

function printNow(expr: Expr, compute: DType): Printed | Declined {
  const [root] = expandCalls([expr], (e) => bodyOf(e.row!, compute) === null) as [Expr];
  const names = new Map<Expr, string>();
  const constants: number[] = [];
  const helpers = new Map<string, string>();
  const lines: string[] = [];
  const argument = (value: number): string => {
    let k = constants.findIndex((v) => Object.is(v, value));
    if (k < 0) k = constants.push(value) - 1;
    return `k${k}`;
  };
  for (const e of topological([root])) {
    if (e.kind === 'input') names.set(e, `x${e.value}`);
    else if (e.kind === 'param') names.set(e, `p${e.value}`);
    else if (e.kind === 'const') names.set(e, literal(e.value, argument));
    else {
      const row = e.row!;
      const body = bodyOf(row, compute)!;
      const name = `t${lines.length}`;
      const code = body.call(...e.args.map((a) => (folds(row, a) ? argument(a.value) : names.get(a)!)));
      if (body !== row.gpu) {
        if (Object.keys(row.helpers ?? {}).some((h) => code.includes(`${h}(`))) return new Declined(`${row.name} has no GPU form`);
      } else {
        for (const [n, text] of Object.entries(body.helpers ?? {})) helpers.set(n, text);
        for (const n of body.needs ?? [])
          if (!addFromLibrary(n, helpers)) return new Declined(`${row.name} needs ${n}, which no function of the library is named`);
      }
      lines.push(`const ${name}=${settle(code, row, body, compute)};`);
      names.set(e, name);
    }
  }
  const text = lines.join('');
  const result = names.get(root)!;
  const key = `${[...helpers.values()].join('')}${text}${result}`;
  let id = texts.get(key);
  if (id === undefined) {
    id = texts.size;
    texts.set(key, id);
  }
  return { id, helpers, lines: text, result, constants };
}

/** How a function is printed, or null when its expansion has to be printed instead. */
function bodyOf(row: FunctionRow, compute: DType): GpuBody | null {
  if (row.gpu !== undefined) return row.gpu;
  // Of the forms for single dtypes only that of bools makes a difference in float32.
  const js = isFloating(compute) ? row.js : ((compute === 'bool' ? row.only?.bool : undefined) ?? row.int ?? row.js);
  return js === undefined ? null : { call: js };
}

/** Shader compilers take x * 0 for 0 even where x is infinite or NaN, unless the zero is an argument. */
function folds(row: FunctionRow, a: Expr): boolean {
  return a.kind === 'const' && a.value === 0 && (row.name === 'mul' || row.name === 'div');
}

function literal(value: number, argument: (value: number) => string): string {
  const v = Math.fround(value);
  if (!Number.isFinite(v) || Object.is(v, -0) || (v !== 0 && Math.abs(v) < 1.1754943508222875e-38)) return argument(v);
  return v < 0 ? `(${v})` : String(v);
}

/** Makes a computed value one of `compute`. */
function settle(code: string, row: FunctionRow, body: GpuBody, compute: DType): string {
  if (isFloating(compute) || row.exact === true) return code;
  if (compute === 'uint8') return `nablaByte(${code})`;
  if (compute === 'bool') return `((${code})===0?0:1)`;
  // Of functions that have another form for integers, such as a power with a negative exponent, kernels have the real one.
  return row.int !== undefined && body === row.gpu ? `nablaInteger(${code})` : code;
}

/** Functions of the backend's own. A NaN is what is neither below nor above: compilers take x !== x for false. */
const own: ReadonlyMap<string, string> = new Map([
  ['nablaNan', 'function nablaNan(x){let r=1;if(x>=0){r=0;}if(x<0){r=0;}return r;}'],
  ['nablaInteger', 'function nablaInteger(x){let r=Math.trunc(x);if(x>3.4028234e38||x<-3.4028234e38){r=0;}return r;}'],
  ['nablaByte', 'function nablaByte(x){const t=Math.trunc(x);return t-256*Math.floor(t/256);}'],
]);

/** A kernel's source: `code`, with the functions that it calls. */
export function source(code: string, helpers: ReadonlyMap<string, string> = new Map()): Source {
  const used = [...own].filter(([name]) => code.includes(`${name}(`));
  return { code, helpers: new Map([...helpers, ...used]) };
}

/** Source that reads `element`, of dtype `from`, as a value of `compute`. */
export function loadAs(element: string, from: DType, compute: DType): string {
  switch (conversion(from, compute)) {
    case 't':
      return `Math.trunc(${element})`;
    case 'u':
      return `nablaByte(${element})`;
    case 'b':
      return `(${element}===0?0:1)`;
    default:
      return element;
  }
}

/** What has to be done to a value of dtype `from` to make it one of `to`: a letter for kernel keys. */
export function conversion(from: DType, to: DType): '' | 't' | 'u' | 'b' {
  if (from === to || isFloating(to) || from === 'bool') return '';
  if (to === 'bool') return 'b';
  if (to === 'uint8') return 'u';
  return isFloating(from) ? 't' : '';
}

/** Source of what a buffer of dtype `to` stores for a value of dtype `compute`. */
export function storeAs(value: string, compute: DType, to: DType): string {
  return loadAs(value, compute, to);
}
