import * as math from './math.ts';
import type { FunctionBuilder, Value } from './module.ts';

/** Four float32 values, or a mask of four lanes that are all ones or all zeros. */
export type Lanes = Value;

/** Whether arguments were such that values have to be computed again, with care. */
export class Doubts {
  readonly #f: FunctionBuilder;
  /** The largest magnitude so far, as a part of {@link #limit}. */
  readonly #largest: Value;
  #limit = 0;

  constructor(f: FunctionBuilder) {
    this.#f = f;
    this.#largest = f.local('v128');
  }

  /** Whether there is anything to doubt at all. */
  get any(): boolean {
    return this.#limit > 0;
  }

  reset(): void {
    this.#f.set(this.#largest, this.#f.i32x4(0));
  }

  /** Raises a doubt unless all |a| <= limit, which is the same for every function. */
  unlessBelow(limit: number, a: Lanes): void {
    const f = this.#f;
    this.#limit = limit;
    // Magnitudes are ordered as their bits are, with NaN behind infinity.
    f.set(this.#largest, f.op('i32x4.max_s', this.#largest, f.op('v128.and', a, f.i32x4(0x7fffffff))));
  }

  /** Not 0 when there are doubts. */
  raised(): Value {
    const f = this.#f;
    return f.op('v128.any_true', f.op('i32x4.gt_s', this.#largest, f.f32x4(this.#limit)));
  }
}

/**
 * What a scalar function is written with for WebAssembly: arithmetic on four float32 lanes. Comparisons give masks, for
 * {@link select}, {@link flag} and the logical operations.
 *
 * @example
 * ```ts
 * wasm: (v, x) => v.select(v.lt(x, v.number(0)), v.number(0), x), // relu
 * ```
 */
export class Vector {
  readonly #f: FunctionBuilder;
  readonly #doubts: Doubts | null;

  /** @param doubts given, functions may be computed in ways that hold for most arguments only */
  constructor(f: FunctionBuilder, doubts: Doubts | null = null) {
    this.#f = f;
    this.#doubts = doubts;
  }

  /** The same number in every lane. */
  number(value: number): Lanes {
    return this.#f.f32x4(value);
  }

  add(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.add', a, b);
  }

  sub(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.sub', a, b);
  }

  mul(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.mul', a, b);
  }

  div(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.div', a, b);
  }

  neg(a: Lanes): Lanes {
    return this.#f.op('f32x4.neg', a);
  }

  abs(a: Lanes): Lanes {
    return this.#f.op('f32x4.abs', a);
  }

  sqrt(a: Lanes): Lanes {
    return this.#f.op('f32x4.sqrt', a);
  }

  floor(a: Lanes): Lanes {
    return this.#f.op('f32x4.floor', a);
  }

  ceil(a: Lanes): Lanes {
    return this.#f.op('f32x4.ceil', a);
  }

  trunc(a: Lanes): Lanes {
    return this.#f.op('f32x4.trunc', a);
  }

  /** To the nearest integer, halves to the even one. */
  round(a: Lanes): Lanes {
    return this.#f.op('f32x4.nearest', a);
  }

  /** The smaller; NaN where either is. */
  min(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.min', a, b);
  }

  /** The larger; NaN where either is. */
  max(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.max', a, b);
  }

  eq(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.eq', a, b);
  }

  ne(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.ne', a, b);
  }

  lt(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.lt', a, b);
  }

  le(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.le', a, b);
  }

  gt(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.gt', a, b);
  }

  ge(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('f32x4.ge', a, b);
  }

  and(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('v128.and', a, b);
  }

  or(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('v128.or', a, b);
  }

  xor(a: Lanes, b: Lanes): Lanes {
    return this.#f.op('v128.xor', a, b);
  }

  not(a: Lanes): Lanes {
    return this.#f.op('v128.not', a);
  }

  /** The mask of a condition: where a value is not 0. */
  truth(a: Lanes): Lanes {
    return this.ne(a, this.number(0));
  }

  /** 1 where the mask is set, 0 elsewhere. */
  flag(mask: Lanes): Lanes {
    return this.and(mask, this.number(1));
  }

  select(mask: Lanes, a: Lanes, b: Lanes): Lanes {
    return math.select(this.#f, mask, a, b);
  }

  /** The magnitude of `a` with the sign of `b`. */
  copysign(a: Lanes, b: Lanes): Lanes {
    return this.select(this.#f.i32x4(-0x80000000), b, a);
  }

  exp(a: Lanes): Lanes {
    if (this.#doubts === null) return math.exp(this.#f, a);
    this.#doubts.unlessBelow(math.expLimit, a);
    return math.expInside(this.#f, a);
  }

  expm1(a: Lanes): Lanes {
    return math.expm1(this.#f, a);
  }

  log(a: Lanes): Lanes {
    return math.log(this.#f, a);
  }

  log1p(a: Lanes): Lanes {
    return math.log1p(this.#f, a);
  }

  tanh(a: Lanes): Lanes {
    return math.tanh(this.#f, a);
  }

  sigmoid(a: Lanes): Lanes {
    if (this.#doubts === null) return math.sigmoid(this.#f, a);
    this.#doubts.unlessBelow(math.expLimit, a);
    return math.sigmoid(this.#f, a, math.expInside);
  }

  erf(a: Lanes): Lanes {
    return math.erf(this.#f, a);
  }

  normalDistribution(a: Lanes): Lanes {
    return math.normalDistribution(this.#f, a);
  }

  erfc(a: Lanes): Lanes {
    return math.erfc(this.#f, a);
  }

  sin(a: Lanes): Lanes {
    return this.#exactBeyond(a, math.sinOrCos(this.#f, a, false), 'sin');
  }

  cos(a: Lanes): Lanes {
    return this.#exactBeyond(a, math.sinOrCos(this.#f, a, true), 'cos');
  }

  /** Lanes too large for the vector code are computed one by one, by JavaScript. */
  #exactBeyond(a: Lanes, value: Lanes, name: 'sin' | 'cos'): Lanes {
    const f = this.#f;
    const out = f.variable(value);
    const large = this.not(this.le(this.abs(a), this.number(math.trigonometricLimit)));
    f.if(f.op('v128.any_true', large), () => {
      for (let lane = 0; lane < 4; lane++) {
        const exact = f.call(importIndex(name), 'f32', f.lane('f32x4.extract_lane', lane, a));
        f.set(out, f.lane('f32x4.replace_lane', lane, out, exact));
      }
    });
    return out;
  }
}

/** Functions of JavaScript that every generated kernel may call. */
export const vectorImports: readonly { name: 'sin' | 'cos'; params: readonly ['f32']; result: 'f32'; run: (x: number) => number }[] = [
  { name: 'sin', params: ['f32'], result: 'f32', run: Math.sin },
  { name: 'cos', params: ['f32'], result: 'f32', run: Math.cos },
];

function importIndex(name: string): number {
  return vectorImports.findIndex((i) => i.name === name);
}
