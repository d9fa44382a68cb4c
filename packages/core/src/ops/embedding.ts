import { noGrad } from '../autograd/modes.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { fullData, hostCompute } from '../kernels.ts';
import { defineOp } from '../op.ts';
import { checkIndexDType, gatherAlong, scatterAddAlong, spreadIndex, takeEntries } from '../parts/gathering.ts';
import { padDim } from '../parts/padding.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { gt } from './compare.ts';
import { arange, ones } from './create.ts';
import { where } from './where.ts';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** A row into which no gradient flows; negative numbers count from the end. */
  paddingIdx?: number | null;
  /** Rows that are looked up and whose norm is larger are scaled to it, in place. */
  maxNorm?: number | null;
  /** Order of that norm. Default 2. */
  normType?: number;
  /** Divide each row's gradient by how often it was looked up. Default false. */
  scaleGradByFreq?: boolean;
}

interface Lookup {
  readonly padding: number | null;
  readonly scaled: boolean;
}

/** How often each of `n` rows is named by `index`. */
function frequencies(index: Tensor, n: number, like: Tensor): Tensor {
  const once = ones([index.size], { dtype: like.dtype, device: like.device });
  return scatterAddAlong(fullData(like.device, 0, like.dtype, [n]), 0, index, once as unknown as Tensor, 'embedding');
}

const lookup = defineOp<Lookup>({
  name: 'embedding',
  infer: ([weight, index]) => [{ shape: [index!.size, weight!.shape[1]!], dtype: weight!.dtype }],
  forward: ([weight, index]) => [takeEntries(weight!.detach(), 0, index!, 'embedding')],
  save: ([, index]) => [index!],
  backward: ({ attrs: { padding, scaled }, saved: [index], inputs: [weight] }, [g]) => {
    const [rows] = weight!.shape as readonly [number, number];
    let incoming = g!;
    if (scaled) incoming = incoming.div(frequencies(index!, rows, g!).indexSelect(0, index!).unsqueeze(1)) as Tensor;
    if (padding !== null) incoming = where(index!.ne(padding).unsqueeze(1), incoming, 0) as unknown as Tensor;
    const zero = fullData(g!.device, 0, g!.dtype, weight!.shape);
    return [scatterAddAlong(zero, 0, spreadIndex(index!, 0, incoming.shape), incoming, 'embedding'), null];
  },
});

function checkLookup(op: string, input: Tensor, weight: Tensor, o: EmbeddingOptions): Lookup {
  checkIndexDType(op, input);
  if (weight.ndim !== 2) throw new ShapeError(`${op}: the weight has shape ${show(weight.shape)}, expected [rows, size]`);
  const rows = weight.shape[0]!;
  const { paddingIdx } = o;
  if (paddingIdx != null && !(Number.isInteger(paddingIdx) && paddingIdx >= -rows && paddingIdx < rows))
    throw new ValueError(`${op}: paddingIdx ${paddingIdx} is out of range for a weight of ${rows} rows`);
  const padding = paddingIdx == null ? null : paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
  return { padding, scaled: o.scaleGradByFreq === true };
}

/** Scales the rows that are looked up to a norm of at most `maxNorm`, in place. */
function limitNorms(weight: Tensor, index: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => {
    const norms = weight.norm(normType, 1) as unknown as Tensor;
    const used = gt(frequencies(index, weight.shape[0]!, weight), 0) as unknown as Tensor;
    const long = used.logicalAnd(norms.gt(maxNorm)) as Tensor;
    const factor = where(long, norms.add(1e-7).reciprocal().mul(maxNorm), 1) as unknown as Tensor;
    weight.mul_(factor.unsqueeze(1));
  });
}

/**
 * The rows of `weight` that `input` names.
 *
 * @param input int64 or int32 indices of any shape
 * @param weight [rows, size]
 * @param options `paddingIdx`, `maxNorm` (changes the weight), `normType`, `scaleGradByFreq`
 * @returns [...input, size]
 * @throws DTypeError when the input is not of integers
 * @throws ShapeError when the weight is no matrix
 * @throws IndexError for a row that does not exist, where values can be read at once
 * @example
 * ```ts
 * embedding(tensor([[0, 2]], { dtype: 'int64' }), randn([3, 4])).shape; // [1, 2, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 */
export function embedding(input: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  const attrs = checkLookup('embedding', input, weight, options);
  const index = input.flatten() as unknown as Tensor;
  if (options.maxNorm != null) limitNorms(weight, index, options.maxNorm, options.normType ?? 2);
  return lookup([weight, index], attrs)[0]!.reshape([...input.shape, weight.shape[1]!]) as Tensor;
}

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** What is made of the rows of a bag. Default `'mean'`. A bag without rows gives zeros. */
  mode?: 'sum' | 'mean' | 'max';
  /** A factor for each index, of the input's shape; with `'sum'` only. */
  perSampleWeights?: Tensor | null;
  /** Whether `offsets` ends with the number of indices. Default false. */
  includeLastOffset?: boolean;
}

/** The bag of each index. */
function bagsOf(input: Tensor, offsets: Tensor | null | undefined, count: number): Tensor {
  if (offsets == null)
    return arange(count, { dtype: 'int64', device: input.device }).repeatInterleave(input.shape[1]!) as unknown as Tensor;
  const n = input.size;
  return hostCompute('embeddingBag', [offsets], [{ shape: [n], dtype: 'int64' }], ([starts]) => {
    if (count > 0 && starts![0] !== 0) throw new ValueError(`embeddingBag: the first offset must be 0, got ${starts![0]}`);
    const bags = new Float64Array(n);
    for (let b = 0; b < count; b++) {
      const from = starts![b]!;
      const to = b + 1 < starts!.length ? starts![b + 1]! : n;
      if (to < from || to > n) throw new ValueError(`embeddingBag: offsets must ascend to at most ${n}, got ${from} before ${to}`);
      bags.fill(b, from, to);
    }
    return [bags];
  })[0]!;
}

