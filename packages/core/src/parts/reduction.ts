import type { ReduceKind } from '../backend.ts';
import type { DType } from '../dtype.ts';
import { IndexError, ValueError } from '../errors.ts';
import { type Expr, input } from '../expr/node.ts';
import { reduceKernel, wrap } from '../kernels.ts';
import { reducedShape, show } from '../shape.ts';
import type { Reduce, Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

/** Which dimensions to reduce: one, several, or (null, undefined, an empty list) all. */
export type Dims = number | readonly number[] | null | undefined;

/** Options of every reduction. */
export interface KeepDim<K extends boolean = boolean> {
  /** Keep reduced dimensions with size 1. Default false. */
  keepdim?: K;
}

/** The shape after reducing X; known when X is one dimension, or (all are reduced) the options. */
export type ReduceOver<A extends Shape, X, K extends boolean> = X extends number
  ? Reduce<A, X, K>
  : X extends readonly number[] | null | undefined
    ? readonly number[]
    : ReduceAll<A, X extends { readonly keepdim: infer L extends boolean } ? L : false>;

/** The shape after reducing all of A. */
export type ReduceAll<A extends Shape, K extends boolean> = false extends K
  ? true extends K
    ? readonly number[]
    : readonly []
  : { readonly [D in keyof A]: 1 };

/** A reduction as a method; O are its further options, which may follow the tensor at once. */
export interface ReduceMethod<O = unknown> {
  <A extends Shape>(this: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const X extends Dims | (KeepDim & O), const K extends boolean = false>(
    this: Tensor<A>,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K> & O,
  ): Out<ReduceOver<A, X, K>>;
}

/** A reduction as a function; O are its further options. */
export interface ReduceFunction<O = unknown> {
  <A extends Shape>(x: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const X extends Dims | (KeepDim & O), const K extends boolean = false>(
    x: Tensor<A>,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K> & O,
  ): Out<ReduceOver<A, X, K>>;
}

/** A reduction before its types are dressed up. */
type Reduction<O> = (x: Tensor, dim: Dims, options: KeepDim & O) => Tensor;

/** Whether an argument is the options object, where something optional before it was left out. */
export function isOptions<O extends object>(arg: unknown): arg is O {
  return typeof arg === 'object' && arg !== null && !Array.isArray(arg) && !isTensor(arg);
}

/** Adds a reduction as a method and gives it as a function. The options may follow the tensor at once: all is reduced then. */
export function defineReduction<O = unknown>(name: string, run: Reduction<O>): ReduceFunction<O> {
  const call = (x: Tensor, dim?: Dims | (KeepDim & O), options?: KeepDim & O): Tensor => {
    checkTensor(name, x);
    return isOptions<KeepDim & O>(dim) ? run(x, undefined, dim) : run(x, dim as Dims, options ?? ({} as KeepDim & O));
  };
  addMethod(name, function (this: Tensor, dim?: Dims | (KeepDim & O), options?: KeepDim & O) {
    return call(this, dim, options);
  });
  return call as ReduceFunction<O>;
}

/** Refuses what is no tensor. */
export function checkTensor(op: string, x: unknown): asserts x is Tensor {
  if (!isTensor(x)) throw new ValueError(`${op}: expected a tensor, got ${x === null ? 'null' : Array.isArray(x) ? 'an array' : typeof x}`);
}

/** Reduces with a kernel, without recording. */
export function reduceData(
  op: string,
  kind: ReduceKind,
  t: Tensor,
  dims: readonly number[],
  keepdim: boolean,
  output: DType,
  expr: Expr = input(0),
  compute: DType = t.dtype,
): Tensor {
  const request = { kind, expr, inputs: [t], params: [], shape: t.shape, dims, compute, output, divisor: 1 };
  return wrap(t.device, reduceKernel(t.device, op, request), output, reducedShape(t.shape, dims, keepdim));
}

/** Refuses to reduce over nothing where the operation has no value for it. */
export function checkNonEmpty(op: string, shape: readonly number[], dims: readonly number[]): void {
  const empty = dims.find((d) => shape[d] === 0);
  if (empty !== undefined) {
    throw new IndexError(`${op}: dimension ${empty} of ${show(shape)} has size 0, and ${op} of no elements has no value`);
  }
}

/** A result (or its gradient) under the shape with kept dimensions, so that it broadcasts to `shape`. */
export function withKept(t: Tensor, shape: readonly number[], dims: readonly number[]): Tensor {
  return t.reshape(reducedShape(shape, dims, true));
}
