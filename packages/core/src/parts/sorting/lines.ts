import { sizeOf } from '../../layout.ts';

/** How a row-major array is cut into lines along one dimension. A 0-d array is one line of one element. */
export interface Lines {
  readonly outer: number;
  /** Elements of a line. */
  readonly n: number;
  /** Distance between neighbours of a line. */
  readonly inner: number;
}

/** The lines of `shape` along `dim`. */
export function linesAlong(shape: readonly number[], dim: number): Lines {
  return { outer: sizeOf(shape.slice(0, dim)), n: shape[dim] ?? 1, inner: sizeOf(shape.slice(dim + 1)) };
}

/** Calls `visit` with the position of the first element of every line, and a count of lines. */
export function eachLine({ outer, n, inner }: Lines, visit: (start: number, line: number) => void): void {
  for (let o = 0, line = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * n * inner + i, line++);
}

/** The keys of one line: `keys[k]` becomes the element k places along it. */
export function readLine(values: ArrayLike<number>, start: number, { n, inner }: Lines, keys: Float64Array): void {
  for (let k = 0, at = start; k < n; k++, at += inner) keys[k] = values[at]!;
}
