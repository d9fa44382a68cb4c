import type { DType } from '../dtype.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { broadcastStrides, sameShape, viewStrides } from '../layout.ts';
import { defineView } from '../op.ts';
import { reinterpret } from '../parts/reinterpret.ts';
import { sumTo } from '../parts/sum-to.ts';
import { checkSizes, inferShape, normalizeDim, normalizeDims, show } from '../shape.ts';
import type { At, Flatten, Permute, PermuteArgs, Reshape, Shape } from '../shape-types.ts';
import { addMethod, addProperty, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import type { Expand, Squeeze, Transpose, Unsqueeze } from '../view-types.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The elements under another shape; one dimension may be -1. A view where possible, else a copy. @see https://pytorch.org/docs/stable/generated/torch.reshape.html */
    reshape<A extends Shape, const T extends Shape>(this: Tensor<A>, shape: Ok<Reshape<A, T>, T>): Out<Reshape<A, T>>;
    /** {@link Tensor.reshape} that never copies. @throws ShapeError when strides forbid a view @see https://pytorch.org/docs/stable/generated/torch.Tensor.view.html */
    view<A extends Shape, const T extends Shape>(this: Tensor<A>, shape: Ok<Reshape<A, T>, T>): Out<Reshape<A, T>>;
    /**
     * The bits of the elements read as another dtype; the last dimension shrinks or grows when the sizes of the elements
     * differ. A copy, unlike PyTorch's: memory has one dtype here. No gradient flows, but to the same dtype.
     *
     * @throws ShapeError when the last dimension does not divide, or its elements are not adjacent; DTypeError for an int64
     * beyond the exact range
     */
    view(this: Tensor, dtype: DType): Tensor;
    /** The dimensions in another order, as a view. @see https://pytorch.org/docs/stable/generated/torch.permute.html */
    permute<A extends Shape, const P extends Shape>(this: Tensor<A>, ...dims: PermuteArgs<A, P>): Out<Permute<A, P>>;
    /** Dimensions of size 1 (or new leading ones) repeated without copying; -1 keeps a size. @see https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html */
    expand<const T extends Shape>(shape: T): Tensor<Expand<T>>;
    /** {@link Tensor.expand} under PyTorch's other name. @see https://pytorch.org/docs/stable/generated/torch.broadcast_to.html */
    broadcastTo<const T extends Shape>(shape: T): Tensor<Expand<T>>;
    /** {@link Tensor.expand} to the shape of `other`. @see https://pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html */
    expandAs<B extends Shape>(other: Tensor<B>): Tensor<B>;
    /** {@link Tensor.view} under the shape of `other`. @see https://pytorch.org/docs/stable/generated/torch.Tensor.view_as.html */
    viewAs<B extends Shape>(other: Tensor<B>): Tensor<B>;
    /** {@link Tensor.reshape} to the shape of `other`. @see https://pytorch.org/docs/stable/generated/torch.Tensor.reshape_as.html */
    reshapeAs<B extends Shape>(other: Tensor<B>): Tensor<B>;
    /**
     * Without the dimensions of size 1 among `dim` (one, several, or all), as a view. Others stay.
     *
     * @throws IndexError when a dim is out of range
     * @see https://pytorch.org/docs/stable/generated/torch.squeeze.html
     */
    squeeze<A extends Shape, const X extends number>(this: Tensor<A>, dim: Ok<Squeeze<A, X>, X>): Out<Squeeze<A, X>>;
    squeeze(dim?: readonly number[]): Tensor;
    /** With a new dimension of size 1 at `dim`, as a view. @see https://pytorch.org/docs/stable/generated/torch.unsqueeze.html */
    unsqueeze<A extends Shape, const X extends number>(this: Tensor<A>, dim: Ok<Unsqueeze<A, X>, X>): Out<Unsqueeze<A, X>>;
    /**
     * Dimensions `startDim` (default 0) to `endDim` (default -1), both included, as one: a view where possible, else a copy.
     * A 0-d tensor becomes 1-d.
     *
     * @see https://pytorch.org/docs/stable/generated/torch.flatten.html
     */
    flatten<A extends Shape>(this: Tensor<A>, startDim: 1): Tensor<Flatten<A>>;
    flatten(startDim?: number, endDim?: number): Tensor;
    /** Dimension `dim` split into `sizes` (one may be -1), as a view. @see https://pytorch.org/docs/stable/generated/torch.unflatten.html */
    unflatten(dim: number, sizes: Shape): Tensor;
    /** Dimensions `source` moved to the places `destination`; the others keep their order. A view. @see https://pytorch.org/docs/stable/generated/torch.movedim.html */
    movedim(source: number | readonly number[], destination: number | readonly number[]): Tensor;
    /** Two dimensions exchanged, as a view. @see https://pytorch.org/docs/stable/generated/torch.transpose.html */
    transpose<A extends Shape, const X extends number, const Y extends number>(
      this: Tensor<A>,
      dim0: Ok<Transpose<A, X, Y>, X>,
      dim1: Y,
    ): Out<Transpose<A, X, Y>>;
    /** {@link Tensor.transpose} under NumPy's name. @see https://pytorch.org/docs/stable/generated/torch.swapaxes.html */
    swapaxes<A extends Shape, const X extends number, const Y extends number>(
      this: Tensor<A>,
      axis0: Ok<Transpose<A, X, Y>, X>,
      axis1: Y,
    ): Out<Transpose<A, X, Y>>;
    /** {@link Tensor.transpose} under PyTorch's other name. @see https://pytorch.org/docs/stable/generated/torch.swapdims.html */
    swapdims<A extends Shape, const X extends number, const Y extends number>(
      this: Tensor<A>,
      dim0: Ok<Transpose<A, X, Y>, X>,
      dim1: Y,
    ): Out<Transpose<A, X, Y>>;
    /** {@link Tensor.movedim} under NumPy's name. @see https://pytorch.org/docs/stable/generated/torch.moveaxis.html */
    moveaxis(source: number | readonly number[], destination: number | readonly number[]): Tensor;
    /** The transpose of a matrix; what has fewer dimensions as it is. @throws ShapeError for more than 2 dimensions @see https://pytorch.org/docs/stable/generated/torch.t.html */
    t(): Tensor;
    /** All elements as a vector: a view where possible, else a copy. @see https://pytorch.org/docs/stable/generated/torch.ravel.html */
    ravel(): Tensor;
    /**
     * Summed over the dimensions in which `shape`, which broadcasts to this tensor's, is 1 or missing.
     *
     * @throws ShapeError when the shape does not broadcast to this tensor's
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html
     */
    sumToSize<const T extends Shape>(shape: T): Tensor<T>;
    /** The last two dimensions exchanged. @see https://pytorch.org/docs/stable/tensors.html#torch.Tensor.mT */
    readonly mT: Tensor;
    /** All dimensions in reverse order. @see https://pytorch.org/docs/stable/tensors.html#torch.Tensor.T */
    readonly T: Tensor;
    /** Size of one dimension. */
    dim<A extends Shape, const X extends number>(this: Tensor<A>, dim: X): At<A, X>;
  }
}

