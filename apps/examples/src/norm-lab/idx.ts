import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@nabla/core';
import { FileFormatError } from '@nabla/io';
import { loadIdx } from '@nabla/train/node';
import { DataFileError } from '../errors.ts';

/** No image file of this kind is larger; what unpacks to more is refused before it fills memory. */
const largest = 2 ** 30;

/**
 * Reads an IDX file of unsigned bytes, gzipped or not.
 *
 * @param path the file; with or without `.gz`, whichever exists
 * @param rank dimensions that it must have
 * @throws DataFileError when it is missing, truncated, too long, or not an IDX file of bytes of that rank
 */
export async function readBytes(path: string, rank: number): Promise<Tensor> {
  const file = [path, `${path}.gz`].find((p) => existsSync(p));
  if (file === undefined) throw new DataFileError(`${path}: no such file (nor ${path}.gz)`);
  let bytes: Tensor;
  try {
    bytes = await loadIdx(file, { maxInflatedBytes: largest });
  } catch (e) {
    const message = (e as Error).message;
    throw new DataFileError(`${file}: ${e instanceof FileFormatError ? message.replace(`${e.format}: `, '') : message}`);
  }
  if (bytes.dtype !== 'uint8') throw new DataFileError(`${file}: elements of ${bytes.dtype}, expected unsigned bytes`);
  if (bytes.ndim !== rank) throw new DataFileError(`${file}: ${bytes.ndim} dimensions, expected ${rank}`);
  return bytes;
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

async function readPart(dir: string, prefix: string): Promise<LabelledImages> {
  const images = await readBytes(join(dir, `${prefix}-images-idx3-ubyte`), 3);
  const labels = await readBytes(join(dir, `${prefix}-labels-idx1-ubyte`), 1);
  const [count, height, width] = images.shape as unknown as [number, number, number];
  if (labels.shape[0] !== count) throw new DataFileError(`${dir}: ${count} ${prefix} images but ${labels.shape[0]} labels`);
  if (count === 0) throw new DataFileError(`${dir}: the ${prefix} part has no images`);
  return { count, height, width, images: images.dataSync() as Uint8Array, labels: labels.dataSync() as Uint8Array };
}

/**
 * Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the two `t10k-` files from a folder, gzipped or not.
 *
 * @throws DataFileError when a file is missing or broken, or the parts do not fit together
 */
export async function readImageData(dir: string): Promise<ImageData> {
  const train = await readPart(dir, 'train');
  const test = await readPart(dir, 't10k');
  if (train.height !== test.height || train.width !== test.width) {
    throw new DataFileError(`${dir}: training images are ${train.height} x ${train.width}, test images ${test.height} x ${test.width}`);
  }
  let top = 0;
  for (const label of train.labels) top = Math.max(top, label);
  for (const label of test.labels) if (label > top) throw new DataFileError(`${dir}: test label ${label} does not occur in training`);
  return { train, test, classes: top + 1 };
}
