import { type DType, isFloating } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.ts';
import { evaluate } from '../evaluate.ts';
import { constant, type Expr, input, param } from '../expr/node.ts';
import { defineOp } from '../op.ts';
import { abs } from '../ops/arithmetic.ts';
import { ne } from '../ops/compare.ts';
import { zerosLike } from '../ops/create.ts';
import { div } from '../ops/division.ts';
import { pow } from '../ops/power.ts';
import { spectralNorm } from '../ops/svd.ts';
import { normalizeDim, normalizeDims, reducedShape, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { amaxOp, aminOp } from './extremes.ts';
import { type Dims, reduceData, withKept } from './reduction.ts';

const magnitude = abs(input(0));
const power = pow(magnitude, param(0));
const root = elementwise('norm', (s, p) => pow(s, div(constant(1), p)));

/** The sum of an expression of the elements and of p. */
function sumOf(expr: Expr, x: Tensor, p: number, { dims, keepdim, dtype }: NormAttrs): Tensor {
  const result = reducedShape(x.shape, dims, keepdim);
  return evaluate({
    name: 'norm',
    expr,
    inputs: [x],
    params: [p],
    shape: x.shape,
    dims,
    result,
    divisor: 1,
    compute: dtype,
    output: dtype,
  });
}

interface NormAttrs {
  readonly p: number;
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  readonly dtype: DType;
}

const normOp = defineOp<NormAttrs>({
  name: 'norm',
  infer: ([x], { dims, keepdim, dtype }) => [{ shape: reducedShape(x!.shape, dims, keepdim), dtype }],
  forward: ([t], attrs) => {
    const { p, dims, keepdim, dtype } = attrs;
    const x = t!.detach();
    if (dims.some((d) => x.shape[d] === 0)) return [sumOf(magnitude, x, p, attrs)];
    if (Math.abs(p) === Infinity) return [reduceData('norm', p > 0 ? 'max' : 'min', x, dims, keepdim, dtype, magnitude, dtype)];
    if (p === 0) return [sumOf(ne(input(0), 0), x, p, attrs)];
    if (p === 1) return [sumOf(magnitude, x, p, attrs)];
    if (p === 2) return [sumOf(input(0).mul(input(0)), x, p, attrs).sqrt()];
    return [root(sumOf(power, x, p, attrs), p)];
  },
  save: ([x], [y]) => [x!, y!],
  backward: ({ attrs: { p, dims, dtype }, saved: [x, y] }, [g]) => [
    normGradient(p, x!.to(dtype) as Tensor, withKept(y!, x!.shape, dims), withKept(g!, x!.shape, dims), dims),
  ],
});

/**
 * The gradient of a norm: PyTorch's formulas, which give 0 where the norm is 0 and divide by powers of the norm, not of its
 * root, so that large and small elements do not overflow.
 */
function normGradient(p: number, x: Tensor, norm: Tensor, g: Tensor, dims: readonly number[]): Tensor {
  if (p === 0) return zerosLike(x);
  if (p === 1) return x.sign().mul(g as never) as Tensor;
  if (Math.abs(p) === Infinity) {
    const largest = x
      .abs()
      .eq(norm as never)
      .logicalOr(x.isnan() as never) as Tensor;
    return x.sign().mul(g.div(largest.sum(dims, { keepdim: true }) as never).mul(largest as never) as never) as Tensor;
  }
  const nowhere = norm.eq(0) as Tensor;
  if (p === 2) {
    const direction = x.div(norm as never) as Tensor;
    return direction.maskedFill(nowhere, 0).mul(g as never) as Tensor;
  }
  if (p < 1) {
    const slopes = x
      .abs()
      .pow(p - 1)
      .maskedFill(x.eq(0) as Tensor, 0)
      .mul(x.sign() as never) as Tensor;
    return slopes.mul(g as never).mul(norm.pow(1 - p) as never) as Tensor;
  }
  const scaled = (p < 2 ? x.sign().mul(x.abs().pow(p - 1) as never) : x.mul(x.abs().pow(p - 2) as never)) as Tensor;
  return scaled.mul((g.div(norm.pow(p - 1) as never) as Tensor).maskedFill(nowhere, 0) as never) as Tensor;
}

/** The norm of order p of the elements over `dims`, computed in `dtype`; the norm of nothing is 0. */
export function normOver(x: Tensor, p: number, dims: readonly number[], keepdim: boolean, dtype: DType): Tensor {
  return normOp([x], { p, dims, keepdim, dtype })[0]!;
}

/** The dtype in which a norm works. */
export function normDType(op: string, x: Tensor, dtype: DType | null | undefined): DType {
  const output = dtype ?? x.dtype;
  if (!isFloating(output)) throw new DTypeError(`${op}: not defined for ${output}; convert with to('float32') first`);
  return output;
}

/** As {@link normDType}, as the norms of `linalg` want it: a floating tensor that loses nothing. */
function wideEnough(op: string, x: Tensor, dtype: DType | null | undefined): DType {
  if (!isFloating(x.dtype)) throw new DTypeError(`${op}: not defined for ${x.dtype}; convert with to('float32') first`);
  const output = normDType(op, x, dtype);
  if (x.dtype === 'float64' && output === 'float32')
    throw new DTypeError(`${op}: float64 does not fit the dtype float32; convert with to('float32') first`);
  return output;
}

/** `linalg.vector_norm`: an empty line has a norm only where an order has a value for it. */
export function vectorNormOf(op: string, x: Tensor, ord: number, dim: Dims, keepdim: boolean, dtype: DType | null | undefined): Tensor {
  if (typeof ord !== 'number' || Number.isNaN(ord)) throw new ValueError(`${op}: ord must be a number, got ${String(ord)}`);
  const output = wideEnough(op, x, dtype);
  const dims = normalizeDims(op, dim, x.shape);
  const empty = dims.find((d) => x.shape[d] === 0);
  if (empty !== undefined && (ord < 0 || ord === Infinity)) {
    throw new IndexError(`${op}: dimension ${empty} of ${show(x.shape)} has size 0, and no elements have no norm of order ${ord}`);
  }
  return normOver(x, ord, dims, keepdim, output);
}

/** The order of a matrix norm. */
export type MatrixNormOrder = 'fro' | 'nuc' | number;

/** `linalg.matrix_norm` over the two dimensions `dim`. */
export function matrixNormOf(
  op: string,
  x: Tensor,
  ord: MatrixNormOrder,
  dim: readonly number[],
  keepdim: boolean,
  dtype: DType | null | undefined,
): Tensor {
  if (x.ndim < 2) throw new ShapeError(`${op}: expected a matrix, got ${show(x.shape)}`);
  const output = wideEnough(op, x, dtype);
  const [rows, columns] = pairOf(op, x, dim);
  const both = [Math.min(rows, columns), Math.max(rows, columns)];
  if (ord === 'fro') return normOver(x, 2, both, keepdim, output);
  if (ord === 'nuc' || ord === 2 || ord === -2) return spectral(x.to(output), ord, rows, columns, keepdim);
  if (Math.abs(ord) !== 1 && Math.abs(ord) !== Infinity) {
    throw new ValueError(`${op}: ord must be 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got ${String(ord)}`);
  }
  const [summed, compared] = Math.abs(ord) === 1 ? [rows, columns] : [columns, rows];
  const sums = normOver(x, 1, [summed], true, output);
  if (x.shape[compared] === 0)
    throw new IndexError(`${op}: dimension ${compared} of ${show(x.shape)} has size 0, and there is no norm of order ${ord}`);
  const kept = (ord > 0 ? amaxOp : aminOp)([sums], { dims: [compared], keepdim: true, nanTies: false })[0]!;
  return keepdim ? kept : (kept.squeeze([rows, columns] as never) as Tensor);
}

/** The two dimensions of matrices, from the front. */
function pairOf(op: string, x: Tensor, dim: readonly number[]): [rows: number, columns: number] {
  if (!Array.isArray(dim) || dim.length !== 2) throw new ValueError(`${op}: dim must name two dimensions, got ${JSON.stringify(dim)}`);
  const [rows, columns] = [normalizeDim(op, dim[0], x.shape), normalizeDim(op, dim[1], x.shape)];
  if (rows === columns) throw new ValueError(`${op}: the two dimensions must differ, got ${show(dim)}`);
  return [rows, columns];
}

/** The norms that are made of singular values. */
function spectral(x: Tensor, ord: 'nuc' | 2 | -2, rows: number, columns: number, keepdim: boolean): Tensor {
  const norm = spectralNorm(x.movedim([rows, columns], [-2, -1]) as Tensor, ord);
  if (!keepdim) return norm;
  return norm.reshape(x.shape.map((n, d) => (d === rows || d === columns ? 1 : n))) as Tensor;
}
