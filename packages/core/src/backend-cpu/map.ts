import type { MapRequest, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { castValue, isFloating } from '../dtype.ts';
import { arityOf } from '../expr/node.ts';
import { printJs } from '../expr/print.ts';
import { contiguousStrides, isContiguous, sizeOf } from '../layout.ts';
import { isVectorMap, wasmMap } from '../wasm/map.ts';
import { runtime, worthwhile } from '../wasm/runtime.ts';
import { addExprKernel, canGenerate, exprKernel } from './compile.ts';
import { interpretMap } from './interpret.ts';
import { coalesce, denseForm, formOf, type Loop, type Motion, motion } from './loops.ts';
import { loadAs, paramAs, storeAs } from './texts.ts';

/** Runs over `loops`, the innermost of which, if there is any, makes `n` turns. */
type MapKernel = (n: number, loops: readonly Loop[], params: readonly number[], targets: readonly View[], inputs: readonly View[]) => void;

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
  for (let i = 0; i < total; i++) {
    const view = i < outs ? `targets[${i}]` : `inputs[${i - outs}]`;
    head.push(`const v${i}=${view},a${i}=v${i}.handle;let b${i}_0=v${i}.offset;`);
  }
  for (let i = 0; i < params; i++) head.push(paramAs(i, r.compute));
  for (let d = 0; d < rank; d++) {
    head.push(d === rank - 1 ? `const n${d}=n;` : `const n${d}=loops[${d}].n;`);
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
  return { code: `return function(n,loops,params,targets,inputs){${head.join('')}${body}};`, helpers: printed.helpers };
}

/** Elements from which a map gains by WebAssembly's vectors, and how many of them must lie in the innermost loop. */
const vectorized = 1024;
const shortRow = 8;

/** Runs a map into existing buffers; `targets` are the destinations. */
export function runMap(r: MapRequest, targets: readonly View[]): void {
  const n = sizeOf(r.shape);
  if (n === 0) return;
  if (!worthwhile(n, vectorized) && canGenerate() && areDense(r.shape, targets) && areDense(r.shape, r.inputs)) {
    runDense(r, targets, n);
    return;
  }
  const operands = [...targets, ...r.inputs];
  const loops = loopsOf(r.shape, operands);
  const last = loops[loops.length - 1];
  const motions = operands.map((_, i) => (last === undefined ? 'fixed' : motion(last.strides[i]!)));
  if (isVectorMap(r) && worthwhile(n, vectorized)) {
    const wasm = runtime();
    if (wasm !== null && worthwhile(last?.n ?? 1, shortRow)) {
      if (wasmMap(wasm, r, targets, loops, motions)) return;
    }
  }
  if (!canGenerate()) {
    interpretMap(r, targets);
    return;
  }
  const form = formOf(loops.length, motions);
  const found = exprKernel('map', r.exprs, r.compute, r.inputs, r.outputs, form);
  const kernel = found ?? addExprKernel('map', r.exprs, r.compute, r.inputs, r.outputs, form, source(r, loops.length, motions));
  (kernel as MapKernel)(last?.n ?? 1, loops, castParams(r.params, r.compute), targets, r.inputs);
}

// The way of small tensors, of which there are many: the same kernels as below, found without arranging loops.
function runDense(r: MapRequest, targets: readonly View[], n: number): void {
  const { exprs, compute, inputs, outputs } = r;
  const total = targets.length + inputs.length;
  const form = denseForm(n, total);
  let kernel = exprKernel('map', exprs, compute, inputs, outputs, form);
  if (kernel === undefined) {
    const motions = new Array<Motion>(total).fill(n === 1 ? 'fixed' : 'unit');
    kernel = addExprKernel('map', exprs, compute, inputs, outputs, form, source(r, n === 1 ? 0 : 1, motions));
  }
  (kernel as MapKernel)(n, noLoops, castParams(r.params, compute), targets, inputs);
}

const noLoops: readonly Loop[] = [];

/** Whether all views show consecutive elements in row-major order. */
export function areDense(shape: readonly number[], views: readonly View[]): boolean {
  for (let i = 0; i < views.length; i++) if (!isContiguous(shape, views[i]!.strides)) return false;
  return true;
}

/** Operands that are all dense are one loop, whatever their shape; others are arranged by their strides. */
function loopsOf(shape: readonly number[], operands: readonly View[]): readonly Loop[] {
  if (!areDense(shape, operands))
    return coalesce(
      shape,
      operands.map((o) => o.strides),
    );
  const n = sizeOf(shape);
  return n === 1 ? [] : [{ n, strides: operands.map(() => 1) }];
}

/** Parameters as values of the kernel's dtype. Kernels of floating numbers round them by themselves. */
export function castParams(params: readonly number[], compute: DType): readonly number[] {
  return isFloating(compute) ? params : params.map((p) => castValue(p, compute));
}

/** Contiguous views on fresh buffers for the outputs of `r`. */
export function outputViews(r: MapRequest, make: (dtype: DType, n: number) => TypedArray): View[] {
  const n = sizeOf(r.shape);
  const strides = contiguousStrides(r.shape);
  return r.outputs.map((dtype) => ({ handle: make(dtype, n), dtype, shape: r.shape, strides, offset: 0 }));
}
