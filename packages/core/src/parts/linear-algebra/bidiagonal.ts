import { planeRotation, type Rotation, rotateRows, swapRows } from './rotation.ts';
import { withSign } from './scaling.ts';
import { smallestOfTriangle, type TriangleSVD, triangleSVD } from './two-by-two.ts';

const epsilon = 2 ** -53;
/** Relative accuracy asked of every singular value. */
const tolerance = epsilon * Math.min(100, Math.max(10, epsilon ** -0.125));

/** Rows that are rotated along with the matrix: rows of Uᵀ (`columns` each) or of Vᵀ; null when they are not wanted. */
export interface Rows {
  readonly data: Float64Array;
  readonly columns: number;
}

const right: Rotation = { c: 1, s: 0, r: 0 };
const left: Rotation = { c: 1, s: 0, r: 0 };
const pair: TriangleSVD = { large: 0, small: 0, cl: 1, sl: 0, cr: 1, sr: 0 };

/** Turns a lower bidiagonal matrix into an upper one by rotations from the left, which are made in the rows of Uᵀ too. */
export function toUpper(d: Float64Array, e: Float64Array, ut: Rows | null): void {
  for (let i = 0; i < d.length - 1; i++) {
    planeRotation(d[i]!, e[i]!, left);
    d[i] = left.r;
    e[i] = left.s * d[i + 1]!;
    d[i + 1] = left.c * d[i + 1]!;
    rotate(ut, i, left.c, left.s);
  }
}

function rotate(rows: Rows | null, i: number, c: number, s: number): void {
  if (rows !== null) rotateRows(rows.data, rows.columns, i, c, s);
}

/** The rotations of one sweep: kept, so that U and V are each swept once. */
interface Sweep {
  readonly cr: Float64Array;
  readonly sr: Float64Array;
  readonly cl: Float64Array;
  readonly sl: Float64Array;
}

/**
 * Singular values of the upper bidiagonal matrix with diagonal `d` and superdiagonal `e`, in place, each to high relative
 * accuracy: J. Demmel and W. Kahan, "Accurate singular values of bidiagonal matrices", SIAM J. Sci. Stat. Comput. 11, 1990
 * (implicit QR with a zero shift where a shift would harm). Sorted in descending order.
 *
 * @returns whether the iteration converged
 */
export function bidiagonalSVD(d: Float64Array, e: Float64Array, ut: Rows | null, vt: Rows | null): boolean {
  const n = d.length;
  const sweep: Sweep = { cr: new Float64Array(n), sr: new Float64Array(n), cl: new Float64Array(n), sl: new Float64Array(n) };
  const threshold = Math.max(tolerance * smallestEstimate(d, e), 6 * n * n * 2 ** -1022);
  let budget = 6 * n * n;
  let m = n - 1;
  let before = { first: -1, last: -1 };
  let down = true;
  while (m > 0) {
    // The last block that no negligible element divides.
    if (Math.abs(e[m - 1]!) <= threshold) {
      e[m - 1] = 0;
      m--;
      continue;
    }
    let l = m - 1;
    let most = Math.max(Math.abs(d[m]!), Math.abs(d[l]!), Math.abs(e[l]!));
    while (l > 0 && Math.abs(e[l - 1]!) > threshold) {
      l--;
      most = Math.max(most, Math.abs(d[l]!), Math.abs(e[l]!));
    }
    if (l > 0) e[l - 1] = 0;
    if (l === m - 1) {
      solvePair(d, e, l, ut, vt);
      m -= 2;
      continue;
    }
    // A block that has nothing in common with the last one: from its larger end to the smaller one.
    if (l > before.last || m < before.first) down = Math.abs(d[l]!) >= Math.abs(d[m]!);
    const least = converge(d, e, l, m, down);
    if (least === null) continue;
    before = { first: l, last: m };
    if (budget < 0) return false;
    budget -= m - l;
    const shift = shiftFor(d, e, l, m, down, least, most);
    if (down) {
      if (shift === 0) zeroShiftDown(d, e, l, m, sweep);
      else shiftedDown(d, e, l, m, shift, sweep);
      for (let i = l; i < m; i++) rotate(vt, i, sweep.cr[i]!, sweep.sr[i]!);
      for (let i = l; i < m; i++) rotate(ut, i, sweep.cl[i]!, sweep.sl[i]!);
      if (Math.abs(e[m - 1]!) <= threshold) e[m - 1] = 0;
    } else {
      if (shift === 0) zeroShiftUp(d, e, l, m, sweep);
      else shiftedUp(d, e, l, m, shift, sweep);
      for (let i = m - 1; i >= l; i--) rotate(vt, i, sweep.cr[i]!, sweep.sr[i]!);
      for (let i = m - 1; i >= l; i--) rotate(ut, i, sweep.cl[i]!, sweep.sl[i]!);
      if (Math.abs(e[l]!) <= threshold) e[l] = 0;
    }
  }
  finish(d, ut, vt);
  return true;
}

