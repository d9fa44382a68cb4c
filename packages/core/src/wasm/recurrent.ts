import type { RecurrentCell, RecurrentGradRequest, RecurrentRequest, View } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import type { Expr } from '../expr/node.ts';
import { contiguousStrides } from '../layout.ts';
import { gemmFunctions, gemmNumbers, into, packedBytes } from './gemm-code.ts';
import { type FunctionBuilder, parameters, type Value } from './module.ts';
import { contiguous, scattered, storeContiguous } from './operands.ts';
import { printVector, vectorForm } from './print.ts';
import { type Exports, partFrom, type Runtime } from './runtime.ts';
import { panelBytes, panelsAt, Staging } from './staging.ts';
import { split } from './threads.ts';

// A sweep over all steps of a recurrent layer in one call: the weight is packed once, and each step is a matrix product and a walk over
// blocks of the hidden size. Rows do not meet, so that threads take rows of all steps.

/** A step: its first row among those of all steps, and how many it has. */
export interface RecurrentStep {
  readonly row: number;
  readonly rows: number;
}

/** Blocks of the hidden size that lie side by side in rows: where the first begins, and bytes from one row to the next. */
interface Blocks {
  readonly at: Value;
  readonly step: Value;
  readonly count: number;
}

/** Evaluates expressions over blocks, element by element: `exprs` of all blocks of `inputs`, into all blocks of `outputs`. */
function walk(
  f: FunctionBuilder,
  rows: Value,
  size: Value,
  exprs: readonly Expr[],
  inputs: readonly Blocks[],
  outputs: readonly Blocks[],
): void {
  const bytes = f.op('i32.shl', size, f.i32(2));
  const all = [...inputs, ...outputs];
  const starts = all.map((b) => f.variable(b.at));
  const pointers = all.map((b) => Array.from({ length: b.count }, () => f.local('i32')));
  const read = pointers.slice(0, inputs.length).flat();
  const written = pointers.slice(inputs.length).flat();
  f.for(f.i32(0), rows, 1, () => {
    pointers.forEach((list, i) => {
      list.forEach((p, b) => {
        f.set(p, b === 0 ? starts[i]! : f.op('i32.add', list[b - 1]!, bytes));
      });
      f.set(starts[i]!, f.op('i32.add', starts[i]!, all[i]!.step));
    });
    const left = f.variable(size);
    const body = (count?: Value): void => {
      const values = printVector(
        f,
        exprs,
        read.map((p) => contiguous(f, 'float32', p, 0)),
        [],
      );
      values.forEach((v, i) => {
        if (count === undefined) storeContiguous(f, 'float32', written[i]!, v, 0);
        else scattered(f, 'float32', written[i]!, f.i32(4), v, count);
      });
    };
    f.while(
      () => f.op('i32.ge_s', left, f.i32(4)),
      () => {
        body();
        for (const p of [...read, ...written]) f.set(p, f.plus(p, 16));
        f.set(left, f.plus(left, -4));
      },
    );
    f.if(left, () => body(left));
  });
}

/** Runs `body` for every step that has rows in from..to: with the first of them among all rows, and their number. */
function eachStep(
  f: FunctionBuilder,
  p: { readonly table: Value; readonly steps: Value; readonly from: Value; readonly to: Value },
  body: (row: Value, rows: Value) => void,
): void {
  f.for(f.i32(0), p.steps, 1, (i) => {
    const entry = f.op('i32.add', p.table, f.op('i32.shl', i, f.i32(3)));
    const count = f.load('i32.load', entry, 4);
    const rows = f.op('i32.sub', f.select(f.op('i32.lt_s', count, p.to), count, p.to), p.from);
    f.if(f.op('i32.gt_s', rows, f.i32(0)), () => body(f.op('i32.add', f.load('i32.load', entry), p.from), rows));
  });
}

const shared = ['table', 'steps', 'from', 'to', 'size', 'packed', 'pack', 'state0', 'state1'] as const;

