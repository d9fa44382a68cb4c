import { type Backend, cat, type DType, full, isTensor, ShapeError, type Tensor, tensor, ValueError } from '@nabla/core';
import { showShape } from './layer.ts';

/** Lengths of sequences: numbers, or a tensor of integers. */
export type SequenceLengths = readonly number[] | Tensor;

function numbersOf(lengths: SequenceLengths): number[] {
  return isTensor(lengths) ? Array.from(lengths.dataSync()) : [...lengths];
}

function indices(values: readonly number[], device: Backend): Tensor {
  return tensor([...values], { dtype: 'int64', device, shape: [values.length] } as never) as unknown as Tensor;
}

/**
 * Sequences of different lengths without padding, as recurrent layers take them: all first steps, then all second steps
 * of those that have one, and so on, the longest sequence first. {@link packPaddedSequence} and {@link packSequence} make it.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
 */
export class PackedSequence {
  /** [sum of the lengths, ...] */
  readonly data: Tensor;
  /** How many sequences have a first, a second, ... step. */
  readonly batchSizes: readonly number[];
  /** The number of the longest sequence, of the second longest, ...; null when they came in that order. */
  readonly sortedIndices: Tensor | null;
  /** The inverse of {@link sortedIndices}. */
  readonly unsortedIndices: Tensor | null;

  /** @throws ValueError when the sizes do not add up to the rows of `data`, or grow */
  constructor(
    data: Tensor,
    batchSizes: readonly number[],
    sortedIndices: Tensor | null = null,
    unsortedIndices: Tensor | null = sortedIndices === null ? null : invertPermutation(sortedIndices),
  ) {
    const total = batchSizes.reduce((a, b) => a + b, 0);
    if (data.ndim === 0 || total !== data.shape[0])
      throw new ValueError(`PackedSequence: batch sizes add up to ${total}, the data has shape ${showShape(data.shape)}`);
    if (batchSizes.some((n, t) => n < 1 || (t > 0 && n > batchSizes[t - 1]!)))
      throw new ValueError(`PackedSequence: batch sizes must be positive and not grow, got ${showShape(batchSizes)}`);
    this.data = data;
    this.batchSizes = batchSizes;
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = unsortedIndices;
  }

  /** The same sequences on another device, in another dtype, or both. */
  to(target: DType | Backend, dtype?: DType): PackedSequence {
    const device = typeof target === 'string' ? this.data.device : target;
    const data = (typeof target === 'string' ? this.data.to(target) : this.data.to(target, dtype ?? this.data.dtype)) as Tensor;
    const moved = (t: Tensor | null): Tensor | null => (t === null ? null : (t.to(device, 'int64') as Tensor));
    return new PackedSequence(data, this.batchSizes, moved(this.sortedIndices), moved(this.unsortedIndices));
  }
}

/** The permutation that undoes one. */
function invertPermutation(permutation: Tensor): Tensor {
  const inverse: number[] = [];
  numbersOf(permutation).forEach((from, to) => {
    inverse[from] = to;
  });
  return indices(inverse, permutation.device);
}

/** Options of {@link packPaddedSequence}. */
export interface PackOptions {
  /** The input is [N, L, ...] instead of [L, N, ...]. Default false. */
  batchFirst?: boolean;
  /** Refuse sequences that are not sorted by length, the longest first, instead of sorting them. Default true. */
  enforceSorted?: boolean;
}

/**
 * Packs sequences that were padded to one length.
 *
 * @param input [L, N, ...], or [N, L, ...] with `batchFirst`
 * @param lengths of each sequence, at least 1 and at most L
 * @throws ValueError for lengths that are not sorted with `enforceSorted`, or not positive
 * @throws ShapeError when lengths and input do not fit
 * @example
 * ```ts
 * const packed = packPaddedSequence(zeros([2, 5, 3]), [5, 2], { batchFirst: true });
 * const [output] = new LSTM(3, 4, { batchFirst: true }).call(packed);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
 */
