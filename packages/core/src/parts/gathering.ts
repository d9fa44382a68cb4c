import { DTypeError, IndexError, ShapeError } from '../errors.ts';
import { backendOf, computeKernel, fullData, wrap } from '../kernels.ts';
import { sizeOf } from '../layout.ts';
import { defineOp } from '../op.ts';
import { where } from '../ops/where.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** Along which dimension, for which op of the user. */
interface Along {
  readonly dim: number;
  readonly op: string;
}

/** Checks that a tensor can hold indices. */
export function checkIndexDType(op: string, index: Tensor): void {
  if (index.dtype === 'int64' || index.dtype === 'int32') return;
  const hint = index.dtype === 'uint8' || index.dtype === 'bool' ? '; a mask is a bool tensor where the op takes one' : '';
  throw new DTypeError(`${op}: indices must be int64 or int32, got ${index.dtype}${hint}`);
}

/** Checks ranks, and that an index fits inside what it is applied to in all but the indexed dimension. */
export function checkIndexShape(op: string, t: Tensor, index: Tensor, dim: number): void {
  if (index.ndim !== t.ndim) {
    throw new ShapeError(`${op}: the index ${show(index.shape)} must have as many dimensions as the tensor ${show(t.shape)}`);
  }
  index.shape.forEach((n, d) => {
    if (d !== dim && n > t.shape[d]!) {
      throw new ShapeError(`${op}: the index ${show(index.shape)} is larger than the tensor ${show(t.shape)} at dimension ${d}`);
    }
  });
}

const gatherOp = defineOp<Along>({
  name: 'gather',
  infer: ([src, index], { dim, op }) => {
    checkIndexDType(op, index!);
    checkIndexShape(op, src!, index!, dim);
    return [{ shape: index!.shape, dtype: src!.dtype }];
  },
  forward: ([src, index], { dim, op }, [out]) => {
    const backend = backendOf(op, [src!, index!]);
    const handle = computeKernel(backend, 'gather', [src!, index!], out!.dtype, sizeOf(out!.shape), (b, [s, i]) =>
      b.gather({ op, src: s!, dim, index: i! }),
    );
    return [wrap(backend, handle, out!.dtype, out!.shape)];
  },
  save: ([, index]) => [index!],
  backward: ({ attrs: { dim }, saved: [index], inputs: [src] }, [g]) => [
    scatterAddAlong(fullData(g!.device, 0, g!.dtype, src!.shape), dim, index!, g!),
    null,
  ],
});

const scatterAddOp = defineOp<Along>({
  name: 'scatterAdd',
  infer: ([base, index, src], { dim, op }) => {
    checkIndexDType(op, index!);
    checkIndexShape(op, base!, index!, dim);
    if (src!.dtype !== base!.dtype) throw new DTypeError(`${op}: cannot add ${src!.dtype} values to a ${base!.dtype} tensor`);
    return [{ shape: base!.shape, dtype: base!.dtype }];
  },
  forward: ([base, index, src], { dim, op }, [out]) => {
    const backend = backendOf(op, [base!, index!, src!]);
    const handle = computeKernel(backend, 'scatterAdd', [base!, index!, src!], out!.dtype, sizeOf(out!.shape), (b, [t, i, s]) =>
      b.scatterAdd({ op, base: t!, dim, index: i!, src: s! }),
    );
    return [wrap(backend, handle, out!.dtype, out!.shape)];
  },
  save: ([, index]) => [index!],
  backward: ({ attrs: { dim }, saved: [index], needs }, [g]) => [
    needs[0] ? g! : null,
    null,
    needs[2] ? gatherAlong(g!, dim, index!) : null,
  ],
});

/** out[.., i, ..] = src[.., index[.., i, ..], ..]; ranks are equal and at least 1. `op` names it in messages. Differentiable. */
export function gatherAlong(src: Tensor, dim: number, index: Tensor, op: string = 'gather'): Tensor {
  return gatherOp([src, index], { dim, op })[0]!;
}

/** A copy of `base` with `src`, which has the index's shape, added where `index` points along `dim`. Differentiable. */
export function scatterAddAlong(base: Tensor, dim: number, index: Tensor, src: Tensor, op: string = 'scatterAdd'): Tensor {
  if (base.dtype === 'bool' && src.dtype === 'bool') {
    // A sum of bools is whether any holds; backends add numbers.
    return scatterAddAlong(base.to('int32') as Tensor, dim, index, src.to('int32') as Tensor, op).ne(0) as Tensor;
  }
  return scatterAddOp([base, index, src], { dim, op })[0]!;
}

/** A 1-d index as one for {@link gatherAlong}: along `dim` of a tensor of shape `shape`, repeated over the other dimensions. */
export function spreadIndex(index: Tensor, dim: number, shape: readonly number[]): Tensor {
  const column = index.reshape(shape.map((_, d) => (d === dim ? index.size : 1))) as Tensor;
  return column.expand(shape.map((n, d) => (d === dim ? index.size : n)));
}

/** Entries of `t` along `dim` in the order of the 1-d `index`. Differentiable. */
export function takeEntries(t: Tensor, dim: number, index: Tensor, op: string): Tensor {
  return gatherAlong(t, dim, spreadIndex(index, dim, t.shape), op);
}

/**
 * Refuses an index outside of a dimension beside other dimensions of size 0, where no kernel looks at it. Only
 * where values can be read at once.
 */
export function checkUnused(op: string, index: Tensor, shape: readonly number[], dim: number): void {
  if (!index.device.caps.syncRead || !shape.some((n, d) => d !== dim && n === 0)) return;
  const n = shape[dim]!;
  const wrong = index.dataSync().find((k) => k < 0 || k >= n);
  if (wrong !== undefined) throw new IndexError(`${op}: index ${wrong} is out of range for dim ${dim} of size ${n}`);
}

/**
 * An index that counts from 0, of one in which negative numbers count from the end. Where values can be read at once,
 * one outside of the dimension is an error.
 */
export function wrapIndex(op: string, index: Tensor, n: number, dim: number): Tensor {
  if (index.device.caps.syncRead) {
    const values = index.dataSync();
    let negative = false;
    for (let i = 0; i < values.length; i++) {
      const k = values[i]!;
      if (k < -n || k >= n) throw new IndexError(`${op}: index ${k} is out of range for dim ${dim} of size ${n}`);
      if (k < 0) negative = true;
    }
    if (!negative) return index;
  }
  return where(index.lt(0), index.add(n), index) as Tensor;
}
