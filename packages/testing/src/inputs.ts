import type { Backend, DType, Shape } from '@nabla/core';
import { Tensor } from '@nabla/core';
import { allocate, contiguousStrides, isFloating, Storage, sizeOf } from '@nabla/core/internals';
import type { InputSpec, NdArray } from '../../core/src/op.samples.ts';
import { type Draw, drawFor, permutation } from './random.ts';

/** How the elements of an input lie in memory, and whether they repeat. */
export type Layout = 'contiguous' | 'transposed' | 'broadcast';

/** One input of a case: its values and how to make tensors of them. */
export interface CaseInput {
  readonly dtype: DType;
  /** Shape that the op sees. */
  readonly shape: readonly number[];
  /** Shape of the leaf: smaller than `shape` when it is broadcast. */
  readonly leafShape: readonly number[];
  /** Values of the leaf, row-major. */
  readonly values: readonly number[];
  readonly layout: Layout;
}

/** Distance that values keep from points where an op is not differentiable. */
const margin = 0.05;

/** The inputs of a sample. Values depend on `seed` (and on the layout only where elements repeat). */
export function makeInputs(specs: readonly InputSpec[], layout: Layout, seed: string): CaseInput[] {
  return specs.map((spec, i) => {
    const dtype = spec.dtype ?? 'float64';
    const values = valuesOf(spec, dtype, drawFor(`${seed}/${i}`));
    return layOut(dtype, spec.shape, values, layout === 'broadcast' && !canRepeat(spec) ? 'contiguous' : layout);
  });
}

/** An input with these values; under the broadcast layout the first of each repeated run counts. */
export function layOut(dtype: DType, shape: readonly number[], values: readonly number[], layout: Layout): CaseInput {
  const dim = repeatedDim(shape);
  if (layout !== 'broadcast' || dim < 0) return { dtype, shape, leafShape: shape, values, layout: dim < 0 ? 'contiguous' : layout };
  const leafShape = shape.map((n, d) => (d === dim ? 1 : n));
  const inner = sizeOf(shape.slice(dim + 1));
  const kept = values.filter((_, k) => Math.floor(k / inner) % shape[dim]! === 0);
  return { dtype, shape, leafShape, values: kept, layout };
}

/** Whether elements of an input may repeat along a dimension: not where they were chosen one by one or must differ. */
export function canRepeat(spec: InputSpec): boolean {
  return spec.values === undefined && spec.apart === undefined && repeatedDim(spec.shape) >= 0;
}

/** The first dimension with several elements; -1 when there is none. */
function repeatedDim(shape: readonly number[]): number {
  return sizeOf(shape) === 0 ? -1 : shape.findIndex((n) => n > 1);
}

function valuesOf(spec: InputSpec, dtype: DType, draw: Draw): number[] {
  const n = sizeOf(spec.shape);
  if (spec.values !== undefined) {
    if (spec.values.length !== n)
      throw new RangeError(`a sample gives ${spec.values.length} values for the shape [${spec.shape.join(', ')}]`);
    return [...spec.values];
  }
  if (dtype === 'bool') return Array.from({ length: n }, () => draw.below(2));
  if (!isFloating(dtype)) {
    const low = spec.low ?? 0;
    const high = spec.high ?? 3;
    return Array.from({ length: n }, () => low + draw.below(high - low));
  }
  if (spec.apart !== undefined) {
    const step = spec.apart;
    const start = spec.low ?? -(n * step) / 2;
    return permutation(n, draw).map((k) => quantized(start + k * step));
  }
  const avoid = spec.avoid ?? [];
  return Array.from({ length: n }, () => awayFrom(avoid, spec.low ?? -2, spec.high ?? 2, draw));
}

/** A number in [low, high) that keeps its distance from `avoid`. */
export function awayFrom(avoid: readonly number[], low: number, high: number, draw: Draw): number {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const x = quantized(draw.between(low, high));
    if (x >= low && avoid.every((a) => Math.abs(x - a) >= margin)) return x;
  }
  throw new RangeError(`no number in [${low}, ${high}) is ${margin} away from ${avoid.join(', ')}`);
}

