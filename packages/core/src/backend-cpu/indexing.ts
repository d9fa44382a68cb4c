import type { GatherRequest, ScatterAddRequest, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate, exactInteger } from '../dtype.ts';
import { IndexError } from '../errors.ts';
import { contiguousStrides, sizeOf } from '../layout.ts';
import { canGenerate, compile } from './compile.ts';
import { coalesce, type Loop, type Motion, motion } from './loops.ts';

/** Runs of at least this length are copied as blocks: a view of each costs as much as copying this many numbers one by one. */
const block = 256;

/** `body` inside `rank` nested loops, over operands whose offsets are b0, b1, ...; `inner` is the innermost loop. */
function nest(rank: number, operands: number, inner: string): string {
  const head: string[] = [];
  for (let d = 0; d < rank; d++) {
    head.push(`const n${d}=loops[${d}].n;`);
    for (let i = 0; i < operands; i++) head.push(`const s${i}_${d}=loops[${d}].strides[${i}];`);
  }
  for (let i = 0; i < operands; i++) head.push(`let b${i}_0=offsets[${i}];`);
  let body = inner;
  for (let d = rank - 2; d >= 0; d--) {
    const starts = Array.from({ length: operands }, (_, i) => `let b${i}_${d + 1}=b${i}_${d};`).join('');
    const moves = Array.from({ length: operands }, (_, i) => `b${i}_${d}+=s${i}_${d};`).join('');
    body = `for(let i${d}=0;i${d}<n${d};i${d}++){${starts}${body}${moves}}`;
  }
  return `${head.join('')}${body}`;
}

/** Position of operand `i` in the innermost loop over j. */
function at(i: number, rank: number, motions: readonly Motion[]): string {
  const d = rank - 1;
  if (rank === 0) return `b${i}_0`;
  return motions[i] === 'fixed' ? `b${i}_${d}` : motions[i] === 'unit' ? `b${i}_${d}+j` : `b${i}_${d}+j*s${i}_${d}`;
}

const each = (rank: number, body: string): string => (rank === 0 ? body : `for(let j=0;j<n${rank - 1};j++){${body}}`);

/** Gives the first index outside of 0..n-1, or undefined. */
type Check = (loops: readonly Loop[], where: TypedArray, offsets: readonly number[], n: number) => number | undefined;

/** Throws unless every index lies in 0..n-1. Repeats of a broadcast index are looked at once. */
function checkRange(op: string, index: View, dim: number, n: number): void {
  const shape = index.shape.map((size, d) => (index.strides[d] === 0 ? Math.min(size, 1) : size));
  if (sizeOf(shape) === 0) return;
  const loops = coalesce(shape, [index.strides]);
  const bad = canGenerate() ? firstOutside(loops, index, n) : plainOutside(loops, index, n);
  if (bad !== undefined) throw new IndexError(`${op}: index ${bad} is out of range for dim ${dim} of size ${n}`);
}

function firstOutside(loops: readonly Loop[], index: View, n: number): number | undefined {
  const rank = loops.length;
  const motions = loops.slice(-1).map((l) => motion(l.strides[0]!));
  const check = compile(`inRange|${index.dtype}|${rank}${motions.join()}`, () => {
    const body = each(rank, `const k=w[${at(0, rank, motions)}];if(!(k>=0&&k<n))return k;`);
    return { code: `return function(loops,w,offsets,n){${nest(rank, 1, body)}};`, helpers: {} };
  }) as unknown as Check;
  return check(loops, index.handle as TypedArray, [index.offset], n);
}

// Where code may not be generated: the same walks, one element at a time.

function plainWalk(loops: readonly Loop[], offsets: readonly number[], visit: (at: readonly number[]) => void, d = 0): void {
  if (d === loops.length) {
    visit(offsets);
    return;
  }
  const { n, strides } = loops[d]!;
  for (let i = 0; i < n; i++) {
    plainWalk(
      loops,
      offsets.map((o, k) => o + i * strides[k]!),
      visit,
      d + 1,
    );
  }
}

function plainOutside(loops: readonly Loop[], index: View, n: number): number | undefined {
  const where = index.handle as TypedArray;
  let bad: number | undefined;
  plainWalk(loops, [index.offset], ([at]) => {
    const k = where[at!]!;
    if (bad === undefined && !(k >= 0 && k < n)) bad = k;
  });
  return bad;
}

