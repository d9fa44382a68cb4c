import type { NdArray } from '../op.samples.ts';
import { at, build, replace } from './nd.samples.ts';

/** The lines of `x` along `dim` under `f`, which may change their length. A 0-d array is one line of one element. */
export function mapLines(x: NdArray, dim: number, f: (line: number[]) => readonly number[]): NdArray {
  if (x.shape.length === 0) return { shape: [], data: f([x.data[0]!]) };
  const d = dim < 0 ? dim + x.shape.length : dim;
  const line = (c: readonly number[]): number[] => Array.from({ length: x.shape[d]! }, (_, i) => at(x, replace(c, d, i)));
  const length = f(Array.from({ length: x.shape[d]! }, (_, i) => i)).length;
  return build(
    x.shape.map((n, k) => (k === d ? length : n)),
    (c) => f(line(c))[c[d]!]!,
  );
}

/** The places of the elements in stable order; NaN is the largest. */
export function stableOrder(line: readonly number[], descending: boolean = false): number[] {
  const compare = (a: number, b: number): number => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : a - b);
  return line.map((_, i) => i).sort((i, j) => (descending ? compare(line[j]!, line[i]!) : compare(line[i]!, line[j]!)) || i - j);
}

/** Without the dimension `dim`, which has size 1. */
export function without(x: NdArray, dim: number): NdArray {
  const d = dim < 0 ? dim + x.shape.length : dim;
  return { shape: x.shape.filter((_, k) => k !== d), data: x.data };
}