/** A lower bound, up to a modest factor, of the smallest singular value. */
function smallestEstimate(d: Float64Array, e: Float64Array): number {
  if (d.length === 0) return 0;
  let mu = Math.abs(d[0]!);
  let least = mu;
  for (let i = 1; i < d.length && least !== 0; i++) {
    mu = Math.abs(d[i]!) * (mu / (mu + Math.abs(e[i - 1]!)));
    least = Math.min(least, mu);
  }
  return least / Math.sqrt(d.length);
}

/** Sets what does not count to 0 and gives null, or gives an estimate of the block's smallest singular value. */
function converge(d: Float64Array, e: Float64Array, l: number, m: number, down: boolean): number | null {
  const end = down ? m - 1 : l;
  if (Math.abs(e[end]!) <= tolerance * Math.abs(d[down ? m : l]!)) {
    e[end] = 0;
    return null;
  }
  let mu = Math.abs(d[down ? l : m]!);
  let least = mu;
  for (let s = 0; s < m - l; s++) {
    const i = down ? l + s : m - 1 - s;
    const off = Math.abs(e[i]!);
    if (off <= tolerance * mu) {
      e[i] = 0;
      return null;
    }
    mu = Math.abs(d[down ? i + 1 : i]!) * (mu / (mu + off));
    least = Math.min(least, mu);
  }
  return least;
}

/** A shift, or 0 where one would spoil the relative accuracy or make no difference. */
function shiftFor(d: Float64Array, e: Float64Array, l: number, m: number, down: boolean, least: number, most: number): number {
  if (d.length * tolerance * (least / most) <= Math.max(epsilon, 0.01 * tolerance)) return 0;
  const start = Math.abs(d[down ? l : m]!);
  const shift = down ? smallestOfTriangle(d[m - 1]!, e[m - 1]!, d[m]!) : smallestOfTriangle(d[l]!, e[l]!, d[l + 1]!);
  return start > 0 && (shift / start) ** 2 < epsilon ? 0 : shift;
}

function solvePair(d: Float64Array, e: Float64Array, i: number, ut: Rows | null, vt: Rows | null): void {
  triangleSVD(d[i]!, e[i]!, d[i + 1]!, pair);
  d[i] = pair.large;
  e[i] = 0;
  d[i + 1] = pair.small;
  rotate(vt, i, pair.cr, pair.sr);
  rotate(ut, i, pair.cl, pair.sl);
}

function zeroShiftDown(d: Float64Array, e: Float64Array, l: number, m: number, sweep: Sweep): void {
  left.c = 1;
  left.s = 0;
  right.c = 1;
  for (let i = l; i < m; i++) {
    planeRotation(d[i]! * right.c, e[i]!, right);
    if (i > l) e[i - 1] = left.s * right.r;
    planeRotation(left.c * right.r, d[i + 1]! * right.s, left);
    d[i] = left.r;
    keep(sweep, i, right.c, right.s, left.c, left.s);
  }
  const h = d[m]! * right.c;
  d[m] = h * left.c;
  e[m - 1] = h * left.s;
}

