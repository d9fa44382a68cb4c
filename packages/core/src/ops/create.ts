import {
  allocate,
  type DType,
  elementValue,
  exactInteger,
  FloatScalar,
  isFloating,
  type Scalar,
  scalarValue,
  type TypedArray,
} from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { wrap } from '../kernels.ts';
import { sizeOf } from '../layout.ts';
import { checkSizes } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import { type CreationOptions, checkDevice, defaultBackend, finish, full } from './full.ts';

export { type CreationOptions, defaultBackend, full, setDefaultBackend } from './full.ts';

/** Values for {@link tensor}: a number, boolean or bigint, nested arrays of them, or a typed array. */
export type TensorData = Scalar | bigint | TypedArray | Int8Array | Int16Array | Uint16Array | BigInt64Array | readonly TensorData[];

/** Element type that a value asks for on its own. */
function ownDType(leaf: unknown): DType {
  if (typeof leaf === 'boolean') return 'bool';
  return typeof leaf === 'bigint' ? 'int64' : 'float32';
}

function typedArrayDType(a: ArrayBufferView): DType {
  if (a instanceof Float32Array) return 'float32';
  if (a instanceof Float64Array) return 'float64';
  if (a instanceof Int32Array || a instanceof Int16Array || a instanceof Int8Array || a instanceof Uint16Array) return 'int32';
  if (a instanceof BigInt64Array) return 'int64';
  if (a instanceof Uint8Array || a instanceof Uint8ClampedArray) return 'uint8';
  throw new ValueError(`tensor: ${a.constructor.name} has no dtype here; convert it to one of the numeric typed arrays`);
}

/** Walks nested arrays once for the shape, once for the values. */
function flatten(data: readonly unknown[]): { shape: number[]; leaves: unknown[] } {
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level) || ArrayBuffer.isView(level); level = (level as ArrayLike<unknown>)[0]) {
    shape.push((level as ArrayLike<unknown>).length);
  }
  const leaves: unknown[] = [];
  const walk = (node: unknown, depth: number): void => {
    if (Array.isArray(node) || ArrayBuffer.isView(node)) {
      const list = node as ArrayLike<unknown>;
      if (list.length !== shape[depth]) {
        throw new ShapeError(
          `tensor: nested arrays differ in length: ${list.length} where ${shape[depth] ?? 'a number'} was expected at dimension ${depth}`,
        );
      }
      for (let i = 0; i < list.length; i++) walk(list[i], depth + 1);
    } else {
      if (depth !== shape.length)
        throw new ShapeError(`tensor: a value at depth ${depth} where an array was expected (depth ${shape.length})`);
      leaves.push(node);
    }
  };
  walk(data, 0);
  return { shape, leaves };
}

function numberOf(leaf: unknown): number {
  if (typeof leaf === 'number') return leaf;
  if (typeof leaf === 'boolean') return leaf ? 1 : 0;
  if (typeof leaf === 'bigint') return exactInteger(Number(leaf));
  if (leaf instanceof FloatScalar) return leaf.value;
  throw new ValueError(`tensor: expected numbers, booleans or bigints, found ${leaf === null ? 'null' : typeof leaf}`);
}

/**
 * A tensor with these values, which are copied.
 *
 * Numbers give float32 (JavaScript cannot tell 1 from 1.0: `tensor([1, 2])` is floating, unlike PyTorch), booleans bool,
 * bigints int64, a typed array its own type.
 *
 * @param data a number, nested arrays, or a typed array (with `shape` in the options, or 1-d)
 * @param options dtype, device, requiresGrad; `shape` for flat data
 * @throws ShapeError for ragged arrays, or when `shape` does not fit
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4]]);
 * tensor(Float32Array.of(1, 2, 3, 4), { shape: [2, 2], requiresGrad: true });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.tensor.html
 */
