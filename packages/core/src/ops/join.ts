import { promoteTypes, resultType } from '../dtype.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { backendOf, fullData, writeData } from '../kernels.ts';
import { defineOp } from '../op.ts';
import { padDim } from '../parts/padding.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Concat } from '../shape-types.ts';
import { Tensor } from '../tensor.ts';
import type { Ok, Out, ShapeOf } from '../typed.ts';
import type { Stack } from '../view-types.ts';
import { atleast1d, atleast2d, atleast3d } from './atleast.ts';
import { zeros } from './create.ts';

/** The shapes of a list of tensors. */
export type Shapes<Ts extends readonly Tensor[]> = { readonly [K in keyof Ts]: ShapeOf<Ts[K]> };

/** Inputs have equal shapes but for `dim`; the result is as long as they are together. */
const catOp = defineOp<number>({
  name: 'cat',
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
    // As PyTorch: any dim of nothing but empty tensors.
    full.length === 0 ? 0 : normalizeDim('cat', dim, parts[0]!.shape),
  )[0]!;
}

/** {@link cat} under its other name. @see https://pytorch.org/docs/stable/generated/torch.concat.html */
export const concat: typeof cat = cat;

/** {@link cat} under its other name. @see https://pytorch.org/docs/stable/generated/torch.concatenate.html */
export const concatenate: typeof cat = cat;

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

function nonEmpty(op: string, tensors: readonly Tensor[]): readonly Tensor[] {
  if (tensors.length === 0) throw new ValueError(`${op}: the list of tensors is empty`);
  return tensors;
}

/** Side by side: along dimension 1, or 0 for tensors of at most one dimension. @see https://pytorch.org/docs/stable/generated/torch.hstack.html */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const parts = atleast1d(nonEmpty('hstack', tensors));
  return catAny(parts, parts[0]!.ndim === 1 ? 0 : 1);
}

/** One above the other: along dimension 0, vectors as rows. @see https://pytorch.org/docs/stable/generated/torch.vstack.html */
export function vstack(tensors: readonly Tensor[]): Tensor {
  return catAny(atleast2d(nonEmpty('vstack', tensors)));
}

/** {@link vstack} under its other name. @see https://pytorch.org/docs/stable/generated/torch.row_stack.html */
export const rowStack: typeof vstack = vstack;

/** One behind the other: along dimension 2, what has fewer dimensions as by {@link atleast3d}. @see https://pytorch.org/docs/stable/generated/torch.dstack.html */
export function dstack(tensors: readonly Tensor[]): Tensor {
  return catAny(atleast3d(nonEmpty('dstack', tensors)), 2);
}

/** As {@link hstack}, with vectors and 0-d tensors as columns. @see https://pytorch.org/docs/stable/generated/torch.column_stack.html */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  return hstack(nonEmpty('columnStack', tensors).map((t) => (t.ndim <= 1 ? (t.reshape([t.size, 1]) as Tensor) : t)));
}

/**
 * The matrix with these matrices (or vectors, as rows, or 0-d tensors) on its diagonal and zeros elsewhere.
 *
 * @throws ShapeError for a tensor of more than 2 dimensions
 * @example
 * ```ts
 * blockDiag(ones([1, 2]), tensor(3)); // [[1, 1, 0], [0, 0, 3]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.block_diag.html
 */
export function blockDiag(...tensors: readonly Tensor[]): Tensor {
  tensors.forEach((t, i) => {
    if (t.ndim > 2) throw new ShapeError(`blockDiag: tensor ${i} of shape ${show(t.shape)} has more than 2 dimensions`);
  });
  if (tensors.length === 0) return zeros([1, 0]);
  const dtype = resultType(tensors);
  const blocks = atleast2d(tensors).map((t) => t.to(dtype));
  const columns = blocks.reduce((sum, b) => sum + b.shape[1]!, 0);
  let before = 0;
  const rows = blocks.map((b) => {
    const n = b.shape[1]!;
    const row = padDim(b, 1, before, columns - before - n);
    before += n;
    return row;
  });
  return catAny(rows);
}
