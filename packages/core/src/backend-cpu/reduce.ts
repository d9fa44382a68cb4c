import type { ReduceKind, ReduceRequest, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate, isFloating } from '../dtype.ts';
import { arityOf } from '../expr/node.ts';
import { printJs } from '../expr/print.ts';
import { sizeOf } from '../layout.ts';
import { isVectorReduce, wasmReduce } from '../wasm/reduce.ts';
import { runtime, worthwhile } from '../wasm/runtime.ts';
import { addExprKernel, canGenerate, exprKernel } from './compile.ts';
import { interpretReduce } from './interpret.ts';
import { coalesce, formOf, type Loop, type Motion, motion } from './loops.ts';
import { areDense, castParams } from './map.ts';
import { loadAs, paramAs, storeAs } from './texts.ts';

/** Start, step and finish of a reduction, on `acc` (and `idx`, `r` for positions) with the element in `v`. */
interface Steps {
  readonly init: string;
  readonly step: (acc: string, v: string, idx: string) => string;
}

const isPosition = (kind: ReduceKind): boolean => kind === 'argmax' || kind === 'argmin';

/** NaN wins in max and min, as in PyTorch; the first of equal elements wins in arg*. */
const steps: Readonly<Record<ReduceKind, Steps>> = {
  sum: { init: '0', step: (a, v) => `${a}+=${v};` },
  prod: { init: '1', step: (a, v) => `${a}*=${v};` },
  max: { init: '-Infinity', step: (a, v) => `if(${v}>${a}||${v}!==${v})${a}=${v};` },
  min: { init: 'Infinity', step: (a, v) => `if(${v}<${a}||${v}!==${v})${a}=${v};` },
  argmax: { init: '-Infinity', step: (a, v, i) => `if(${v}>${a}||(${v}!==${v}&&${a}===${a})){${a}=${v};${i}=r;}` },
  argmin: { init: 'Infinity', step: (a, v, i) => `if(${v}<${a}||(${v}!==${v}&&${a}===${a})){${a}=${v};${i}=r;}` },
  any: { init: '0', step: (a, v) => `if(${v}!==0)${a}=1;` },
  all: { init: '1', step: (a, v) => `if(${v}===0)${a}=0;` },
};

/** Integers: an int64 that leaves the exact range on the way is an error; products wrap before doubles lose their low bits. */
function stepsFor(kind: ReduceKind, compute: DType): Steps {
  const plain = steps[kind];
  if (kind === 'sum' && compute === 'int64') return { ...plain, step: (a, v) => `${a}=I(${a}+${v});` };
  if (kind !== 'prod' || isFloating(compute)) return plain;
  return { ...plain, step: (a, v) => (compute === 'int64' ? `${a}=I(${a}*${v});` : `${a}=Math.imul(${a},${v});`) };
}

/** How the walk is arranged: which loops are outside, which are summed over, and whether a row of results is kept open. */
interface Plan {
  /** Loops over results, outermost first. */
  readonly kept: readonly Loop[];
  /** Loops over what is combined. */
  readonly reduced: readonly Loop[];
  /** The innermost loop in memory runs over results: combine a row of accumulators at a time. */
  readonly row: Loop | null;
}

function plan(r: ReduceRequest): Plan {
  const strides: (readonly number[])[] = [];
  for (let i = 0; i < r.inputs.length; i++) strides.push(r.inputs[i]!.strides);
  const stay: number[] = [];
  for (let d = 0; d < r.shape.length; d++) if (!r.dims.includes(d)) stay.push(d);
  const kept = coalesce(r.shape, strides, stay);
  const reduced = coalesce(r.shape, strides, r.dims);
  const byRow = kept.length > 0 && reduced.length > 0 && reach(kept) < reach(reduced);
  return byRow ? { kept: kept.slice(0, -1), reduced, row: kept[kept.length - 1]! } : { kept, reduced, row: null };
}

/** How far a turn of the innermost loop moves the operands together. */
function reach(loops: readonly Loop[]): number {
  const { strides } = loops[loops.length - 1]!;
  let sum = 0;
  for (let i = 0; i < strides.length; i++) sum += Math.abs(strides[i]!);
  return sum;
}

/** Accumulators of a row of results and their positions, for one call of a kernel: small ones are used again. */
const rows = [new Float64Array(256), new Float64Array(256)] as const;
const rowOf = (which: 0 | 1, n: number): Float64Array => (n <= rows[which].length ? rows[which] : new Float64Array(n));