function plainMover(kind: 'gather' | 'scatterAdd', dtype: DType): Move {
  return (loops, out, src, where, offsets, step) => {
    plainWalk(loops, offsets, ([o, s, w]) => {
      const moved = where[w!]! * step;
      if (kind === 'gather') out[o!] = src[s! + moved]!;
      else if (dtype === 'bool') out[o! + moved]! |= src[s!]!;
      else if (dtype === 'int64') out[o! + moved] = exactInteger(out[o! + moved]! + src[s!]!);
      else out[o! + moved]! += src[s!]!;
    });
  };
}

/** Walks out (or base), src and index together; `step` is the distance between neighbours along the indexed dimension. */
type Move = (loops: readonly Loop[], out: TypedArray, src: TypedArray, where: TypedArray, offsets: readonly number[], step: number) => void;

function mover(kind: 'gather' | 'scatterAdd', dtype: DType, index: DType, rank: number, motions: readonly Motion[]): Move {
  if (!canGenerate()) return plainMover(kind, dtype);
  return compile(`${kind}|${dtype}|${index}|${rank}${motions.join()}`, () => {
    const [o, s, w] = [0, 1, 2].map((i) => at(i, rank, motions)) as [string, string, string];
    const add = (place: string): string => {
      // bool stays 0 or 1: its sum is "any".
      if (dtype === 'bool') return `${place}|=src[${s}];`;
      return dtype === 'int64' ? `${place}=I(${place}+src[${s}]);` : `${place}+=src[${s}];`;
    };
    const one = (where: string): string => (kind === 'gather' ? `out[${o}]=src[${s}+${where}];` : add(`out[${o}+${where}]`));
    let inner: string;
    if (motions[2] === 'fixed' && rank > 0) {
      inner = `const k=w[${w}]*step;`;
      const rows = each(rank, one('k'));
      const d = rank - 1;
      if (kind === 'gather' && motions[0] === 'unit' && motions[1] === 'unit') {
        inner += `if(n${d}>=${block})out.set(src.subarray(b1_${d}+k,b1_${d}+k+n${d}),b0_${d});else ${rows}`;
      } else inner += rows;
    } else inner = each(rank, one(`w[${w}]*step`));
    return { code: `return function(loops,out,src,w,offsets,step){${nest(rank, 3, inner)}};`, helpers: { I: exactInteger } };
  }) as unknown as Move;
}

/** `strides` with dimension `dim` standing still: that coordinate comes from the index. */
const without = (strides: readonly number[], dim: number): number[] => strides.map((s, d) => (d === dim ? 0 : s));

/** Gathers into a fresh buffer of the index's shape. */
export function runGather(r: GatherRequest, make: typeof allocate = allocate): TypedArray {
  const { src, index, dim } = r;
  const { shape } = index;
  checkRange(r.op ?? 'gather', index, dim, src.shape[dim]!);
  const out = make(src.dtype, sizeOf(shape));
  if (out.length === 0) return out;
  const loops = coalesce(shape, [contiguousStrides(shape), without(src.strides, dim), index.strides]);
  const move = mover('gather', src.dtype, index.dtype, loops.length, motionsOf(loops));
  move(loops, out, src.handle as TypedArray, index.handle as TypedArray, [0, src.offset, index.offset], src.strides[dim]!);
  return out;
}

/** Adds into a contiguous copy of the base, which `copyOfBase` makes once the indices are known to be good. */
export function runScatterAdd(r: ScatterAddRequest, copyOfBase: () => TypedArray): TypedArray {
  const { index, src, dim } = r;
  const { shape } = index;
  checkRange(r.op ?? 'scatterAdd', index, dim, r.base.shape[dim]!);
  const out = copyOfBase();
  if (sizeOf(shape) === 0) return out;
  const strides = contiguousStrides(r.base.shape);
  const loops = coalesce(shape, [without(strides, dim), src.strides, index.strides]);
  const move = mover('scatterAdd', r.base.dtype, index.dtype, loops.length, motionsOf(loops));
  move(loops, out, src.handle as TypedArray, index.handle as TypedArray, [0, src.offset, index.offset], strides[dim]!);
  return out;
}

function motionsOf(loops: readonly Loop[]): Motion[] {
  const last = loops[loops.length - 1];
  return [0, 1, 2].map((i) => (last === undefined ? 'fixed' : motion(last.strides[i]!)));
}
