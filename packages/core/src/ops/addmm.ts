import { canCast, isFloating, resultType, type Scalar, scalarValue } from '../dtype.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { evaluate } from '../evaluate.ts';
import { input, param } from '../expr/node.ts';
import { inPlace } from '../inplace.ts';
import { sameShape } from '../layout.ts';
import { checkAlike, checkInner, checkRank } from '../parts/products.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { add, mul } from './arithmetic.ts';
import { matmul } from './matmul.ts';

/** Factors of {@link addmm} and its relatives: beta * input + alpha * product. */
export interface AddmmOptions {
  /** Factor of the input. Default 1; 0 ignores the input, even where it is NaN or infinite. */
  beta?: Scalar;
  /** Factor of the product. Default 1. */
  alpha?: Scalar;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link addmm} onto this tensor. @see https://pytorch.org/docs/stable/generated/torch.addmm.html */
    addmm(mat1: Tensor, mat2: Tensor, options?: AddmmOptions): Tensor<readonly [number, number]>;
    /** In-place {@link Tensor.addmm}. */
    addmm_<A extends Shape>(this: Tensor<A>, mat1: Tensor, mat2: Tensor, options?: AddmmOptions): Tensor<A>;
    /** {@link addbmm} onto this tensor. @see https://pytorch.org/docs/stable/generated/torch.addbmm.html */
    addbmm(batch1: Tensor, batch2: Tensor, options?: AddmmOptions): Tensor<readonly [number, number]>;
    /** In-place {@link Tensor.addbmm}. */
    addbmm_<A extends Shape>(this: Tensor<A>, batch1: Tensor, batch2: Tensor, options?: AddmmOptions): Tensor<A>;
    /** {@link baddbmm} onto this tensor. @see https://pytorch.org/docs/stable/generated/torch.baddbmm.html */
    baddbmm(batch1: Tensor, batch2: Tensor, options?: AddmmOptions): Tensor<readonly [number, number, number]>;
    /** In-place {@link Tensor.baddbmm}. */
    baddbmm_<A extends Shape>(this: Tensor<A>, batch1: Tensor, batch2: Tensor, options?: AddmmOptions): Tensor<A>;
    /** {@link addmv} onto this tensor. @see https://pytorch.org/docs/stable/generated/torch.addmv.html */
    addmv(mat: Tensor, vec: Tensor, options?: AddmmOptions): Tensor<readonly [number]>;
    /** In-place {@link Tensor.addmv}. */
    addmv_<A extends Shape>(this: Tensor<A>, mat: Tensor, vec: Tensor, options?: AddmmOptions): Tensor<A>;
    /** {@link addr} onto this tensor. @see https://pytorch.org/docs/stable/generated/torch.addr.html */
    addr(vec1: Tensor, vec2: Tensor, options?: AddmmOptions): Tensor<readonly [number, number]>;
    /** In-place {@link Tensor.addr}. */
    addr_<A extends Shape>(this: Tensor<A>, vec1: Tensor, vec2: Tensor, options?: AddmmOptions): Tensor<A>;
  }
}

const scaledSum = add(mul(input(0), param(0)), mul(input(1), param(1)));
const scaled = mul(input(0), param(0));

/** beta * x + alpha * product in one kernel, in the product's dtype: of integers the factors lose their fractions. */
function combine(op: string, x: Tensor, product: Tensor, options: AddmmOptions): Tensor {
  const { shape, dtype } = product;
  const [beta, alpha] = [scalarValue(options.beta ?? 1), scalarValue(options.alpha ?? 1)];
  const common = { name: op, shape, dims: [], result: shape, divisor: 1, compute: dtype, output: dtype };
  if ((isFloating(dtype) ? beta : Math.trunc(beta)) !== 0) {
    return evaluate({ ...common, expr: scaledSum, inputs: [x, product], params: [beta, alpha] });
  }
  return alpha === 1 ? product : evaluate({ ...common, expr: scaled, inputs: [product], params: [alpha] });
}

/** Refuses an input that cannot be expanded to the product. */
function checkExpands(op: string, x: Tensor, shape: readonly number[]): void {
  if (x.ndim <= shape.length && x.shape.every((n, d) => n === 1 || n === shape[shape.length - x.ndim + d])) return;
  throw new ShapeError(`${op}: the input ${show(x.shape)} does not broadcast to the product ${show(shape)}`);
}

