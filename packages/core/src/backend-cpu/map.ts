import type { MapRequest, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { castValue, isFloating } from '../dtype.ts';
import type { Expr } from '../expr/node.ts';
import { arityOf } from '../expr/node.ts';
import { printJs } from '../expr/print.ts';
import { contiguousStrides, isContiguous, sizeOf } from '../layout.ts';
import { compile } from './compile.ts';
import { coalesce, type Loop, motion } from './loops.ts';

/** Code that reads `source` (an element of dtype `from`) as a value of dtype `compute`. */
export function loadAs(source: string, from: DType, compute: DType): string {
  if (from === compute || compute === 'float64') return source;
  switch (compute) {
    case 'float32':
      return from === 'bool' || from === 'uint8' ? source : `F(${source})`;
    case 'int64':
      return isFloating(from) ? `I(Math.trunc(${source}))` : source;
    case 'int32':
      return isFloating(from) || from === 'int64' ? `(${source}|0)` : source;
    case 'uint8':
      return from === 'bool' ? source : `(${source}&255)`;
    default:
      return `(${source}!==0?1:0)`;
  }
}

/** Code that turns a value of dtype `compute` into what a buffer of dtype `to` stores. */
export function storeAs(value: string, compute: DType, to: DType): string {
  if (to === compute) return value;
  if (to === 'bool') return `(${value}!==0?1:0)`;
  if (to === 'int64' && isFloating(compute)) return `I(Math.trunc(${value}))`;
  return value; // a typed array rounds and wraps as the dtype asks
}

type MapKernel = (loops: readonly Loop[], params: readonly number[], arrays: readonly TypedArray[], offsets: readonly number[]) => void;

/**
 * Source of a kernel over `rank` nested loops. Operands are the outputs, then the inputs; `motions` says how each moves
 * in the innermost loop.
 */
function source(r: MapRequest, rank: number, motions: readonly string[]): { code: string; helpers: Record<string, unknown> } {
  const printed = printJs(r.exprs, r.compute);
  const outs = r.exprs.length;
  const total = outs + r.inputs.length;
  const { params } = arityOf(r.exprs);
  const head: string[] = [];
  for (let i = 0; i < total; i++) head.push(`const a${i}=arrays[${i}];let b${i}_0=offsets[${i}];`);
  for (let i = 0; i < params; i++) head.push(`const p${i}=params[${i}];`);
  for (let d = 0; d < rank; d++) {
    head.push(`const n${d}=loops[${d}].n;`);
    for (let i = 0; i < total; i++) if (d < rank - 1 || motions[i] === 'strided') head.push(`const s${i}_${d}=loops[${d}].strides[${i}];`);
  }
  const inner = rank - 1;
  const at = (i: number): string => {
    if (rank === 0 || motions[i] === 'fixed') return `a${i}[b${i}_${Math.max(inner, 0)}]`;
    return motions[i] === 'unit' ? `a${i}[b${i}_${inner}+j]` : `a${i}[b${i}_${inner}+j*s${i}_${inner}]`;
  };
  const load = (i: number): string => `const x${i}=${loadAs(at(outs + i), r.inputs[i]!.dtype, r.compute)};`;
  const inputs = r.inputs.map((_, i) => i);
  const hoisted = inputs.filter((i) => motions[outs + i] === 'fixed').map(load);
  const each = inputs.filter((i) => motions[outs + i] !== 'fixed').map(load);
  const stores = printed.results.map((v, i) => `${at(i)}=${storeAs(v, r.compute, r.outputs[i]!)};`);
  let body = `${each.join('')}${printed.lines.join('')}${stores.join('')}`;
  body = rank === 0 ? `${hoisted.join('')}${body}` : `${hoisted.join('')}for(let j=0;j<n${inner};j++){${body}}`;
  for (let d = inner - 1; d >= 0; d--) {
    const moves: string[] = [];
    const starts: string[] = [];
    for (let i = 0; i < total; i++) {
      starts.push(`let b${i}_${d + 1}=b${i}_${d};`);
      moves.push(`b${i}_${d}+=s${i}_${d};`);
    }
    body = `for(let i${d}=0;i${d}<n${d};i${d}++){${starts.join('')}${body}${moves.join('')}}`;
  }
  return { code: `return function(loops,params,arrays,offsets){${head.join('')}${body}};`, helpers: printed.helpers };
}

/** Identity of a kernel: what its source depends on. */
export function kernelKey(
  kind: string,
  exprs: readonly Expr[],
  inputs: readonly View[],
  compute: DType,
  outputs: readonly DType[],
  shape: string,
): string {
  let key = `${kind}|${compute}|${shape}`;
  for (const e of exprs) key += `|${e.id}`;
  for (const v of inputs) key += `:${v.dtype}`;
  for (const o of outputs) key += `>${o}`;
  return key;
}

/** Runs a map into existing buffers; `targets` are the destinations. */
export function runMap(r: MapRequest, targets: readonly View[]): void {
  if (sizeOf(r.shape) === 0) return;
  const operands = [...targets, ...r.inputs];
  const loops = loopsOf(r.shape, operands);
  const last = loops[loops.length - 1];
  const motions = operands.map((_, i) => (last === undefined ? 'fixed' : motion(last.strides[i]!)));
  const key = kernelKey('map', r.exprs, r.inputs, r.compute, r.outputs, `${loops.length}${motions.map((m) => m[0]).join('')}`);
  const kernel = compile(key, () => source(r, loops.length, motions)) as MapKernel;
  const params = r.params.map((p) => castParam(p, r.compute));
  kernel(
    loops,
    params,
    operands.map((v) => v.handle as TypedArray),
    operands.map((v) => v.offset),
  );
}

/** Operands that are all dense are one loop, whatever their shape; others are arranged by their strides. */
function loopsOf(shape: readonly number[], operands: readonly View[]): readonly Loop[] {
  for (const v of operands) {
    if (!isContiguous(shape, v.strides))
      return coalesce(
        shape,
        operands.map((o) => o.strides),
      );
  }
  const n = sizeOf(shape);
  return n === 1 ? [] : [{ n, strides: operands.map(() => 1) }];
}

/** A parameter as a value of the kernel's dtype. */
export function castParam(value: number, compute: DType): number {
  return castValue(value, compute);
}

/** Contiguous views on fresh buffers for the outputs of `r`. */
export function outputViews(r: MapRequest, make: (dtype: DType, n: number) => TypedArray): View[] {
  const n = sizeOf(r.shape);
  const strides = contiguousStrides(r.shape);
  return r.outputs.map((dtype) => ({ handle: make(dtype, n), dtype, shape: r.shape, strides, offset: 0 }));
}