const viewOp = defineView<readonly number[]>({
  name: 'view',
  window(t, target) {
    const shape = inferShape('view', t.shape, target);
    const strides = viewStrides(t.shape, t.strides, shape);
    if (strides === null) {
      throw new ShapeError(
        `view: a tensor of shape ${show(t.shape)} and strides ${show(t.strides)} has no view of shape ${show(shape)}; use reshape`,
      );
    }
    return { shape, strides, offset: t.offset };
  },
  backward: ({ input }, g) => g.reshape(input.shape) as Tensor,
});

const permuteOp = defineView<readonly number[]>({
  name: 'permute',
  window(t, dims) {
    if (dims.length !== t.shape.length)
      throw new ShapeError(`permute: ${dims.length} dims given for ${show(t.shape)} of rank ${t.shape.length}`);
    const order = dims.map((d) => normalizeDim('permute', d, t.shape));
    if (new Set(order).size !== order.length) throw new ShapeError(`permute: repeated dim in ${show(dims)}`);
    return { shape: order.map((d) => t.shape[d]!), strides: order.map((d) => t.strides[d]!), offset: t.offset };
  },
  backward: ({ attrs }, g) => {
    const order = attrs.map((d) => (d < 0 ? d + attrs.length : d));
    return g.permute(...order.map((_, k) => order.indexOf(k))) as Tensor;
  },
});