/** Where row `i` of an array begins. */
const rowOf = (f: FunctionBuilder, at: Value, i: Value, step: Value): Value => f.op('i32.add', at, f.op('i32.mul', i, step));

/** forward(..., gates, bias, output, kept, keep): the rows from..to of all steps. */
function forwardCode(cell: RecurrentCell, exprs: readonly Expr[]): FunctionBuilder {
  const [f, p] = parameters([...shared, 'gates', 'bias', 'output', 'kept', 'keep']);
  const { gates, forward } = cell;
  const bytes = f.op('i32.shl', p.size, f.i32(2));
  const width = f.op('i32.mul', p.size, f.i32(gates));
  const keptStep = f.op('i32.mul', bytes, f.i32(forward.kept.length));
  const gatesStep = f.op('i32.mul', bytes, f.i32(gates));
  const states = [p.state0, p.state1].slice(0, cell.states);
  eachStep(f, p, (row, rows) => {
    const kept = rowOf(f, p.kept, f.select(p.keep, row, p.from), keptStep);
    const h = rowOf(f, p.state0, p.from, bytes);
    f.call(gemmNumbers.gemmPacked, null, rows, width, p.size, h, bytes, f.i32(4), p.packed, kept, keptStep, p.pack, f.i32(into.fresh));
    const now = states.map((s): Blocks => ({ at: rowOf(f, s, p.from, bytes), step: bytes, count: 1 }));
    const product: Blocks = { at: kept, step: keptStep, count: gates };
    const own: Blocks = { at: rowOf(f, p.gates, row, gatesStep), step: gatesStep, count: gates };
    const bias: readonly Blocks[] = cell.bias ? [{ at: p.bias, step: f.i32(0), count: gates }] : [];
    const output: Blocks = { at: rowOf(f, p.output, row, bytes), step: bytes, count: 1 };
    walk(f, rows, p.size, exprs, [product, own, ...bias, ...now], [...now, output, { ...product, count: forward.kept.length }]);
  });
  return f;
}

/** backward(..., kept, grad, inputs, products): the rows from..to of all steps. */
function backwardCode(cell: RecurrentCell, exprs: readonly Expr[]): FunctionBuilder {
  const [f, p] = parameters([...shared, 'kept', 'grad', 'inputs', 'products']);
  const { gates, forward, backward } = cell;
  const bytes = f.op('i32.shl', p.size, f.i32(2));
  const width = f.op('i32.mul', p.size, f.i32(gates));
  const keptStep = f.op('i32.mul', bytes, f.i32(forward.kept.length));
  const gatesStep = f.op('i32.mul', bytes, f.i32(gates));
  const states = [p.state0, p.state1].slice(0, cell.states);
  eachStep(f, p, (row, rows) => {
    const now = states.map((s): Blocks => ({ at: rowOf(f, s, p.from, bytes), step: bytes, count: 1 }));
    const kept: Blocks = { at: rowOf(f, p.kept, row, keptStep), step: keptStep, count: forward.kept.length };
    const grad: Blocks = { at: rowOf(f, p.grad, row, bytes), step: bytes, count: 1 };
    const inputs: Blocks = { at: rowOf(f, p.inputs, row, gatesStep), step: gatesStep, count: gates };
    const products: Blocks = { ...inputs, at: rowOf(f, p.products, row, gatesStep) };
    walk(f, rows, p.size, exprs, [kept, grad, ...now], [inputs, ...(backward.products === null ? [] : [products]), ...now]);
    const [h, sum] = [now[0]!.at, f.i32(into.sum)];
    f.call(gemmNumbers.gemmPacked, null, rows, p.size, width, products.at, gatesStep, f.i32(4), p.packed, h, bytes, p.pack, sum);
  });
  return f;
}