export function tensor<const S extends Shape>(data: TensorData, options: CreationOptions & { shape: S }): Tensor<S>;
export function tensor(data: TensorData, options?: CreationOptions & { shape?: Shape }): Tensor;
export function tensor(data: TensorData, options: CreationOptions & { shape?: Shape } = {}): Tensor {
  if (isTensor(data)) throw new ValueError('tensor: the data is a tensor already; use clone() or detach()');
  let values: ArrayLike<number>;
  let shape: readonly number[];
  let own: DType;
  if (ArrayBuffer.isView(data)) {
    own = typedArrayDType(data);
    values = data instanceof BigInt64Array ? Float64Array.from(data, numberOf) : (data as TypedArray);
    shape = [values.length];
  } else if (Array.isArray(data)) {
    const { shape: found, leaves } = flatten(data);
    values = leaves.map(numberOf);
    shape = found;
    own =
      leaves.length === 0
        ? 'float32'
        : leaves
            .map(ownDType)
            .reduce((a, b) => (a === 'float32' || b === 'float32' ? 'float32' : a === 'int64' || b === 'int64' ? 'int64' : a));
  } else {
    values = [numberOf(data)];
    shape = [];
    own = ownDType(data);
  }
  if (options.shape !== undefined) {
    checkSizes('tensor', options.shape);
    if (sizeOf(options.shape) !== values.length) {
      throw new ShapeError(`tensor: ${values.length} values do not fill the shape [${options.shape.join(', ')}]`);
    }
    shape = [...options.shape];
  }
  const dtype = options.dtype ?? own;
  const device = options.device ?? defaultBackend();
  checkDevice('tensor', device, dtype);
  const buffer = allocate(dtype, values.length);
  if (dtype === own && ArrayBuffer.isView(values)) (buffer as Float32Array).set(values as Float32Array);
  else for (let i = 0; i < values.length; i++) buffer[i] = elementValue('tensor', values[i]!, dtype);
  return finish(wrap(device, device.upload(buffer, dtype, buffer.length), dtype, shape), options);
}

/** A tensor of zeros. @see https://pytorch.org/docs/stable/generated/torch.zeros.html */
export function zeros<const S extends Shape>(shape: S, options: CreationOptions = {}): Tensor<S> {
  return full(shape, 0, options);
}

/** A tensor of ones. @see https://pytorch.org/docs/stable/generated/torch.ones.html */
export function ones<const S extends Shape>(shape: S, options: CreationOptions = {}): Tensor<S> {
  return full(shape, 1, options);
}

/** A tensor whose elements are yet to be written: zeros, since memory is never left as it was. @see https://pytorch.org/docs/stable/generated/torch.empty.html */
export function empty<const S extends Shape>(shape: S, options: CreationOptions = {}): Tensor<S> {
  return full(shape, 0, options);
}

/** {@link empty} with the shape, dtype and device of `t`. @see https://pytorch.org/docs/stable/generated/torch.empty_like.html */
export function emptyLike<S extends Shape>(t: Tensor<S>, options: CreationOptions = {}): Tensor<S> {
  return zerosLike(t, options);
}

/** Zeros of the shape, dtype and device of `t`. @see https://pytorch.org/docs/stable/generated/torch.zeros_like.html */
export function zerosLike<S extends Shape>(t: Tensor<S>, options: CreationOptions = {}): Tensor<S> {
  return full(t.shape as never, 0, { dtype: t.dtype, device: t.device, ...options }) as unknown as Tensor<S>;
}

/** Ones of the shape, dtype and device of `t`. @see https://pytorch.org/docs/stable/generated/torch.ones_like.html */
export function onesLike<S extends Shape>(t: Tensor<S>, options: CreationOptions = {}): Tensor<S> {
  return full(t.shape as never, 1, { dtype: t.dtype, device: t.device, ...options }) as unknown as Tensor<S>;
}

/** `value` under the shape, dtype and device of `t`. @see https://pytorch.org/docs/stable/generated/torch.full_like.html */
export function fullLike<S extends Shape>(t: Tensor<S>, value: Scalar | bigint, options: CreationOptions = {}): Tensor<S> {
  return full(t.shape as never, value, { dtype: t.dtype, device: t.device, ...options }) as unknown as Tensor<S>;
}

function fromValues(
  op: string,
  n: number,
  at: (i: number) => number,
  shape: readonly number[],
  dtype: DType,
  options: CreationOptions,
): Tensor {
  const device = options.device ?? defaultBackend();
  checkDevice(op, device, dtype);
  const buffer = allocate(dtype, n);
  for (let i = 0; i < n; i++) buffer[i] = elementValue(op, at(i), dtype);
  return finish(wrap(device, device.upload(buffer, dtype, n), dtype, shape), options);
}

