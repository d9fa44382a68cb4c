import type { ScanRequest, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { castValue, isFloating } from '../dtype.ts';
import { sizeOf } from '../layout.ts';

type Make = (dtype: DType, n: number) => TypedArray;

/** A contiguous view as lines along one dimension: line (o, i) has its element k at (o * n + k) * inner + i. */
interface Lines {
  readonly data: TypedArray;
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

function linesOf(v: View, dim: number): Lines {
  const size = sizeOf(v.shape);
  const data = (v.handle as TypedArray).subarray(v.offset, v.offset + size);
  const n = v.shape[dim] ?? 1;
  const inner = sizeOf(v.shape.slice(dim + 1));
  return { data, outer: sizeOf(v.shape.slice(0, dim)), n, inner };
}

/** log(e^a + e^b); equal infinities stay what they are. */
function logAdd(a: number, b: number): number {
  if (a === b) return Number.isFinite(a) ? a + Math.LN2 : a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** Running totals. Floating ones are accumulated in float64 and rounded when stored; integers wrap as their dtype does. */
export function runScan({ kind, src, dim, reverse }: ScanRequest, make: Make): TypedArray {
  const { data, outer, n, inner } = linesOf(src, dim);
  const { dtype } = src;
  const out = make(dtype, data.length);
  const exact = !isFloating(dtype);
  if (inner === 1 && !exact && kind !== 'logaddexp') return scanRows(data, out, outer, n, kind, reverse);
  // All lines of a row of `inner` advance together, so that memory is walked in order.
  const totals = new Float64Array(inner);
  const step = reverse ? -inner : inner;
  for (let o = 0; o < outer; o++) {
    totals.fill(kind === 'sum' ? 0 : kind === 'prod' ? 1 : Number.NEGATIVE_INFINITY);
    let at = (o * n + (reverse ? n - 1 : 0)) * inner;
    for (let k = 0; k < n; k++, at += step) {
      if (kind === 'sum') for (let i = 0; i < inner; i++) totals[i]! += data[at + i]!;
      else if (kind === 'logaddexp') for (let i = 0; i < inner; i++) totals[i] = logAdd(totals[i]!, data[at + i]!);
      else if (dtype === 'int32') for (let i = 0; i < inner; i++) totals[i] = Math.imul(totals[i]!, data[at + i]!);
      else for (let i = 0; i < inner; i++) totals[i]! *= data[at + i]!;
      if (exact) for (let i = 0; i < inner; i++) totals[i] = castValue(totals[i]!, dtype);
      for (let i = 0; i < inner; i++) out[at + i] = totals[i]!;
    }
  }
  return out;
}

/** Floating sums and products along contiguous lines, whose total stays in a register. */
function scanRows(data: TypedArray, out: TypedArray, rows: number, n: number, kind: 'sum' | 'prod', reverse: boolean): TypedArray {
  const step = reverse ? -1 : 1;
  for (let r = 0; r < rows; r++) {
    let at = r * n + (reverse ? n - 1 : 0);
    let total = kind === 'sum' ? 0 : 1;
    if (kind === 'sum') {
      for (let k = 0; k < n; k++, at += step) {
        total += data[at]!;
        out[at] = total;
      }
    } else {
      for (let k = 0; k < n; k++, at += step) {
        total *= data[at]!;
        out[at] = total;
      }
    }
  }
  return out;
}

/** Running extremes and their places. Of equal elements the last counts; after a NaN only another NaN does. */
export function runScanExtreme(kind: 'max' | 'min', src: View, dim: number, make: Make): readonly [TypedArray, TypedArray] {
  const { data, outer, n, inner } = linesOf(src, dim);
  const values = make(src.dtype, data.length);
  const places = make('int64', data.length);
  const sign = kind === 'max' ? 1 : -1;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let best = 0;
      let place = -1;
      for (let k = 0, at = o * n * inner + i; k < n; k++, at += inner) {
        const v = data[at]!;
        if (place < 0 || v !== v || sign * v >= sign * best) {
          best = v;
          place = k;
        }
        values[at] = best;
        places[at] = place;
      }
    }
  }
  return [values, places];
}

/** A linear recurrence of the first order, carried in float64. */
export function runRecurrence(factor: View, term: View, dim: number, reverse: boolean, make: Make): TypedArray {
  const { data: a } = linesOf(factor, dim);
  const { data: g, outer, n, inner } = linesOf(term, dim);
  const out = make(term.dtype, g.length);
  const carried = new Float64Array(inner);
  const step = reverse ? -inner : inner;
  for (let o = 0; o < outer; o++) {
    let at = (o * n + (reverse ? n - 1 : 0)) * inner;
    for (let k = 0; k < n; k++, at += step) {
      // The first element has no neighbour: its factor is not read, whatever it is.
      if (k === 0) for (let i = 0; i < inner; i++) carried[i] = g[at + i]!;
      else for (let i = 0; i < inner; i++) carried[i] = g[at + i]! + a[at + i]! * carried[i]!;
      for (let i = 0; i < inner; i++) out[at + i] = carried[i]!;
    }
  }
  return out;
}
