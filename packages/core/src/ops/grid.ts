import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { takeEntries } from '../parts/gathering.ts';
import { indexTensor } from '../parts/positions.ts';
import { broadcastShapes, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { stack } from './join.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link combinations} of this vector's elements. @see https://pytorch.org/docs/stable/generated/torch.combinations.html */
    combinations(r?: number, options?: CombinationsOptions): Tensor;
  }
}

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** `ij` (default): vector k runs along dimension k. `xy`: the first two change places, as columns and rows of an image. */
  indexing?: 'ij' | 'xy';
}

/** Options of {@link combinations}. */
export interface CombinationsOptions {
  /** Whether an element may be taken more than once. Default false. */
  withReplacement?: boolean;
}

const stackAny = stack as (tensors: readonly Tensor[], dim?: number) => Tensor;

/** Tensors expanded to the shape that they broadcast to, as views. @throws ShapeError when there is none @see https://pytorch.org/docs/stable/generated/torch.broadcast_tensors.html */
export function broadcastTensors(...tensors: readonly Tensor[]): Tensor[] {
  const shape = broadcastShapes(
    'broadcastTensors',
    tensors.map((t) => t.shape),
  );
  return tensors.map((t) => t.expand(shape));
}

/**
 * The coordinates of a grid: tensor k of the result is vector k along one dimension, repeated (without copying) along those
 * of the others.
 *
 * @param tensors vectors or 0-d tensors of one dtype
 * @throws ShapeError for more than one dimension; DTypeError when dtypes differ; ValueError for an empty list or an unknown
 * indexing
 * @example
 * ```ts
 * meshgrid([arange(2), arange(3)]); // [[0, 0, 0], [1, 1, 1]] and [[0, 1, 2], [0, 1, 2]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.meshgrid.html
 */
export function meshgrid(tensors: readonly Tensor[], options: MeshgridOptions = {}): Tensor[] {
  const indexing = options.indexing ?? 'ij';
  if (indexing !== 'ij' && indexing !== 'xy') {
    throw new ValueError(`meshgrid: unknown indexing '${indexing as string}'; it is 'ij' or 'xy'`);
  }
  if (tensors.length === 0) throw new ValueError('meshgrid: the list of tensors is empty');
  tensors.forEach((t, i) => {
    if (t.ndim > 1) throw new ShapeError(`meshgrid: expected vectors or 0-d tensors, tensor ${i} has shape ${show(t.shape)}`);
    if (t.dtype !== tensors[0]!.dtype) throw new DTypeError(`meshgrid: dtypes differ: ${tensors[0]!.dtype} and ${t.dtype}`);
  });
  // Along which dimension each vector runs.
  const along = tensors.map((_, k) => (indexing === 'xy' && k < 2 && tensors.length > 1 ? 1 - k : k));
  const shape = along.map((k) => tensors[k]!.size);
  return tensors.map((t, k) => (t.reshape(shape.map((_, d) => (d === along[k] ? t.size : 1))) as Tensor).expand(shape));
}

/**
 * Every choice of one element of each vector, as rows, the last vector fastest. Of one vector itself.
 *
 * @throws ShapeError for what is no vector; DTypeError when dtypes differ; ValueError without vectors
 * @example
 * ```ts
 * cartesianProd(arange(2), arange(2)); // [[0, 0], [0, 1], [1, 0], [1, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.cartesian_prod.html
 */
export function cartesianProd(...tensors: readonly Tensor[]): Tensor {
  for (const t of tensors) if (t.ndim !== 1) throw new ShapeError(`cartesianProd: expected vectors, got ${show(t.shape)}`);
  if (tensors.length === 0) throw new ValueError('cartesianProd: expected at least one vector');
  if (tensors.length === 1) return tensors[0]!.flatten();
  return stackAny(
    meshgrid(tensors).map((t) => t.flatten()),
    1,
  );
}

/** The choices of `r` places out of `n` in ascending order, one after the other. */
function choices(n: number, r: number, withReplacement: boolean): Float64Array {
  const gap = withReplacement ? 0 : 1;
  const places: number[] = [];
  const now = Array.from({ length: r }, (_, k) => k * gap);
  const most = (k: number): number => n - 1 - (r - 1 - k) * gap;
  if (r > 0 && now[r - 1]! > most(r - 1)) return new Float64Array(0);
  for (;;) {
    for (const place of now) places.push(place);
    let k = r - 1;
    while (k >= 0 && now[k] === most(k)) k--;
    if (k < 0) return Float64Array.from(places);
    now[k]!++;
    for (let j = k + 1; j < r; j++) now[j] = now[j - 1]! + gap;
  }
}

/**
 * Every choice of `r` elements of a vector, as rows, in the order of their places.
 *
 * @param r default 2
 * @throws ShapeError for what is no vector; ValueError for an `r` that is negative or no integer
 * @example
 * ```ts
 * combinations(arange(3));                            // [[0, 1], [0, 2], [1, 2]]
 * combinations(arange(2), 2, { withReplacement: true }); // [[0, 0], [0, 1], [1, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.combinations.html
 */
export function combinations(t: Tensor, r: number = 2, options: CombinationsOptions = {}): Tensor {
  if (t.ndim !== 1) throw new ShapeError(`combinations: expected a vector, got ${show(t.shape)}`);
  if (!Number.isInteger(r) || r < 0) throw new ValueError(`combinations: r must be a non-negative integer, got ${r}`);
  // As PyTorch: the one choice of nothing is an empty vector, not an empty row.
  if (r === 0) return t.slice(0, 0, 0).clone();
  const places = choices(t.size, r, options.withReplacement ?? false);
  return takeEntries(t, 0, indexTensor(places, t), 'combinations').reshape([places.length / r, r]) as Tensor;
}

addMethod('combinations', function (this: Tensor, r?: number, options?: CombinationsOptions) {
  return combinations(this, r, options);
});