/** Lanes of independent partial sums, which hide the latency of an addition. Their number fixes the order of summation. */
const lanes = 4;

function source(r: ReduceRequest, p: Plan, motions: readonly string[]): { code: string; helpers: Record<string, unknown> } {
  const printed = printJs([r.expr], r.compute);
  const loops = [...p.kept, ...p.reduced, ...(p.row === null ? [] : [p.row])];
  const rank = loops.length;
  const count = r.inputs.length;
  const { init, step } = stepsFor(r.kind, r.compute);
  const position = isPosition(r.kind);
  const head: string[] = ['let o=0;', position ? 'let r=0;' : ''];
  for (let i = 0; i < count; i++) head.push(`const v${i}=inputs[${i}],a${i}=v${i}.handle;let b${i}_0=v${i}.offset;`);
  for (let i = 0; i < arityOf([r.expr]).params; i++) head.push(paramAs(i, r.compute));
  for (let d = 0; d < rank; d++) {
    head.push(`const n${d}=loops[${d}].n;`);
    for (let i = 0; i < count; i++) head.push(`const s${i}_${d}=loops[${d}].strides[${i}];`);
  }
  const inner = rank - 1;
  const element = (index: string): string => {
    const loads = r.inputs.map((v, i) => {
      const where = rank === 0 || motions[i] === 'fixed' ? '' : motions[i] === 'unit' ? `+${index}` : `+(${index})*s${i}_${inner}`;
      return `const x${i}=${loadAs(`a${i}[b${i}_${Math.max(inner, 0)}${where}]`, v.dtype, r.compute)};`;
    });
    return `${loads.join('')}${printed.lines.join('')}const v=${printed.results[0]};`;
  };
  /** Wraps `body` in the loops `from`..`to`-1, moving the offsets of the next level. */
  const nest = (from: number, to: number, body: string): string => {
    let code = body;
    for (let d = to - 1; d >= from; d--) {
      let starts = '';
      let moves = '';
      for (let i = 0; i < count; i++) {
        starts += `let b${i}_${d + 1}=b${i}_${d};`;
        moves += `b${i}_${d}+=s${i}_${d};`;
      }
      code = `for(let i${d}=0;i${d}<n${d};i${d}++){${starts}${code}${moves}}`;
    }
    return code;
  };
  const settled = (acc: string): string => (r.divisor === 1 ? acc : `${acc}/divisor`);
  const finish = (acc: string, idx: string): string => {
    if (position) return storeAs(idx, 'int64', r.output);
    const value = storeAs(settled(acc), r.compute, r.output);
    return r.output === 'int64' && !isFloating(r.compute) ? `I(${value})` : value;
  };
  const k = p.kept.length;
  let body: string;
  if (p.row !== null) {
    const init0 = `${position ? 'r=0;' : ''}for(let j=0;j<n${inner};j++){accs[j]=${init};${position ? 'pos[j]=0;' : ''}}`;
    const work = `for(let j=0;j<n${inner};j++){${element('j')}${step('accs[j]', 'v', 'pos[j]')}}${position ? 'r++;' : ''}`;
    const store = `for(let j=0;j<n${inner};j++)out[o++]=${finish('accs[j]', 'pos[j]')};`;
    body = nest(0, k, `${init0}${nest(k, inner, work)}${store}`);
  } else if (p.reduced.length === 0) {
    // Nothing to combine: every result is one element.
    const one = `let acc=${init};let idx=0;{${element('j')}${step('acc', 'v', 'idx')}}out[o++]=${finish('acc', 'idx')};`;
    body = rank === 0 ? one : nest(0, inner, `for(let j=0;j<n${inner};j++){${one}}`);
  } else {
    const split = r.kind === 'sum' && isFloating(r.compute);
    const single = `${element('j')}${step('acc', 'v', 'idx')}${position ? 'r++;' : ''}`;
    const unrolled = Array.from({ length: lanes }, (_, l) => `{${element(`j+${l}`)}acc${l}+=v;}`).join('');
    const work = split
      ? `let j=0;for(;j+${lanes - 1}<n${inner};j+=${lanes}){${unrolled}}for(;j<n${inner};j++){${single}}`
      : `for(let j=0;j<n${inner};j++){${single}}`;
    const names = Array.from({ length: lanes }, (_, l) => `acc${l}`);
    const open = split ? `let ${names.map((n) => `${n}=0`).join()};` : '';
    const close = split ? `acc+=(acc0+acc1)+(acc2+acc3);` : '';
    body = nest(
      0,
      k,
      `let acc=${init};let idx=0;${position ? 'r=0;' : ''}${open}${nest(k, inner, work)}${close}out[o++]=${finish('acc', 'idx')};`,
    );
  }
  return { code: `return function(loops,params,inputs,out,accs,pos,divisor){${head.join('')}${body}};`, helpers: printed.helpers };
}

