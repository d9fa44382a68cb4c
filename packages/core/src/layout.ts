/** Row-major strides of a contiguous tensor, in elements. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(shape[d]!, 1);
  }
  return strides;
}

/** Number of elements of a shape; 1 for a 0-d tensor. */
export function sizeOf(shape: readonly number[]): number {
  let n = 1;
  for (let d = 0; d < shape.length; d++) n *= shape[d]!;
  return n;
}

/** Whether walking these strides in row-major order visits consecutive elements. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const n = shape[d]!;
    if (n === 0) return true;
    if (n !== 1 && strides[d] !== step) return false;
    step *= n;
  }
  return true;
}

/** Whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** Strides that read a tensor as if it had `target`'s shape (stride 0 where it is repeated). The shapes must broadcast. */
export function broadcastStrides(shape: readonly number[], strides: readonly number[], target: readonly number[]): number[] {
  const lead = target.length - shape.length;
  const out = new Array<number>(target.length).fill(0);
  for (let d = 0; d < shape.length; d++) out[lead + d] = shape[d] === 1 && target[lead + d] !== 1 ? 0 : strides[d]!;
  return out;
}

/** Whether some element of storage is reached by two indices (an expanded or overlapping view). */
export function overlaps(shape: readonly number[], strides: readonly number[]): boolean {
  if (isContiguous(shape, strides)) return false;
  const dims = shape.map((n, d) => ({ n, s: Math.abs(strides[d]!) })).filter((x) => x.n > 1);
  if (shape.includes(0)) return false;
  dims.sort((a, b) => a.s - b.s);
  let reach = 0;
  for (const { n, s } of dims) {
    if (s <= reach) return true;
    reach += (n - 1) * s;
  }
  return false;
}

/**
 * Strides for viewing a tensor under a new shape of the same size without copying, or null when a copy is needed.
 * Runs of dimensions that are adjacent in memory are split and merged freely; others must survive as they are.
 */
export function viewStrides(shape: readonly number[], strides: readonly number[], target: readonly number[]): number[] | null {
  if (sizeOf(shape) === 0) return contiguousStrides(target);
  const out = new Array<number>(target.length).fill(0);
  let t = target.length - 1;
  let chunk = 1;
  let base = shape.length > 0 ? strides[shape.length - 1]! : 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    chunk *= shape[d]!;
    const last = d === 0;
    if (!last && (shape[d - 1] === 1 || strides[d - 1] === chunk * base)) continue;
    let filled = 1;
    while (t >= 0 && (filled < chunk || target[t] === 1)) {
      out[t] = filled * base;
      filled *= target[t]!;
      t--;
    }
    if (filled !== chunk) return null;
    if (!last) {
      base = strides[d - 1]!;
      chunk = 1;
    }
  }
  for (; t >= 0; t--) {
    if (target[t] !== 1) return null;
    out[t] = 1;
  }
  return out;
}
