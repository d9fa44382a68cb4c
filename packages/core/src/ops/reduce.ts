import type { DType } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { defineOp } from '../op.ts';
import { amaxOp, aminOp } from '../parts/extremes.ts';
import {
  checkNonEmpty,
  checkTensor,
  defineReduction,
  isOptions,
  type KeepDim,
  type ReduceAll,
  type ReduceFunction,
  type ReduceMethod,
  type ReduceOver,
  reduceData,
  withKept,
} from '../parts/reduction.ts';
import { normalizeDim, normalizeDims, reducedShape } from '../shape.ts';
import type { Broadcast, Reduce, Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out, ShapeOf } from '../typed.ts';
import { eq } from './compare.ts';
import { arange } from './create.ts';
import { where } from './where.ts';

/** The largest (or smallest) elements along a dimension and where they are. */
export interface ValuesAndIndices<R = Shape> {
  readonly values: Out<R>;
  /** int64 */
  readonly indices: Out<R>;
}

/** What `max` and `min` accept beside the tensor: a dimension or another tensor. */
export type ExtremeRule<A extends Shape, X, K extends boolean> = X extends number ? Reduce<A, X, K> : Broadcast<A, ShapeOf<X>>;
/** What `max` and `min` give: values and indices along a dimension, or the elementwise result with another tensor. */
export type ExtremeResult<A extends Shape, X, K extends boolean> = X extends number
  ? ValuesAndIndices<Reduce<A, X, K>>
  : Out<Broadcast<A, ShapeOf<X>>>;

