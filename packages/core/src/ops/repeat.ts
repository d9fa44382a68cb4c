import { ShapeError, ValueError } from '../errors.ts';
import { checkIndexDType, takeEntries } from '../parts/gathering.ts';
import { indexTensor, readNow } from '../parts/positions.ts';
import { checkSizes, normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The tensor `sizes[d]` times along dimension d, one copy after the other; more sizes than dimensions add leading ones.
     *
     * @throws ShapeError for fewer sizes than dimensions
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
     */
    repeat(sizes: Shape): Tensor;
    /** {@link tile} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.tile.html */
    tile(sizes: Shape): Tensor;
    /** {@link repeatInterleave} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html */
    repeatInterleave(repeats: number | readonly number[] | Tensor, dim?: number | null, options?: RepeatInterleaveOptions): Tensor;
  }
}

function repeat(op: string, t: Tensor, sizes: readonly number[]): Tensor {
  checkSizes(op, sizes);
  if (sizes.length < t.ndim) throw new ShapeError(`${op}: ${sizes.length} sizes ${show(sizes)} for ${show(t.shape)} of rank ${t.ndim}`);
  const shape = [...new Array<number>(sizes.length - t.ndim).fill(1), ...t.shape];
  // [a, b] as [1, a, 1, b], expanded to [r, a, s, b]: a copy, made once, whose gradient is a sum.
  const spaced = t.reshape(shape.flatMap((n) => [1, n])) as Tensor;
  const repeated = spaced.expand(shape.flatMap((n, d) => [sizes[d]!, n]));
  return repeated.clone().view(shape.map((n, d) => n * sizes[d]!)) as Tensor;
}

/** As {@link Tensor.repeat}, where missing sizes are leading ones. @see https://pytorch.org/docs/stable/generated/torch.tile.html */
export function tile(t: Tensor, sizes: Shape): Tensor {
  return repeat('tile', t, [...new Array<number>(Math.max(t.ndim - sizes.length, 0)).fill(1), ...sizes]);
}

/** Options of {@link repeatInterleave}. */
export interface RepeatInterleaveOptions {
  /** What the repeats add up to along the dimension, where the caller knows it; it is checked. */
  outputSize?: number;
}

/**
 * Every entry along `dim` repeated on the spot; without `dim` every element of the flattened tensor. Given repeats alone,
 * the indices that do this.
 *
 * @param repeats how often: one number, or one per entry (a list, or a 1-d integer tensor)
 * @throws ShapeError when the repeats do not match the dimension; ValueError for a negative one, or when they do not add up to
 * `outputSize`; DeviceError for a tensor of repeats on a device that cannot be read at once
 * @example
 * ```ts
 * repeatInterleave(arange(3), 2);         // [0, 0, 1, 1, 2, 2]
 * repeatInterleave(arange(3), [0, 1, 2]); // [1, 2, 2]
 * repeatInterleave(tensor([1n, 2n]));     // [0, 1, 1]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html
 */
export function repeatInterleave(repeats: Tensor): Tensor;
export function repeatInterleave(
  t: Tensor,
  repeats: number | readonly number[] | Tensor,
  dim?: number | null,
  options?: RepeatInterleaveOptions,
): Tensor;
export function repeatInterleave(
  t: Tensor,
  repeats?: number | readonly number[] | Tensor,
  dim?: number | null,
  options: RepeatInterleaveOptions = {},
): Tensor {
  if (repeats === undefined) {
    if (t.ndim !== 1) throw new ShapeError(`repeatInterleave: repeats alone must be 1-d, got ${show(t.shape)}`);
    return indexTensor(spreadOut(countsOf(t)), t);
  }
  if (dim === undefined || dim === null) return repeatInterleave(t.flatten(), repeats, 0, options);
  const x = t.ndim === 0 ? t.unsqueeze(0) : t;
  const d = normalizeDim('repeatInterleave', dim, t.shape);
  const counts = countsOf(repeats);
  const n = x.shape[d]!;
  if (counts.length !== 1 && counts.length !== n) {
    throw new ShapeError(`repeatInterleave: ${counts.length} repeats for dim ${d} of size ${n} in ${show(t.shape)}`);
  }
  const total = counts.length === 1 ? n * counts[0]! : counts.reduce((a, b) => a + b, 0);
  if (options.outputSize !== undefined && options.outputSize !== total) {
    throw new ValueError(`repeatInterleave: outputSize is ${options.outputSize}, but the repeats make ${total} entries`);
  }
  if (counts.length === 1) {
    const spread = x.unsqueeze(d + 1).expand([...x.shape.slice(0, d + 1), counts[0]!, ...x.shape.slice(d + 1)]);
    return spread.clone().view([...x.shape.slice(0, d), total, ...x.shape.slice(d + 1)]) as Tensor;
  }
  return takeEntries(x, d, indexTensor(spreadOut(counts), x), 'repeatInterleave');
}

/** Each place as often as its count says. */
function spreadOut(counts: readonly number[]): Float64Array {
  const out = new Float64Array(counts.reduce((a, b) => a + b, 0));
  let end = 0;
  counts.forEach((k, i) => {
    out.fill(i, end, end + k);
    end += k;
  });
  return out;
}

function countsOf(repeats: number | readonly number[] | Tensor): readonly number[] {
  let counts: readonly number[];
  if (isTensor(repeats)) {
    checkIndexDType('repeatInterleave', repeats);
    if (repeats.ndim > 1) throw new ShapeError(`repeatInterleave: repeats must be 0-d or 1-d, got ${show(repeats.shape)}`);
    counts = Array.from(readNow('repeatInterleave', repeats, 'pass the repeats as an array'));
  } else counts = typeof repeats === 'number' ? [repeats] : repeats;
  const wrong = counts.find((k) => !Number.isInteger(k) || k < 0);
  if (wrong !== undefined) throw new ValueError(`repeatInterleave: repeats must be non-negative integers, got ${wrong}`);
  return counts;
}

addMethod('repeat', function (this: Tensor, sizes: readonly number[]) {
  return repeat('repeat', this, sizes);
});
addMethod('tile', function (this: Tensor, sizes: readonly number[]) {
  return tile(this, sizes);
});
addMethod(
  'repeatInterleave',
  function (this: Tensor, repeats: number | readonly number[] | Tensor, dim?: number | null, options?: RepeatInterleaveOptions) {
    return repeatInterleave(this, repeats, dim, options);
  },
);
