import type { DType } from '../dtype.ts';
import { isFloating } from '../dtype.ts';

/** Code that reads `source` (an element of dtype `from`) as a value of dtype `compute`. */
export function loadAs(source: string, from: DType, compute: DType): string {
  if (from === compute || compute === 'float64') return source;
  switch (compute) {
    case 'float32':
      return from === 'bool' || from === 'uint8' ? source : `F(${source})`;
    case 'int64':
      return isFloating(from) ? `I(Math.trunc(${source}))` : source;
    case 'int32':
      return isFloating(from) || from === 'int64' ? `(${source}|0)` : source;
    case 'uint8':
      return from === 'bool' ? source : `(${source}&255)`;
    default:
      return `(${source}!==0?1:0)`;
  }
}

/** Code that turns a value of dtype `compute` into what a buffer of dtype `to` stores. */
export function storeAs(value: string, compute: DType, to: DType): string {
  if (to === compute) return value;
  if (to === 'bool') return `(${value}!==0?1:0)`;
  if (to === 'int64' && isFloating(compute)) return `I(Math.trunc(${value}))`;
  return value; // a typed array rounds and wraps as the dtype asks
}

/** Code that reads a parameter as a value of dtype `compute`. */
export function paramAs(i: number, compute: DType): string {
  return `const p${i}=${compute === 'float32' ? `F(params[${i}])` : `params[${i}]`};`;
}
