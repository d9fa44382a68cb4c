import { ValueError } from '@nabla/core';
import { type Bytes, bytesOf } from './bytes.ts';

/**
 * Bytes that are read where they are needed: a file, a Blob, a buffer. Anything with these members is one.
 *
 * @example
 * ```ts
 * const source: ByteSource = { size: buffer.byteLength, read: async (offset, length) => new Uint8Array(buffer, offset, length) };
 * ```
 */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /** The bytes from `offset`, exactly `length` of them; it is asked for nothing beyond `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Gives back what it holds open. */
  close?(): Promise<void>;
}

/** What a `Blob` or a `File` of a browser offers. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** Everything that can be read at random places. */
export type Source = ByteSource | BlobLike | Bytes;

/**
 * A {@link ByteSource} of whatever holds bytes.
 *
 * @param from a buffer, a view of one, a Blob or File, or a ByteSource, which is given back as it is
 * @throws ValueError for anything else
 * @example
 * ```ts
 * input.addEventListener('change', async () => {
 *   const source = byteSource(input.files[0]);
 *   const start = await source.read(0, 8);
 * });
 * ```
 */
export function byteSource(from: Source): ByteSource {
  if (typeof from === 'object' && from !== null && !ArrayBuffer.isView(from)) {
    if ('read' in from && typeof from.read === 'function') return from;
    if ('arrayBuffer' in from && 'slice' in from && 'size' in from) {
      const blob = from as BlobLike;
      return {
        size: blob.size,
        read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
      };
    }
  }
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(from as Bytes);
  } catch {
    throw new ValueError('expected a buffer, a view of one, a Blob or something with size and read()');
  }
  return { size: bytes.length, read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)) };
}
