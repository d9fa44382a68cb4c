import { open } from 'node:fs/promises';
import type { ByteSource } from '../source.ts';

/**
 * Opens a file for reading at random places. Close it when it is no longer needed.
 *
 * @throws Error of Node when it cannot be opened
 * @example
 * ```ts
 * const source = await fileSource('model.safetensors');
 * const reader = await openSafetensors(source);
 * ```
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return {
      size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        let at = 0;
        while (at < length) {
          const { bytesRead } = await handle.read(bytes, at, Math.min(length - at, 2 ** 30), offset + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
        return bytes.subarray(0, at);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
