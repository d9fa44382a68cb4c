import type { Backend } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { dtypes, isDType } from '../dtype.ts';
import { DeviceError, DTypeError, ShapeError } from '../errors.ts';
import { input } from '../expr/node.ts';
import { inPlace } from '../inplace.ts';
import { contiguousData, copyData, mapKernel, wrap } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { defineOp } from '../op.ts';
import { overwriteOp } from '../parts/overwrite.ts';
import { broadcastShapes, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { checkDevice } from './full.ts';

/** Numbers in nested arrays, one level per dimension; a number for a 0-d tensor. */
export type NestedArray = number | NestedArray[];

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** A copy, through which gradients flow. @see https://pytorch.org/docs/stable/generated/torch.clone.html */
    clone<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The tensor itself when it is contiguous, else a copy that is. @see https://pytorch.org/docs/stable/generated/torch.Tensor.contiguous.html */
    contiguous<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The tensor as another dtype, on another backend, or both; itself when nothing changes. @see https://pytorch.org/docs/stable/generated/torch.Tensor.to.html */
    to<A extends Shape>(this: Tensor<A>, target: DType | Backend, dtype?: DType): Tensor<A>;
    /** Overwrites this tensor by `src`, which is broadcast and cast. @see https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html */
    copy_<A extends Shape>(this: Tensor<A>, src: Tensor): Tensor<A>;
    /** The elements in row-major order, as a copy: Float64Array for int64, bytes for bool. Waits for the device. */
    data(): Promise<TypedArray>;
    /** {@link Tensor.data} without waiting. @throws DeviceError where the device cannot be read at once */
    dataSync(): TypedArray;
    /** The elements as nested arrays of numbers. @throws DeviceError where the device cannot be read at once */
    toArray(): NestedArray;
    /** The one element of a tensor. @throws ShapeError when there are more; DeviceError where the device cannot be read at once */
    item(): number;
  }
}

const cloneOp = defineOp<void>({
  name: 'clone',
  infer: ([t]) => [{ shape: t!.shape, dtype: t!.dtype }],
  forward: ([t]) => [copyData(t!)],
  backward: (_ctx, [g]) => [g!],
});

const castOp = defineOp<DType>({
  name: 'to',
  infer: ([t], dtype) => {
    checkDevice('to', t!.device, dtype);
    return [{ shape: t!.shape, dtype }];
  },
  forward: ([t], dtype) => [castData(t!, dtype)],
  backward: ({ inputs }, [g]) => [g!.to(inputs[0]!.dtype)],
});

/** A copy in another dtype. No gradient is recorded. */
function castData(t: Tensor, dtype: DType): Tensor {
  const request = { exprs: [input(0)], inputs: [t], params: [], shape: t.shape, compute: t.dtype, outputs: [dtype] };
  return wrap(t.device, mapKernel(t.device, 'to', request)[0]!, dtype, t.shape);
}

const moveOp = defineOp<Backend>({
  name: 'toDevice',
  infer: ([t], device) => {
    checkDevice('to', device, t!.dtype);
    return [{ shape: t!.shape, dtype: t!.dtype }];
  },
  forward: ([t], device) => [moveData(t!, device)],
  backward: ({ inputs }, [g]) => [g!.to(inputs[0]!.device)],
});

function moveData(t: Tensor, device: Backend): Tensor {
  if (device.caps.syncRead && !t.device.caps.syncRead) {
    throw new DeviceError(
      `to: the '${t.device.name}' device can only be read asynchronously, so nothing moves to '${device.name}' at once; write tensor(await t.data(), { shape: t.shape })`,
    );
  }
  const whole = wholeBuffer(t);
  const from = t.device;
  const values = from.caps.syncRead ? from.readSync(whole.handle, t.dtype, t.size) : from.read(whole.handle, t.dtype, t.size);
  return wrap(device, device.upload(values, t.dtype, t.size), t.dtype, t.shape);
}

addMethod('clone', function (this: Tensor) {
  return cloneOp([this], undefined)[0]!;
});
addMethod('contiguous', function (this: Tensor) {
  return this.isContiguous ? this : this.clone();
});
addMethod('to', function (this: Tensor, target: DType | Backend, dtype?: DType) {
  if (typeof target === 'string' && !isDType(target)) {
    throw new DTypeError(`to: unknown dtype '${target as string}'; there are ${dtypes.join(', ')}`);
  }
  const type = isDType(target) ? target : (dtype ?? this.dtype);
  const cast = (t: Tensor): Tensor => (type === t.dtype ? t : castOp([t], type)[0]!);
  if (isDType(target) || target === this.device) return cast(this);
  // The conversion happens where both dtypes exist.
  return this.device.caps.dtypes.includes(type) ? moveOp([cast(this)], target)[0]! : cast(moveOp([this], target)[0]!);
});
addMethod('copy_', function (this: Tensor, src: Tensor) {
  const shape = broadcastShapes('copy_', [this.shape, src.shape]);
  if (!sameShape(shape, this.shape)) {
    throw new ShapeError(`copy_: a tensor of shape ${show(src.shape)} does not broadcast to ${show(this.shape)}`);
  }
  return inPlace('copy_', this, () => {
    const here = src.to(this.device, this.dtype) as Tensor;
    return overwriteOp([this, sameShape(here.shape, this.shape) ? here : (here.expand(this.shape) as Tensor)], undefined)[0]!;
  });
});

/** `t`, or a copy of it, whose elements are the first of its buffer in row-major order. */
function wholeBuffer(t: Tensor): Tensor {
  const dense = contiguousData(t);
  return dense.offset === 0 ? dense : copyData(dense);
}

addMethod('data', function (this: Tensor): Promise<TypedArray> {
  const whole = wholeBuffer(this);
  const values = whole.device.read(whole.handle, whole.dtype, whole.size);
  return whole === this ? values : values.finally(() => whole.dispose());
});
addMethod('dataSync', function (this: Tensor): TypedArray {
  if (!this.device.caps.syncRead) {
    throw new DeviceError(`dataSync: the '${this.device.name}' device can only be read asynchronously; write await t.data()`);
  }
  const whole = wholeBuffer(this);
  const values = whole.device.readSync(whole.handle, whole.dtype, whole.size);
  if (whole !== this) whole.dispose();
  return values;
});
addMethod('item', function (this: Tensor): number {
  if (this.size !== 1) throw new ShapeError(`item: the tensor has ${this.size} elements (shape ${show(this.shape)}), expected one`);
  if (!this.device.caps.syncRead) {
    throw new DeviceError(`item: the '${this.device.name}' device can only be read asynchronously; write (await t.data())[0]`);
  }
  return this.dataSync()[0]!;
});
addMethod('toArray', function (this: Tensor): NestedArray {
  const flat = this.dataSync();
  let at = 0;
  const build = (d: number): NestedArray => {
    if (d === this.shape.length) return flat[at++]!;
    return Array.from({ length: this.shape[d]! }, () => build(d + 1));
  };
  return build(0);
});
