import type { View } from '../backend.ts';
import { gemmFunctions } from './gemm-code.ts';
import { partFrom, type Runtime } from './runtime.ts';
import { panelBytes, panelsAt, Staging } from './staging.ts';
import { split } from './threads.ts';

/** Products per element of a part that make it worth a thread. */
const leastOfProduct = 2 ** 20;

/** Products whose operands lie evenly apart, in bytes. */
interface Run {
  readonly count: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** A run of runs of products: all in bytes but the sizes. */
interface Products {
  readonly outer: Run;
  readonly inner: Run;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: number;
  readonly aRow: number;
  readonly aColumn: number;
  readonly b: number;
  readonly bRow: number;
  readonly bColumn: number;
  readonly c: number;
  readonly ldc: number;
  /** A row that is added to every row of C; 0 for none. */
  readonly bias: number;
}

function argumentsOf(p: Products, thread: number): number[] {
  const { outer, inner } = p;
  return [
    outer.count,
    outer.a,
    outer.b,
    outer.c,
    inner.count,
    inner.a,
    inner.b,
    inner.c,
    p.m,
    p.n,
    p.k,
    p.a,
    p.aRow,
    p.aColumn,
    p.b,
    p.bRow,
    p.bColumn,
    p.c,
    p.ldc,
    panelsAt + thread * panelBytes,
    p.bias,
  ];
}

/** Products as parts for threads: some of all runs or a piece of each, as there are more of; of few products strips of rows, else of columns. */
function partsOf(threads: number, p: Products): Products[] {
  const { outer, inner } = p;
  const parts = Math.min(threads, Math.floor((outer.count * inner.count * p.m * p.n * p.k) / partFrom(leastOfProduct)));
  if (parts < 2) return [p];
  const run = outer.count >= inner.count ? 'outer' : 'inner';
  const { count, a, b, c } = p[run];
  if (count >= parts || outer.count > 1) {
    return split(Math.min(parts, count), count, 1, 1).map(({ from, to }) => {
      return { ...p, [run]: { count: to - from, a, b, c }, a: p.a + from * a, b: p.b + from * b, c: p.c + from * c };
    });
  }
  if (p.m >= p.n)
    return split(parts, p.m, 4, 4).map(({ from, to }) => ({ ...p, m: to - from, a: p.a + from * p.aRow, c: p.c + from * p.ldc }));
  return split(parts, p.n, 8, 8).map(({ from, to }) => ({
    ...p,
    n: to - from,
    b: p.b + from * p.bColumn,
    c: p.c + from * 4,
    bias: p.bias && p.bias + from * 4,
  }));
}

const single: Run = { count: 1, a: 0, b: 0, c: 0 };

/**
 * Batched product of float32 matrices of any strides into the contiguous `c`, which has the batch of `a` and `b`. Products are
 * added in order of k, in panels: the result depends neither on the batch, nor on threads, nor on where operands lie.
 *
 * @param bias n numbers side by side, added to every row of the sums
 * @returns false when an operand outside of WebAssembly memory is too large to be copied there
 */
export function wasmMatmul(runtime: Runtime, a: View, b: View, c: View, bias: View | null = null): boolean {
  const exports = runtime.once(gemmFunctions, () => runtime.compile(gemmFunctions()));
  const staging = new Staging(runtime);
  const [at, bt, ct] = [staging.input(a), staging.input(b), staging.output(c, true)];
  const biases = bias === null ? 0 : staging.input(bias);
  if (at < 0 || bt < 0 || ct < 0 || biases < 0) return false;
  const rank = a.shape.length;
  const [m, k, n] = [a.shape[rank - 2]!, a.shape[rank - 1]!, b.shape[rank - 1]!];
  /** The last dimensions before `end` that both operands walk evenly, as one run, and where they begin. */
  const runBefore = (end: number, product: number): readonly [Run, number] => {
    let [run, from] = [single, end];
    for (; from > 0; from--) {
      const size = a.shape[from - 1]!;
      const [sa, sb] = [a.strides[from - 1]! * 4, b.strides[from - 1]! * 4];
      if (size === 1) continue;
      if (run.count === 1) run = { count: size, a: sa, b: sb, c: product };
      else if (sa === run.a * run.count && sb === run.b * run.count) run = { ...run, count: run.count * size };
      else break;
    }
    return [run, from];
  };
  const [inner, outerEnd] = runBefore(rank - 2, m * n * 4);
  const [outer, rest] = runBefore(outerEnd, inner.count * m * n * 4);
  const [aRow, aColumn] = [a.strides[rank - 2]! * 4, a.strides[rank - 1]! * 4];
  const [bRow, bColumn] = [b.strides[rank - 2]! * 4, b.strides[rank - 1]! * 4];
  const all = { outer, inner, m, n, k, a: at, aRow, aColumn, b: bt, bRow, bColumn, c: ct, ldc: n * 4, bias: biases };
  const step = outer.count * inner.count * m * n * 4;
  eachOf(a, b, rest, (ao, bo, i) => {
    const parts = partsOf(runtime.threads, rest === 0 ? all : { ...all, a: at + ao * 4, b: bt + bo * 4, c: ct + i * step });
    runtime.run(exports, 'gemmBatch', parts.map(argumentsOf));
  });
  staging.finish();
  return true;
}

/** Calls `fn` with the offsets of two operands, in elements, for each index of their first `rank` dimensions. */
function eachOf(a: View, b: View, rank: number, fn: (a: number, b: number, i: number) => void): void {
  const index = new Array<number>(rank).fill(0);
  const count = a.shape.slice(0, rank).reduce((x, y) => x * y, 1);
  let [ao, bo] = [0, 0];
  for (let t = 0; t < count; t++) {
    fn(ao, bo, t);
    for (let d = rank - 1; d >= 0; d--) {
      ao += a.strides[d]!;
      bo += b.strides[d]!;
      if (++index[d]! < a.shape[d]!) break;
      index[d] = 0;
      ao -= a.strides[d]! * a.shape[d]!;
      bo -= b.strides[d]! * a.shape[d]!;
    }
  }
}
