import type { MapRequest, RecurrentGradients, RecurrentGradRequest, RecurrentRequest, RecurrentResult, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import type { Expr } from '../expr/node.ts';
import { type RecurrentStep, wasmRecurrent, wasmRecurrentGrad } from '../wasm/recurrent.ts';
import { runtime, worthwhile } from '../wasm/runtime.ts';
import { type BlasDType, blasFor } from './blas.ts';
import { runMap } from './map.ts';
import { gemm, packStrided } from './matmul.ts';

type Make = (dtype: DType, n: number) => TypedArray;

/** Steps in the order in which states pass through them. */
function stepsOf({ sizes, reverse }: Pick<RecurrentRequest, 'sizes' | 'reverse'>): RecurrentStep[] {
  let row = 0;
  const steps = sizes.map((rows) => {
    row += rows;
    return { row: row - rows, rows };
  });
  return reverse ? steps.reverse() : steps;
}

/** `count` blocks of `rows` rows and `size` columns side by side; `step` elements from one row to the next, 0 to repeat one. */
function blocks(array: TypedArray, dtype: DType, offset: number, step: number, rows: number, size: number, count: number): View[] {
  return Array.from({ length: count }, (_, i) => ({
    handle: array,
    dtype,
    shape: [rows, size],
    strides: [step, 1],
    offset: offset + i * size,
  }));
}

function mapBlocks(exprs: readonly Expr[], inputs: readonly View[], targets: readonly View[]): void {
  const { dtype: compute, shape } = targets[0]!;
  const r: MapRequest = { exprs, inputs, params: [], shape, compute, outputs: exprs.map(() => compute) };
  runMap(r, targets);
}

/** An array as the rows of a matrix. */
interface Rows {
  readonly array: TypedArray;
  readonly offset: number;
  readonly step: number;
}

/** c = a wᵀ, or c + a w: of rows with a weight [outer, inner] as it lies. */
function multiply(dtype: DType, rows: number, a: Rows, weight: View, c: Rows, gradient: boolean): void {
  const [outer, inner] = weight.shape as readonly [number, number];
  const [n, k] = gradient ? [inner, outer] : [outer, inner];
  const w = weight.handle as TypedArray;
  const blas = blasFor(dtype, rows, n, k);
  if (blas !== null) {
    const add = gradient ? 1 : 0;
    const type = dtype as BlasDType;
    blas.gemm(type, false, !gradient, rows, n, k, a.array, a.offset, a.step, w, weight.offset, inner, add, c.array, c.offset, c.step);
    return;
  }
  const packW = gradient ? packStrided(w, weight.offset, 1, inner) : packStrided(w, weight.offset, inner, 1);
  gemm(packStrided(a.array, a.offset, a.step, 1), packW, c.array, c.offset, c.step, 1, rows, n, k, gradient);
}

/** Products of one step from which WebAssembly's vectors gain. */
const vectorized = 256;

/** All steps of a recurrent layer. Each adds to its share of `gates` the product of the state, and makes new states. */
export function runRecurrent(r: RecurrentRequest, make: Make): RecurrentResult {
  const { cell, gates, weight, bias, keep } = r;
  const { dtype } = gates;
  const size = weight.shape[1]!;
  const rows = gates.shape[0]!;
  const count = r.sizes[0]!;
  const width = cell.forward.kept.length * size;
  const output = make(dtype, rows * size);
  const kept = make(dtype, (keep ? rows : count) * width);
  const states = r.states.map((v) => copyOf(v, count * size, make));
  const result: RecurrentResult = { output, states, kept: keep ? kept : null };
  if (output.length === 0) return result;
  const steps = stepsOf(r);
  if (inWebAssembly(dtype, count, cell.gates * size, size)) {
    if (wasmRecurrent(runtime()!, r, steps, output, states, kept)) return result;
  }
  const fixed = bias === null ? [] : [bias];
  const exprs = [...cell.forward.states, cell.forward.states[0]!, ...cell.forward.kept];
  for (const step of steps) {
    const n = step.rows;
    const at = (keep ? step.row : 0) * width;
    const h: Rows = { array: states[0]!, offset: 0, step: size };
    multiply(dtype, n, h, weight, { array: kept, offset: at, step: width }, false);
    const keeps = blocks(kept, dtype, at, width, n, size, cell.forward.kept.length);
    const now = states.flatMap((s) => blocks(s, dtype, 0, size, n, size, 1));
    const own = blocks(
      gates.handle as TypedArray,
      dtype,
      gates.offset + step.row * cell.gates * size,
      cell.gates * size,
      n,
      size,
      cell.gates,
    );
    const biases = fixed.flatMap((b) => blocks(b.handle as TypedArray, dtype, b.offset, 0, n, size, cell.gates));
    const out = blocks(output, dtype, step.row * size, size, n, size, 1);
    mapBlocks(exprs, [...keeps.slice(0, cell.gates), ...own, ...biases, ...now], [...now, ...out, ...keeps]);
  }
  return result;
}

/** The gradient of {@link runRecurrent}: the steps in the opposite order. */
export function runRecurrentGrad(r: RecurrentGradRequest, make: Make): RecurrentGradients {
  const { cell, kept, weight, grad } = r;
  const { dtype } = kept;
  const { backward } = cell;
  const size = weight.shape[1]!;
  const [rows, width] = kept.shape as readonly [number, number];
  const count = r.sizes[0]!;
  const gatesWidth = cell.gates * size;
  const inputs = make(dtype, rows * gatesWidth);
  const apart = backward.products === null ? null : make(dtype, rows * gatesWidth);
  const states = r.states.map((v) => copyOf(v, count * size, make));
  const result: RecurrentGradients = { inputs, products: apart, states };
  if (rows * size === 0) return result;
  const steps = stepsOf(r).reverse();
  if (inWebAssembly(dtype, count, size, gatesWidth)) {
    if (wasmRecurrentGrad(runtime()!, r, steps, inputs, apart, states)) return result;
  }
  const exprs = [...backward.inputs, ...(backward.products ?? []), ...backward.states];
  for (const step of steps) {
    const n = step.rows;
    const keeps = blocks(kept.handle as TypedArray, dtype, kept.offset + step.row * width, width, n, size, cell.forward.kept.length);
    const incoming = blocks(grad.handle as TypedArray, dtype, grad.offset + step.row * size, size, n, size, 1);
    const now = states.flatMap((s) => blocks(s, dtype, 0, size, n, size, 1));
    const at = step.row * gatesWidth;
    const own = blocks(inputs, dtype, at, gatesWidth, n, size, cell.gates);
    const others = apart === null ? [] : blocks(apart, dtype, at, gatesWidth, n, size, cell.gates);
    mapBlocks(exprs, [...keeps, ...incoming, ...now], [...own, ...others, ...now]);
    const products = { array: apart ?? inputs, offset: at, step: gatesWidth };
    multiply(dtype, n, products, weight, { array: states[0]!, offset: 0, step: size }, true);
  }
  return result;
}

function copyOf(v: View, n: number, make: Make): TypedArray {
  const out = make(v.dtype, n);
  out.set((v.handle as TypedArray).subarray(v.offset, v.offset + n));
  return out;
}

/** Whether the sweep of WebAssembly is to be tried, where no library takes a step's product [m, k] by [k, n]. */
function inWebAssembly(dtype: DType, m: number, n: number, k: number): boolean {
  return dtype === 'float32' && worthwhile(m * n * k, vectorized) && runtime() !== null && blasFor(dtype, m, n, k) === null;
}
