import { type Tensor, ValueError } from '@nabla/core';
import { type Bytes, bytesOf, isIllFormed, join, quote } from './bytes.ts';
import { FileFormatError } from './errors.ts';
import { decodeNpy, type NpyOptions, npyPieces } from './npy.ts';
import { entriesOf, type NamedTensors, type ReadOptions } from './tensors.ts';
import { ZipArchive } from './zip-read.ts';
import { writeZip } from './zip-write.ts';

/** Options of readers of zip archives. */
export interface ArchiveOptions extends ReadOptions {
  /**
   * Most bytes that compressed files may have together when inflated: a small archive can hold terabytes of zeros. By
   * default 64 times the size of the archive, and at least 16 MiB.
   */
  maxInflatedBytes?: number;
}

/** Options of {@link writeNpz}. */
export interface NpzOptions extends NpyOptions {
  /** Whether to deflate the arrays, as `numpy.savez_compressed` does. Default false. */
  compress?: boolean;
}

/**
 * The arrays of an npz file, by name, read as {@link readNpy} does. The archive may be stored or deflated.
 *
 * @throws FileFormatError when the archive or an array in it is not what the format allows, or inflates to too much;
 * DTypeError for an integer beyond ±(2^53 - 1)
 * @example
 * ```ts
 * const arrays = readNpz(await (await fetch('data.npz')).arrayBuffer());
 * const x = arrays.get('x');
 * ```
 * @see https://numpy.org/doc/stable/reference/generated/numpy.savez.html
 */
export function readNpz(bytes: Bytes, options: ArchiveOptions = {}): Map<string, Tensor> {
  const archive = new ZipArchive(bytesOf(bytes), 'npz', options.maxInflatedBytes);
  const entries = [...archive.entries];
  const stray = entries.find((e) => !e.name.endsWith('.npy'));
  if (stray !== undefined) throw new FileFormatError('npz', `the file ${quote(stray.name)} is no array: its name does not end with .npy`);
  return new Map(entries.map((e) => [e.name.slice(0, -4), decodeNpy(archive.read(e), 'npz', quote(e.name), options)]));
}

/**
 * Tensors as an npz file of numpy, as they stand when this is called (on a device, as it runs). Equal tensors give equal
 * bytes: the archive has no dates.
 *
 * @throws ValueError for a name that UTF-8 cannot write, and for more than a zip archive can count (4 GiB)
 * @example
 * ```ts
 * const bytes = await writeNpz({ x, y }, { compress: true });
 * ```
 * @see https://numpy.org/doc/stable/reference/generated/numpy.savez_compressed.html
 */
export async function writeNpz(tensors: NamedTensors, options: NpzOptions = {}): Promise<Uint8Array> {
  const files = entriesOf(tensors).map(async ([name, t]) => {
    if (isIllFormed(name)) throw new ValueError(`writeNpz: the name ${quote(name)} has half of a surrogate pair, which UTF-8 cannot write`);
    return [`${name}.npy`, join(await npyPieces('writeNpz', t, options))] as const;
  });
  return writeZip('writeNpz', await Promise.all(files), options.compress ?? false);
}
