import { fileURLToPath } from 'node:url';
import type { Tensor } from '@nabla/core';
import { loadIdx } from '@nabla/train/node';

/** Images [n, 784] between 0 and 1, and their digits [n], which what learns without labels does not look at. */
export interface Digits {
  readonly images: Tensor;
  readonly labels: Tensor;
}

/** Reads the embedded typefaces; those of `test` occur in no image of `train`. */
export async function loadDigits(): Promise<{ readonly train: Digits; readonly test: Digits }> {
  const read = (name: string): Promise<Tensor> => loadIdx(fileURLToPath(new URL(`../../data/typefaces/${name}-ubyte.gz`, import.meta.url)));
  const part = async (name: string): Promise<Digits> => ({
    images: (await read(`${name}-images-idx3`)).flatten(1).to('float32').div(255),
    labels: (await read(`${name}-labels-idx1`)).to('int64'),
  });
  return { train: await part('train'), test: await part('t10k') };
}
