import type { FunctionBuilder, Value } from './module.ts';
import type { Lanes } from './vector.ts';

/** What kernels of vectors combine elements by. */
export type ReduceKind = 'sum' | 'max' | 'min';

/** Partial results of four lanes: for sums two vectors of float64, else one of float32. */
export class Accumulator {
  readonly #f: FunctionBuilder;
  readonly #kind: ReduceKind;
  readonly #parts: readonly Value[];

  constructor(f: FunctionBuilder, kind: ReduceKind) {
    this.#f = f;
    this.#kind = kind;
    this.#parts = kind === 'sum' ? [f.local('v128'), f.local('v128')] : [f.local('v128')];
    this.reset();
  }

  reset(): void {
    for (const p of this.#parts) this.#f.set(p, this.neutral());
  }

  /** What changes nothing when it is combined. */
  neutral(): Lanes {
    return this.#f.f32x4({ sum: 0, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY }[this.#kind]);
  }

  take(v: Lanes): void {
    const f = this.#f;
    const [low, high] = this.#parts as [Value, Value];
    if (this.#kind === 'sum') {
      f.set(low, f.op('f64x2.add', low, f.op('f64x2.promote_low_f32x4', v)));
      f.set(high, f.op('f64x2.add', high, f.op('f64x2.promote_low_f32x4', f.shuffle32(v, v, [2, 3, 2, 3]))));
    } else f.set(low, f.op(this.#kind === 'max' ? 'f32x4.max' : 'f32x4.min', low, v));
  }

  /** Combines with another one. */
  join(other: Accumulator): void {
    const f = this.#f;
    this.#parts.forEach((p, i) => {
      const op = this.#kind === 'sum' ? 'f64x2.add' : this.#kind === 'max' ? 'f32x4.max' : 'f32x4.min';
      f.set(p, f.op(op, p, other.#parts[i]!));
    });
  }

  /** The four lanes, divided. */
  lanes(divisor: Value): Lanes {
    const f = this.#f;
    if (this.#kind !== 'sum') return this.#parts[0]!;
    const [low, high] = this.#parts.map((p) => f.op('f32x4.demote_f64x2_zero', f.op('f64x2.div', p, f.op('f64x2.splat', divisor))));
    return f.shuffle32(low!, high!, [0, 1, 4, 5]);
  }

  /** All lanes combined, divided: one float32. */
  total(divisor: Value): Value {
    const f = this.#f;
    if (this.#kind === 'sum') {
      const pair = f.op('f64x2.add', this.#parts[0]!, this.#parts[1]!);
      const sum = f.op('f64.add', f.lane('f64x2.extract_lane', 0, pair), f.lane('f64x2.extract_lane', 1, pair));
      return f.op('f32.demote_f64', f.op('f64.div', sum, divisor));
    }
    const op = this.#kind === 'max' ? 'f32x4.max' : 'f32x4.min';
    const v = this.#parts[0]!;
    const half = f.op(op, v, f.shuffle32(v, v, [2, 3, 0, 1]));
    return f.lane('f32x4.extract_lane', 0, f.op(op, half, f.shuffle32(half, half, [1, 0, 1, 0])));
  }
}
