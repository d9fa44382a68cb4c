import type { TypedArray } from '../../dtype.ts';
import { contiguousStrides, sizeOf } from '../../layout.ts';
import { linesAlong } from './lines.ts';
import { LineSorter } from './merge.ts';

/** Distinct entries of a list. */
export interface Distinct {
  /** For each group of equal entries the place of its first one. */
  readonly first: Int32Array;
  /** For each entry its group. */
  readonly inverse: Float64Array;
  /** For each group how many entries it has. */
  readonly counts: Float64Array;
}

/** Groups neighbours, in the order of `places`, that are the same. */
function group(places: Int32Array, same: (p: number, q: number) => boolean): Distinct {
  const n = places.length;
  const first = new Int32Array(n);
  const counts = new Float64Array(n);
  const inverse = new Float64Array(n);
  let groups = 0;
  for (let k = 0; k < n; k++) {
    const p = places[k]!;
    if (k === 0 || !same(places[k - 1]!, p)) first[groups++] = p;
    inverse[p] = groups - 1;
    counts[groups - 1]!++;
  }
  return { first: first.slice(0, groups), inverse, counts: counts.slice(0, groups) };
}

function iota(n: number): Int32Array {
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) out[i] = i;
  return out;
}

/** Groups equal elements: all of them, in ascending order, or only neighbours. A NaN is equal to nothing. */
export function distinctElements(values: TypedArray, consecutive: boolean): Distinct {
  const n = values.length;
  const places = consecutive ? iota(n) : new LineSorter(n).sort(Float64Array.from(values), n, false);
  return group(places, (p, q) => values[p] === values[q]);
}

/**
 * Where the elements of the first slice along `dim` lie, in the order in which slices are compared: row-major, where the
 * first dimension of the array stands in the place of `dim`, as in PyTorch.
 */
function sliceOffsets(shape: readonly number[], dim: number): Float64Array {
  const strides = contiguousStrides(shape);
  const walked = shape.map((_, d) => d).filter((d) => d !== 0 && d !== dim);
  if (dim !== 0) walked.splice(dim - 1, 0, 0);
  const out = new Float64Array(sizeOf(walked.map((d) => shape[d]!)));
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    for (let k = walked.length - 1; k >= 0; k--) {
      const n = shape[walked[k]!]!;
      out[i]! += (rest % n) * strides[walked[k]!]!;
      rest = Math.floor(rest / n);
    }
  }
  return out;
}

/** Groups equal slices along a dimension: all of them, in lexicographic order, or only neighbours. */
export function distinctSlices(values: TypedArray, shape: readonly number[], dim: number, consecutive: boolean): Distinct {
  const offsets = sliceOffsets(shape, dim);
  const step = contiguousStrides(shape)[dim]!;
  /** The first difference in order: negative, 0 or positive; NaN comes last. */
  const compare = (p: number, q: number): number => {
    for (let i = 0; i < offsets.length; i++) {
      const x = values[offsets[i]! + p * step]!;
      const y = values[offsets[i]! + q * step]!;
      if (x < y || (y !== y && x === x)) return -1;
      if (y < x || (x !== x && y === y)) return 1;
    }
    return 0;
  };
  const same = (p: number, q: number): boolean => {
    for (let i = 0; i < offsets.length; i++) if (values[offsets[i]! + p * step] !== values[offsets[i]! + q * step]) return false;
    return true;
  };
  const places = iota(shape[dim]!);
  return group(consecutive ? places : places.sort(compare), same);
}

/** The slices at these places along a dimension. */
export function slicesAt(values: TypedArray, shape: readonly number[], dim: number, places: Int32Array): TypedArray {
  const { outer, n, inner } = linesAlong(shape, dim);
  const out = values.slice(0, outer * places.length * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (let k = 0; k < places.length; k++, to += inner) {
      const from = (o * n + places[k]!) * inner;
      for (let i = 0; i < inner; i++) out[to + i] = values[from + i]!;
    }
  }
  return out;
}