const expandOp = defineView<readonly number[]>({
  name: 'expand',
  window(t, target) {
    checkSizes('expand', target, true);
    const lead = target.length - t.shape.length;
    if (lead < 0) throw new ShapeError(`expand: ${show(t.shape)} has more dimensions than ${show(target)}`);
    const shape = target.map((n, d) => {
      if (n !== -1) return n;
      if (d < lead) throw new ShapeError(`expand: -1 in ${show(target)} stands for a dimension that ${show(t.shape)} does not have`);
      return t.shape[d - lead]!;
    });
    shape.forEach((n, d) => {
      const have = d < lead ? 1 : t.shape[d - lead]!;
      if (have !== n && have !== 1)
        throw new ShapeError(`expand: cannot expand ${show(t.shape)} to ${show(target)}: ${have} vs ${n} at dimension ${d}`);
    });
    return { shape, strides: broadcastStrides(t.shape, t.strides, shape), offset: t.offset };
  },
  backward: ({ input }, g) => sumTo(g, input.shape),
});

addMethod('view', function (this: Tensor, target: readonly number[] | DType) {
  if (typeof target !== 'string') return viewOp(this, target);
  return target === this.dtype ? viewOp(this, this.shape) : reinterpret(this, target);
});
addMethod('reshape', function (this: Tensor, target: readonly number[]) {
  const shape = inferShape('reshape', this.shape, target);
  if (sameShape(shape, this.shape)) return this.view(shape);
  return viewStrides(this.shape, this.strides, shape) === null ? viewOp(this.clone(), shape) : viewOp(this, shape);
});
addMethod('permute', function (this: Tensor, ...dims: number[]) {
  return permuteOp(this, dims);
});
function transpose(op: string, t: Tensor, dim0: number, dim1: number): Tensor {
  const a = normalizeDim(op, dim0, t.shape);
  const b = normalizeDim(op, dim1, t.shape);
  return permuteOp(
    t,
    t.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  );
}
addMethod('transpose', function (this: Tensor, dim0: number, dim1: number) {
  return transpose('transpose', this, dim0, dim1);
});
addMethod('swapaxes', function (this: Tensor, axis0: number, axis1: number) {
  return transpose('swapaxes', this, axis0, axis1);
});
addMethod('swapdims', function (this: Tensor, dim0: number, dim1: number) {
  return transpose('swapdims', this, dim0, dim1);
});
addMethod('t', function (this: Tensor) {
  if (this.ndim > 2) throw new ShapeError(`t: expected at most 2 dimensions, got ${show(this.shape)}; mT exchanges the last two`);
  return permuteOp(this, this.ndim === 2 ? [1, 0] : this.shape.map((_, d) => d));
});
addProperty('T', function (this: Tensor) {
  return permuteOp(
    this,
    this.shape.map((_, d) => this.ndim - 1 - d),
  );
});
addProperty('mT', function (this: Tensor) {
  if (this.ndim === 0) return permuteOp(this, []);
  if (this.ndim < 2) throw new ShapeError(`mT: needs at least 2 dimensions, got ${show(this.shape)}`);
  return transpose('mT', this, -2, -1);
});
addMethod('expand', function (this: Tensor, shape: readonly number[]) {
  return expandOp(this, shape);
});
addMethod('broadcastTo', function (this: Tensor, shape: readonly number[]) {
  return expandOp(this, shape);
});
addMethod('expandAs', function (this: Tensor, other: Tensor) {
  return expandOp(this, other.shape);
});
addMethod('viewAs', function (this: Tensor, other: Tensor) {
  return viewOp(this, other.shape);
});
addMethod('reshapeAs', function (this: Tensor, other: Tensor) {
  return this.reshape(other.shape);
});

const squeezeOp = defineView<readonly number[]>({
  name: 'squeeze',
  window(t, dims) {
    const keep = (_: number, d: number): boolean => !dims.includes(d);
    return { shape: t.shape.filter(keep), strides: t.strides.filter(keep), offset: t.offset };
  },
  backward: ({ input }, g) => g.reshape(input.shape) as Tensor,
});
addMethod('squeeze', function (this: Tensor, dim?: number | readonly number[]) {
  // An explicit empty list names no dimension, unlike no argument at all.
  const dims = typeof dim === 'object' && dim.length === 0 ? [] : normalizeDims('squeeze', dim, this.shape);
  return squeezeOp(
    this,
    dims.filter((d) => this.shape[d] === 1),
  );
});

