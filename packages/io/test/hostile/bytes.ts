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

export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

export function changed(bytes: Uint8Array, change: (copy: Uint8Array, view: DataView) => void): Uint8Array {
  const copy = new Uint8Array(bytes);
  change(copy, new DataView(copy.buffer));
  return copy;
}

/** A safetensors file of a header as text, with `data` bytes of elements 0, 1, 2... */
export function safetensors(header: string | Uint8Array, data: number): Uint8Array {
  const text = typeof header === 'string' ? ascii(header) : header;
  const out = new Uint8Array(8 + text.length + data);
  new DataView(out.buffer).setUint32(0, text.length, true);
  out.set(text, 8);
  for (let i = 0; i < data; i++) out[8 + text.length + i] = i & 63;
  return out;
}

/** An npy file of a header as text. */
export function npy(header: string | Uint8Array, data: number): Uint8Array {
  const text = typeof header === 'string' ? ascii(header) : header;
  const out = new Uint8Array(10 + text.length + data);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(out.buffer).setUint16(8, text.length, true);
  out.set(text, 10);
  for (let i = 0; i < data; i++) out[10 + text.length + i] = i & 63;
  return out;
}
