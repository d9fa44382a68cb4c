import { ShapeError } from '../errors.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';

/**
 * The way back from shapes that the compiler lost: checks at run time and gives the same tensor, whose type then says so.
 *
 * @param shape the expected size of each dimension; -1 takes any size
 * @throws ShapeError when the tensor has another shape
 * @example
 * ```ts
 * const images = expectShape(load(), [-1, 1, 28, 28]); // Tensor<readonly [number, 1, 28, 28]>
 * ```
 */
export function expectShape<const S extends Shape>(
  t: Tensor,
  shape: S,
): Tensor<{ readonly [K in keyof S]: S[K] extends -1 ? number : S[K] }> {
  const fits = t.shape.length === shape.length && shape.every((n, d) => n === -1 || n === t.shape[d]);
  if (!fits) throw new ShapeError(`expectShape: expected ${show(shape).replaceAll('-1', '?')} but the tensor is ${show(t.shape)}`);
  return t as never;
}
