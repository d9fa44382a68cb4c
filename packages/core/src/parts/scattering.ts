import { allocate, type TypedArray } from '../dtype.ts';
import { IndexError, ShapeError } from '../errors.ts';
import { input } from '../expr/node.ts';
import { contiguousData, copyData, reduceKernel, wrap } from '../kernels.ts';
import { contiguousStrides, sizeOf } from '../layout.ts';
import { arange } from '../ops/create.ts';
import { where } from '../ops/where.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { takeEntries } from './gathering.ts';
import { padConstant } from './padding.ts';

/** What replaces the entries of a tensor under a scatter. */
export interface Winners {
  /** In the tensor's shape, bool: whether some index points there. */
  readonly hit: Tensor;
  /** In the index's shape, but as long as the tensor along `dim`, int64: the last source entry that points there, or 0. */
  readonly place: Tensor;
}

/**
 * Decides which source entry each entry of a tensor of shape `shape` receives. Among several the last along `dim` wins,
 * whatever a device does first. The index is not empty. An index outside of the dimension is an error where values can
 * be read at once and points nowhere elsewhere.
 */
export function winners(op: string, index: Tensor, dim: number, shape: readonly number[]): Winners {
  if (index.ndim !== shape.length || index.shape.some((n, d) => d !== dim && n > shape[d]!)) {
    throw new ShapeError(`${op}: the index ${show(index.shape)} does not fit the tensor ${show(shape)} along dim ${dim}`);
  }
  const size = shape[dim]!;
  const last = index.device.caps.syncRead ? lastByReading(op, index, dim, size) : lastByComparing(op, index, dim, size);
  const none = shape.map(() => 0);
  const rest = shape.map((n, d) => n - last.shape[d]!);
  const hit = last.ge(0) as Tensor;
  return { hit: padConstant(hit, none, rest), place: where(hit, last, 0) as Tensor };
}

/** For each entry the largest position along `dim` whose index points there, or -1, from the values of the index. */
function lastByReading(op: string, index: Tensor, dim: number, size: number): Tensor {
  const { device } = index;
  const dense = contiguousData(index);
  const whole = dense.offset === 0 ? dense : copyData(dense);
  const values = device.readSync(whole.handle, index.dtype, index.size);
  const shape = index.shape.map((n, d) => (d === dim ? size : n));
  const out: TypedArray = allocate('int64', sizeOf(shape)).fill(-1);
  const inner = contiguousStrides(shape)[dim]!;
  const entries = index.shape[dim]!;
  for (let i = 0; i < values.length; i++) {
    const k = values[i]!;
    if (!(k >= 0 && k < size)) throw new IndexError(`${op}: index ${k} is out of range for dim ${dim} of size ${size}`);
    const row = Math.floor(i / inner);
    const outer = Math.floor(row / entries);
    out[(outer * size + k) * inner + (i % inner)] = row % entries;
  }
  return wrap(device, device.upload(out, 'int64', out.length), 'int64', shape);
}

/** The same without reading: every entry looks at every index along `dim`. */
function lastByComparing(op: string, index: Tensor, dim: number, size: number): Tensor {
  const { device } = index;
  const before = index.shape.slice(0, dim);
  const after = index.shape.slice(dim + 1);
  const shape = [...before, size, index.shape[dim]!, ...after];
  const along = (d: number): Tensor => {
    const counts = arange(shape[d]!, { device }).reshape(shape.map((n, k) => (k === d ? n : 1))) as Tensor;
    return counts.expand(shape);
  };
  const inputs = [index.unsqueeze(dim).expand(shape), along(dim), along(dim + 1)];
  const [at, entry, position] = [input(0), input(1), input(2)];
  const handle = reduceKernel(device, op, {
    kind: 'max',
    expr: where(at.eq(entry), position, -1),
    inputs,
    params: [],
    shape,
    dims: [dim + 1],
    compute: 'int64',
    output: 'int64',
    divisor: 1,
  });
  return wrap(device, handle, 'int64', [...before, size, ...after]);
}

/**
 * A copy of `t` with the entries of `source` along `dim` at the places of a 1-d index, which count from 0; the last of
 * several counts. Differentiable.
 */
export function placeEntries(op: string, t: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  if (index.size === 0) return t.clone();
  // The index is the same in all other dimensions: who wins is decided once.
  const { hit, place } = winners(op, index, 0, [t.shape[dim]!]);
  const mask = hit.reshape(t.shape.map((n, d) => (d === dim ? n : 1))) as Tensor;
  return where(mask, takeEntries(source, dim, place, op), t) as Tensor;
}
