import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FileFormatError } from '@nabla/io';
import { readIdx } from '@nabla/train';
import { loadIdx } from '@nabla/train/node';
import { describe, expect, test } from 'vitest';

type Setter = 'setUint8' | 'setInt8' | 'setInt16' | 'setInt32' | 'setFloat32' | 'setFloat64';

/** A file of these sizes and elements. */
function idx(code: number, shape: readonly number[], set: Setter, bytes: number, values: readonly number[]): Uint8Array {
  const out = new Uint8Array(4 + 4 * shape.length + bytes * values.length);
  const view = new DataView(out.buffer);
  out.set([0, 0, code, shape.length]);
  for (const [d, n] of shape.entries()) view.setUint32(4 + 4 * d, n);
  for (const [i, v] of values.entries()) view[set](4 + 4 * shape.length + bytes * i, v);
  return out;
}

const pixels = idx(0x08, [2, 3], 'setUint8', 1, [0, 1, 2, 253, 254, 255]);

describe('readIdx', () => {
  test.each([
    [0x08, 'setUint8', 1, [0, 255], 'uint8'],
    [0x09, 'setInt8', 1, [-128, 127], 'int32'],
    [0x0b, 'setInt16', 2, [-(2 ** 15), 2 ** 15 - 1, 258], 'int32'],
    [0x0c, 'setInt32', 4, [-(2 ** 31), 2 ** 31 - 1, 16909060], 'int32'],
    [0x0d, 'setFloat32', 4, [1.5, -0, Infinity, Number.NaN], 'float32'],
    [0x0e, 'setFloat64', 8, [Math.PI, -0, 5e-324, Number.NaN], 'float64'],
  ] as const)('type 0x%s', async (code, set, bytes, values, dtype) => {
    const file = idx(code, [values.length], set, bytes, values);
    const odd = new Uint8Array(file.length + 1);
    odd.set(file, 1);
    for (const whole of [file, odd.subarray(1), gzipSync(file)]) {
      const t = await readIdx(whole);
      expect([t.dtype, Array.from(t.dataSync())]).toEqual([dtype, values]);
    }
  });

  test('every rank, and none of the elements', async () => {
    expect((await readIdx(pixels)).toArray()).toEqual([
      [0, 1, 2],
      [253, 254, 255],
    ]);
    expect((await readIdx(idx(0x0d, [], 'setFloat32', 4, [2.5]))).item()).toBe(2.5);
    expect((await readIdx(idx(0x08, [0, 28, 28], 'setUint8', 1, []))).shape).toEqual([0, 28, 28]);
    expect((await readIdx(pixels.buffer)).shape).toEqual([2, 3]);
    const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
    shared.set(pixels);
    expect((await readIdx(shared)).shape).toEqual([2, 3]);
  });

  const huge = (...shape: number[]): Uint8Array => idx(0x0e, shape, 'setFloat64', 8, []);
  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'truncated: 0 bytes, a header has at least 4'],
    ['three bytes', pixels.slice(0, 3), 'truncated: 3 bytes, a header has at least 4'],
    ['a cut header', pixels.slice(0, 9), 'truncated inside the header: 9 bytes, one of 2 dimensions has 12'],
    ['a cut body', pixels.slice(0, -1), 'truncated: 2 x 3 elements of uint8 (6 bytes) announced, 5 bytes found'],
    ['a byte too many', Uint8Array.of(...pixels, 0), 'too long: 2 x 3 elements of uint8 (6 bytes) announced, 7 bytes found'],
    [
      'half of an element',
      idx(0x0d, [1], 'setFloat32', 4, [1]).slice(0, -2),
      'truncated: 1 elements of float32 (4 bytes) announced, 2 bytes found',
    ],
    ['another file', Uint8Array.of(137, 80, 78, 71), 'not an IDX file: it does not begin with two zero bytes'],
    ['an unknown type', Uint8Array.of(0, 0, 0x0a, 0), 'the type of its elements, 0xa, is unknown'],
    [
      'a huge shape',
      huge(2 ** 32 - 1, 2 ** 20),
      'truncated: 4294967295 x 1048576 elements of float64 (36028797010575360 bytes) announced, 0 bytes found',
    ],
    [
      'a shape beyond counting',
      huge(...new Array(3).fill(2 ** 32 - 1)),
      'the shape 4294967295 x 4294967295 x 4294967295 is none that a tensor can have',
    ],
    ['a shape beyond counting, with a zero', huge(0, ...new Array(3).fill(2 ** 32 - 1)), 'is none that a tensor can have'],
    ['too many dimensions', huge(...new Array(65).fill(1)), 'is none that a tensor can have'],
    ['a cut gzip file', gzipSync(pixels).slice(0, -9), 'not a whole gzip file: '],
    ['a gzip file with something behind it', Buffer.concat([gzipSync(pixels), Buffer.from('junk')]), 'not a whole gzip file: '],
    ['a gzip file of another file', gzipSync('hello'), 'not an IDX file: it does not begin with two zero bytes'],
  ])('refuses %s', async (_name, bytes, message) => {
    const error = await readIdx(bytes).then(
      () => null,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as FileFormatError).format).toBe('idx');
    expect((error as Error).message).toContain(message);
  });

  test('a header with a flipped bit is refused, but for one that makes signed bytes of bytes', async () => {
    const read: number[] = [];
    for (let bit = 0; bit < 8 * 12; bit++) {
      const bytes = pixels.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = await readIdx(bytes).then(
        () => 'read',
        (error: unknown) => error instanceof FileFormatError,
      );
      if (outcome === 'read') read.push(bit);
      else expect(outcome, `bit ${bit}`).toBe(true);
    }
    expect(read).toEqual([16]);
  });

  test('inflates no further than it may', async () => {
    const blank = gzipSync(idx(0x08, [2 ** 26], 'setUint8', 1, []));
    const bomb = gzipSync(Buffer.concat([idx(0x08, [2 ** 26], 'setUint8', 1, []), Buffer.alloc(2 ** 26)]));
    expect(bomb.length).toBeLessThan(2 ** 17);
    await expect(readIdx(bomb)).rejects.toThrow(
      `idx: inflates from ${bomb.length} to more than ${2 ** 24} bytes; set maxInflatedBytes if it may`,
    );
    expect((await readIdx(bomb, { maxInflatedBytes: 2 ** 26 + 8 })).shape).toEqual([2 ** 26]);
    await expect(readIdx(bomb, { maxInflatedBytes: 2 ** 26 + 7 })).rejects.toThrow('set maxInflatedBytes if it may');
    await expect(readIdx(blank)).rejects.toThrow('truncated');
  });
});

test('loadIdx reads a path', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nabla-idx-'));
  try {
    writeFileSync(join(dir, 'a.gz'), gzipSync(pixels));
    expect((await loadIdx(join(dir, 'a.gz'))).shape).toEqual([2, 3]);
    await expect(loadIdx(join(dir, 'b'))).rejects.toMatchObject({ code: 'ENOENT' });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
