import { viewData } from '../autograd/views.ts';
import { promoteTypes } from '../dtype.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { backendOf, fullData, writeData } from '../kernels.ts';
import { defineOp } from '../op.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Concat, Shape } from '../shape-types.ts';
import { addMethod, Tensor } from '../tensor.ts';
import type { Ok, Out, ShapeOf } from '../typed.ts';
import type { Stack } from '../view-types.ts';
import { full } from './full.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link split} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.split.html */
    split(sizes: number | readonly number[], dim?: number): Tensor[];
    /** {@link chunk} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.chunk.html */
    chunk(chunks: number, dim?: number): Tensor[];
    /** {@link unbind} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.unbind.html */
    unbind(dim?: number): Tensor[];
  }
}

/** The shapes of a list of tensors. */
export type Shapes<Ts extends readonly Tensor[]> = { readonly [K in keyof Ts]: ShapeOf<Ts[K]> };

/** Inputs have equal shapes but for `dim`; the result is as long as they are together. */
const catOp = defineOp<number>({
  name: 'cat',
  doc: 'tensors one after the other along a dimension',
  infer(inputs, dim) {
    const first = inputs[0]!.shape;
    let total = 0;
    inputs.forEach(({ shape }, i) => {
      if (shape.length !== first.length) {
        throw new ShapeError(
          `cat: tensor 0 has ${first.length} dimensions ${show(first)} but tensor ${i} has ${shape.length} ${show(shape)}`,
        );
      }
      shape.forEach((n, d) => {
        if (d !== dim && n !== first[d]) {
          throw new ShapeError(`cat along dim ${dim}: ${show(first)} and tensor ${i} of shape ${show(shape)} differ at dimension ${d}`);
        }
      });
      total += shape[dim]!;
    });
    return [{ shape: first.map((n, d) => (d === dim ? total : n)), dtype: inputs[0]!.dtype }];
  },
  forward(inputs, dim, [out]) {
    const result = fullData(backendOf('cat', inputs), 0, out!.dtype, out!.shape);
    let from = 0;
    for (const t of inputs) {
      // Untracked: a window that only this loop sees must not keep the buffer alive.
      if (t.size > 0) writeData(new Tensor(result.storage, t.shape, result.strides, from * result.strides[dim]!, false), t);
      from += t.shape[dim]!;
    }
    return [result];
  },
  backward({ attrs: dim, inputs, needs }, [g]) {
    let from = 0;
    return inputs.map(({ shape }, i) => {
      const start = from;
      from += shape[dim]!;
      return needs[i] ? g!.narrow(dim, start, shape[dim]!) : null;
    });
  },
});

/** PyTorch's exception from equal ranks: a tensor of shape [0] joins anything. */
const skipped = (t: Tensor): boolean => t.ndim === 1 && t.shape[0] === 0;

/**
 * Tensors one after the other along `dim`. Their other dimensions are equal (an empty 1-d tensor is skipped); dtypes are
 * promoted.
 *
 * @param dim default 0
 * @throws ShapeError when the shapes differ elsewhere, or for 0-d tensors
 * @example
 * ```ts
 * cat([zeros([2, 3]), ones([1, 3])]); // [3, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.cat.html
 */
export function cat<const Ts extends readonly Tensor[], const D extends number = 0>(
  tensors: Ok<Concat<Shapes<Ts>, D>, Ts>,
  dim?: D,
): Out<Concat<Shapes<Ts>, D>>;
export function cat(tensors: readonly Tensor[], dim: number = 0): Tensor {
  if (tensors.length === 0) throw new ValueError('cat: the list of tensors is empty');
  tensors.forEach((t, i) => {
    if (t.ndim === 0) throw new ShapeError(`cat: tensor ${i} is 0-d; use stack`);
  });
  const full = tensors.filter((t) => !skipped(t));
  const dtype = tensors.map((t) => t.dtype).reduce(promoteTypes);
  const parts = full.length === 0 ? tensors : full;
  return catOp(
    parts.map((t) => t.to(dtype)),
    normalizeDim('cat', dim, parts[0]!.shape),
  )[0]!;
}

/** {@link cat} under its other name. @see https://pytorch.org/docs/stable/generated/torch.concat.html */
export const concat: typeof cat = cat;

/** {@link cat} for lists whose shapes the compiler does not know. */
const catAny = cat as (tensors: readonly Tensor[], dim?: number) => Tensor;

/**
 * Tensors of one shape along a new dimension.
 *
 * @param dim place of the new dimension; default 0
 * @throws ShapeError when the shapes differ
 * @example
 * ```ts
 * stack([zeros([3]), ones([3])]); // [2, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.stack.html
 */
export function stack<const Ts extends readonly Tensor[], const D extends number = 0>(
  tensors: Ok<Stack<Shapes<Ts>, D>, Ts>,
  dim?: D,
): Out<Stack<Shapes<Ts>, D>>;
export function stack(tensors: readonly Tensor[], dim: number = 0): Tensor {
  if (tensors.length === 0) throw new ValueError('stack: the list of tensors is empty');
  const first = tensors[0]!.shape;
  tensors.forEach(({ shape }, i) => {
    if (shape.length !== first.length || shape.some((n, d) => n !== first[d])) {
      throw new ShapeError(`stack: shapes differ: ${show(first)} and tensor ${i} of shape ${show(shape)}`);
    }
  });
  const d = normalizeDim('stack', dim, first, 1);
  return catAny(
    tensors.map((t) => t.unsqueeze(d)),
    d,
  );
}

