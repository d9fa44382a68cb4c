import { sameShape } from '../layout.ts';
import type { Tensor } from '../tensor.ts';

/** Sums `g` down to a shape that was broadcast to its own. */
export function sumTo(g: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const dims = g.shape.map((_, d) => d).filter((d) => d < lead || (shape[d - lead] === 1 && g.shape[d] !== 1));
  const summed = dims.length === 0 ? g : (g.sum(dims, { keepdim: true }) as Tensor);
  return summed.reshape(shape) as Tensor;
}
