import type { NdArray, Sample } from '../op.samples.ts';

// Plain n-dimensional arrays for references: one function per element, no strides.

/** The coordinates of every element in row-major order. */
export function coordinates(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>((rows, n) => rows.flatMap((row) => Array.from({ length: n }, (_, i) => [...row, i])), [[]]);
}

/** The array whose element at `c` is `f(c)`. */
export function build(shape: readonly number[], f: (c: number[]) => number): NdArray {
  return { shape, data: coordinates(shape).map(f) };
}

/** The element of `a` at `c`. */
export function at(a: NdArray, c: readonly number[]): number {
  return a.data[c.reduce((sum, i, d) => sum * a.shape[d]! + i, 0)]!;
}

/** The same elements under another shape. */
export function under(a: NdArray, shape: readonly number[]): NdArray {
  return { shape, data: a.data };
}

/** The dimensions of `a` in another order. */
export function permuted(a: NdArray, order: readonly number[]): NdArray {
  return build(
    order.map((d) => a.shape[d]!),
    (c) =>
      at(
        a,
        order.map((_, d) => c[order.indexOf(d)]!),
      ),
  );
}

/** `a` broadcast to `shape`. */
export function broadcast(a: NdArray, shape: readonly number[]): NdArray {
  const lead = shape.length - a.shape.length;
  return build(shape, (c) =>
    at(
      a,
      a.shape.map((n, d) => (n === 1 ? 0 : c[lead + d]!)),
    ),
  );
}

/** `a` after some elements, in row-major order of `from`, were written by `write(element, old)`. */
export function written(
  a: NdArray,
  from: readonly number[],
  write: (c: number[]) => readonly [number[], (old: number) => number],
): NdArray {
  const data = [...a.data];
  for (const c of coordinates(from)) {
    const [to, f] = write(c);
    const place = to.reduce((sum, i, d) => sum * a.shape[d]! + i, 0);
    data[place] = f(data[place]!);
  }
  return { shape: a.shape, data };
}

/** `c` with coordinate `d` replaced. */
export function replace(c: readonly number[], d: number, value: number): number[] {
  return c.map((i, k) => (k === d ? value : i));
}

/** A sample of one random float64 tensor. */
export function one(name: string, shape: readonly number[], run: Sample['run'], reference: (x: NdArray) => NdArray): Sample {
  return { name, inputs: [{ shape }], run, reference: (x) => reference(x!) };
}
