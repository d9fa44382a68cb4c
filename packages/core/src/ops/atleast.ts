import { isTensor, type Tensor } from '../tensor.ts';

/** Of one tensor one, of a list a list. */
function each(given: Tensor | readonly Tensor[], f: (t: Tensor) => Tensor): Tensor | Tensor[] {
  return isTensor(given) ? f(given) : given.map(f);
}

/** Views with at least one dimension: a 0-d tensor as [1]. @see https://pytorch.org/docs/stable/generated/torch.atleast_1d.html */
export function atleast1d(tensor: Tensor): Tensor;
export function atleast1d(tensors: readonly Tensor[]): Tensor[];
export function atleast1d(given: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  return each(given, (t) => (t.ndim === 0 ? (t.reshape([1]) as Tensor) : t));
}

/** Views with at least two dimensions: a vector as a row. @see https://pytorch.org/docs/stable/generated/torch.atleast_2d.html */
export function atleast2d(tensor: Tensor): Tensor;
export function atleast2d(tensors: readonly Tensor[]): Tensor[];
export function atleast2d(given: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  return each(given, (t) => (t.ndim === 0 ? (t.reshape([1, 1]) as Tensor) : t.ndim === 1 ? (t.unsqueeze(0) as Tensor) : t));
}

/** Views with at least three dimensions: a vector as [1, n, 1], a matrix as [m, n, 1]. @see https://pytorch.org/docs/stable/generated/torch.atleast_3d.html */
export function atleast3d(tensor: Tensor): Tensor;
export function atleast3d(tensors: readonly Tensor[]): Tensor[];
export function atleast3d(given: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  return each(given, (t) => {
    if (t.ndim === 0) return t.reshape([1, 1, 1]) as Tensor;
    if (t.ndim === 1) return t.reshape([1, t.size, 1]) as Tensor;
    return t.ndim === 2 ? (t.unsqueeze(-1) as Tensor) : t;
  });
}