type ReduceKernel = (
  loops: readonly Loop[],
  params: readonly number[],
  inputs: readonly View[],
  out: TypedArray,
  acc: Float64Array | null,
  pos: Float64Array | null,
  divisor: number,
) => void;

/** The value of an empty sum, product, any and all. */
const emptyValue: Partial<Record<ReduceKind, number>> = { sum: 0, prod: 1, any: 0, all: 1 };

/** Every way to walk, as a number: with the motions of the inputs it is what a kernel's source depends on. */
function walkOf(r: ReduceRequest, kept: number, reduced: number, row: boolean): number {
  const kind = kinds.indexOf(r.kind);
  return (((kind * 2 + (row ? 1 : 0)) * 2 + (r.divisor === 1 ? 0 : 1)) * 64 + kept) * 64 + reduced;
}

const kinds = Object.keys(steps) as readonly ReduceKind[];

/** Elements from which a reduction gains by WebAssembly's vectors. */
const vectorized = 256;

/** Runs a reduction into a fresh buffer. Accumulates in float64 whatever the dtype; integers beyond 2^53 are an error. */
export function runReduce(r: ReduceRequest, make: typeof allocate = allocate): TypedArray {
  const large = isVectorReduce(r) && worthwhile(sizeOf(r.shape), vectorized);
  if (!large && canGenerate() && r.dims.length === r.shape.length && areDense(r.shape, r.inputs)) {
    const n = sizeOf(r.shape);
    if (n > 0) return runTotal(r, n, make(r.output, 1));
  }
  let size = 1;
  let empty = false;
  for (let d = 0; d < r.shape.length; d++) {
    if (!r.dims.includes(d)) size *= r.shape[d]!;
    else if (r.shape[d] === 0) empty = true;
  }
  const out = make(r.output, size);
  if (size === 0) return out;
  if (empty) {
    out.fill(r.kind === 'sum' ? 0 / r.divisor : (emptyValue[r.kind] ?? Number.NaN));
    return out;
  }
  const p = plan(r);
  const loops = [...p.kept, ...p.reduced];
  if (p.row !== null) loops.push(p.row);
  const last = loops[loops.length - 1];
  const motions: Motion[] = [];
  for (let i = 0; i < r.inputs.length; i++) motions.push(last === undefined ? 'fixed' : motion(last.strides[i]!));
  const wasm = large ? runtime() : null;
  if (wasm !== null) {
    const view = { handle: out, dtype: r.output, shape: [out.length], strides: [1], offset: 0 };
    if (wasmReduce(wasm, r, p, motions, view)) return out;
  }
  if (!canGenerate()) {
    interpretReduce(r, out);
    return out;
  }
  const kernel = kernelOf(r, p, formOf(walkOf(r, p.kept.length, p.reduced.length, p.row !== null), motions), motions);
  const acc = p.row === null ? null : rowOf(0, p.row.n);
  const pos = p.row !== null && isPosition(r.kind) ? rowOf(1, p.row.n) : null;
  kernel(loops, castParams(r.params, r.compute), r.inputs, out, acc, pos, r.divisor);
  return out;
}

// The way of losses and their like: all elements of dense operands, the same kernels as above, found without a plan.
function runTotal(r: ReduceRequest, n: number, out: TypedArray): TypedArray {
  const count = r.inputs.length;
  const loops: readonly Loop[] = n === 1 ? [] : [{ n, strides: new Array<number>(count).fill(1) }];
  const motions = new Array<Motion>(count).fill(n === 1 ? 'fixed' : 'unit');
  const kernel = kernelOf(r, { kept: [], reduced: loops, row: null }, formOf(walkOf(r, 0, loops.length, false), motions), motions);
  kernel(loops, castParams(r.params, r.compute), r.inputs, out, null, null, r.divisor);
  return out;
}

function kernelOf(r: ReduceRequest, p: Plan, form: number | string, motions: readonly Motion[]): ReduceKernel {
  const exprs = [r.expr];
  const outputs = [r.output];
  const found = exprKernel('reduce', exprs, r.compute, r.inputs, outputs, form);
  return (found ?? addExprKernel('reduce', exprs, r.compute, r.inputs, outputs, form, source(r, p, motions))) as ReduceKernel;
}
