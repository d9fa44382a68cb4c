import { createHash } from 'node:crypto';

/** A stream of numbers that is the same in every run. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** An integer from 0 to n - 1. */
  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

/** A file that was made to do harm. */
export interface Mutant {
  readonly attack: string;
  readonly format: 'safetensors' | 'npy' | 'npz' | 'torch';
  readonly bytes: Uint8Array;
  /** Whether every reader has to refuse it; otherwise it may also be read right. */
  readonly refused: boolean;
}

/** How many mutants there are of each attack, no two of them equal. */
const each = 20;

/** The mutants of an attack: what `make` gives for i = 0, 1, ..., those that were there before left out. */
export function mutantsOf(
  format: Mutant['format'],
  attack: string,
  refused: boolean,
  make: (dice: Dice, i: number) => Uint8Array,
): Mutant[] {
  const hash = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
  const seen = new Map<string, Mutant>();
  for (let i = 0; seen.size < each; i++) {
    if (i === 20 * each) throw new Error(`${format}: ${attack} has only ${seen.size} mutants`);
    const bytes = make(new Dice(hash(`${format}: ${attack} ${i}`).readUInt32LE()), i);
    seen.set(hash(bytes).toString('hex'), { attack, format, bytes, refused });
  }
  return [...seen.values()];
}

export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

export function changed(bytes: Uint8Array, change: (copy: Uint8Array, view: DataView) => void): Uint8Array {
  const copy = new Uint8Array(bytes);
  change(copy, new DataView(copy.buffer));
  return copy;
}

/** A start of some bytes that `begin` writes, a header, and `data` bytes of elements 0, 1, 2... */
function fileOf(start: number, header: string | Uint8Array, data: number, begin: (view: DataView, length: number) => void): Uint8Array {
  const text = typeof header === 'string' ? ascii(header) : header;
  const out = new Uint8Array(start + text.length + data);
  begin(new DataView(out.buffer), text.length);
  out.set(text, start);
  for (let i = 0; i < data; i++) out[start + text.length + i] = i & 63;
  return out;
}

/** A safetensors file of a header as text. */
export const safetensors = (header: string | Uint8Array, data: number): Uint8Array =>
  fileOf(8, header, data, (view, n) => view.setUint32(0, n, true));

/** An npy file of a header as text. */
export const npy = (header: string | Uint8Array, data: number): Uint8Array =>
  fileOf(10, header, data, (view, n) => {
    new Uint8Array(view.buffer).set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    view.setUint16(8, n, true);
  });

/** Bytes of the elements that npy files hold. */
const sizes: Readonly<Record<string, number>> = {
  '<f4': 4,
  '<f8': 8,
  '<i8': 8,
  '<i4': 4,
  '<i2': 2,
  '|u1': 1,
  '|b1': 1,
  '>f4': 4,
  '>i4': 4,
};

/** What stands in an npy header, and how many bytes of elements follow. */
export interface Described {
  readonly descr: string;
  readonly shape: string;
  readonly order: string;
  readonly data: number;
}

/** An array of two or three small dimensions. */
export function drawArray(dice: Dice): Described {
  const shape = Array.from({ length: 2 + dice.below(2) }, () => 1 + dice.below(5));
  const descr = dice.pick(Object.keys(sizes));
  const data = shape.reduce((p, n) => p * n, sizes[descr]!);
  return { descr, shape: `(${shape.join(', ')})`, order: 'False', data };
}

/** A dtype in an npy header whose elements have another size than those of `descr`, or that is none. */
export function otherSize(dice: Dice, descr: string): string {
  const known = Object.keys(sizes).filter((d) => sizes[d] !== sizes[descr]);
  return dice.pick([...known, '<c8', '<f16', '<U4', '|O', '|V4', '<M8', '', '<', 'f4', '<f4 ', '!f4', '<f3', '<i16']);
}

/** The header of an npy file. */
export const dict = ({ descr, shape, order }: Omit<Described, 'data'>): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

/** Sizes that no file has room for. */
export const huge: readonly number[] = [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1, 2 ** 53, 2 ** 63];

/** Names that JavaScript gives a meaning to. */
export const reserved: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'valueOf',
  'then',
];
