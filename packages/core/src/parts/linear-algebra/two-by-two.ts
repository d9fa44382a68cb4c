import { withSign } from './scaling.ts';

/** Singular value decomposition of [[f, g], [0, h]]. */
export interface TriangleSVD {
  /** Signed: the larger, then the smaller in magnitude. */
  large: number;
  small: number;
  /** Left and right rotations: [cl sl; -sl cl] [f g; 0 h] [cr -sr; sr cr] = diag(large, small). */
  cl: number;
  sl: number;
  cr: number;
  sr: number;
}

/**
 * All of the decomposition of a 2 × 2 upper triangle to nearly full relative precision: Z. Bai and J. Demmel, "Computing
 * the generalized singular value decomposition", SIAM J. Sci. Comput. 14, 1993, whose formulas these are.
 */
export function triangleSVD(f: number, g: number, h: number, out: TriangleSVD): void {
  const swap = Math.abs(h) > Math.abs(f);
  const [ft, ht] = swap ? [h, f] : [f, h];
  const [fa, ga, ha] = [Math.abs(ft), Math.abs(g), Math.abs(ht)];
  // Which element decides the sign: the largest.
  let decides: 'f' | 'g' | 'h' = swap ? 'h' : 'f';
  let [cl, sl, cr, sr] = [1, 0, 1, 0];
  let [large, small] = [fa, ha];
  if (ga !== 0) {
    if (ga > fa) decides = 'g';
    if (ga > fa && fa / ga < 2 ** -53) {
      large = ga;
      small = ha > 1 ? fa / (ga / ha) : (fa / ga) * ha;
      [cl, sl, sr, cr] = [1, ht / g, 1, ft / g];
    } else {
      const d = fa - ha;
      const l = d === fa ? 1 : d / fa; // infinite f keeps a meaning
      const m = g / ft;
      const t = 2 - l;
      const s = Math.sqrt(t * t + m * m);
      const r = l === 0 ? Math.abs(m) : Math.sqrt(l * l + m * m);
      const a = 0.5 * (s + r);
      small = ha / a;
      large = fa * a;
      let tangent: number;
      if (m * m !== 0) tangent = (m / (s + t) + m / (r + l)) * (1 + a);
      else if (l === 0) tangent = withSign(2, ft) * withSign(1, g);
      else tangent = g / withSign(d, ft) + m / t;
      const hyp = Math.sqrt(tangent * tangent + 4);
      cr = 2 / hyp;
      sr = tangent / hyp;
      cl = (cr + sr * m) / a;
      sl = ((ht / ft) * sr) / a;
    }
  }
  if (swap) [cl, sl, cr, sr] = [sr, cr, sl, cl];
  const sign =
    decides === 'f'
      ? withSign(1, cr) * withSign(1, cl) * withSign(1, f)
      : decides === 'g'
        ? withSign(1, sr) * withSign(1, cl) * withSign(1, g)
        : withSign(1, sr) * withSign(1, sl) * withSign(1, h);
  out.large = withSign(large, sign);
  out.small = withSign(small, sign * withSign(1, f) * withSign(1, h));
  out.cl = cl;
  out.sl = sl;
  out.cr = cr;
  out.sr = sr;
}

/** The smaller singular value of [[f, g], [0, h]] alone. */
export function smallestOfTriangle(f: number, g: number, h: number): number {
  const [fa, ga, ha] = [Math.abs(f), Math.abs(g), Math.abs(h)];
  const small = Math.min(fa, ha);
  const big = Math.max(fa, ha);
  if (small === 0) return 0;
  const sum = 1 + small / big;
  const difference = (big - small) / big;
  if (ga < big) {
    const u = (ga / big) ** 2;
    return small * (2 / (Math.sqrt(sum * sum + u) + Math.sqrt(difference * difference + u)));
  }
  const u = big / ga;
  if (u === 0) return (small * big) / ga;
  const c = 1 / (Math.sqrt(1 + (sum * u) ** 2) + Math.sqrt(1 + (difference * u) ** 2));
  return 2 * (small * c * u);
}
