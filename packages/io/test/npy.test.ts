import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { arange, DTypeError, type Tensor, tensor, ValueError, zeros } from '@nabla/core';
import { FileFormatError, readNpy, readNpz, writeNpy, writeNpz } from '@nabla/io';
import { loadNpy, loadNpz, saveNpy, saveNpz } from '@nabla/io/node';
import { describe, expect, test } from 'vitest';
import { crc32 } from '../src/crc32.ts';
import { writeZip } from '../src/zip-write.ts';
import { bitsOf, expected, expectRecorded, file } from './fixtures.ts';

const samples: Record<string, Tensor> = {
  float32: tensor([
    [1.5, -0, Number.NaN],
    [Infinity, -Infinity, 1e-45],
  ]),
  float64: tensor([Math.PI, -0, 5e-324], { dtype: 'float64' }),
  int32: tensor(Int32Array.of(-(2 ** 31), 2 ** 31 - 1)),
  int64: tensor([2n ** 53n - 1n, -(2n ** 53n) + 1n, -1n, 2n ** 32n]),
  uint8: tensor(Uint8Array.of(0, 255)),
  bool: tensor([true, false, true]),
  scalar: tensor(2.5),
  none: zeros([0, 3]),
  view: arange(6).reshape([2, 3]).t() as Tensor,
  'übung/x': tensor([1]),
  __proto__x: tensor([2]),
};

