import { isTensor, keep, type Shape, Tensor } from '@nabla/core';

// Parameters and buffers of every copy of the library know each other by these properties.
const parameterBrand = '@nabla/nn.Parameter';
const bufferBrand = '@nabla/nn.Buffer';

/** Options of {@link Parameter}. */
export interface ParameterOptions {
  /** Whether gradients are computed for it. Default true. */
  requiresGrad?: boolean;
}

/**
 * A tensor that a module learns: it requires gradients, and a {@link Module} that holds it lists it in `parameters()`
 * and saves it in `stateDict()`.
 *
 * It shares the storage of the tensor it is made of, as in PyTorch, and outlives the scope it was born in.
 * {@link Module.to} moves the elements under the parameter, which stays the same object: optimizers built before still
 * train it.
 *
 * @example
 * ```ts
 * class Scale extends Module {
 *   factor = new Parameter(ones([3]));
 *   forward(x: Tensor) { return x.mul(this.factor); }
 * }
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
 */
export class Parameter<S extends Shape = Shape> extends Tensor<S> {
  constructor(data: Tensor<S>, options: ParameterOptions = {}) {
    super(data.storage, data.shape, data.strides, data.offset);
    if (options.requiresGrad ?? true) this.requiresGrad = true;
    keep(this);
  }

  /** @internal */
  get '@nabla/nn.Parameter'(): true {
    return true;
  }
}

/** Options of {@link Buffer}. */
export interface BufferOptions {
  /** Whether `stateDict()` contains it. Default true. */
  persistent?: boolean;
}

/**
 * A tensor that belongs to a module's state and is not learned, such as a running mean: it moves with the module and is
 * saved unless `persistent` is false. Update it in place (`copy_`, `mul_`), so that it stays the module's buffer.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
 */
export class Buffer<S extends Shape = Shape> extends Tensor<S> {
  /** Whether `stateDict()` contains it. */
  readonly persistent: boolean;

  constructor(data: Tensor<S>, options: BufferOptions = {}) {
    super(data.storage, data.shape, data.strides, data.offset);
    this.persistent = options.persistent ?? true;
    keep(this);
  }

  /** @internal */
  get '@nabla/nn.Buffer'(): true {
    return true;
  }
}

/** Whether `x` is a {@link Parameter}, of this copy of the library or of another one. */
export function isParameter(x: unknown): x is Parameter {
  return isTensor(x) && parameterBrand in x;
}

/** Whether `x` is a {@link Buffer}, of this copy of the library or of another one. */
export function isBuffer(x: unknown): x is Buffer {
  return isTensor(x) && bufferBrand in x;
}
