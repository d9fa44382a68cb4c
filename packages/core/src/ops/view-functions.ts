import type { Flatten, Permute, Reshape, Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import type { Expand, Select, Squeeze, Transpose, Unsqueeze } from '../view-types.ts';

// The views that PyTorch has as functions too.

/** {@link Tensor.reshape} as a function. @see https://pytorch.org/docs/stable/generated/torch.reshape.html */
export function reshape<A extends Shape, const T extends Shape>(t: Tensor<A>, shape: Ok<Reshape<A, T>, T>): Out<Reshape<A, T>>;
export function reshape(t: Tensor, shape: Shape): Tensor {
  return t.reshape(shape) as Tensor;
}

/** {@link Tensor.permute} as a function; the dims are a list, as in PyTorch. @see https://pytorch.org/docs/stable/generated/torch.permute.html */
export function permute<A extends Shape, const P extends Shape>(t: Tensor<A>, dims: Ok<Permute<A, P>, P>): Out<Permute<A, P>>;
export function permute(t: Tensor, dims: Shape): Tensor {
  return t.permute(...dims) as Tensor;
}

/** {@link Tensor.transpose} as a function. @see https://pytorch.org/docs/stable/generated/torch.transpose.html */
export function transpose<A extends Shape, const X extends number, const Y extends number>(
  t: Tensor<A>,
  dim0: Ok<Transpose<A, X, Y>, X>,
  dim1: Y,
): Out<Transpose<A, X, Y>>;
export function transpose(t: Tensor, dim0: number, dim1: number): Tensor {
  return t.transpose(dim0, dim1);
}

/** {@link Tensor.swapaxes} as a function. @see https://pytorch.org/docs/stable/generated/torch.swapaxes.html */
export function swapaxes<A extends Shape, const X extends number, const Y extends number>(
  t: Tensor<A>,
  axis0: Ok<Transpose<A, X, Y>, X>,
  axis1: Y,
): Out<Transpose<A, X, Y>>;
export function swapaxes(t: Tensor, axis0: number, axis1: number): Tensor {
  return t.swapaxes(axis0, axis1);
}

/** {@link swapaxes} under PyTorch's name. @see https://pytorch.org/docs/stable/generated/torch.swapdims.html */
export const swapdims: typeof swapaxes = swapaxes;

/** {@link Tensor.t} as a function. @see https://pytorch.org/docs/stable/generated/torch.t.html */
export function t<A extends Shape>(tensor: Tensor<A>): Tensor {
  return tensor.t();
}

/** {@link Tensor.movedim} as a function. @see https://pytorch.org/docs/stable/generated/torch.movedim.html */
export function movedim(t: Tensor, source: number | readonly number[], destination: number | readonly number[]): Tensor {
  return t.movedim(source, destination);
}

/** {@link movedim} under NumPy's name. @see https://pytorch.org/docs/stable/generated/torch.moveaxis.html */
export const moveaxis: typeof movedim = movedim;

/** {@link Tensor.squeeze} as a function. @see https://pytorch.org/docs/stable/generated/torch.squeeze.html */
export function squeeze<A extends Shape, const X extends number>(t: Tensor<A>, dim: Ok<Squeeze<A, X>, X>): Out<Squeeze<A, X>>;
export function squeeze(t: Tensor, dim?: readonly number[]): Tensor;
export function squeeze(t: Tensor, dim?: number | readonly number[]): Tensor {
  return typeof dim === 'number' ? t.squeeze(dim) : t.squeeze(dim);
}

/** {@link Tensor.unsqueeze} as a function. @see https://pytorch.org/docs/stable/generated/torch.unsqueeze.html */
export function unsqueeze<A extends Shape, const X extends number>(t: Tensor<A>, dim: Ok<Unsqueeze<A, X>, X>): Out<Unsqueeze<A, X>>;
export function unsqueeze(t: Tensor, dim: number): Tensor {
  return t.unsqueeze(dim);
}

/** {@link Tensor.flatten} as a function. @see https://pytorch.org/docs/stable/generated/torch.flatten.html */
export function flatten<A extends Shape>(t: Tensor<A>, startDim: 1): Tensor<Flatten<A>>;
export function flatten(t: Tensor, startDim?: number, endDim?: number): Tensor;
export function flatten(t: Tensor, startDim?: number, endDim?: number): Tensor {
  return t.flatten(startDim, endDim);
}

/** {@link Tensor.ravel} as a function. @see https://pytorch.org/docs/stable/generated/torch.ravel.html */
export function ravel(t: Tensor): Tensor {
  return t.ravel();
}

/** {@link Tensor.unflatten} as a function. @see https://pytorch.org/docs/stable/generated/torch.unflatten.html */
export function unflatten(t: Tensor, dim: number, sizes: Shape): Tensor {
  return t.unflatten(dim, sizes);
}

/** {@link Tensor.broadcastTo} as a function. @see https://pytorch.org/docs/stable/generated/torch.broadcast_to.html */
export function broadcastTo<const T extends Shape>(t: Tensor, shape: T): Tensor<Expand<T>> {
  return t.broadcastTo(shape);
}

/** {@link Tensor.select} as a function. @see https://pytorch.org/docs/stable/generated/torch.select.html */
export function select<A extends Shape, const X extends number>(t: Tensor<A>, dim: Ok<Select<A, X>, X>, index: number): Out<Select<A, X>>;
export function select(t: Tensor, dim: number, index: number): Tensor {
  return t.select(dim, index);
}

/** {@link Tensor.narrow} as a function. @see https://pytorch.org/docs/stable/generated/torch.narrow.html */
export function narrow(t: Tensor, dim: number, start: number | Tensor, length: number): Tensor {
  return t.narrow(dim, start, length);
}
