import type { Backend } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { inPlace } from '../inplace.ts';
import { wrap } from '../kernels.ts';
import type { Tensor } from '../tensor.ts';
import { defaultGenerator, type Generator } from './generator.ts';

/** Where numbers are drawn from. */
export interface RandomOptions {
  /** The default generator if omitted. */
  generator?: Generator;
}

/** The generator that the options name. */
export const source = (options: RandomOptions): Generator => options.generator ?? defaultGenerator();

/** Numbers that were drawn on the host, as a tensor: the same bits on every backend. */
export function upload(device: Backend, values: TypedArray, dtype: DType, shape: readonly number[]): Tensor {
  return wrap(device, device.upload(values, dtype, values.length), dtype, shape);
}

/** Writes drawn numbers into `self`, whose history ends there. */
export function overwrite(op: string, self: Tensor, options: RandomOptions, draw: (g: Generator) => TypedArray): Tensor {
  inPlace(op, self, () => upload(self.device, draw(source(options)), self.dtype, self.shape));
  return self;
}
