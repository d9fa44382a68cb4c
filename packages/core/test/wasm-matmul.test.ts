import { setThreads } from '@nabla/core';
import { contiguousStrides, setWasmMode, type View } from '@nabla/core/internals';
import { afterEach, describe, expect, test } from 'vitest';
import { wasmMatmul } from '../src/wasm/gemm.ts';
import { runtime } from '../src/wasm/runtime.ts';
import { Draw, onHeap, resident } from './operands.ts';

type Place = (n: number) => Float32Array;
type Order = 'rows' | 'columns' | 'gaps';

/** Small integers: products and sums of them are exact in any order, so that results are compared bit by bit. */
const integers = (draw: Draw, n: number): Float32Array => Float32Array.from({ length: n }, () => draw.below(9) - 4);

/** [batch, rows, columns] of these values among NaN. */
function viewOf(values: Float32Array, [batch, rows, columns]: readonly [number, number, number], order: Order, place: Place): View {
  const step = order === 'gaps' ? 2 : 1;
  const [row, column] = order === 'columns' ? [1, rows] : [columns * step * step, step];
  const strides = [rows * columns * step * step, row, column];
  const handle = place(batch * rows * columns * step * step + 5).fill(Number.NaN);
  let i = 0;
  for (let t = 0; t < batch; t++)
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) handle[5 + t * strides[0]! + r * row + c * column] = values[i++]!;
  return { handle, dtype: 'float32', shape: [batch, rows, columns], strides, offset: 5 };
}

function naive(
  a: Float32Array,
  b: Float32Array,
  bias: Float32Array | null,
  [t, m, k, n]: readonly [number, number, number, number],
): Float32Array {
  const out = new Float32Array(t * m * n);
  for (let p = 0; p < t; p++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let s = bias?.[j] ?? 0;
        for (let q = 0; q < k; q++) s += a[(p * m + i) * k + q]! * b[(p * k + q) * n + j]!;
        out[(p * m + i) * n + j] = s;
      }
  return out;
}

/** The first place where two arrays differ, or -1. The runner's comparison takes a second for a large array. */
function differsAt(got: Float32Array, want: Float32Array): number {
  return got.length === want.length ? got.findIndex((v, i) => v !== want[i]) : Math.min(got.length, want.length);
}

// Both sides of every border: tiles of 4 rows and 8 columns, 16 lines that are packed together, blocks of 128 rows, panels of 256 in
// depth and of 1024 columns, 4 turns of the inner loop.
const sizes: readonly (readonly [t: number, m: number, k: number, n: number])[] = [
  [1, 1, 1, 1],
  [1, 3, 2, 7],
  [1, 4, 4, 8],
  [1, 5, 5, 9],
  [1, 16, 3, 16],
  [1, 17, 6, 31],
  [1, 33, 7, 33],
  [3, 6, 8, 10],
  [2, 129, 9, 24],
  [1, 131, 257, 12],
  [1, 6, 256, 15],
  [1, 7, 515, 17],
  [1, 5, 11, 1024],
  [1, 2, 3, 1041],
  [1, 130, 258, 1033],
];
const orders: readonly Order[] = ['rows', 'columns', 'gaps'];

type Batch = readonly [sizes: readonly number[], ofA: readonly number[], ofB: readonly number[]];
/** Distances between the matrices of a batch: dense, repeated, swapped, with gaps, so that one run or two do not hold all of them. */
const batches: readonly Batch[] = [
  [[2, 3, 4], [12, 4, 1], [12, 4, 1]], // biome-ignore format: a line a batch
  [[2, 3, 4], [0, 1, 3], [12, 4, 1]], // biome-ignore format: a line a batch
  [[2, 3, 4], [1, 2, 6], [4, 0, 1]], // biome-ignore format: a line a batch
  [[5, 1, 4], [9, 7, 1], [4, 100, 1]], // biome-ignore format: a line a batch
  [[2, 2, 2, 2], [1, 4, 2, 8], [8, 4, 2, 1]], // biome-ignore format: a line a batch
];

