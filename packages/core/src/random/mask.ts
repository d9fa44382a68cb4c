import { ValueError } from '../errors.ts';
import { sizeOf } from '../layout.ts';
import { fromBuffer } from '../ops/create.ts';
import { type CreationOptions, defaultBackend } from '../ops/full.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import { drawBernoulli } from './draw.ts';
import { defaultGenerator, type Generator } from './generator.ts';

/**
 * What dropout multiplies by, before scaling: 1 with probability `1 - p`, 0 with probability `p`. Drawn on the host and
 * uploaded, so that a seed gives the same mask on every backend.
 *
 * @throws ValueError when `p` is not in [0, 1]
 */
export function dropoutMask<S extends Shape>(shape: S, p: number, options: CreationOptions & { generator?: Generator } = {}): Tensor<S> {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`dropout: the probability must lie in [0, 1], got ${p}`);
  const dtype = options.dtype ?? 'float32';
  const device = options.device ?? defaultBackend();
  const values = drawBernoulli(options.generator ?? defaultGenerator(), sizeOf(shape), 1 - p, dtype);
  return fromBuffer(values, dtype, [...shape], { dtype, device }) as unknown as Tensor<S>;
}