/**
 * beta * input + alpha * (mat1 @ mat2), with the input broadcast to the product.
 *
 * @param input anything that broadcasts to [n, p]
 * @param mat1 [n, m]
 * @param mat2 [m, p]
 * @param options `beta` and `alpha`; of integer tensors they lose their fractions
 * @throws ShapeError when the matrices do not fit each other or the input does not fit them
 * @throws DTypeError when the dtypes differ, or for bool
 * @example
 * ```ts
 * addmm(zeros([4]), ones([2, 3]), ones([3, 4]), { alpha: 0.5 }); // [2, 4], all 1.5
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.addmm.html
 */
export function addmm(input: Tensor, mat1: Tensor, mat2: Tensor, options: AddmmOptions = {}): Tensor<readonly [number, number]> {
  checkRank('addmm', 'mat1', mat1, 2);
  checkRank('addmm', 'mat2', mat2, 2);
  checkInner('addmm', mat1, 1, mat2, 0);
  checkAlike('addmm', [input, mat1, mat2]);
  checkExpands('addmm', input, [mat1.shape[0]!, mat2.shape[1]!]);
  return combine('addmm', input, matmul(mat1, mat2), options) as Tensor<readonly [number, number]>;
}

/** Checks two batches of matrices that are multiplied. */
function checkBatches(op: string, batch1: Tensor, batch2: Tensor): void {
  checkRank(op, 'batch1', batch1, 3);
  checkRank(op, 'batch2', batch2, 3);
  if (batch1.shape[0] !== batch2.shape[0]) {
    throw new ShapeError(`${op}: the batches ${show(batch1.shape)} and ${show(batch2.shape)} differ at dimension 0`);
  }
  checkInner(op, batch1, 2, batch2, 1);
}

/**
 * beta * input + alpha * (the sum of the products of the matrices of two batches), with the input broadcast to the sum.
 *
 * @param input anything that broadcasts to [n, p]
 * @param batch1 [b, n, m]
 * @param batch2 [b, m, p]
 * @param options `beta` and `alpha`; of integer tensors they lose their fractions
 * @throws ShapeError when the batches do not fit each other or the input does not fit them
 * @throws DTypeError when the dtypes differ, or for bool
 * @see https://pytorch.org/docs/stable/generated/torch.addbmm.html
 */
export function addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, options: AddmmOptions = {}): Tensor<readonly [number, number]> {
  checkBatches('addbmm', batch1, batch2);
  checkAlike('addbmm', [input, batch1, batch2]);
  const [count, n, m] = batch1.shape as [number, number, number];
  const p = batch2.shape[2]!;
  checkExpands('addbmm', input, [n, p]);
  // Side by side and one above the other, the matrices are one product that sums over the batch too.
  const wide = batch1.permute(1, 0, 2).reshape([n, count * m]) as Tensor;
  const tall = batch2.reshape([count * m, p]) as Tensor;
  return combine('addbmm', input, matmul(wide, tall), options) as Tensor<readonly [number, number]>;
}

/**
 * beta * input + alpha * (the products of the matrices of two batches), with the input broadcast to the products.
 *
 * @param input anything that broadcasts to [b, n, p]
 * @param batch1 [b, n, m]
 * @param batch2 [b, m, p]
 * @param options `beta` and `alpha`; of integer tensors they lose their fractions
 * @throws ShapeError when the batches do not fit each other or the input does not fit them
 * @throws DTypeError when the dtypes differ, or for bool
 * @see https://pytorch.org/docs/stable/generated/torch.baddbmm.html
 */
export function baddbmm(
  input: Tensor,
  batch1: Tensor,
  batch2: Tensor,
  options: AddmmOptions = {},
): Tensor<readonly [number, number, number]> {
  checkBatches('baddbmm', batch1, batch2);
  checkAlike('baddbmm', [input, batch1, batch2]);
  checkExpands('baddbmm', input, [batch1.shape[0]!, batch1.shape[1]!, batch2.shape[2]!]);
  return combine('baddbmm', input, matmul(batch1, batch2), options) as Tensor<readonly [number, number, number]>;
}