/** Side by side: along dimension 1, or 0 for tensors of at most one dimension. @see https://pytorch.org/docs/stable/generated/torch.hstack.html */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const parts = tensors.map((t) => (t.ndim === 0 ? t.unsqueeze(0) : t));
  return catAny(parts, parts[0]?.ndim === 1 ? 0 : 1);
}

/** One above the other: along dimension 0, vectors as rows. @see https://pytorch.org/docs/stable/generated/torch.vstack.html */
export function vstack(tensors: readonly Tensor[]): Tensor {
  return catAny(tensors.map((t) => (t.ndim === 0 ? (t.reshape([1, 1]) as Tensor) : t.ndim === 1 ? t.unsqueeze(0) : t)));
}

/**
 * Parts of a tensor along `dim`, as views.
 *
 * @param sizes length of every part (the last may be shorter), or the length of each
 * @param dim default 0
 * @throws ShapeError when the lengths do not add up to the dimension; ValueError for a negative length
 * @example
 * ```ts
 * split(arange(5), 2);      // [0, 1], [2, 3], [4]
 * split(arange(5), [1, 4]); // [0], [1, 2, 3, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.split.html
 */
export function split(t: Tensor, sizes: number | readonly number[], dim: number = 0): Tensor[] {
  if (t.ndim === 0) throw new ShapeError('split: a 0-d tensor cannot be split');
  const d = normalizeDim('split', dim, t.shape);
  const n = t.shape[d]!;
  let list: readonly number[];
  if (typeof sizes === 'number') {
    if (!Number.isInteger(sizes) || sizes < 0 || (sizes === 0 && n > 0)) {
      throw new ValueError(`split: size must be a positive integer, got ${sizes} for dim ${d} of ${show(t.shape)}`);
    }
    // An empty dimension is one empty part.
    list = Array.from({ length: Math.max(Math.ceil(n / Math.max(sizes, 1)), 1) }, (_, i) => Math.min(sizes, n - i * sizes));
  } else {
    const wrong = sizes.find((k) => !Number.isInteger(k) || k < 0);
    if (wrong !== undefined) throw new ValueError(`split: sizes must be non-negative integers, got ${wrong} in ${show(sizes)}`);
    const sum = sizes.reduce((a, b) => a + b, 0);
    if (sum !== n)
      throw new ShapeError(`split: sizes ${show(sizes)} add up to ${sum}, expected ${n}, the size of dim ${d} of ${show(t.shape)}`);
    list = sizes;
  }
  let from = 0;
  return list.map((length) => {
    const part = t.narrow(d, from, length);
    from += length;
    return part;
  });
}

/**
 * At most `chunks` parts of equal length (the last may be shorter) along `dim`, as views.
 *
 * @param dim default 0
 * @see https://pytorch.org/docs/stable/generated/torch.chunk.html
 */
export function chunk(t: Tensor, chunks: number, dim: number = 0): Tensor[] {
  if (t.ndim === 0) throw new ShapeError('chunk: a 0-d tensor cannot be split');
  if (!Number.isInteger(chunks) || chunks <= 0) throw new ValueError(`chunk: chunks must be a positive integer, got ${chunks}`);
  const n = t.shape[normalizeDim('chunk', dim, t.shape)]!;
  // As PyTorch: an empty dimension gives that many empty parts.
  return n === 0 ? split(t, new Array<number>(chunks).fill(0), dim) : split(t, Math.ceil(n / chunks), dim);
}

/** All entries at once, so that their gradients are joined once instead of being added up under the whole shape. */
const unbindOp = defineOp<number>({
  name: 'unbind',
  doc: 'every entry along a dimension',
  infer: ([t], dim) => {
    const shape = t!.shape.filter((_, d) => d !== dim);
    return Array.from({ length: t!.shape[dim]! }, () => ({ shape, dtype: t!.dtype }));
  },
  forward: ([t], dim, out) => {
    const strides = t!.strides.filter((_, d) => d !== dim);
    return out.map(({ shape }, i) => viewData(t!, shape, strides, t!.offset + i * t!.strides[dim]!));
  },
  backward({ attrs: dim, inputs: [t] }, grads) {
    const shape = t!.shape.filter((_, d) => d !== dim);
    const zero = grads.includes(null) ? full(shape, 0, { dtype: t!.dtype, device: t!.device }) : null;
    return [stack(grads.map((g) => g ?? zero!) as Tensor[], dim)];
  },
});

/** Every entry along `dim` (default 0), as views without that dimension. @see https://pytorch.org/docs/stable/generated/torch.unbind.html */
export function unbind(t: Tensor, dim: number = 0): Tensor[] {
  if (t.ndim === 0) throw new ShapeError('unbind: a 0-d tensor has no dimension to take apart');
  return [...unbindOp([t], normalizeDim('unbind', dim, t.shape))];
}

addMethod('split', function (this: Tensor, sizes: number | readonly number[], dim?: number) {
  return split(this, sizes, dim);
});
addMethod('chunk', function (this: Tensor, chunks: number, dim?: number) {
  return chunk(this, chunks, dim);
});
addMethod('unbind', function (this: Tensor, dim?: number) {
  return unbind(this, dim);
});
