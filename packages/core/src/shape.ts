import { IndexError, ShapeError, ValueError } from './errors.ts';
import { sameShape, sizeOf } from './layout.ts';

/** A shape in messages: `[2, 3]`. */
export function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** The shape that operands broadcast to, aligned at the last dimension. */
export function broadcastShapes(op: string, shapes: readonly (readonly number[])[]): readonly number[] {
  let out = shapes[0] ?? [];
  for (let i = 1; i < shapes.length; i++) out = broadcastTwo(op, out, shapes[i]!);
  return out;
}

/** The shape that tensors broadcast to: that of the first where all have it. */
export function broadcastOf(op: string, tensors: readonly { readonly shape: readonly number[] }[]): readonly number[] {
  let out = tensors[0]?.shape ?? [];
  for (let i = 1; i < tensors.length; i++) {
    const { shape } = tensors[i]!;
    if (!sameShape(out, shape)) out = broadcastTwo(op, out, shape);
  }
  return out;
}

function broadcastTwo(op: string, a: readonly number[], b: readonly number[]): readonly number[] {
  if (a === b || b.length === 0) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let k = 1; k <= rank; k++) {
    const x = a[a.length - k] ?? 1;
    const y = b[b.length - k] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(`${op}: cannot broadcast ${show(a)} with ${show(b)}: ${x} vs ${y} at dimension -${k}`);
    }
    out[rank - k] = x === 1 ? y : x;
  }
  return out;
}

/** `dim` counted from the front. Negative dims count from the end; a 0-d tensor takes 0 and -1. */
export function normalizeDim(op: string, dim: number, shape: readonly number[], extra = 0): number {
  const rank = Math.max(shape.length + extra, 1);
  if (!Number.isInteger(dim) || dim < -rank || dim >= rank) {
    throw new IndexError(`${op}: dim ${dim} is out of range for ${show(shape)} (rank ${shape.length})`);
  }
  return dim < 0 ? dim + rank : dim;
}

/** Sorted dimensions without repeats; undefined or an empty list means all of them. */
export function normalizeDims(op: string, dim: number | readonly number[] | undefined | null, shape: readonly number[]): number[] {
  if (dim === undefined || dim === null || (typeof dim !== 'number' && dim.length === 0)) return shape.map((_, d) => d);
  if (typeof dim === 'number') {
    const one = normalizeDim(op, dim, shape);
    return shape.length === 0 ? [] : [one];
  }
  const dims = dim.map((d) => normalizeDim(op, d, shape));
  const unique = [...new Set(dims)].sort((a, b) => a - b);
  if (unique.length !== dims.length) throw new ValueError(`${op}: dimension repeated in ${show(dim)}`);
  return shape.length === 0 ? [] : unique;
}

/** The shape after reducing `dims` (sorted). */
export function reducedShape(shape: readonly number[], dims: readonly number[], keepdim: boolean): number[] {
  const out: number[] = [];
  for (let d = 0; d < shape.length; d++) {
    if (!dims.includes(d)) out.push(shape[d]!);
    else if (keepdim) out.push(1);
  }
  return out;
}

/** `target` with -1 replaced by what makes the sizes equal. */
export function inferShape(op: string, shape: readonly number[], target: readonly number[]): number[] {
  const n = sizeOf(shape);
  checkSizes(op, target, true);
  const unknown = target.indexOf(-1);
  if (unknown < 0) {
    if (sizeOf(target) !== n) {
      throw new ShapeError(`${op}: cannot reshape ${show(shape)} (${n} elements) to ${show(target)} (${sizeOf(target)} elements)`);
    }
    return [...target];
  }
  if (target.indexOf(-1, unknown + 1) >= 0) throw new ShapeError(`${op}: only one dimension of ${show(target)} can be -1`);
  const rest = target.reduce((p, d, i) => (i === unknown ? p : p * d), 1);
  if (rest === 0 || n % rest !== 0) throw new ShapeError(`${op}: cannot reshape ${show(shape)} (${n} elements) to ${show(target)}`);
  return target.map((d, i) => (i === unknown ? n / rest : d));
}

/** Checks that every size is a non-negative integer (or -1 where that stands for "infer"). */
export function checkSizes(op: string, shape: readonly number[], allowMinusOne = false): void {
  for (const n of shape) {
    if (!Number.isInteger(n) || n < (allowMinusOne ? -1 : 0)) throw new ShapeError(`${op}: invalid size ${n} in ${show(shape)}`);
  }
}

/** The shape of a matrix product with vectors promoted and batches broadcast. */
export function matmulShape(a: readonly number[], b: readonly number[]): number[] {
  if (a.length === 2 && b.length === 2 && a[1] === b[0]) return [a[0]!, b[1]!];
  if (a.length === 0) throw new ShapeError('matmul: the left operand is a scalar');
  if (b.length === 0) throw new ShapeError('matmul: the right operand is a scalar');
  const k = a[a.length - 1]!;
  const k2 = b[Math.max(b.length - 2, 0)]!;
  if (k !== k2) throw new ShapeError(`matmul ${show(a)} @ ${show(b)}: inner dimensions ${k} and ${k2} differ`);
  let batch: readonly number[];
  try {
    batch = broadcastTwo('matmul', a.slice(0, -2), b.slice(0, -2));
  } catch {
    throw new ShapeError(`matmul ${show(a)} @ ${show(b)}: batch dimensions do not broadcast`);
  }
  return [...batch, ...(a.length > 1 ? [a[a.length - 2]!] : []), ...(b.length > 1 ? [b[b.length - 1]!] : [])];
}