/**
 * beta * input + alpha * (mat @ vec), with the input broadcast to the product.
 *
 * @param input [n], [1] or []
 * @param mat [n, m]
 * @param vec [m]
 * @param options `beta` and `alpha`; of integer tensors they lose their fractions
 * @throws ShapeError when the operands do not fit each other
 * @throws DTypeError when the dtypes differ, or for bool
 * @see https://pytorch.org/docs/stable/generated/torch.addmv.html
 */
export function addmv(input: Tensor, mat: Tensor, vec: Tensor, options: AddmmOptions = {}): Tensor<readonly [number]> {
  checkRank('addmv', 'mat', mat, 2);
  checkRank('addmv', 'vec', vec, 1);
  checkInner('addmv', mat, 1, vec, 0);
  checkAlike('addmv', [input, mat, vec]);
  checkExpands('addmv', input, [mat.shape[0]!]);
  return combine('addmv', input, matmul(mat, vec), options) as Tensor<readonly [number]>;
}

const outerSum = add(mul(input(0), param(0)), mul(mul(input(1), input(2)), param(1)));
const outerProduct = mul(mul(input(0), input(1)), param(0));

/**
 * beta * input + alpha * (the outer product of two vectors), with the input broadcast to the product. The dtypes are
 * promoted; on bools, sums are "or", products are "and".
 *
 * @param input anything that broadcasts to [n, m]
 * @param vec1 [n]
 * @param vec2 [m]
 * @param options `beta` and `alpha`: no fractions (and no `float()`) for integers, booleans only for bools
 * @throws ShapeError when an operand is no vector or the input does not fit
 * @throws DTypeError for a factor of another kind than the tensors
 * @see https://pytorch.org/docs/stable/generated/torch.addr.html
 */
export function addr(input: Tensor, vec1: Tensor, vec2: Tensor, options: AddmmOptions = {}): Tensor<readonly [number, number]> {
  checkRank('addr', 'vec1', vec1, 1);
  checkRank('addr', 'vec2', vec2, 1);
  const shape = [vec1.size, vec2.size];
  checkExpands('addr', input, shape);
  const dtype = resultType([input, vec1, vec2]);
  const factor = (name: 'beta' | 'alpha'): number => {
    const given = options[name] ?? 1;
    if (typeof given === 'boolean' && dtype !== 'bool')
      throw new DTypeError(`addr: a boolean ${name} goes with bool tensors only, not ${dtype}`);
    if (!isFloating(dtype) && isFloating(resultType([given]))) {
      throw new DTypeError(`addr: ${name} must not be floating for ${dtype} tensors, got ${scalarValue(given)}`);
    }
    return scalarValue(given);
  };
  const [beta, alpha] = [factor('beta'), factor('alpha')];
  const column = vec1.unsqueeze(1) as Tensor;
  const common = { name: 'addr', shape, dims: [], result: shape, divisor: 1, compute: dtype, output: dtype };
  const out =
    beta === 0
      ? evaluate({ ...common, expr: outerProduct, inputs: [column, vec2], params: [alpha] })
      : evaluate({ ...common, expr: outerSum, inputs: [input, column, vec2], params: [beta, alpha] });
  return out as Tensor<readonly [number, number]>;
}

type Adding = (input: Tensor, a: Tensor, b: Tensor, options?: AddmmOptions) => Tensor;

for (const [name, run] of Object.entries({ addmm, addbmm, baddbmm, addmv, addr } as Record<string, Adding>)) {
  addMethod(name, function (this: Tensor, a: Tensor, b: Tensor, options?: AddmmOptions) {
    return run(this, a, b, options);
  });
  addMethod(`${name}_`, function (this: Tensor, a: Tensor, b: Tensor, options?: AddmmOptions) {
    return inPlace(`${name}_`, this, () => {
      const out = run(this, a, b, options);
      if (!sameShape(out.shape, this.shape)) {
        throw new ShapeError(`${name}_: the result has shape ${show(out.shape)} but the tensor written to has ${show(this.shape)}`);
      }
      if (!canCast(out.dtype, this.dtype)) {
        throw new DTypeError(`${name}_: a ${out.dtype} result cannot be written into a ${this.dtype} tensor`);
      }
      return out;
    });
  });
}
