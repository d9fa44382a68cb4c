import { NablaError } from '@nabla/core';

/** What a {@link FileFormatError} is about. */
export type FileFormat = 'safetensors' | 'npy' | 'npz' | 'torch' | 'checkpoint' | 'idx' | 'csv';

/**
 * A file that is not what its format allows: damaged, made to do harm, or with contents that have no counterpart here.
 * It is thrown before anything large is allocated.
 *
 * @example
 * ```ts
 * try {
 *   readSafetensors(bytes);
 * } catch (error) {
 *   if (error instanceof FileFormatError) console.error(error.format, error.message);
 * }
 * ```
 */
export class FileFormatError extends NablaError {
  override readonly name = 'FileFormatError';
  /** The format that was read. */
  readonly format: FileFormat;

  /** @param message what is wrong with the file; the format is put before it */
  constructor(format: FileFormat, message: string) {
    super(`${format}: ${message}`);
    this.format = format;
  }
}
