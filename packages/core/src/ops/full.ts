import { metaOf } from '../autograd/meta.ts';
import { isInferenceMode } from '../autograd/modes.ts';
import type { Backend } from '../backend.ts';
import { cpu } from '../backend-cpu/index.ts';
import { type DType, elementValue, isFloating, type Scalar, scalarValue } from '../dtype.ts';
import { AutogradError, DTypeError } from '../errors.ts';
import { fullData } from '../kernels.ts';
import { checkSizes } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';

let current: Backend = cpu;

/** The backend on which tensors are created when none is named. */
export function defaultBackend(): Backend {
  return current;
}

/** Sets where tensors are created when no device is named, and gives the one before. */
export function setDefaultBackend(backend: Backend): Backend {
  const before = current;
  current = backend;
  return before;
}

/** Options of every creation function. */
export interface CreationOptions {
  /** Element type; float32 unless the function says otherwise. */
  dtype?: DType;
  /** Where the tensor lives; the default backend if omitted. */
  device?: Backend;
  /** Whether gradients are to be computed for it. Default false. */
  requiresGrad?: boolean;
}

/** Marks a fresh leaf as requiring gradients when the options say so. */
export function finish<T extends Tensor>(t: T, options: CreationOptions): T {
  if (options.requiresGrad === true) setRequiresGrad(t, true);
  return t;
}

/** Turns gradients on or off for a leaf. */
export function setRequiresGrad(t: Tensor, value: boolean): void {
  if (value && !isFloating(t.dtype))
    throw new AutogradError(`requiresGrad: only floating tensors can require gradients, this one is ${t.dtype}`);
  if (value && t.storage.inference && !isInferenceMode()) {
    throw new AutogradError('requiresGrad: a tensor made in inference mode cannot require gradients outside of it; clone() it first');
  }
  if (t.meta?.node != null) {
    if (!value) throw new AutogradError('requiresGrad: only a leaf can be changed; detach() gives a tensor without history');
    return;
  }
  if (value || t.meta !== null) metaOf(t).requiresGrad = value;
}

/** Checks that a backend can hold a dtype. */
export function checkDevice(op: string, device: Backend, dtype: DType): void {
  if (!device.caps.dtypes.includes(dtype)) {
    throw new DTypeError(`${op}: the '${device.name}' backend has no ${dtype}; it has ${device.caps.dtypes.join(', ')}`);
  }
}

/**
 * A tensor filled with `value`.
 *
 * @param shape size of each dimension
 * @param options `dtype` defaults to float32 (bool for a boolean, int64 for a bigint): JavaScript cannot tell 1 from 1.0
 * @throws DTypeError for a number that an integer dtype cannot hold
 * @example
 * ```ts
 * full([2, 3], 0.5);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.full.html
 */
export function full<const S extends Shape>(shape: S, value: Scalar | bigint, options: CreationOptions = {}): Tensor<S> {
  checkSizes('full', shape);
  const dtype = options.dtype ?? (typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' ? 'int64' : 'float32');
  const device = options.device ?? current;
  checkDevice('full', device, dtype);
  const t = fullData(device, elementValue('full', typeof value === 'bigint' ? Number(value) : scalarValue(value), dtype), dtype, [
    ...shape,
  ]) as unknown as Tensor<S>;
  return finish(t, options);
}
