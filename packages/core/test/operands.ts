import type { View } from '@nabla/core/internals';
import { expect } from 'vitest';
import { contiguousStrides, sizeOf } from '../src/layout.ts';
import { runtime } from '../src/wasm/runtime.ts';

export type Shape4 = readonly [number, number, number, number];

/** Numbers from a seed, the same on every machine. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to n - 1. */
  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }

  from<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  values(n: number): Float32Array {
    return Float32Array.from({ length: n }, () => this.below(2001) / 1000 - 1);
  }
}

export type Layout = 'contiguous' | 'permuted' | 'gaps';

export const layouts: readonly Layout[] = ['contiguous', 'permuted', 'gaps'];

/** A view of these values under a shape: contiguous, with another order of dimensions, or with gaps. */
export function viewOf(values: Float32Array, shape: Shape4, layout: Layout, place: (n: number) => Float32Array): View {
  const strides = {
    contiguous: contiguousStrides(shape),
    permuted: [shape[2] * shape[3] * shape[1], 1, shape[3] * shape[1], shape[1]],
    gaps: contiguousStrides([shape[0], shape[1], shape[2], shape[3] * 2]).map((s, d) => (d === 3 ? 2 : s)),
  }[layout];
  const offset = layout === 'gaps' ? 3 : 0;
  const handle = place(sizeOf(shape) * (layout === 'gaps' ? 2 : 1) + offset).fill(Number.NaN);
  let i = 0;
  for (let n = 0; n < shape[0]; n++) {
    for (let c = 0; c < shape[1]; c++) {
      for (let h = 0; h < shape[2]; h++) {
        for (let w = 0; w < shape[3]; w++) {
          handle[offset + n * strides[0]! + c * strides[1]! + h * strides[2]! + w * strides[3]!] = values[i++]!;
        }
      }
    }
  }
  return { handle, dtype: 'float32', shape, strides, offset };
}

export const onHeap = (n: number): Float32Array => new Float32Array(n);
export const resident = (n: number): Float32Array => runtime()!.arena.take('float32', n) as Float32Array;

/** Results of the same bits. */
export function expectSame(got: readonly (Float32Array | Float64Array)[], want: readonly (Float32Array | Float64Array)[]): void {
  got.forEach((x, i) => {
    expect(Buffer.compare(bytes(x), bytes(want[i]!)), `result ${i}`).toBe(0);
  });
}

const bytes = (x: Float32Array | Float64Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

/** Image n alone. */
export function single(v: View, n: number): View {
  const { handle, dtype, strides, offset } = v;
  return { handle, dtype, strides, shape: [1, ...v.shape.slice(1)], offset: offset + n * strides[0]! };
}
