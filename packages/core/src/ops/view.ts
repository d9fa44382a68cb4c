import { ShapeError } from '../errors.ts';
import { broadcastStrides, sameShape, viewStrides } from '../layout.ts';
import { defineView } from '../op.ts';
import { checkSizes, inferShape, normalizeDim, show } from '../shape.ts';
import type { At, Permute, Reshape, Shape } from '../shape-types.ts';
import { addMethod, addProperty, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The elements under another shape; one dimension may be -1. A view where possible, else a copy. @see https://pytorch.org/docs/stable/generated/torch.reshape.html */
    reshape<A extends Shape, const T extends Shape>(this: Tensor<A>, shape: Ok<Reshape<A, T>, T>): Out<Reshape<A, T>>;
    /** {@link Tensor.reshape} that never copies. @throws ShapeError when strides forbid a view @see https://pytorch.org/docs/stable/generated/torch.Tensor.view.html */
    view<A extends Shape, const T extends Shape>(this: Tensor<A>, shape: Ok<Reshape<A, T>, T>): Out<Reshape<A, T>>;
    /** The dimensions in another order, as a view. @see https://pytorch.org/docs/stable/generated/torch.permute.html */
    permute<A extends Shape, const P extends Shape>(this: Tensor<A>, ...dims: Ok<Permute<A, P>, P> & Shape): Out<Permute<A, P>>;
    /** Dimensions of size 1 (or new leading ones) repeated without copying; -1 keeps a size. @see https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html */
    expand(shape: Shape): Tensor;
    /** Two dimensions exchanged, as a view. @see https://pytorch.org/docs/stable/generated/torch.transpose.html */
    transpose(dim0: number, dim1: number): Tensor;
    /** The last two dimensions exchanged. @see https://pytorch.org/docs/stable/tensors.html#torch.Tensor.mT */
    readonly mT: Tensor;
    /** Size of one dimension. */
    dim<A extends Shape, const X extends number>(this: Tensor<A>, dim: X): At<A, X>;
  }
}

const viewOp = defineView<readonly number[]>({
  name: 'view',
  doc: 'the elements under another shape',
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
  doc: 'the dimensions in another order',
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
  doc: 'dimensions of size 1 repeated without copying',
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

/** Sums `g` down to a shape that was broadcast to its own. */
export function sumTo(g: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const dims = g.shape.map((_, d) => d).filter((d) => d < lead || (shape[d - lead] === 1 && g.shape[d] !== 1));
  const summed = dims.length === 0 ? g : (g.sum(dims, { keepdim: true }) as Tensor);
  return summed.reshape(shape) as Tensor;
}

addMethod('view', function (this: Tensor, shape: readonly number[]) {
  return viewOp(this, shape);
});
addMethod('reshape', function (this: Tensor, target: readonly number[]) {
  const shape = inferShape('reshape', this.shape, target);
  if (sameShape(shape, this.shape)) return this.view(shape);
  return viewStrides(this.shape, this.strides, shape) === null ? viewOp(this.clone(), shape) : viewOp(this, shape);
});
addMethod('permute', function (this: Tensor, ...dims: number[]) {
  return permuteOp(this, dims);
});
addMethod('transpose', function (this: Tensor, dim0: number, dim1: number) {
  const a = normalizeDim('transpose', dim0, this.shape);
  const b = normalizeDim('transpose', dim1, this.shape);
  const order = this.shape.map((_, d) => (d === a ? b : d === b ? a : d));
  return permuteOp(this, order);
});
addProperty('mT', function (this: Tensor) {
  if (this.ndim < 2) throw new ShapeError(`mT: needs at least 2 dimensions, got ${show(this.shape)}`);
  return this.transpose(-2, -1);
});
addMethod('expand', function (this: Tensor, shape: readonly number[]) {
  return expandOp(this, shape);
});
addMethod('dim', function (this: Tensor, dim: number) {
  return this.shape[normalizeDim('dim', dim, this.shape)]!;
});
