/** One level of a loop nest: how often, and how far each operand moves per turn. */
export interface Loop {
  readonly n: number;
  readonly strides: readonly number[];
}

/**
 * The dimensions of a strided walk as few loops as possible: dimensions of size 1 vanish, neighbours that every operand
 * walks evenly become one. `dims` selects which dimensions of `shape`, in order.
 */
export function coalesce(shape: readonly number[], strides: readonly (readonly number[])[], dims?: readonly number[]): Loop[] {
  const loops: { n: number; strides: number[] }[] = [];
  const count = dims?.length ?? shape.length;
  for (let k = 0; k < count; k++) {
    const d = dims === undefined ? k : dims[k]!;
    const n = shape[d]!;
    if (n === 1) continue;
    const here = strides.map((s) => s[d]!);
    const last = loops[loops.length - 1];
    if (last?.strides.every((s, i) => s === here[i]! * n)) {
      last.n *= n;
      last.strides = here;
    } else loops.push({ n, strides: here });
  }
  return loops;
}

/** How an operand moves in the innermost loop; decides what code is generated for it. */
export type Motion = 'fixed' | 'unit' | 'strided';

export function motion(stride: number): Motion {
  return stride === 0 ? 'fixed' : stride === 1 ? 'unit' : 'strided';
}