const unsqueezeOp = defineView<number>({
  name: 'unsqueeze',
  window: (t, dim) => ({
    shape: [...t.shape.slice(0, dim), 1, ...t.shape.slice(dim)],
    strides: [...t.strides.slice(0, dim), dim < t.ndim ? t.shape[dim]! * t.strides[dim]! : 1, ...t.strides.slice(dim)],
    offset: t.offset,
  }),
  backward: ({ input }, g) => g.reshape(input.shape) as Tensor,
});
addMethod('unsqueeze', function (this: Tensor, dim: number) {
  return unsqueezeOp(this, normalizeDim('unsqueeze', dim, this.shape, 1));
});

addMethod('flatten', function (this: Tensor, startDim: number = 0, endDim: number = -1) {
  const from = normalizeDim('flatten', startDim, this.shape);
  const to = normalizeDim('flatten', endDim, this.shape);
  if (from > to) throw new ValueError(`flatten: startDim ${startDim} comes after endDim ${endDim} in ${show(this.shape)}`);
  // The size is spelled out: -1 cannot be inferred beside a dimension of size 0.
  const size = this.shape.slice(from, to + 1).reduce((p, n) => p * n, 1);
  return this.reshape([...this.shape.slice(0, from), size, ...this.shape.slice(to + 1)]);
});
addMethod('unflatten', function (this: Tensor, dim: number, sizes: readonly number[]) {
  if (this.ndim === 0) throw new ShapeError('unflatten: a 0-d tensor has no dimension to split');
  const d = normalizeDim('unflatten', dim, this.shape);
  if (sizes.length === 0) throw new ShapeError(`unflatten: no sizes given for dim ${d} of ${show(this.shape)}`);
  const split = inferShape('unflatten', [this.shape[d]!], sizes);
  return viewOp(this, [...this.shape.slice(0, d), ...split, ...this.shape.slice(d + 1)]);
});
addMethod('ravel', function (this: Tensor) {
  return this.reshape([this.size]);
});
addMethod('sumToSize', function (this: Tensor, shape: readonly number[]) {
  checkSizes('sumToSize', shape);
  const lead = this.ndim - shape.length;
  if (lead < 0 || shape.some((n, d) => n !== 1 && n !== this.shape[lead + d])) {
    throw new ShapeError(`sumToSize: ${show(shape)} does not broadcast to ${show(this.shape)}`);
  }
  // As PyTorch: a sum even of the one element of a 0-d tensor, so an integer of a boolean.
  return shape.length === 0 ? this.sum() : sumTo(this, shape);
});
function movedim(t: Tensor, source: number | readonly number[], destination: number | readonly number[]): Tensor {
  const list = (x: number | readonly number[]): number[] =>
    (typeof x === 'number' ? [x] : x).map((d) => normalizeDim('movedim', d, t.shape));
  const from = list(source);
  const to = list(destination);
  if (from.length !== to.length) {
    throw new ValueError(`movedim: ${from.length} source dims and ${to.length} destination dims for ${show(t.shape)}`);
  }
  if (new Set(from).size !== from.length || new Set(to).size !== to.length) {
    throw new ValueError(`movedim: repeated dim in source ${show(from)} or destination ${show(to)}`);
  }
  if (t.ndim === 0) return permuteOp(t, []);
  const rest = t.shape.map((_, d) => d).filter((d) => !from.includes(d));
  return permuteOp(
    t,
    t.shape.map((_, d) => (to.includes(d) ? from[to.indexOf(d)]! : rest.shift()!)),
  );
}
addMethod('movedim', function (this: Tensor, source: number | readonly number[], destination: number | readonly number[]) {
  return movedim(this, source, destination);
});
addMethod('moveaxis', function (this: Tensor, source: number | readonly number[], destination: number | readonly number[]) {
  return movedim(this, source, destination);
});

addMethod('dim', function (this: Tensor, dim: number) {
  return this.shape[normalizeDim('dim', dim, this.shape)]!;
});