export function packPaddedSequence(input: Tensor, lengths: SequenceLengths, options: PackOptions = {}): PackedSequence {
  const { batchFirst = false, enforceSorted = true } = options;
  const given = numbersOf(lengths);
  const [time, batch] = batchFirst ? [1, 0] : [0, 1];
  if (input.ndim < 2 || input.shape[batch] !== given.length) {
    throw new ShapeError(`packPaddedSequence: ${given.length} lengths for the input ${showShape(input.shape)} (dimension ${batch})`);
  }
  if (given.length === 0) throw new ValueError('packPaddedSequence: there are no sequences');
  const [count, steps] = [given.length, input.shape[time]!];
  for (const n of given) {
    if (!Number.isInteger(n) || n < 1) throw new ValueError(`packPaddedSequence: lengths must be positive integers, got ${n}`);
    if (n > steps) throw new ShapeError(`packPaddedSequence: length ${n} exceeds the input ${showShape(input.shape)} (dimension ${time})`);
  }
  if (enforceSorted && given.some((n, i) => i > 0 && n > given[i - 1]!)) {
    throw new ValueError(
      `packPaddedSequence: lengths must be sorted, the longest first, got ${showShape(given)}; or pass enforceSorted: false`,
    );
  }
  const order = given.map((_, i) => i);
  if (!enforceSorted) order.sort((a, b) => given[b]! - given[a]! || a - b);
  const longest = given[order[0]!]!;
  const batchSizes = Array.from({ length: longest }, (_, t) => order.filter((i) => given[i]! > t).length);
  const rows = batchSizes.flatMap((n, t) => order.slice(0, n).map((i) => (batchFirst ? i * steps + t : t * count + i)));
  const flat = input.reshape([count * steps, ...input.shape.slice(2)]) as Tensor;
  const data = flat.indexSelect(0, indices(rows, input.device)) as Tensor;
  return new PackedSequence(data, batchSizes, enforceSorted ? null : indices(order, input.device));
}

/** Options of {@link padPackedSequence}. */
export interface UnpackOptions {
  /** The result is [N, L, ...] instead of [L, N, ...]. Default false. */
  batchFirst?: boolean;
  /** What fills up shorter sequences. Default 0. */
  paddingValue?: number;
  /** Length of the result, at least that of the longest sequence, which is the default. */
  totalLength?: number | null;
}

/** Lengths in the order in which the sequences were packed, and the number of each sequence among the sorted ones. */
function layoutOf(packed: PackedSequence): { lengths: number[]; place: number[]; starts: number[] } {
  const { batchSizes } = packed;
  const count = batchSizes[0]!;
  const sorted = Array.from({ length: count }, (_, i) => batchSizes.filter((n) => n > i).length);
  const place = packed.unsortedIndices === null ? sorted.map((_, i) => i) : numbersOf(packed.unsortedIndices);
  const starts: number[] = [];
  let start = 0;
  for (const n of batchSizes) {
    starts.push(start);
    start += n;
  }
  return { lengths: place.map((i) => sorted[i]!), place, starts };
}

/**
 * The reverse of {@link packPaddedSequence}.
 *
 * @returns the sequences [L, N, ...] in their original order, and their lengths as an int64 tensor [N]
 * @throws ValueError for a total length below that of the longest sequence
 * @example
 * ```ts
 * const [padded, lengths] = padPackedSequence(packed, { batchFirst: true });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
 */
export function padPackedSequence(packed: PackedSequence, options: UnpackOptions = {}): [padded: Tensor, lengths: Tensor] {
  const { batchFirst = false, paddingValue = 0, totalLength = null } = options;
  const { data } = packed;
  const { lengths, place, starts } = layoutOf(packed);
  const steps = totalLength ?? packed.batchSizes.length;
  if (steps < packed.batchSizes.length)
    throw new ValueError(`padPackedSequence: totalLength ${steps} is less than the longest sequence, ${packed.batchSizes.length}`);
  const inner = data.shape.slice(1);
  const padding = data.shape[0]!;
  const row = (t: number, n: number): number => (t < lengths[n]! ? starts[t]! + place[n]! : padding);
  const rows = batchFirst
    ? lengths.flatMap((_, n) => Array.from({ length: steps }, (_, t) => row(t, n)))
    : Array.from({ length: steps }, (_, t) => lengths.map((_, n) => row(t, n))).flat();
  const filler = full([1, ...inner], paddingValue, { dtype: data.dtype, device: data.device }) as unknown as Tensor;
  const source = rows.includes(padding) ? (cat([data, filler], 0) as Tensor) : data;
  const shape = batchFirst ? [lengths.length, steps] : [steps, lengths.length];
  const padded = source.indexSelect(0, indices(rows, data.device)).reshape([...shape, ...inner]) as Tensor;
  return [padded, indices(lengths, data.device)];
}

