import type { DType } from '../dtype.ts';
import type { InputSpec, NdArray, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';

// Samples that call elementwise ops on chosen values, where random ones would miss the point.

/** Vectors of one dtype with the given values. */
export function columns(dtype: DType, ...values: readonly (readonly number[])[]): InputSpec[] {
  return values.map((v) => ({ shape: [v.length], dtype, values: v }));
}

/** A reference that applies `f` to every position of arrays of one shape. */
export function each(f: (...xs: number[]) => number): (...arrays: NdArray[]) => NdArray {
  return (...arrays) => ({ shape: arrays[0]!.shape, data: arrays[0]!.data.map((_, i) => f(...arrays.map((a) => a.data[i]!))) });
}

/** A sample on integers, which have no gradients. */
export function onIntegers(
  name: string,
  dtype: DType,
  values: readonly (readonly number[])[],
  run: (...xs: Tensor[]) => Tensor,
  reference: (...xs: number[]) => number,
): Sample {
  return { name, inputs: columns(dtype, ...values), run, reference: each(reference), differentiable: false };
}
