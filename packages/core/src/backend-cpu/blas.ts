import type { MatmulRequest, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { input } from '../expr/node.ts';
import { contiguousStrides, sizeOf } from '../layout.ts';
import { runMap } from './map.ts';

/**
 * A library of matrix products that the CPU backend may use instead of its own, such as OpenBLAS. It computes on typed
 * arrays where they lie, and has done so when a call returns.
 */
export interface Blas {
  /** The library's name, for reports. */
  readonly name: string;
  /**
   * C = op(A) op(B) + beta C of row-major matrices, where op(A) is [m, k], op(B) is [k, n], C is [m, n] and none of the
   * sizes is 0. `trans` says that a matrix lies transposed; `ld` is the distance of its rows as they lie. With a `beta`
   * of 0, C is not read.
   */
  gemm(
    dtype: BlasDType,
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    a: TypedArray,
    aOffset: number,
    lda: number,
    b: TypedArray,
    bOffset: number,
    ldb: number,
    beta: 0 | 1,
    c: TypedArray,
    cOffset: number,
    ldc: number,
  ): void;
}

/** What a BLAS multiplies. */
export type BlasDType = 'float32' | 'float64';

/** A call from JavaScript costs 0.2 to 0.3 µs, which is what WebAssembly needs for a product of this size. */
const defaultLeast = 2048;
/** BLAS counts in 32-bit integers. */
const largest = 2 ** 31 - 1;

let current: Blas | null = null;
let least = defaultLeast;

/**
 * Sets the library that the CPU backend takes for matrix products and convolutions, or none, and gives the one before.
 *
 * @param blas the library; null for none
 * @param leastWork multiplications from which a product is worth a call of the library. Default 2048
 */
export function setBlas(blas: Blas | null, leastWork: number = defaultLeast): Blas | null {
  const before = current;
  current = blas;
  least = leastWork;
  return before;
}

/** The library that the CPU backend takes for matrix products, if there is one. */
export function currentBlas(): Blas | null {
  return current;
}

/** The library for a product [m, k] by [k, n]; null when it has no such product, or calling it costs more than it gains. */
export function blasFor(dtype: DType, m: number, n: number, k: number): Blas | null {
  if (current === null || m * n * k < least || Math.max(m, n, k) > largest) return null;
  return dtype === 'float32' || dtype === 'float64' ? current : null;
}

/** How a matrix lies: `ld` apart are its rows, or its columns when it is transposed. */
interface Lie {
  readonly trans: boolean;
  readonly ld: number;
}

/** How BLAS can read a matrix of these strides; null when it cannot: nothing has unit stride, or lines overlap. */
function lieOf(rows: number, cols: number, rs: number, cs: number): Lie | null {
  if ((cs === 1 || cols === 1) && (rs >= cols || rows === 1)) {
    const ld = rows === 1 ? cols : rs;
    if (ld <= largest) return { trans: false, ld };
  }
  if ((rs === 1 || rows === 1) && (cs >= rows || cols === 1)) {
    const ld = cols === 1 ? rows : cs;
    if (ld <= largest) return { trans: true, ld };
  }
  return null;
}

/** A contiguous copy; dimensions that repeat an element keep doing so, but for the last `inner`. */
export function packed(v: View, inner: number): View {
  const outer = v.shape.length - inner;
  const shape = v.shape.map((n, d) => (d < outer && v.strides[d] === 0 ? 1 : n));
  const target = { handle: allocate(v.dtype, sizeOf(shape)), dtype: v.dtype, shape, strides: contiguousStrides(shape), offset: 0 };
  // Field by field: a view may be a tensor, whose handle and dtype are accessors that a spread leaves out.
  const src = { handle: v.handle, dtype: v.dtype, shape, strides: v.strides, offset: v.offset };
  runMap({ exprs: [input(0)], inputs: [src], params: [], shape, compute: v.dtype, outputs: [v.dtype] }, [target]);
  const strides = target.strides.map((s, d) => (shape[d] === v.shape[d] ? s : 0));
  return { handle: target.handle, dtype: v.dtype, shape: v.shape, strides, offset: 0 };
}

/** The operand with its layout, copied when BLAS cannot read it where it lies. */
function operand(v: View): { readonly view: View; readonly lie: Lie } {
  const rank = v.shape.length;
  const [rows, cols] = [v.shape[rank - 2]!, v.shape[rank - 1]!];
  const lie = lieOf(rows, cols, v.strides[rank - 2]!, v.strides[rank - 1]!);
  return lie === null ? { view: packed(v, 2), lie: { trans: false, ld: cols } } : { view: v, lie };
}

/** The batched product of a request by a library into the contiguous `c`; no size is 0. */
export function blasMatmul(blas: Blas, r: MatmulRequest, c: TypedArray): void {
  const { view: a, lie: la } = operand(r.a);
  const { view: b, lie: lb } = operand(r.b);
  const rank = a.shape.length;
  const [m, k, n] = [a.shape[rank - 2]!, a.shape[rank - 1]!, b.shape[rank - 1]!];
  const [x, y] = [a.handle as TypedArray, b.handle as TypedArray];
  const dtype = r.dtype as BlasDType;
  const index = new Array<number>(rank - 2).fill(0);
  let [ao, bo] = [a.offset, b.offset];
  for (let co = 0; co < c.length; co += m * n) {
    blas.gemm(dtype, la.trans, lb.trans, m, n, k, x, ao, la.ld, y, bo, lb.ld, 0, c, co, n);
    for (let d = rank - 3; d >= 0; d--) {
      ao += a.strides[d]!;
      bo += b.strides[d]!;
      if (++index[d]! < a.shape[d]!) break;
      index[d] = 0;
      ao -= a.strides[d]! * a.shape[d]!;
      bo -= b.strides[d]! * a.shape[d]!;
    }
  }
}
