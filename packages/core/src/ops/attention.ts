import { debug } from '../debug.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { input } from '../expr/node.ts';
import { fuseMap } from '../fuse.ts';
import { sizeOf } from '../layout.ts';
import { checkFloating } from '../parts/losses.ts';
import { checkInner } from '../parts/products.ts';
import type { Generator } from '../random/generator.ts';
import { scope } from '../scope.ts';
import { broadcastShapes, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add } from './arithmetic.ts';
import { fromBuffer } from './create.ts';
import { dropout } from './dropout.ts';
import { matmul } from './matmul.ts';
import { where } from './where.ts';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Broadcast to [..., L, S]. bool: true where a query may attend to a key; floating: added to the scores. Default none. */
  attnMask?: Tensor | null;
  /** Probability of an attention weight to be dropped. Default 0. */
  dropoutP?: number;
  /** Query i attends to keys 0 to i only. Excludes a mask. Default false. */
  isCausal?: boolean;
  /** Factor of the scores. Default 1 / sqrt(E). */
  scale?: number | null;
  /** Fewer heads (dimension -3) of keys and values than of queries: each serves as many queries' heads in turn. Default false. */
  enableGqa?: boolean;
  /** Where the random numbers of the dropout come from. */
  generator?: Generator;
}

const name = 'scaledDotProductAttention';

// A sum, not a choice: where a query may attend to nothing, its gradient is NaN as its value is.
const allowed = add(input(0), where(input(1), 0, -Infinity));

/**
 * softmax(query keyᵀ · scale + mask) value: every query gets a mean of the values, weighted by how well it fits their keys.
 * A query that may attend to nothing gets NaN.
 *
 * @param query [..., L, E]
 * @param key [..., S, E]
 * @param value [..., S, V]
 * @returns [..., L, V]; batch dimensions broadcast
 * @throws ShapeError when the shapes do not fit each other
 * @throws DTypeError when the dtypes are not floating or differ, or the mask is neither bool nor of that dtype
 * @throws ValueError for a mask beside `isCausal`, or a probability outside [0, 1]
 * @example
 * ```ts
 * scaledDotProductAttention(q, k, v, { isCausal: true });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 */
export function scaledDotProductAttention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions = {}): Tensor {
  const { attnMask = null, dropoutP = 0, isCausal = false, enableGqa = false } = options;
  for (const [what, t] of Object.entries({ query, key, value })) {
    checkFloating(name, what, t);
    if (t.dtype !== query.dtype) throw new DTypeError(`${name}: dtypes differ: query ${query.dtype} and ${what} ${t.dtype}`);
    if (t.ndim < 2) throw new ShapeError(`${name}: the ${what} needs at least 2 dimensions, got ${show(t.shape)}`);
  }
  if (!(dropoutP >= 0 && dropoutP <= 1)) throw new ValueError(`${name}: dropoutP must lie in [0, 1], got ${dropoutP}`);
  if (isCausal && attnMask !== null) throw new ValueError(`${name}: give attnMask or isCausal, not both`);
  checkInner(name, query, query.ndim - 1, key, key.ndim - 1);
  checkInner(name, key, key.ndim - 2, value, value.ndim - 2);
  const [k, v] = enableGqa ? [shared(query, key, 'key'), shared(query, value, 'value')] : [key, value];
  const [length, size] = [query.shape[query.ndim - 2]!, key.shape[key.ndim - 2]!];
  const batch = broadcastShapes(
    name,
    [query, k, v].map((t) => t.shape.slice(0, -2)),
  );
  const width = query.shape[query.ndim - 1]!;
  const scale = options.scale ?? 1 / Math.sqrt(width);
  const mask = isCausal ? lowerTriangle(query, length, size) : attnMask;
  if (mask !== null) checkMask(mask, query, [...batch, length, size]);
  const attend = (): Tensor => {
    // As PyTorch does: there is less of the queries than of the scores.
    let scores = matmul(query.mul(scale) as Tensor, k.mT);
    if (mask !== null) scores = mask.dtype === 'bool' ? fuseMap(name, allowed, [scores, mask]) : (scores.add(mask) as Tensor);
    const weights = scores.softmax(-1);
    const { generator } = options;
    return matmul(dropoutP > 0 ? dropout(weights, dropoutP, true, generator === undefined ? {} : { generator }) : weights, v);
  };
  // The scores on the way are most of the memory, and nobody's.
  return length * size * sizeOf(batch) >= debug.giveBackFrom ? scope(attend) : attend();
}

/** Keys or values with each head repeated for the queries' heads that it serves. */
function shared(query: Tensor, t: Tensor, what: string): Tensor {
  const [heads, groups] = [query.shape[query.ndim - 3], t.shape[t.ndim - 3]];
  if (heads === undefined || groups === undefined || groups === 0 || heads % groups !== 0) {
    throw new ShapeError(
      `${name}: the heads (dimension -3) of query ${show(query.shape)} are no multiple of those of ${what} ${show(t.shape)}`,
    );
  }
  return heads === groups ? t : (t.repeatInterleave(heads / groups, -3) as Tensor);
}

function lowerTriangle(query: Tensor, rows: number, columns: number): Tensor {
  const mask = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) mask.fill(1, i * columns, i * columns + Math.min(i + 1, columns));
  return fromBuffer(mask, 'bool', [rows, columns], { device: query.device });
}

function checkMask(mask: Tensor, query: Tensor, shape: readonly number[]): void {
  if (mask.dtype !== 'bool' && mask.dtype !== query.dtype) {
    throw new DTypeError(`${name}: the mask must be bool or ${query.dtype}, got ${mask.dtype}`);
  }
  broadcastShapes(name, [mask.shape, shape]);
}
