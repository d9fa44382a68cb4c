import { readFile } from 'node:fs/promises';
import type { Tensor } from '@nabla/core';
import { type IdxOptions, readIdx } from '../idx.ts';

/**
 * `readIdx` of a path.
 *
 * @throws FileFormatError as `readIdx`; Error of Node when the file cannot be read
 * @example
 * ```ts
 * const labels = await loadIdx('train-labels-idx1-ubyte.gz'); // uint8 [60000]
 * ```
 */
export async function loadIdx(path: string, options: IdxOptions = {}): Promise<Tensor> {
  return readIdx(await readFile(path), options);
}
