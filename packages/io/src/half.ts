/** Floating formats of 16 bits: they exist in files only. */
export type HalfDType = 'float16' | 'bfloat16';

/** Bits of the fraction and of the exponent. */
const layouts = { float16: { fraction: 10, exponent: 5 }, bfloat16: { fraction: 7, exponent: 8 } } as const;

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);
scratch[0] = 1;
/** Where the word with the exponent lies in a double. */
const high = words[1] === 0 ? 0 : 1;

/** The code of a number in a format of 16 bits, rounded once, to nearest, ties to even. */
export function toHalf(value: number, type: HalfDType): number {
  const { fraction, exponent } = layouts[type];
  scratch[0] = value;
  const top = words[high]!;
  const sign = (top >>> 16) & 0x8000;
  const infinity = ((1 << exponent) - 1) << fraction;
  // The fraction of a NaN keeps its first bits, and the bit that makes it quiet.
  if (value !== value) return sign | infinity | (1 << (fraction - 1)) | ((top & 0xfffff) >>> (20 - fraction));
  const size = Math.abs(value);
  if (size === Infinity) return sign | infinity;
  const bias = 2 ** (exponent - 1) - 1;
  const binade = Math.max(((top >>> 20) & 0x7ff) - 1023, 1 - bias);
  // In units of the last place: exact, since only the exponent changes.
  const units = size * 2 ** (fraction - binade);
  let whole = Math.floor(units);
  const rest = units - whole;
  if (rest > 0.5 || (rest === 0.5 && whole % 2 === 1)) whole++;
  // Below the normal numbers there is no implicit bit; a carry goes on into the exponent, and at last to infinity.
  const code = whole < 2 ** fraction ? whole : (binade + bias) * 2 ** fraction + whole - 2 ** fraction;
  return sign | Math.min(code, infinity);
}

let table: Float32Array | null = null;

/** The value of every float16, by code. */
function float16Values(): Float32Array {
  if (table !== null) return table;
  table = new Float32Array(0x10000);
  const bits = new Uint32Array(table.buffer);
  for (let code = 0; code < 0x10000; code++) {
    const sign = code & 0x8000 ? -1 : 1;
    const exponent = (code >>> 10) & 31;
    const fraction = code & 0x3ff;
    // Written as bits, so that the sign and the fraction of a NaN stay.
    if (exponent === 31) bits[code] = ((code & 0x8000) << 16) | 0x7f800000 | (fraction << 13);
    else table[code] = sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }
  return table;
}

/** Codes of 16 bits as float32, which holds every one of them. */
export function fromHalf(codes: Uint16Array, type: HalfDType): Float32Array {
  const out = new Float32Array(codes.length);
  const bits = new Uint32Array(out.buffer);
  if (type === 'bfloat16') {
    for (let i = 0; i < codes.length; i++) bits[i] = codes[i]! << 16;
    return out;
  }
  const values = new Uint32Array(float16Values().buffer);
  for (let i = 0; i < codes.length; i++) bits[i] = values[codes[i]!]!;
  return out;
}
