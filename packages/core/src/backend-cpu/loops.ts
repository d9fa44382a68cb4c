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
    const here = new Array<number>(strides.length);
    for (let i = 0; i < here.length; i++) here[i] = strides[i]![d]!;
    const last = loops[loops.length - 1];
    if (last !== undefined && evenly(last.strides, here, n)) {
      last.n *= n;
      last.strides = here;
    } else loops.push({ n, strides: here });
  }
  return loops;
}

/** Whether a turn of the outer loop moves every operand as far as `n` turns of the inner one. */
function evenly(outer: readonly number[], inner: readonly number[], n: number): boolean {
  for (let i = 0; i < outer.length; i++) if (outer[i] !== inner[i]! * n) return false;
  return true;
}

/** How an operand moves in the innermost loop; decides what code is generated for it. */
export type Motion = 'fixed' | 'unit' | 'strided';

export function motion(stride: number): Motion {
  return stride === 0 ? 'fixed' : stride === 1 ? 'unit' : 'strided';
}

/** Operands whose motions fit into one exact number, beside the loops. */
const numbered = 20;

/**
 * A loop nest as a kernel's source depends on it: a number for how the loops are arranged (for a map, how many there are), and
 * how the operands move in the innermost one.
 */
export function formOf(walk: number, motions: readonly Motion[]): number | string {
  if (motions.length > numbered) return `${walk}${motions.map((m) => m[0]).join('')}`;
  let form = walk;
  for (let i = 0; i < motions.length; i++) form = form * 3 + (motions[i] === 'fixed' ? 0 : motions[i] === 'unit' ? 1 : 2);
  return form;
}

/** {@link formOf} of a single loop, in which every one of `operands` moves by one; without any loop for one element. */
export function denseForm(n: number, operands: number): number | string {
  if (operands > numbered) return formOf(n === 1 ? 0 : 1, new Array<Motion>(operands).fill(n === 1 ? 'fixed' : 'unit'));
  if (n === 1) return 0;
  let form = 1;
  for (let i = 0; i < operands; i++) form = form * 3 + 1;
  return form;
}