function checkBag(input: Tensor, weight: Tensor, offsets: Tensor | null | undefined, o: EmbeddingBagOptions): void {
  const op = 'embeddingBag';
  const { mode = 'mean', perSampleWeights } = o;
  if (mode !== 'sum' && mode !== 'mean' && mode !== 'max')
    throw new ValueError(`${op}: mode must be 'sum', 'mean' or 'max', got ${JSON.stringify(mode)}`);
  if (input.ndim === 2 && offsets != null)
    throw new ValueError(`${op}: an input ${show(input.shape)} has a bag per row and takes no offsets`);
  if (input.ndim === 1) {
    if (offsets == null) throw new ValueError(`${op}: an input ${show(input.shape)} takes offsets, which say where each bag begins`);
    checkIndexDType(op, offsets);
    if (offsets.ndim !== 1) throw new ShapeError(`${op}: offsets have shape ${show(offsets.shape)}, expected one dimension`);
    if (o.includeLastOffset === true && offsets.size === 0) throw new ShapeError(`${op}: includeLastOffset takes at least one offset`);
  } else if (input.ndim !== 2) throw new ShapeError(`${op}: the input has shape ${show(input.shape)}, expected [N] or [bags, N]`);
  if (perSampleWeights == null) return;
  if (mode !== 'sum') throw new ValueError(`${op}: perSampleWeights are for mode 'sum', not '${mode}'`);
  if (perSampleWeights.dtype !== weight.dtype)
    throw new DTypeError(`${op}: the weight is ${weight.dtype} but perSampleWeights are ${perSampleWeights.dtype}`);
  if (perSampleWeights.shape.join() !== input.shape.join())
    throw new ShapeError(
      `${op}: perSampleWeights have shape ${show(perSampleWeights.shape)}, expected that of the input ${show(input.shape)}`,
    );
}

/** For each bag and column the index of the largest value (the first of equals), or `rows` for a bag without any. */
function largest(values: Tensor, bags: Tensor, counted: Tensor, count: number): Tensor {
  const [n, size] = values.shape as readonly [number, number];
  return hostCompute('embeddingBag', [values.detach(), bags, counted], [{ shape: [count, size], dtype: 'int64' }], ([v, bag, used]) => {
    const best = new Float64Array(count * size).fill(n);
    for (let i = 0; i < n; i++) {
      if (used![i] === 0) continue;
      const at = bag![i]! * size;
      for (let c = 0; c < size; c++) {
        const before = best[at + c]!;
        if (before === n || v![i * size + c]! > v![before * size + c]!) best[at + c] = i;
      }
    }
    return [best];
  })[0]!;
}

/**
 * Sums, means or maxima of bags of embeddings, without their rows in between for the user to reduce.
 *
 * @param input int64 or int32 indices: [bags, N], or [N] with `offsets`
 * @param weight [rows, size]
 * @param offsets [bags]: where each bag of a 1-d input begins; the first is 0. With `includeLastOffset` one more, where the last ends
 * @param options `mode`, `perSampleWeights`, `includeLastOffset`, `paddingIdx` (those indices do not count), `maxNorm`, `normType`, `scaleGradByFreq`
 * @returns [bags, size]
 * @throws ValueError for offsets with a 2-d input or without them for a 1-d one, or weights with another mode than `'sum'`
 * @throws ShapeError, DTypeError when the arguments do not fit together
 * @throws IndexError for a row that does not exist, where values can be read at once
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
 */
export function embeddingBag(input: Tensor, weight: Tensor, offsets?: Tensor | null, options: EmbeddingBagOptions = {}): Tensor {
  const op = 'embeddingBag';
  const { mode = 'mean', perSampleWeights } = options;
  checkBag(input, weight, offsets, options);
  const attrs = checkLookup(op, input, weight, options);
  const index = input.flatten() as unknown as Tensor;
  const count = input.ndim === 2 ? input.shape[0]! : offsets!.size - (options.includeLastOffset === true ? 1 : 0);
  const bags = bagsOf(input, offsets, count);
  if (options.maxNorm != null) limitNorms(weight, index, options.maxNorm, options.normType ?? 2);
  const rows = lookup([weight, index], attrs)[0]!;
  const size = weight.shape[1]!;
  if (index.size === 0 || count === 0) return rows.sum().mul(0).expand([count, size]) as Tensor;
  const counted =
    attrs.padding === null
      ? (ones([index.size], { dtype: 'bool', device: index.device }) as unknown as Tensor)
      : (index.ne(attrs.padding) as Tensor);
  if (mode === 'max') return gatherAlong(padDim(rows, 0, 0, 1), 0, largest(rows, bags, counted, count), op);
  let parts = attrs.padding === null ? rows : (where(counted.unsqueeze(1), rows, 0) as unknown as Tensor);
  if (perSampleWeights != null) parts = parts.mul(perSampleWeights.reshape([-1, 1])) as Tensor;
  const zero = fullData(rows.device, 0, rows.dtype, [count, size]);
  const sums = scatterAddAlong(zero, 0, spreadIndex(bags, 0, parts.shape), parts, op);
  if (mode === 'sum') return sums;
  const each = scatterAddAlong(fullData(rows.device, 0, rows.dtype, [count]), 0, bags, counted.to(rows.dtype) as Tensor, op);
  return sums.div(each.clampMin(1).unsqueeze(1)) as Tensor;
}
