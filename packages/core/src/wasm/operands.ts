import type { DType } from '../dtype.ts';
import type { FunctionBuilder, Value } from './module.ts';
import type { Lanes } from './vector.ts';

/** How an operand moves in the innermost loop. */
export type Step = 'fixed' | 'unit' | 'strided';

/** Bytes of an element of a buffer. */
export const widths: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int32: 4, int64: 8, uint8: 1, bool: 1 };

/** One element at an address, as a float32. */
function scalar(f: FunctionBuilder, dtype: DType, at: Value, offset = 0): Value {
  switch (dtype) {
    case 'float32':
      return f.load('f32.load', at, offset);
    case 'int32':
      return f.op('f32.convert_i32_s', f.load('i32.load', at, offset));
    case 'uint8':
    case 'bool':
      return f.op('f32.convert_i32_s', f.load('i32.load8_u', at, offset));
    default:
      return f.op('f32.demote_f64', f.load('f64.load', at, offset));
  }
}

/** Four equal lanes of the element at an address. */
export function splat(f: FunctionBuilder, dtype: DType, at: Value): Lanes {
  return dtype === 'float32' ? f.load('v128.load32_splat', at) : f.op('f32x4.splat', scalar(f, dtype, at));
}

/** Four elements side by side as float32, from `skip` elements behind an address on. Reads whole vectors. */
export function contiguous(f: FunctionBuilder, dtype: DType, at: Value, skip: number): Lanes {
  const offset = skip * widths[dtype];
  switch (dtype) {
    case 'float32':
      return f.load('v128.load', at, offset);
    case 'int32':
      return f.op('f32x4.convert_i32x4_s', f.load('v128.load', at, offset));
    case 'uint8':
    case 'bool': {
      const bytes = f.load('v128.load32_zero', at, offset);
      const wide = f.op('i32x4.extend_low_i16x8_u', f.op('i16x8.extend_low_i8x16_u', bytes));
      return f.op('f32x4.convert_i32x4_s', wide);
    }
    default: {
      const [low, high] = [0, 16].map((o) => f.op('f32x4.demote_f64x2_zero', f.load('v128.load', at, offset + o)));
      return f.shuffle32(low!, high!, [0, 1, 4, 5]);
    }
  }
}

/** Four elements `stride` bytes apart. Only `count` of them (a value) exist when it is given; the last stands in for the rest. */
export function gathered(f: FunctionBuilder, dtype: DType, at: Value, stride: Value, count?: Value): Lanes {
  let lanes = f.f32x4(0);
  let address = at;
  for (let lane = 0; lane < 4; lane++) {
    if (lane > 0) {
      const next = f.op('i32.add', address, stride);
      address = count === undefined ? next : f.select(f.op('i32.gt_s', count, f.i32(lane)), next, address);
    }
    lanes = f.lane('f32x4.replace_lane', lane, lanes, scalar(f, dtype, address));
  }
  return lanes;
}

/** Stores one lane as an element of dtype float32 or bool. */
function storeLane(f: FunctionBuilder, dtype: DType, at: Value, v: Lanes, lane: number): void {
  if (dtype === 'float32') f.storeLane(at, v, lane);
  else f.store('i32.store8', at, f.lane('i32x4.extract_lane', lane, v));
}

/** What is stored of a value: for bool 0 or 1 as an integer. */
function stored(f: FunctionBuilder, dtype: DType, v: Lanes): Lanes {
  return dtype === 'float32' ? v : f.op('v128.and', f.op('f32x4.ne', v, f.f32x4(0)), f.i32x4(1));
}

/** Stores four lanes side by side, `skip` elements behind an address. */
export function storeContiguous(f: FunctionBuilder, dtype: DType, at: Value, v: Lanes, skip: number): void {
  const s = stored(f, dtype, v);
  if (dtype === 'float32') {
    f.store('v128.store', at, s, skip * 4);
    return;
  }
  const words = f.op('i16x8.narrow_i32x4_u', s, s);
  const bytes = f.op('i8x16.narrow_i16x8_u', words, words);
  f.store('i32.store', at, f.lane('i32x4.extract_lane', 0, bytes), skip);
}

/** Stores lanes `stride` bytes apart; only the first `count` when it is given. */
export function scattered(f: FunctionBuilder, dtype: DType, at: Value, stride: Value, v: Lanes, count?: Value): void {
  const s = stored(f, dtype, v);
  let address = at;
  for (let lane = 0; lane < 4; lane++) {
    if (lane > 0) address = f.op('i32.add', address, stride);
    const to = address;
    if (count === undefined || lane === 0) storeLane(f, dtype, to, s, lane);
    else f.if(f.op('i32.gt_s', count, f.i32(lane)), () => storeLane(f, dtype, to, s, lane));
  }
}