/** Options of {@link padSequence}. */
export interface PadSequenceOptions {
  /** The result is [N, L, ...] instead of [L, N, ...]. Default false. */
  batchFirst?: boolean;
  /** What fills up shorter sequences. Default 0. */
  paddingValue?: number;
}

/**
 * Sequences [length, ...] of different lengths as one tensor [L, N, ...], the shorter ones filled up at their ends.
 *
 * @throws ValueError without sequences; ShapeError when they differ in more than their lengths
 * @example
 * ```ts
 * padSequence([ones([3, 2]), ones([5, 2])], { batchFirst: true }); // [2, 5, 2]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
 */
export function padSequence(sequences: readonly Tensor[], options: PadSequenceOptions = {}): Tensor {
  const { batchFirst = false, paddingValue = 0 } = options;
  const [first] = sequences;
  if (first === undefined) throw new ValueError('padSequence: there are no sequences');
  for (const s of sequences) {
    if (s.ndim === 0 || s.shape.slice(1).join() !== first.shape.slice(1).join())
      throw new ShapeError(`padSequence: sequences ${showShape(first.shape)} and ${showShape(s.shape)} differ in more than dimension 0`);
  }
  const steps = Math.max(...sequences.map((s) => s.shape[0]!));
  const inner = first.shape.slice(1);
  const parts = sequences.map((s) => {
    const missing = steps - s.shape[0]!;
    const filled =
      missing === 0 ? s : (cat([s, full([missing, ...inner], paddingValue, { dtype: s.dtype, device: s.device }) as never], 0) as Tensor);
    return filled.unsqueeze(batchFirst ? 0 : 1) as Tensor;
  });
  return cat(parts, batchFirst ? 0 : 1) as Tensor;
}

/**
 * The reverse of {@link padSequence}.
 *
 * @param padded [L, N, ...], or [N, L, ...] with `batchFirst`
 * @param lengths of each sequence
 * @throws ShapeError when lengths and input do not fit
 * @example
 * ```ts
 * const [a, b] = unpadSequence(padded, [3, 5]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
 */
export function unpadSequence(padded: Tensor, lengths: SequenceLengths, options: { batchFirst?: boolean } = {}): Tensor[] {
  const batch = (options.batchFirst ?? false) ? 0 : 1;
  const given = numbersOf(lengths);
  if (padded.ndim < 2 || padded.shape[batch] !== given.length)
    throw new ShapeError(`unpadSequence: ${given.length} lengths for the input ${showShape(padded.shape)} (dimension ${batch})`);
  return given.map((n, i) => padded.select(batch, i).narrow(0, 0, n) as Tensor);
}

/**
 * Packs sequences [length, ...] of different lengths.
 *
 * @param options `enforceSorted` (default true): refuse sequences that are not sorted by length, the longest first
 * @throws ValueError without sequences, or for unsorted ones; ShapeError when they differ in more than their lengths
 * @example
 * ```ts
 * packSequence([ones([5, 2]), ones([3, 2])]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
 */
export function packSequence(sequences: readonly Tensor[], options: { enforceSorted?: boolean } = {}): PackedSequence {
  const lengths = sequences.map((s) => s.shape[0] ?? 0);
  return packPaddedSequence(padSequence(sequences), lengths, options);
}

/**
 * The sequences of a {@link PackedSequence}, each [length, ...], in their original order.
 *
 * @example
 * ```ts
 * unpackSequence(packSequence([ones([5, 2]), ones([3, 2])])); // two tensors
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html
 */
export function unpackSequence(packed: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(packed, { batchFirst: true });
  return unpadSequence(padded, lengths, { batchFirst: true });
}
