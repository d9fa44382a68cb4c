import { type DType, isFloating } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { evaluate } from '../evaluate.ts';
import { constant, type Expr, input, param } from '../expr/node.ts';
import { amaxOp, aminOp } from '../extremes.ts';
import type { Dims, KeepDim, ReduceOver } from '../reduction.ts';
import { normalizeDims, reducedShape } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { eq, ne } from './compare.ts';
import { pow } from './power.ts';
import type { ReduceDType } from './sum.ts';
import { where } from './where.ts';

/** The order of a norm; `fro` (Frobenius) is 2. */
export type NormOrder = number | 'fro';

/** `norm` as a method. */
export interface NormMethod {
  <A extends Shape>(this: Tensor<A>, p?: NormOrder): Tensor<readonly []>;
  <A extends Shape, const X extends Dims, const K extends boolean = false>(
    this: Tensor<A>,
    p: NormOrder,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K> & ReduceDType,
  ): Out<ReduceOver<A, X, K>>;
}

/** `norm` as a function. */
export interface NormFunction {
  <A extends Shape>(x: Tensor<A>, p?: NormOrder): Tensor<readonly []>;
  <A extends Shape, const X extends Dims, const K extends boolean = false>(
    x: Tensor<A>,
    p: NormOrder,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K> & ReduceDType,
  ): Out<ReduceOver<A, X, K>>;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The vector norm of the elements over `dim` (one, several, or all): `(sum |x|^p)^(1/p)`, the largest magnitude for
     * p = Infinity, the smallest for -Infinity, the number of elements that are not 0 for p = 0. Its gradient where it is 0
     * is 0.
     *
     * @param p order; default 2
     * @throws DTypeError for integers and bools; ValueError when `p` is NaN
     * @see https://pytorch.org/docs/stable/generated/torch.norm.html
     */
    readonly norm: NormMethod;
  }
}

/** The number of elements that are not 0 has gradient 0. */
const nonzero = elementwise('norm', (x) => ne(x, 0), { grad: [() => constant(0)] });
/** |x|^p for p < 2, where the derivative at 0 is infinite or jumps: it is taken to be 0. */
const powerBelow2 = elementwise('norm', (x, p) => pow(x.abs(), p), {
  grad: [
    (x, p) =>
      where(
        eq(x!, 0),
        0,
        x!
          .sign()
          .mul(pow(x!.abs(), p!.sub(1)))
          .mul(p!),
      ),
    null,
  ],
});
/** |x|^p for p > 2. */
const powerAbove2 = elementwise('norm', (x, p) => pow(x.abs(), p), { grad: [(x, p) => x!.mul(pow(x!.abs(), p!.sub(2))).mul(p!), null] });
const squareRoot = elementwise('norm', (s) => s.sqrt(), { grad: [(_s, y) => where(eq(y!, 0), 0, constant(0.5).div(y!))] });
const root = elementwise('norm', (s, p) => pow(s, constant(1).div(p)), {
  grad: [(_s, p, y) => where(eq(y!, 0), 0, pow(y!, constant(1).sub(p!)).div(p!)), null],
});

function vectorNorm(x: Tensor, order: NormOrder, dim: Dims, { keepdim = false, dtype }: KeepDim & ReduceDType): Tensor {
  const p = order === 'fro' ? 2 : order;
  if (typeof p !== 'number' || Number.isNaN(p)) throw new ValueError(`norm: p must be a number or 'fro', got ${p}`);
  const output = dtype ?? x.dtype;
  if (!isFloating(output)) throw new DTypeError(`norm: not defined for ${output}; convert with to('float32') first`);
  const dims = normalizeDims('norm', dim, x.shape);
  if (Math.abs(p) === Infinity) {
    const magnitude = x.to(output).abs();
    // No elements: the largest magnitude is 0.
    if (p > 0 && dims.some((d) => x.shape[d] === 0)) return magnitude.sum(dims, { keepdim });
    return (p > 0 ? amaxOp : aminOp)([magnitude], { dims, keepdim, nanTies: true })[0]!;
  }
  const total = (expr: Expr): Tensor => sumOf('norm', expr, x, p, dims, keepdim, output);
  if (p === 0) return total(nonzero(input(0)));
  if (p === 1) return total(input(0).abs());
  if (p === 2) return squareRoot(total(input(0).mul(input(0))));
  return root(total((p < 2 ? powerBelow2 : powerAbove2)(input(0), param(0))), p);
}

/** The sum of an expression of the elements and of p. */
function sumOf(name: string, expr: Expr, x: Tensor, p: number, dims: readonly number[], keepdim: boolean, output: DType): Tensor {
  const result = reducedShape(x.shape, dims, keepdim);
  return evaluate({ name, expr, inputs: [x], params: [p], shape: x.shape, dims, result, divisor: 1, compute: output, output });
}

/** The norm of a tensor or of its slices; see {@link Tensor.norm}. */
export const norm: NormFunction = ((x: Tensor, p: NormOrder = 2, dim?: Dims, options: KeepDim & ReduceDType = {}): Tensor =>
  vectorNorm(x, p, dim, options)) as NormFunction;

addMethod('norm', function (this: Tensor, p: NormOrder = 2, dim?: Dims, options: KeepDim & ReduceDType = {}) {
  return vectorNorm(this, p, dim, options);
});
