import type { Tensor } from '@nabla/core';
import { type Bytes, FileFormatError, type ReadOptions } from '@nabla/io';
import { bytesOf, decodeElements, elementsOf, type FileDType, fileBytes, inflationLimit, tensorOf, viewOf } from '@nabla/io/internals';
import { inflate } from './inflate.ts';

/** Options of {@link readIdx}. */
export interface IdxOptions extends ReadOptions {
  /**
   * Most bytes that a compressed file may have when inflated: a small one can hold terabytes of zeros. By default 64 times
   * its size, and at least 16 MiB.
   */
  maxInflatedBytes?: number;
}

/** The types of elements, by the third byte of a file. */
const types: ReadonlyMap<number, FileDType> = new Map<number, FileDType>([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

const fail = (message: string): never => {
  throw new FileFormatError('idx', message);
};

/** What the header of a file says. */
interface Header {
  readonly type: FileDType;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

function headerOf(bytes: Uint8Array): Header {
  if (bytes.length < 4) return fail(`truncated: ${bytes.length} bytes, a header has at least 4`);
  const [first, second, code, rank] = bytes as unknown as readonly [number, number, number, number];
  if (first !== 0 || second !== 0) return fail('not an IDX file: it does not begin with two zero bytes');
  const type = types.get(code) ?? fail(`the type of its elements, 0x${code.toString(16)}, is unknown`);
  const start = 4 + 4 * rank;
  if (bytes.length < start) return fail(`truncated inside the header: ${bytes.length} bytes, one of ${rank} dimensions has ${start}`);
  const view = viewOf(bytes);
  return { type, shape: Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d)), start };
}

/**
 * The array in an IDX file, which MNIST and its like are published in; compressed by gzip or not. Every type of elements is
 * read: bytes with a sign and int16 become int32.
 *
 * @throws FileFormatError when the file is truncated, too long or none, or inflates to too much; before anything large is
 * allocated
 * @example
 * ```ts
 * const images = await readIdx(await (await fetch('train-images-idx3-ubyte.gz')).arrayBuffer()); // uint8 [60000, 28, 28]
 * ```
 * @see http://yann.lecun.com/exdb/mnist/
 */
export async function readIdx(bytes: Bytes, options: IdxOptions = {}): Promise<Tensor> {
  const given = bytesOf(bytes);
  const packed = given[0] === 0x1f && given[1] === 0x8b;
  const file = packed ? await inflate(given, 'idx', options.maxInflatedBytes ?? inflationLimit(given.length)) : given;
  const { type, shape, start } = headerOf(file);
  const n = elementsOf(shape);
  const announced = shape.join(' x ');
  if (n === null) return fail(`the shape ${announced} is none that a tensor can have`);
  const found = file.length - start;
  const size = n * fileBytes(type);
  if (found !== size)
    return fail(
      `${found < size ? 'truncated' : 'too long'}: ${announced === '' ? 1 : announced} elements of ${type} (${size} bytes) announced, ${found} bytes found`,
    );
  return tensorOf(decodeElements(file.subarray(start), type, false, 'the array'), type, shape, options);
}
