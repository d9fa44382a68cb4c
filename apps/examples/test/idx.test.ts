import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DataFileError } from '../src/errors.ts';
import { readBytes, readImageData } from '../src/norm-lab/idx.ts';
import { folder, idxBytes, writeHalves } from './files.ts';

const pixels = Uint8Array.from({ length: 12 }, (_, i) => i);

describe('readBytes', () => {
  it('reads plain and gzipped files alike', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'a'), idxBytes([2, 3, 2], pixels));
    writeFileSync(join(dir, 'b.gz'), gzipSync(idxBytes([2, 3, 2], pixels)));
    for (const name of ['a', 'b']) {
      const bytes = await readBytes(join(dir, name), 3);
      expect(bytes.shape).toEqual([2, 3, 2]);
      expect([...bytes.dataSync()]).toEqual([...pixels]);
    }
  });

  const broken: readonly [string, Uint8Array | null, RegExp][] = [
    ['a missing file', null, /no such file/],
    ['an empty file', new Uint8Array(0), /truncated/],
    ['a cut header', idxBytes([2, 3, 2], pixels).slice(0, 9), /truncated inside the header/],
    [
      'a cut body',
      idxBytes([2, 3, 2], pixels).slice(0, -1),
      /file: truncated: 2 x 3 x 2 elements of uint8 \(12 bytes\) announced, 11 bytes found$/,
    ],
    ['a long body', idxBytes([2, 3, 1], pixels), /too long/],
    ['another rank', idxBytes([12], pixels), /1 dimensions, expected 3/],
    ['another type', Uint8Array.of(0, 0, 0x0d, 0, 0x3f, 0x80, 0, 0), /elements of float32, expected unsigned bytes/],
    ['something else', Uint8Array.of(137, 80, 78, 71, 13, 10), /not an IDX file/],
    ['a cut gzip file', gzipSync(idxBytes([2, 3, 2], pixels)).slice(0, -9), /not a whole gzip file/],
  ];
  it.each(broken)('tells %s by a DataFileError', async (_name, bytes, message) => {
    const file = join(folder(), 'file');
    if (bytes !== null) writeFileSync(file, bytes);
    await expect(readBytes(file, 3)).rejects.toThrow(DataFileError);
    await expect(readBytes(file, 3)).rejects.toThrow(message);
  });
});

describe('readImageData', () => {
  it('reads the four files', async () => {
    const dir = folder();
    writeHalves(dir, 10, 4);
    const data = await readImageData(dir);
    expect([data.train.count, data.test.count, data.train.height, data.classes]).toEqual([10, 4, 8, 2]);
  });

  it('refuses labels that do not fit the images', async () => {
    const dir = folder();
    writeHalves(dir, 10, 4);
    writeFileSync(join(dir, 'train-labels-idx1-ubyte'), idxBytes([9], new Uint8Array(9)));
    await expect(readImageData(dir)).rejects.toThrow(/10 train images but 9 labels/);
  });
});