function zeroShiftUp(d: Float64Array, e: Float64Array, l: number, m: number, sweep: Sweep): void {
  left.c = 1;
  left.s = 0;
  right.c = 1;
  for (let i = m; i > l; i--) {
    planeRotation(d[i]! * right.c, e[i - 1]!, right);
    if (i < m) e[i] = left.s * right.r;
    planeRotation(left.c * right.r, d[i - 1]! * right.s, left);
    d[i] = left.r;
    // From the other end, rows and columns change places.
    keep(sweep, i - 1, left.c, -left.s, right.c, -right.s);
  }
  const h = d[l]! * right.c;
  d[l] = h * left.c;
  e[l] = h * left.s;
}

function shiftedDown(d: Float64Array, e: Float64Array, l: number, m: number, shift: number, sweep: Sweep): void {
  let f = (Math.abs(d[l]!) - shift) * (withSign(1, d[l]!) + shift / d[l]!);
  let g = e[l]!;
  for (let i = l; i < m; i++) {
    planeRotation(f, g, right);
    if (i > l) e[i - 1] = right.r;
    f = right.c * d[i]! + right.s * e[i]!;
    e[i] = right.c * e[i]! - right.s * d[i]!;
    g = right.s * d[i + 1]!;
    d[i + 1] = right.c * d[i + 1]!;
    planeRotation(f, g, left);
    d[i] = left.r;
    f = left.c * e[i]! + left.s * d[i + 1]!;
    d[i + 1] = left.c * d[i + 1]! - left.s * e[i]!;
    if (i < m - 1) {
      g = left.s * e[i + 1]!;
      e[i + 1] = left.c * e[i + 1]!;
    }
    keep(sweep, i, right.c, right.s, left.c, left.s);
  }
  e[m - 1] = f;
}

function shiftedUp(d: Float64Array, e: Float64Array, l: number, m: number, shift: number, sweep: Sweep): void {
  let f = (Math.abs(d[m]!) - shift) * (withSign(1, d[m]!) + shift / d[m]!);
  let g = e[m - 1]!;
  for (let i = m; i > l; i--) {
    planeRotation(f, g, right);
    if (i < m) e[i] = right.r;
    f = right.c * d[i]! + right.s * e[i - 1]!;
    e[i - 1] = right.c * e[i - 1]! - right.s * d[i]!;
    g = right.s * d[i - 1]!;
    d[i - 1] = right.c * d[i - 1]!;
    planeRotation(f, g, left);
    d[i] = left.r;
    f = left.c * e[i - 1]! + left.s * d[i - 1]!;
    d[i - 1] = left.c * d[i - 1]! - left.s * e[i - 1]!;
    if (i > l + 1) {
      g = left.s * e[i - 2]!;
      e[i - 2] = left.c * e[i - 2]!;
    }
    keep(sweep, i - 1, left.c, -left.s, right.c, -right.s);
  }
  e[l] = f;
}

function keep(sweep: Sweep, i: number, cr: number, sr: number, cl: number, sl: number): void {
  sweep.cr[i] = cr;
  sweep.sr[i] = sr;
  sweep.cl[i] = cl;
  sweep.sl[i] = sl;
}

/** Makes the singular values positive (in V) and sorts them. */
function finish(d: Float64Array, ut: Rows | null, vt: Rows | null): void {
  const n = d.length;
  for (let i = 0; i < n; i++) {
    if (d[i]! >= 0 && !Object.is(d[i], -0)) continue;
    d[i] = -d[i]!;
    if (vt !== null) for (let j = i * vt.columns; j < (i + 1) * vt.columns; j++) vt.data[j] = -vt.data[j]!;
  }
  // Selection of the smallest for the end: few exchanges of whole rows.
  for (let last = n - 1; last > 0; last--) {
    let k = 0;
    for (let j = 1; j <= last; j++) if (d[j]! <= d[k]!) k = j;
    if (k === last) continue;
    const t = d[k]!;
    d[k] = d[last]!;
    d[last] = t;
    if (ut !== null) swapRows(ut.data, ut.columns, k, last);
    if (vt !== null) swapRows(vt.data, vt.columns, k, last);
  }
}
