import type { View } from '../backend.ts';
import { gemmFunctions } from './gemm-code.ts';
import { partFrom, type Runtime } from './runtime.ts';
import { panelBytes, panelsAt, Staging } from './staging.ts';
import { split } from './threads.ts';

/** Products per element of a part that make it worth a thread. */
const leastOfProduct = 2 ** 20;

/** One product, or several whose operands lie evenly apart: all in bytes but the sizes. */
interface Product {
  readonly count: number;
  readonly steps: readonly [a: number, b: number, c: number];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: number;
  readonly aStrides: readonly [row: number, column: number];
  readonly b: number;
  readonly bStrides: readonly [row: number, column: number];
  readonly c: number;
  readonly ldc: number;
  /** A row that is added to every row of C; 0 for none. */
  readonly bias: number;
}

function argumentsOf(p: Product, thread: number): number[] {
  const operands = [p.m, p.n, p.k, p.a, ...p.aStrides, p.b, ...p.bStrides, p.c, p.ldc];
  return [p.count, ...p.steps, ...operands, panelsAt + thread * panelBytes, p.bias];
}

/** Products as parts for threads: whole products, else strips of rows, else strips of columns. */
function partsOf(threads: number, p: Product): Product[] {
  const total = p.count * p.m * p.n * p.k;
  const parts = Math.min(threads, Math.floor(total / partFrom(leastOfProduct)));
  if (parts < 2) return [p];
  if (p.count >= parts) {
    return split(parts, p.count, 1, 1).map(({ from, to }) => {
      const [a, b, c] = p.steps;
      return { ...p, count: to - from, a: p.a + from * a, b: p.b + from * b, c: p.c + from * c };
    });
  }
  if (p.m >= p.n) {
    return split(parts, p.m, 4, 4).map(({ from, to }) => ({ ...p, m: to - from, a: p.a + from * p.aStrides[0], c: p.c + from * p.ldc }));
  }
  return split(parts, p.n, 8, 8).map(({ from, to }) => ({
    ...p,
    n: to - from,
    b: p.b + from * p.bStrides[1],
    c: p.c + from * 4,
    bias: p.bias && p.bias + from * 4,
  }));
}

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
  const base = {
    m,
    n,
    k,
    aStrides: [a.strides[rank - 2]! * 4, a.strides[rank - 1]! * 4],
    bStrides: [b.strides[rank - 2]! * 4, b.strides[rank - 1]! * 4],
    ldc: n * 4,
    bias: biases,
  } as const;
  const product = m * n * 4;
  // The last dimensions of the batch that both operands walk evenly are one run.
  let inner = rank - 2;
  let count = 1;
  let steps: readonly [number, number, number] = [0, 0, product];
  while (inner > 0) {
    const d = inner - 1;
    const size = a.shape[d]!;
    const [sa, sb] = [a.strides[d]! * 4, b.strides[d]! * 4];
    if (count > 1 && size > 1 && (sa !== steps[0] * count || sb !== steps[1] * count)) break;
    if (count === 1 && size > 1) steps = [sa, sb, product];
    count *= size;
    inner--;
  }
  const outer = a.shape.slice(0, inner).reduce((x, y) => x * y, 1);
  const index = new Array<number>(inner).fill(0);
  let [ao, bo] = [at, bt];
  for (let t = 0; t < outer; t++) {
    const parts = partsOf(runtime.threads, { ...base, count, steps, a: ao, b: bo, c: ct + t * count * product });
    runtime.run(
      exports,
      'gemmBatch',
      parts.map((p, thread) => argumentsOf(p, thread)),
    );
    for (let d = inner - 1; d >= 0; d--) {
      ao += a.strides[d]! * 4;
      bo += b.strides[d]! * 4;
      if (++index[d]! < a.shape[d]!) break;
      index[d] = 0;
      ao -= a.strides[d]! * a.shape[d]! * 4;
      bo -= b.strides[d]! * a.shape[d]! * 4;
    }
  }
  staging.finish();
  return true;
}
