import { ValueError } from './errors.ts';
import type { Tensor } from './tensor.ts';

/** Singular values of matrices [.., m, n], descending: [.., min(m, n)]. */
type SingularValues = (matrices: Tensor) => Tensor;

let provider: SingularValues | null = null;

/** Tells the norms that are made of singular values how to get them: the family of decompositions calls it. */
export function provideSingularValues(values: SingularValues): void {
  provider = values;
}

/** Singular values of matrices, descending. Differentiable. */
export function singularValues(matrices: Tensor): Tensor {
  if (provider === null) throw new ValueError('norm: the orders 2, -2 and nuc need singular values, and no decomposition provides them');
  return provider(matrices);
}