/** The sweeps of a cell; null: a function in it has no form for WebAssembly. */
function exportsOf(runtime: Runtime, cell: RecurrentCell): Exports | null {
  return runtime.once(cell, () => {
    const { forward: to, backward: back } = cell;
    const forward = vectorForm([...to.states, to.states[0]!, ...to.kept]);
    const backward = vectorForm([...back.inputs, ...(back.products ?? []), ...back.states]);
    if (forward === null || backward === null) return null;
    return runtime.compile({ ...gemmFunctions(), forward: forwardCode(cell, forward), backward: backwardCode(cell, backward) });
  });
}

const whole = (array: TypedArray): View => ({
  handle: array,
  dtype: 'float32',
  shape: [array.length],
  strides: contiguousStrides([array.length]),
  offset: 0,
});

/** Products that make rows worth a thread. */
const leastOfRows = 2 ** 20;

/** A sweep with the weight packed as [k, n], whose rows and columns lie `strides` elements apart; `own` are the arguments that are not shared. */
function sweep(
  runtime: Runtime,
  name: 'forward' | 'backward',
  exports: Exports,
  weight: View,
  steps: readonly RecurrentStep[],
  states: readonly TypedArray[],
  own: (staging: Staging) => readonly number[],
): boolean {
  const staging = new Staging(runtime);
  const [outer, size] = weight.shape as readonly [number, number];
  const [k, n] = name === 'forward' ? [size, outer] : [outer, size];
  const at = staging.input(weight);
  const packed = staging.reserve(packedBytes(k, n));
  const table = staging.table(steps.flatMap(({ row, rows }) => [row, rows]));
  const state = states.map((s) => staging.output(whole(s), false));
  const rest = own(staging);
  if ([at, packed, table, ...state, ...rest].some((a) => a < 0)) return false;
  const strides = name === 'forward' ? [4, size * 4] : [size * 4, 4];
  exports['packAll']!(at, ...strides, k, n, packed);
  const count = states[0]!.length / size;
  const parts = Math.min(runtime.threads, Math.floor((steps.length * count * k * n) / partFrom(leastOfRows)));
  const calls = split(parts, count, 4, 4).map(({ from, to }, thread) => {
    const common = [table, steps.length, from, to, size, packed, panelsAt + thread * panelBytes];
    return [...common, state[0]!, state[1] ?? 0, ...rest];
  });
  runtime.run(exports, name, calls);
  staging.finish();
  return true;
}

/**
 * All steps of a recurrent layer, into `output`, `states` (which hold the initial ones) and `kept`.
 *
 * @returns false when the cell has no form for WebAssembly, or an operand outside of its memory is too large to be copied there
 */
export function wasmRecurrent(
  runtime: Runtime,
  r: RecurrentRequest,
  steps: readonly RecurrentStep[],
  output: TypedArray,
  states: readonly TypedArray[],
  kept: TypedArray,
): boolean {
  const exports = exportsOf(runtime, r.cell);
  if (exports === null) return false;
  return sweep(runtime, 'forward', exports, r.weight, steps, states, (staging) => [
    staging.input(r.gates),
    r.bias === null ? 0 : staging.input(r.bias),
    staging.output(whole(output), true),
    staging.output(whole(kept), true),
    r.keep ? 1 : 0,
  ]);
}

/** The gradient of {@link wasmRecurrent}: `states` hold the gradients of the last states, and get those of the initial ones. */
export function wasmRecurrentGrad(
  runtime: Runtime,
  r: RecurrentGradRequest,
  steps: readonly RecurrentStep[],
  inputs: TypedArray,
  products: TypedArray | null,
  states: readonly TypedArray[],
): boolean {
  const exports = exportsOf(runtime, r.cell);
  if (exports === null) return false;
  return sweep(runtime, 'backward', exports, r.weight, steps, states, (staging) => {
    const own = staging.output(whole(inputs), true);
    return [staging.input(r.kept), staging.input(r.grad), own, products === null ? own : staging.output(whole(products), true)];
  });
}