/** Values have few bits, so that float32 holds them and small steps away from them exactly. */
export function quantized(x: number): number {
  return Math.round(x * 2 ** 12) / 2 ** 12;
}

/** What a tensor of a case differs in from the case itself. */
export interface TensorOptions {
  readonly requiresGrad?: boolean;
  readonly device?: Backend;
  readonly dtype?: DType;
  /** Instead of the case's values. */
  readonly values?: ArrayLike<number>;
}

/** The leaf of an input as a tensor, laid out as the case says. */
export function leafOf(x: CaseInput, options: TensorOptions): Tensor {
  const dtype = options.dtype ?? x.dtype;
  const values = options.values ?? x.values;
  const shape = x.leafShape;
  const device = options.device!;
  const t = x.layout === 'transposed' ? strided(values, dtype, shape, device) : dense(values, dtype, shape, device);
  if (options.requiresGrad === true && isFloating(dtype)) t.requiresGrad = true;
  return t;
}

/** What the op is given: the leaf itself, or the leaf expanded. */
export function argumentOf(x: CaseInput, leaf: Tensor): Tensor {
  return x.layout === 'broadcast' ? leaf.expand(x.shape) : leaf;
}

/** The input as plain numbers, with repeated elements written out. */
export function ndarrayOf(x: CaseInput): NdArray {
  if (x.layout !== 'broadcast') return { shape: x.shape, data: x.values };
  const dim = x.leafShape.findIndex((n, d) => n !== x.shape[d]);
  const inner = sizeOf(x.shape.slice(dim + 1));
  const data = Array.from({ length: sizeOf(x.shape) }, (_, k) => x.values[Math.floor(k / (inner * x.shape[dim]!)) * inner + (k % inner)]!);
  return { shape: x.shape, data };
}

function onDevice(buffer: ReturnType<typeof allocate>, dtype: DType, device: Backend): Storage {
  return new Storage(device, device.upload(buffer, dtype, buffer.length), dtype, buffer.length);
}

/** A contiguous tensor. */
export function dense(values: ArrayLike<number>, dtype: DType, shape: Shape, device: Backend): Tensor {
  const buffer = allocate(dtype, values.length);
  for (let i = 0; i < values.length; i++) buffer[i] = values[i]!;
  return new Tensor(onDevice(buffer, dtype, device), shape, contiguousStrides(shape), 0);
}

/**
 * A tensor whose last dimension is outermost in memory, in the middle of a larger buffer whose other elements are NaN
 * (7 in integer buffers, where there is none): reading outside of the window shows.
 */
function strided(values: ArrayLike<number>, dtype: DType, shape: Shape, device: Backend): Tensor {
  const rank = shape.length;
  // Memory order: the last dimension first, each row one element longer than it needs to be.
  const order = rank === 0 ? [] : [rank - 1, ...Array.from({ length: rank - 1 }, (_, d) => d)];
  const strides = new Array<number>(rank).fill(0);
  let step = rank === 1 ? 2 : 1;
  for (let k = rank - 1; k >= 0; k--) {
    strides[order[k]!] = step;
    step *= shape[order[k]!]! + (k === rank - 1 ? 1 : 0);
  }
  const offset = 3;
  const buffer = allocate(dtype, offset + Math.max(step, 1) + 2);
  buffer.fill(isFloating(dtype) ? Number.NaN : dtype === 'bool' ? 1 : 7);
  const at = contiguousStrides(shape);
  for (let i = 0; i < values.length; i++) {
    const where = shape.reduce((o, n, d) => o + (Math.floor(i / at[d]!) % n) * strides[d]!, offset);
    buffer[where] = values[i]!;
  }
  return new Tensor(onDevice(buffer, dtype, device), shape, strides, offset);
}
