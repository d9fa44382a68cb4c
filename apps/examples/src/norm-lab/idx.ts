import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DataFileError } from './errors.ts';

/** An array read from an IDX file of unsigned bytes. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** No image file of this kind is larger; what unpacks to more is refused before it fills memory. */
const largest = 2 ** 30;

/**
 * Reads an IDX file of unsigned bytes, gzipped or not.
 *
 * @param path the file; with or without `.gz`, whichever exists
 * @param rank dimensions that it must have
 * @throws DataFileError when it is missing, truncated, too long, or not an IDX file of bytes of that rank
 * @see http://yann.lecun.com/exdb/mnist/
 */
export function readIdx(path: string, rank: number): IdxArray {
  const file = [path, `${path}.gz`].find((p) => existsSync(p));
  if (file === undefined) throw new DataFileError(`${path}: no such file (nor ${path}.gz)`);
  const bytes = unpack(file);
  if (bytes.length < 4) throw new DataFileError(`${file}: truncated: ${bytes.length} bytes, an IDX header has at least 4`);
  if (bytes[0] !== 0 || bytes[1] !== 0) throw new DataFileError(`${file}: not an IDX file (it does not start with two zero bytes)`);
  if (bytes[2] !== 0x08) throw new DataFileError(`${file}: IDX type 0x${bytes[2]!.toString(16)}, expected 0x8 (unsigned bytes)`);
  if (bytes[3] !== rank) throw new DataFileError(`${file}: ${bytes[3]} dimensions, expected ${rank}`);
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw new DataFileError(`${file}: truncated inside the header`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, d) => header.getUint32(4 + 4 * d));
  const size = shape.reduce((a, b) => a * b, 1);
  if (bytes.length - start !== size) {
    const what = bytes.length - start < size ? 'truncated' : 'too long';
    throw new DataFileError(`${file}: ${what}: ${shape.join(' x ')} bytes announced, ${bytes.length - start} found`);
  }
  return { shape, data: bytes.subarray(start) };
}

function unpack(file: string): Uint8Array {
  let raw: Uint8Array;
  try {
    raw = readFileSync(file);
  } catch (e) {
    throw new DataFileError(`${file}: ${(e as Error).message}`);
  }
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  try {
    return gunzipSync(raw, { maxOutputLength: largest });
  } catch (e) {
    throw new DataFileError(`${file}: not a whole gzip file: ${(e as Error).message}`);
  }
}

/** Labelled images: `images` is [n, height, width], row-major bytes. */
export interface LabelledImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** The training and the test part of a data set in MNIST's four files. */
export interface ImageData {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly classes: number;
}

function readPart(dir: string, prefix: string): LabelledImages {
  const images = readIdx(join(dir, `${prefix}-images-idx3-ubyte`), 3);
  const labels = readIdx(join(dir, `${prefix}-labels-idx1-ubyte`), 1);
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.shape[0] !== count) throw new DataFileError(`${dir}: ${count} ${prefix} images but ${labels.shape[0]} labels`);
  if (count === 0) throw new DataFileError(`${dir}: the ${prefix} part has no images`);
  return { count, height, width, images: images.data, labels: labels.data };
}

/**
 * Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the two `t10k-` files from a folder, gzipped or not.
 *
 * @throws DataFileError when a file is missing or broken, or the parts do not fit together
 */
export function readImageData(dir: string): ImageData {
  const train = readPart(dir, 'train');
  const test = readPart(dir, 't10k');
  if (train.height !== test.height || train.width !== test.width) {
    throw new DataFileError(`${dir}: training images are ${train.height} x ${train.width}, test images ${test.height} x ${test.width}`);
  }
  let top = 0;
  for (const label of train.labels) top = Math.max(top, label);
  for (const label of test.labels) if (label > top) throw new DataFileError(`${dir}: test label ${label} does not occur in training`);
  return { train, test, classes: top + 1 };
}