const npy = (header: string, data = 0, version = 1): Uint8Array => {
  const out = new Uint8Array((version === 1 ? 10 : 12) + header.length + data);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(out.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  out.set(new TextEncoder().encode(header), version === 1 ? 10 : 12);
  return out;
};

describe('npy', () => {
  test('every dtype and shape comes back bit by bit', async () => {
    for (const [name, t] of Object.entries(samples)) {
      const bytes = await writeNpy(t);
      expect(bitsOf(readNpy(bytes)), name).toEqual(bitsOf(t));
      const odd = new Uint8Array(bytes.length + 1);
      odd.set(bytes, 1);
      expect(bitsOf(readNpy(odd.subarray(1))), name).toEqual(bitsOf(t));
    }
    expect(readNpy(await writeNpy(tensor([1 / 3]), { half: 'float16' })).toArray()).toEqual([0.333251953125]);
    await expect(writeNpy(tensor([1]), { half: 'bfloat16' as never })).rejects.toThrow(ValueError);
  });
  test.each([1, 2, 3])('version %i as numpy writes it', (version) => {
    expect(readNpy(file(`version-${version}.npy`)).toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });
  test('ours is numpy’s, byte by byte', async () => {
    expect(
      Buffer.from(
        await writeNpy(
          tensor([
            [0, 1, 2],
            [3, 4, 5],
          ]),
        ),
      ),
    ).toEqual(file('version-1.npy'));
  });
  const fields = "'descr': '<f4', 'fortran_order': False, 'shape': (2,)";
  test.each<[string, Uint8Array, RegExp]>([
    ['another beginning', Uint8Array.of(1, 2, 3), /does not begin/],
    ['version 4', npy(`{${fields}}`, 8, 4), /version 4.0/],
    [
      'a header beyond the file',
      (() => {
        const b = npy(`{${fields}}`);
        b[9] = 9;
        return b;
      })(),
      /is said to have/,
    ],
    ['a header of 20,000 bytes', npy(`{${fields}}${' '.repeat(20000)}`, 8), /a header of/],
    ['objects', file('objects.npy'), /elements of type "\|O"/],
    ['fields', file('fields.npy'), /structured/],
    ['complex numbers', file('complex.npy'), /"<c8"/],
    ['a key twice', npy(`{${fields}, 'shape': (2,)}`, 8), /gives shape twice/],
    ['an unknown key', npy(`{${fields}, 'more': True}`, 8), /has to give/],
    ['a prototype key', npy(`{${fields}, '__proto__': True}`, 8), /has to give/],
    ['a missing key', npy("{'descr': '<f4', 'shape': (2,)}", 8), /has to give/],
    ['an expression', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1+1,)}", 8), /not the dictionary/],
    ['no comma', npy("{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}", 8), /not the dictionary/],
    ['a number for a tuple', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", 8), /not the dictionary/],
    ['no byte order', npy("{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}", 8), /elements of type/],
    ['too many elements', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 8), /no shape/],
    ['65 dimensions', npy(`{'descr': '<f4', 'fortran_order': False, 'shape': (${'1, '.repeat(65)})}`, 4), /no shape/],
    ['a shape that does not fit', npy(`{${fields}}`, 12), /take 8 bytes, but 12/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(FileFormatError);
    expect(() => readNpy(bytes)).toThrow(message);
  });
  test('an int64 beyond ±(2^53 - 1) is a DTypeError', () => {
    const bytes = npy("{'descr': '<u8', 'fortran_order': False, 'shape': (1L,)}", 8);
    expect(readNpy(bytes).toArray()).toEqual([0]);
    bytes[bytes.length - 1] = 255;
    expect(() => readNpy(bytes)).toThrow(DTypeError);
  });
});

describe('npz', () => {
  test.each(['arrays.npz', 'arrays-deflated.npz'])("numpy's %s: every dtype, both byte orders, Fortran order", (name) => {
    const back = readNpz(file(name));
    expect([...back.keys()]).toEqual(Object.keys(expected['arrays']!));
    for (const [key, recorded] of Object.entries(expected['arrays']!)) {
      expectRecorded(back.get(key)!, recorded);
      expect(back.get(key)!.isContiguous).toBe(true);
    }
  });
  test.each([false, true])('every dtype and shape comes back bit by bit, deflated: %s', async (compress) => {
    const bytes = await writeNpz(samples, { compress });
    const back = readNpz(bytes);
    expect([...back.keys()]).toEqual(Object.keys(samples));
    for (const [name, t] of Object.entries(samples)) expect(bitsOf(back.get(name)!), name).toEqual(bitsOf(t));
    expect(await writeNpz(samples, { compress })).toEqual(bytes);
  });
  test('a large array that is inflated in pieces', async () => {
    // Squares modulo a prime: deflate makes little of them.
    const x = tensor(Float32Array.from({ length: 300_000 }, (_, i) => (i * i) % 65521));
    const bytes = await writeNpz({ x }, { compress: true });
    expect(bytes.length).toBeGreaterThan(2 ** 18);
    expect(readNpz(bytes).get('x')!.equal(x)).toBe(true);
  });
  test('paths', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nabla-io-'));
    try {
      await saveNpy(join(dir, 'x.npy'), samples['view']!);
      expect(bitsOf(await loadNpy(join(dir, 'x.npy')))).toEqual(bitsOf(samples['view']!));
      await saveNpz(join(dir, 'x.npz'), samples, { compress: true });
      expect((await loadNpz(join(dir, 'x.npz'))).size).toBe(Object.keys(samples).length);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
  test('a file that is no array, a name twice', () => {
    const one = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4);
    expect(() => readNpz(writeZip('test', [['x.txt', one]], false))).toThrow(/"x.txt" is no array/);
    expect(() =>
      readNpz(
        writeZip(
          'test',
          [
            ['x.npy', one],
            ['x.npy', one],
          ],
          false,
        ),
      ),
    ).toThrow(/two files "x.npy"/);
  });
  test('an archive that inflates to too much needs leave', () => {
    const zeroBytes = 64 * 2 ** 20;
    const bomb = writeZip('test', [['x.npy', npy(`{'descr': '|u1', 'fortran_order': False, 'shape': (${zeroBytes},)}`, zeroBytes)]], true);
    expect(bomb.length).toBeLessThan(2 ** 17);
    expect(() => readNpz(bomb)).toThrow(/inflates from \d+ to \d+ bytes, more than 16777216/);
    expect(readNpz(bomb, { maxInflatedBytes: 2 ** 27 }).get('x')!.size).toBe(zeroBytes);
  });
  test('more or less than the archive says', () => {
    const plain = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (100,)}", 400);
    const archive = writeZip('test', [['x.npy', plain]], true);
    const directory = archive.length - 22 - 46 - 5;
    for (const wrong of [plain.length - 1, plain.length + 1, 12, 17000]) {
      const changed = archive.slice();
      for (const at of [22, directory + 24]) new DataView(changed.buffer).setUint32(at, wrong, true);
      expect(() => readNpz(changed)).toThrow(/does not inflate to|more than deflate/);
    }
    const damaged = archive.slice();
    new DataView(damaged.buffer).setUint32(directory + 16, 1, true);
    expect(() => readNpz(damaged)).toThrow(/checksum/);
  });
});

test('crc32 of a text whose CRC is known, whole and in parts', () => {
  const bytes = new TextEncoder().encode('123456789');
  expect(crc32(bytes)).toBe(0xcbf43926);
  for (let i = 0; i <= 9; i++) expect(crc32(bytes.subarray(i), crc32(bytes.subarray(0, i)))).toBe(0xcbf43926);
  const long = deflateRawSync(Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i) & 255)));
  let slow = -1;
  for (const byte of long) {
    slow ^= byte;
    for (let k = 0; k < 8; k++) slow = slow & 1 ? (slow >>> 1) ^ 0xedb88320 : slow >>> 1;
  }
  expect(crc32(long)).toBe(~slow >>> 0);
});
