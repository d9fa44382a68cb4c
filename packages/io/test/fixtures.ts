import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { noGrad, type Tensor } from '@nabla/core';
import { expect } from 'vitest';

const folder = new URL('../../testing/fixtures/files/', import.meta.url);

/** Path of a file that PyTorch or numpy wrote; see scripts/record-files.py of the testing package. */
export const pathOf = (name: string): string => fileURLToPath(new URL(name, folder));

/** Such a file. */
export const file = (name: string): Buffer => readFileSync(pathOf(name));

/** Shape and elements as they were recorded. */
export interface Recorded {
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}

/** Everything that was recorded, by group and name. */
export const expected: Readonly<Record<string, Readonly<Record<string, Recorded>>>> = JSON.parse(file('expected.json').toString());

const special: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity, '-0': -0 };

/** Compares every element, signs of zeros too. */
export function expectRecorded(t: Tensor, { shape, values }: Recorded): void {
  expect(t.shape).toEqual(shape);
  expect(Array.from(t.dataSync())).toEqual(values.map((v) => (typeof v === 'string' ? special[v] : v)));
}

/** The bits of a tensor's elements, its dtype and shape. */
export function bitsOf(t: Tensor): { dtype: string; shape: readonly number[]; bytes: number[] } {
  const values = noGrad(() => t.dataSync());
  return { dtype: t.dtype, shape: [...t.shape], bytes: [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)] };
}