describe('products in vectors', () => {
  afterEach(async () => {
    setWasmMode('auto');
    await setThreads(1);
  });

  test.each(sizes)('%d of [%d, %d] by n = %d', (t, m, k, n) => {
    const draw = new Draw(m * 1000 + n);
    const [a, b, bias] = [integers(draw, t * m * k), integers(draw, t * k * n), integers(draw, n)];
    const product = naive(a, b, null, [t, m, k, n]);
    const sum = product.map((v, at) => v + bias[at % n]!);
    for (const [i, orderA] of orders.entries()) {
      for (const [j, orderB] of orders.entries()) {
        const place = (i + j) % 2 === 0 ? resident : onHeap;
        const [x, y] = [viewOf(a, [t, m, k], orderA, place), viewOf(b, [t, k, n], orderB, place)];
        const out = viewOf(new Float32Array(t * m * n), [t, m, n], 'rows', place);
        const row: View = { handle: place(n + 1).fill(Number.NaN), dtype: 'float32', shape: [n], strides: [1], offset: 1 };
        (row.handle as Float32Array).set(bias, 1);
        const result = (): Float32Array => (out.handle as Float32Array).slice(5, 5 + t * m * n);
        const label = `${orderA} by ${orderB}`;
        expect(wasmMatmul(runtime()!, x, y, out)).toBe(true);
        expect(differsAt(result(), product), label).toBe(-1);
        expect(wasmMatmul(runtime()!, x, y, out, row)).toBe(true);
        expect(differsAt(result(), sum), `${label}, with a bias`).toBe(-1);
        expect((out.handle as Float32Array).slice(0, 5).every(Number.isNaN), 'nothing is written in front').toBe(true);
      }
    }
  });

  test('the bias is added to finished sums: the bits of the composition', () => {
    const draw = new Draw(7);
    const [x, y] = [
      viewOf(draw.values(5 * 600), [1, 5, 600], 'rows', resident),
      viewOf(draw.values(600 * 9), [1, 600, 9], 'rows', resident),
    ];
    const bias = draw.values(9);
    const row: View = { handle: bias, dtype: 'float32', shape: [9], strides: [1], offset: 0 };
    const [plain, biased] = [onHeap(45), onHeap(45)];
    const out = (handle: Float32Array): View => ({ handle, dtype: 'float32', shape: [1, 5, 9], strides: [45, 9, 1], offset: 0 });
    wasmMatmul(runtime()!, x, y, out(plain));
    wasmMatmul(runtime()!, x, y, out(biased), row);
    expect(biased).toEqual(plain.map((v, i) => v + bias[i % 9]!));
    expect(new Set(plain).size).toBe(45);
  });

  test.each([
    [1, 130, 40, 50],
    [1, 5, 40, 1040],
    [4, 20, 30, 20],
  ] as const)('%d of [%d, %d] by n = %d, on two threads: rows, columns and batches apart', async (t, m, k, n) => {
    expect(await setThreads(2)).toBe(2);
    setWasmMode('always');
    const draw = new Draw(n);
    const [a, b, bias] = [integers(draw, t * m * k), integers(draw, t * k * n), integers(draw, n)];
    const out = viewOf(new Float32Array(t * m * n), [t, m, n], 'rows', resident);
    const row: View = { handle: bias, dtype: 'float32', shape: [n], strides: [1], offset: 0 };
    const [x, y] = [viewOf(a, [t, m, k], 'rows', resident), viewOf(b, [t, k, n], 'columns', resident)];
    expect(wasmMatmul(runtime()!, x, y, out, row)).toBe(true);
    expect((out.handle as Float32Array).slice(5, 5 + t * m * n)).toEqual(naive(a, b, bias, [t, m, k, n]));
  });

  test.each([1, 2])('batches of several dimensions, repeated and apart, on %d threads', async (threads) => {
    expect(await setThreads(threads)).toBe(threads);
    setWasmMode('always');
    const draw = new Draw(11);
    const [m, k, n] = [40, 33, 24];
    for (const [batch, da, db] of batches) {
      const count = batch.reduce((x, y) => x * y, 1);
      const reach = (d: readonly number[]): number => batch.reduce((sum, size, i) => sum + (size - 1) * d[i]!, 1);
      const view = (values: Float32Array, distances: readonly number[], rows: number, columns: number): View => {
        const handle = resident(values.length);
        handle.set(values);
        const strides = [...distances.map((d) => d * rows * columns), columns, 1];
        return { handle, dtype: 'float32', shape: [...batch, rows, columns], strides, offset: 0 };
      };
      const [a, b] = [integers(draw, reach(da) * m * k), integers(draw, reach(db) * k * n)];
      const out = resident(count * m * n);
      const to: View = { handle: out, dtype: 'float32', shape: [...batch, m, n], strides: contiguousStrides([...batch, m, n]), offset: 0 };
      expect(wasmMatmul(runtime()!, view(a, da, m, k), view(b, db, k, n), to)).toBe(true);
      for (let t = 0; t < count; t++) {
        const index = batch.map((size, i) => Math.floor(t / batch.slice(i + 1).reduce((x, y) => x * y, 1)) % size);
        const at = (d: readonly number[]): number => index.reduce((sum, x, i) => sum + x * d[i]!, 0);
        const [x, y] = [a.subarray(at(da) * m * k, (at(da) + 1) * m * k), b.subarray(at(db) * k * n, (at(db) + 1) * k * n)];
        expect(out.slice(t * m * n, (t + 1) * m * n), `${batch}: product ${t}`).toEqual(naive(x, y, null, [1, m, k, n]));
      }
    }
  });
});
