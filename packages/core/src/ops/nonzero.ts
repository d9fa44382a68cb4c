import type { TypedArray } from '../dtype.ts';
import { DTypeError } from '../errors.ts';
import { takeEntries } from '../parts/gathering.ts';
import { coordinatesOf, indexTensor, nonzeroLists, positionsOf, readNow } from '../parts/positions.ts';
import { broadcastShapes } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { fromBuffer } from './create.ts';

/** Options of {@link nonzero}. */
export interface NonzeroOptions {
  /** One index tensor per dimension instead of one row per element. Default false. */
  asTuple?: boolean;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link nonzero} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.nonzero.html */
    nonzero(options?: { asTuple?: false }): Tensor;
    nonzero(options: { asTuple: true }): Tensor[];
    /** {@link nonzeroAsync} of this tensor. */
    nonzeroAsync(options?: { asTuple?: false }): Promise<Tensor>;
    nonzeroAsync(options: { asTuple: true }): Promise<Tensor[]>;
    /** {@link argwhere} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.argwhere.html */
    argwhere(): Tensor;
    /** {@link argwhereAsync} of this tensor. */
    argwhereAsync(): Promise<Tensor>;
    /** {@link maskedSelect} from this tensor. @see https://pytorch.org/docs/stable/generated/torch.masked_select.html */
    maskedSelect(mask: Tensor): Tensor;
    /** {@link maskedSelectAsync} from this tensor. */
    maskedSelectAsync(mask: Tensor): Promise<Tensor>;
  }
}

function rows(t: Tensor, values: TypedArray): Tensor {
  const positions = positionsOf(values);
  const lists = coordinatesOf(positions, t.shape);
  const flat = new Float64Array(positions.length * t.ndim);
  for (let d = 0; d < t.ndim; d++) for (let k = 0; k < positions.length; k++) flat[k * t.ndim + d] = lists[d]![k]!;
  return fromBuffer(flat, 'int64', [positions.length, t.ndim], { device: t.device });
}

/**
 * Where a tensor is not zero: an int64 tensor with a row of coordinates per element, in row-major order. With
 * `asTuple` one 1-d tensor per dimension, as {@link Tensor.index} takes them.
 *
 * @throws DeviceError on a device that cannot be read at once; use {@link nonzeroAsync}
 * @example
 * ```ts
 * nonzero(tensor([[0, 1], [2, 0]])); // [[0, 1], [1, 0]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nonzero.html
 */
export function nonzero(t: Tensor, options?: { asTuple?: false }): Tensor;
export function nonzero(t: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(t: Tensor, options: NonzeroOptions = {}): Tensor | Tensor[] {
  const values = readNow('nonzero', t, 'use await nonzeroAsync(t)');
  return options.asTuple === true ? nonzeroLists(t, values) : rows(t, values);
}

/** {@link nonzero} on any device: waits for the values. */
export function nonzeroAsync(t: Tensor, options?: { asTuple?: false }): Promise<Tensor>;
export function nonzeroAsync(t: Tensor, options: { asTuple: true }): Promise<Tensor[]>;
export async function nonzeroAsync(t: Tensor, options: NonzeroOptions = {}): Promise<Tensor | Tensor[]> {
  const values = await t.data();
  return options.asTuple === true ? nonzeroLists(t, values) : rows(t, values);
}

/**
 * {@link nonzero} without options: a row of coordinates per element that is not zero, in row-major order.
 *
 * @throws DeviceError on a device that cannot be read at once; use {@link argwhereAsync}
 * @see https://pytorch.org/docs/stable/generated/torch.argwhere.html
 */
export function argwhere(t: Tensor): Tensor {
  return rows(t, readNow('argwhere', t, 'use await argwhereAsync(t)'));
}

/** {@link argwhere} on any device: waits for the values. */
export async function argwhereAsync(t: Tensor): Promise<Tensor> {
  return rows(t, await t.data());
}

/** Tensor and mask broadcast together. */
function together(op: string, t: Tensor, mask: Tensor): { t: Tensor; mask: Tensor } {
  if (mask.dtype !== 'bool') throw new DTypeError(`${op}: the mask must be bool, got ${mask.dtype}; compare it, as in mask.ne(0)`);
  const shape = broadcastShapes(op, [t.shape, mask.shape]);
  return { t: t.expand(shape), mask: mask.expand(shape) };
}

function selected(t: Tensor, values: TypedArray): Tensor {
  return takeEntries(t.flatten(), 0, indexTensor(positionsOf(values), t), 'maskedSelect');
}

/**
 * The elements of `t` where `mask` holds, in row-major order, as a 1-d tensor. Both are broadcast.
 *
 * @throws DTypeError when the mask is not bool; DeviceError on a device that cannot be read at once: use {@link maskedSelectAsync}
 * @see https://pytorch.org/docs/stable/generated/torch.masked_select.html
 */
export function maskedSelect(t: Tensor, mask: Tensor): Tensor {
  const both = together('maskedSelect', t, mask);
  return selected(both.t, readNow('maskedSelect', both.mask, 'use await maskedSelectAsync(t, mask)'));
}

/** {@link maskedSelect} on any device: waits for the mask. */
export async function maskedSelectAsync(t: Tensor, mask: Tensor): Promise<Tensor> {
  const both = together('maskedSelect', t, mask);
  return selected(both.t, await both.mask.data());
}

addMethod('nonzero', function (this: Tensor, options?: NonzeroOptions) {
  return nonzero(this, options as { asTuple: true });
});
addMethod('nonzeroAsync', function (this: Tensor, options?: NonzeroOptions) {
  return nonzeroAsync(this, options as { asTuple: true });
});
addMethod('argwhere', function (this: Tensor) {
  return argwhere(this);
});
addMethod('argwhereAsync', function (this: Tensor) {
  return argwhereAsync(this);
});
addMethod('maskedSelect', function (this: Tensor, mask: Tensor) {
  return maskedSelect(this, mask);
});
addMethod('maskedSelectAsync', function (this: Tensor, mask: Tensor) {
  return maskedSelectAsync(this, mask);
});