/** Bounds and steps as numbers: integers when the elements are, which PyTorch computes with those only. */
function endpoints(op: string, dtype: DType, values: readonly Scalar[]): number[] {
  if (dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`);
  const numbers = values.map(scalarValue);
  const wrong = numbers.find((x) => !Number.isFinite(x));
  if (wrong !== undefined) throw new ValueError(`${op}: expected finite numbers, got ${wrong}`);
  return isFloating(dtype) ? numbers : numbers.map(Math.trunc);
}

const isScalar = (x: unknown): x is Scalar => typeof x === 'number' || typeof x === 'boolean' || x instanceof FloatScalar;

/**
 * Numbers from `start` (default 0) up to but not including `end`, `step` apart; int64 when all three are integers.
 *
 * @throws ValueError for a step of 0 or one that points away from `end`, and for numbers that are not finite; DTypeError for bool
 * @example
 * ```ts
 * arange(5);          // [0, 1, 2, 3, 4]
 * arange(1, 2, 0.25); // [1, 1.25, 1.5, 1.75]
 * arange(float(3));   // [0, 1, 2] in float32
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.arange.html
 */
export function arange(end: Scalar, options?: CreationOptions): Tensor;
export function arange(start: Scalar, end: Scalar, options?: CreationOptions): Tensor;
export function arange(start: Scalar, end: Scalar, step: Scalar, options?: CreationOptions): Tensor;
export function arange(...args: (Scalar | CreationOptions | undefined)[]): Tensor {
  const given = args.filter(isScalar);
  const options = (args.find((a) => typeof a === 'object' && !isScalar(a)) ?? {}) as CreationOptions;
  const [first, last, by] = given.length === 1 ? [0, given[0]!, 1] : [given[0]!, given[1]!, given[2] ?? 1];
  const integral = given.every((x) => typeof x === 'number' && Number.isInteger(x));
  const dtype = options.dtype ?? (integral ? 'int64' : 'float32');
  const [start, end, step] = endpoints('arange', dtype, [first, last, by]) as [number, number, number];
  if (step === 0) throw new ValueError(`arange: step ${scalarValue(by)} does not lead from ${start} to ${end}`);
  if ((end - start) / step < 0) throw new ValueError(`arange: step ${step} points away from ${end}`);
  const n = Math.ceil((end - start) / step);
  return fromValues('arange', n, (i) => start + i * step, [n], dtype, options);
}

/** Value i of `steps` from `start` to `end`: from both ends, as PyTorch does, so that the last is `end` exactly. */
function between(start: number, end: number, steps: number): (i: number) => number {
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  const half = Math.floor(steps / 2);
  return (i) => (i < half || steps === 1 ? start + i * step : end - (steps - 1 - i) * step);
}

function checkSteps(op: string, steps: number): void {
  if (!Number.isInteger(steps) || steps < 0) {
    throw new ValueError(`${op}: steps must be a non-negative integer, got ${isScalar(steps) ? scalarValue(steps) : String(steps)}`);
  }
}

/**
 * `steps` numbers from `start` to `end`, both included, evenly spaced; rounded towards zero for an integer dtype.
 *
 * @throws ValueError for steps that are negative or no integer, or bounds that are not finite; DTypeError for bool
 * @see https://pytorch.org/docs/stable/generated/torch.linspace.html
 */
export function linspace(start: Scalar, end: Scalar, steps: number, options: CreationOptions = {}): Tensor {
  checkSteps('linspace', steps);
  const dtype = options.dtype ?? 'float32';
  const [a, b] = endpoints('linspace', dtype, [start, end]) as [number, number];
  return fromValues('linspace', steps, between(a, b, steps), [steps], dtype, options);
}

/**
 * `steps` powers of `base` (default 10), with exponents evenly spaced from `start` to `end`, both included.
 *
 * @throws ValueError for steps that are negative or no integer, or bounds that are not finite; DTypeError for bool
 * @example
 * ```ts
 * logspace(0, 2, 3);    // [1, 10, 100]
 * logspace(0, 2, 3, 2); // [1, 2, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.logspace.html
 */
export function logspace(start: Scalar, end: Scalar, steps: number, base: Scalar = 10, options: CreationOptions = {}): Tensor {
  checkSteps('logspace', steps);
  const dtype = options.dtype ?? 'float32';
  const [a, b] = endpoints('logspace', dtype, [start, end]) as [number, number];
  const by = scalarValue(base);
  const exponent = between(a, b, steps);
  return fromValues('logspace', steps, (i) => by ** exponent(i), [steps], dtype, options);
}

/** The identity matrix, or the first `m` columns of it. @see https://pytorch.org/docs/stable/generated/torch.eye.html */
export function eye(n: number, options?: CreationOptions): Tensor;
export function eye(n: number, m?: number | null, options?: CreationOptions): Tensor;
export function eye(n: number, second?: number | null | CreationOptions, third: CreationOptions = {}): Tensor {
  const [given, options] = typeof second === 'object' && second !== null ? [n, second] : [second, third];
  const m = given ?? n;
  const dtype = options.dtype ?? 'float32';
  checkSizes('eye', [n, m]);
  return fromValues('eye', n * m, (i) => (Math.floor(i / m) === i % m ? 1 : 0), [n, m], dtype, options);
}

/** A tensor over a copy of a flat buffer, for code that has made its values already. */
export function fromBuffer(values: TypedArray, dtype: DType, shape: readonly number[], options: CreationOptions = {}): Tensor {
  const device = options.device ?? defaultBackend();
  checkDevice('create', device, dtype);
  return finish(wrap(device, device.upload(values, dtype, values.length), dtype, shape), options);
}
