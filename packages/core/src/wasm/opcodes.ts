/** A WebAssembly value type that kernels use. */
export type WasmType = 'i32' | 'f32' | 'f64' | 'v128';

/** How an instruction is encoded and what it gives. */
export interface Opcode {
  /** The bytes before the immediates. */
  readonly bytes: readonly number[];
  readonly result: WasmType | null;
}

/** The prefix of vector instructions, and the number behind it in LEB128. */
const vector = (n: number): number[] => (n < 128 ? [0xfd, n] : [0xfd, (n & 127) | 128, n >> 7]);

const table: Record<string, Opcode> = {};

function scalar(result: WasmType, names: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(names)) table[name] = { bytes: [n], result };
}

function vectors(names: Readonly<Record<string, number>>, result: WasmType | null = 'v128'): void {
  for (const [name, n] of Object.entries(names)) table[name] = { bytes: vector(n), result };
}

scalar('i32', {
  'i32.load': 0x28,
  'i32.load8_u': 0x2d,
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.gt_s': 0x4a,
  'i32.gt_u': 0x4b,
  'i32.le_s': 0x4c,
  'i32.le_u': 0x4d,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'f32.eq': 0x5b,
  'f32.ne': 0x5c,
  'f32.lt': 0x5d,
  'f32.gt': 0x5e,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.div_s': 0x6d,
  'i32.div_u': 0x6e,
  'i32.rem_u': 0x70,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_s': 0x75,
  'i32.shr_u': 0x76,
});
scalar('f32', {
  'f32.load': 0x2a,
  'f32.add': 0x92,
  'f32.sub': 0x93,
  'f32.mul': 0x94,
  'f32.div': 0x95,
  'f32.min': 0x96,
  'f32.max': 0x97,
  'f32.sqrt': 0x91,
  'f32.demote_f64': 0xb6,
  'f32.convert_i32_s': 0xb2,
});
scalar('f64', {
  'f64.load': 0x2b,
  'f64.sqrt': 0x9f,
  'f64.add': 0xa0,
  'f64.sub': 0xa1,
  'f64.mul': 0xa2,
  'f64.div': 0xa3,
  'f64.promote_f32': 0xbb,
  'f64.convert_i32_s': 0xb7,
});
table['i32.trunc_sat_f64_s'] = { bytes: [0xfc, 2], result: 'i32' };
table['i32.store'] = { bytes: [0x36], result: null };
table['i32.store8'] = { bytes: [0x3a], result: null };
table['f32.store'] = { bytes: [0x38], result: null };
table['f64.store'] = { bytes: [0x39], result: null };

vectors({
  'v128.load': 0,
  'v128.load8_splat': 7,
  'v128.load32_splat': 9,
  'v128.load64_splat': 10,
  'i8x16.shuffle': 13,
  'i32x4.splat': 17,
  'f32x4.splat': 19,
  'f64x2.splat': 20,
  'i32x4.eq': 55,
  'i32x4.ne': 56,
  'i32x4.lt_s': 57,
  'i32x4.gt_s': 59,
  'i32x4.max_s': 184,
  'i32x4.ge_s': 63,
  'f32x4.eq': 65,
  'f32x4.ne': 66,
  'f32x4.lt': 67,
  'f32x4.gt': 68,
  'f32x4.le': 69,
  'f32x4.ge': 70,
  'v128.not': 77,
  'v128.and': 78,
  'v128.andnot': 79,
  'v128.or': 80,
  'v128.xor': 81,
  'v128.bitselect': 82,
  'f32x4.relaxed_madd': 261,
  'v128.load32_lane': 86,
  'v128.load32_zero': 92,
  'v128.load64_zero': 93,
  'f32x4.demote_f64x2_zero': 94,
  'f64x2.promote_low_f32x4': 95,
  'i8x16.narrow_i16x8_u': 102,
  'f32x4.ceil': 103,
  'f32x4.floor': 104,
  'f32x4.trunc': 105,
  'f32x4.nearest': 106,
  'i16x8.narrow_i32x4_u': 134,
  'i16x8.extend_low_i8x16_u': 137,
  'i32x4.neg': 161,
  'i32x4.extend_low_i16x8_u': 169,
  'i32x4.shl': 171,
  'i32x4.shr_s': 172,
  'i32x4.shr_u': 173,
  'i32x4.add': 174,
  'i32x4.sub': 177,
  'i32x4.mul': 181,
  'f32x4.abs': 224,
  'f32x4.neg': 225,
  'f32x4.sqrt': 227,
  'f32x4.add': 228,
  'f32x4.sub': 229,
  'f32x4.mul': 230,
  'f32x4.div': 231,
  'f32x4.min': 232,
  'f32x4.max': 233,
  'f32x4.pmin': 234,
  'f32x4.pmax': 235,
  'f64x2.add': 240,
  'f64x2.sub': 241,
  'f64x2.mul': 242,
  'f64x2.div': 243,
  'i32x4.trunc_sat_f32x4_s': 248,
  'f32x4.convert_i32x4_s': 250,
  'f64x2.convert_low_i32x4_s': 254,
});
vectors({ 'i32x4.extract_lane': 27, 'v128.any_true': 83, 'i32x4.all_true': 163 }, 'i32');
vectors({ 'f32x4.extract_lane': 31 }, 'f32');
vectors({ 'f32x4.replace_lane': 32 }, 'v128');
vectors({ 'f64x2.extract_lane': 33 }, 'f64');
vectors({ 'v128.store': 11, 'v128.store32_lane': 90, 'v128.store64_lane': 91 }, null);

/** Every instruction that kernels use, by the name of the specification. */
export const opcodes: Readonly<Record<string, Opcode>> = table;