/** `max` or `min` as a method. */
export interface ExtremeMethod {
  <A extends Shape>(this: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const X extends number | Tensor, const K extends boolean = false>(
    this: Tensor<A>,
    dimOrOther: Ok<ExtremeRule<A, X, K>, X>,
    options?: KeepDim<K>,
  ): ExtremeResult<A, X, K>;
}

/** `max` or `min` as a function. */
export interface ExtremeFunction {
  <A extends Shape>(x: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const X extends number | Tensor, const K extends boolean = false>(
    x: Tensor<A>,
    dimOrOther: Ok<ExtremeRule<A, X, K>, X>,
    options?: KeepDim<K>,
  ): ExtremeResult<A, X, K>;
}

/** The smallest and the largest elements. */
export interface MinAndMax<R = Shape> {
  readonly min: Out<R>;
  readonly max: Out<R>;
}

/** `argmax` or `argmin` as a method. */
export interface PositionMethod {
  <A extends Shape>(this: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const K extends boolean = false>(this: Tensor<A>, options: KeepDim<K>): Tensor<ReduceAll<A, K>>;
  <A extends Shape, const X extends number | null | undefined, const K extends boolean = false>(
    this: Tensor<A>,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K>,
  ): Out<ReduceOver<A, X, K>>;
}

/** `argmax` or `argmin` as a function. */
export interface PositionFunction {
  <A extends Shape>(x: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const K extends boolean = false>(x: Tensor<A>, options: KeepDim<K>): Tensor<ReduceAll<A, K>>;
  <A extends Shape, const X extends number | null | undefined, const K extends boolean = false>(
    x: Tensor<A>,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K>,
  ): Out<ReduceOver<A, X, K>>;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The largest element; with a dimension the largest along it, as `{ values, indices }`; with another tensor the larger
     * of the two at each place. NaN counts as largest. Equal largest elements of the whole tensor share the gradient;
     * along a dimension the first of them takes it, and its index is the one given.
     *
     * @throws IndexError when there is nothing to choose from
     * @see https://pytorch.org/docs/stable/generated/torch.max.html
     */
    readonly max: ExtremeMethod;
    /** The smallest element; as {@link Tensor.max} otherwise. @see https://pytorch.org/docs/stable/generated/torch.min.html */
    readonly min: ExtremeMethod;
    /** The largest elements over `dim` (one, several, or all). Equal ones share the gradient evenly. @throws IndexError when there is nothing to choose from @see https://pytorch.org/docs/stable/generated/torch.amax.html */
    readonly amax: ReduceMethod;
    /** The smallest elements over `dim` (one, several, or all). Equal ones share the gradient evenly. @throws IndexError when there is nothing to choose from @see https://pytorch.org/docs/stable/generated/torch.amin.html */
    readonly amin: ReduceMethod;
    /** {@link aminmax} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.aminmax.html */
    aminmax<A extends Shape>(this: Tensor<A>): MinAndMax<readonly []>;
    aminmax<A extends Shape, const X extends number | null | undefined, const K extends boolean = false>(
      this: Tensor<A>,
      options: { dim?: Ok<ReduceOver<A, X, K>, X> } & KeepDim<K>,
    ): MinAndMax<ReduceOver<A, X, K>>;
    /** Index (int64) of the first largest element along `dim`, or in row-major order. @throws IndexError when there is nothing to choose from @see https://pytorch.org/docs/stable/generated/torch.argmax.html */
    readonly argmax: PositionMethod;
    /** Index (int64) of the first smallest element along `dim`, or in row-major order. @throws IndexError when there is nothing to choose from @see https://pytorch.org/docs/stable/generated/torch.argmin.html */
    readonly argmin: PositionMethod;
    /** Whether any element is not 0 (NaN is not): bool, but uint8 for uint8. @see https://pytorch.org/docs/stable/generated/torch.any.html */
    readonly any: ReduceMethod;
    /** Whether all elements are not 0 (NaN is not): bool, but uint8 for uint8. @see https://pytorch.org/docs/stable/generated/torch.all.html */
    readonly all: ReduceMethod;
  }
}

interface AlongAttrs {
  readonly dim: number;
  readonly keepdim: boolean;
}

const placeAt = elementwise('maxBackward', (at, position, g) => where(eq(at, position), g, 0), { dtype: 'promote' });

/** `g` at the given indices along `dim` (size `n`), 0 elsewhere. */
function placeGradient(g: Tensor, indices: Tensor, dim: number, n: number, rank: number): Tensor {
  // float32 counts exactly to 2^24 only.
  const dtype = n > 2 ** 24 ? 'float64' : 'int64';
  const positions = arange(n, { dtype, device: g.device }).reshape(Array.from({ length: rank }, (_, d) => (d === dim ? n : 1)) as Shape);
  return placeAt(indices, positions as Tensor, g).to(g.dtype);
}

function defineAlong(name: 'max' | 'min') {
  return defineOp<AlongAttrs>({
    name,
    infer: ([x], { dim, keepdim }) => {
      const dims = x!.ndim === 0 ? [] : [dim];
      checkNonEmpty(name, x!.shape, dims);
      const shape = reducedShape(x!.shape, dims, keepdim);
      return [
        { shape, dtype: x!.dtype },
        { shape, dtype: 'int64' },
      ];
    },
    forward: ([x], { dim, keepdim }) => {
      const dims = x!.ndim === 0 ? [] : [dim];
      return [reduceData(name, name, x!, dims, keepdim, x!.dtype), reduceData(name, `arg${name}`, x!, dims, keepdim, 'int64')];
    },
    save: (_inputs, [, indices]) => [indices!],
    backward: ({ attrs: { dim }, saved: [indices], inputs }, [g]) => {
      const { shape } = inputs[0]!;
      if (shape.length === 0) return [g!];
      return [placeGradient(withKept(g!, shape, [dim]), withKept(indices!, shape, [dim]), dim, shape[dim]!, shape.length)];
    },
  });
}

const extremes = {
  max: { whole: amaxOp, along: defineAlong('max'), other: 'maximum' },
  min: { whole: aminOp, along: defineAlong('min'), other: 'minimum' },
} as const;

function extreme(name: 'max' | 'min'): ExtremeFunction {
  const { whole, along, other } = extremes[name];
  const run = (x: Tensor, arg?: number | Tensor, options: KeepDim = {}): Tensor | ValuesAndIndices => {
    checkTensor(name, x);
    if (isTensor(arg)) return x[other](arg as never) as Tensor;
    if (arg === undefined) {
      checkNonEmpty(name, x.shape, normalizeDims(name, null, x.shape));
      return whole([x], { dims: normalizeDims(name, null, x.shape), keepdim: false, nanTies: true })[0]!;
    }
    const [values, indices] = along([x], { dim: normalizeDim(name, arg, x.shape), keepdim: options.keepdim ?? false });
    return { values: values!, indices: indices! };
  };
  addMethod(name, function (this: Tensor, arg?: number | Tensor, options?: KeepDim) {
    return run(this, arg, options);
  });
  return run as ExtremeFunction;
}

/** The largest elements; see {@link Tensor.max}. */
export const max: ExtremeFunction = extreme('max');
/** The smallest elements; see {@link Tensor.min}. */
export const min: ExtremeFunction = extreme('min');

/** The largest elements over `dim`; see {@link Tensor.amax}. */
export const amax: ReduceFunction = defineReduction(
  'amax',
  (x, dim, { keepdim = false }) => amaxOp([x], { dims: normalizeDims('amax', dim, x.shape), keepdim, nanTies: false })[0]!,
);
/** The smallest elements over `dim`; see {@link Tensor.amin}. */
export const amin: ReduceFunction = defineReduction(
  'amin',
  (x, dim, { keepdim = false }) => aminOp([x], { dims: normalizeDims('amin', dim, x.shape), keepdim, nanTies: false })[0]!,
);

/**
 * The smallest and the largest element, along `dim` or of all, as `{ min, max }`. NaN counts as both. Equal ones share the
 * gradient.
 *
 * @throws IndexError when there is nothing to choose from
 * @example
 * ```ts
 * const { min, max } = aminmax(tensor([3, 1, 2])); // 1, 3
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.aminmax.html
 */
export function aminmax<A extends Shape>(x: Tensor<A>): MinAndMax<readonly []>;
export function aminmax<A extends Shape, const X extends number | null | undefined, const K extends boolean = false>(
  x: Tensor<A>,
  options: { dim?: Ok<ReduceOver<A, X, K>, X> } & KeepDim<K>,
): MinAndMax<ReduceOver<A, X, K>>;
export function aminmax(x: Tensor, options: { dim?: number | null } & KeepDim = {}): MinAndMax {
  checkTensor('aminmax', x);
  if (options.dim != null && typeof options.dim !== 'number') throw new ValueError('aminmax: dim must be one dimension or none');
  const dims = normalizeDims('aminmax', options.dim, x.shape);
  checkNonEmpty('aminmax', x.shape, dims);
  const attrs = { dims, keepdim: options.keepdim ?? false, nanTies: false };
  return { min: aminOp([x], attrs)[0]!, max: amaxOp([x], attrs)[0]! };
}

addMethod('aminmax', function (this: Tensor, options?: { dim?: number | null } & KeepDim) {
  return aminmax(this, options as KeepDim<false>);
});

function position(name: 'argmax' | 'argmin'): PositionFunction {
  const run = (x: Tensor, second?: number | null | KeepDim, third: KeepDim = {}): Tensor => {
    checkTensor(name, x);
    const [dim, { keepdim = false }] = isOptions<KeepDim>(second) ? [null, second] : [second, third];
    if (dim !== null && dim !== undefined && typeof dim !== 'number') throw new ValueError(`${name}: dim must be one dimension or none`);
    if (x.dtype === 'bool') throw new DTypeError(`${name}: not defined for bool`);
    const dims = normalizeDims(name, dim, x.shape);
    checkNonEmpty(name, x.shape, dims);
    return reduceData(name, name, x, dims, keepdim, 'int64');
  };
  addMethod(name, function (this: Tensor, dim?: number | null | KeepDim, options?: KeepDim) {
    return run(this, dim, options);
  });
  return run as PositionFunction;
}

/** Index of the first largest element; see {@link Tensor.argmax}. */
export const argmax: PositionFunction = position('argmax');
/** Index of the first smallest element; see {@link Tensor.argmin}. */
export const argmin: PositionFunction = position('argmin');

/** uint8 stays uint8, as in PyTorch. */
const truth = (dtype: DType): DType => (dtype === 'uint8' ? 'uint8' : 'bool');

/** Whether any element is not 0; see {@link Tensor.any}. */
export const any: ReduceFunction = defineReduction('any', (x, dim, { keepdim = false }) =>
  reduceData('any', 'any', x, normalizeDims('any', dim, x.shape), keepdim, truth(x.dtype)),
);
/** Whether all elements are not 0; see {@link Tensor.all}. */
export const all: ReduceFunction = defineReduction('all', (x, dim, { keepdim = false }) =>
  reduceData('all', 'all', x, normalizeDims('all', dim, x.shape), keepdim, truth(x.dtype)),
);
