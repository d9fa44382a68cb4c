import { type FileFormat, FileFormatError } from '@nabla/io';
import { join } from '@nabla/io/internals';

/**
 * What was compressed by gzip, as far as the limit: no more than that is ever held.
 *
 * @param format what messages say was read
 * @throws FileFormatError when it is damaged, or inflates to more than `limit` bytes
 */
export async function inflate(bytes: Uint8Array, format: FileFormat, limit: number): Promise<Uint8Array> {
  // A Blob takes no shared memory.
  const own = bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
  const reader = new Blob([own as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    let part: ReadableStreamReadResult<Uint8Array>;
    try {
      part = await reader.read();
    } catch (error) {
      throw new FileFormatError(format, `not a whole gzip file: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (part.done) return join(parts);
    size += part.value.length;
    if (size > limit) {
      await reader.cancel();
      throw new FileFormatError(format, `inflates from ${bytes.length} to more than ${limit} bytes; set maxInflatedBytes if it may`);
    }
    parts.push(part.value);
  }
}
