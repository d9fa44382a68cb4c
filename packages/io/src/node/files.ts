import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Tensor } from '@nabla/core';
import { type NpyOptions, npyPieces, readNpy } from '../npy.ts';
import { type ArchiveOptions, type NpzOptions, readNpz, writeNpz } from '../npz.ts';
import { type SafetensorsOptions, safetensorsPieces } from '../safetensors.ts';
import { openSafetensors, openShardedSafetensors, type TensorReader } from '../safetensors-reader.ts';
import type { NamedTensors, ReadOptions } from '../tensors.ts';
import { readTorch, readTorchStateDict, type TorchValue } from '../torch.ts';
import { replaceFile } from './atomic.ts';
import { fileSource } from './source.ts';

/**
 * Opens a safetensors file, or the `.index.json` of one that is spread over several, to read single tensors.
 *
 * @throws FileFormatError when it is none; Error of Node when it cannot be read
 * @example
 * ```ts
 * const reader = await openSafetensorsFile('model.safetensors.index.json');
 * const weight = await reader.read('lm_head.weight');
 * await reader.close();
 * ```
 */
export async function openSafetensorsFile(path: string): Promise<TensorReader> {
  if (!path.endsWith('.json')) return openSafetensors(await fileSource(path));
  return openShardedSafetensors(await readFile(path), (file) => fileSource(join(dirname(path), file)));
}

/**
 * Every tensor of a safetensors file, or of the files that an `.index.json` lists. They are read one by one: the file is
 * never in memory as a whole.
 *
 * @throws FileFormatError and DTypeError as `readSafetensors`; Error of Node when it cannot be read
 * @example
 * ```ts
 * model.loadStateDict(await loadSafetensors('model.safetensors'));
 * ```
 */
export async function loadSafetensors(path: string, options: ReadOptions = {}): Promise<Map<string, Tensor>> {
  const reader = await openSafetensorsFile(path);
  try {
    return await reader.readAll(options);
  } finally {
    await reader.close();
  }
}

/**
 * Writes a safetensors file, in one step: the file that was there is whole until the new one is.
 *
 * @throws ValueError as `writeSafetensors`; Error of Node when it cannot be written
 * @example
 * ```ts
 * await saveSafetensors('model.safetensors', model.stateDict());
 * ```
 */
export async function saveSafetensors(path: string, tensors: NamedTensors, options: SafetensorsOptions = {}): Promise<void> {
  await replaceFile(path, (await safetensorsPieces(tensors, options)).pieces, 0);
}

/** `readNpy` of a path. */
export async function loadNpy(path: string, options: ReadOptions = {}): Promise<Tensor> {
  return readNpy(await readFile(path), options);
}

/** `writeNpy` to a path, in one step. */
export async function saveNpy(path: string, t: Tensor, options: NpyOptions = {}): Promise<void> {
  await replaceFile(path, await npyPieces('saveNpy', t, options), 0);
}

/** `readNpz` of a path. */
export async function loadNpz(path: string, options: ArchiveOptions = {}): Promise<Map<string, Tensor>> {
  return readNpz(await readFile(path), options);
}

/** `writeNpz` to a path, in one step. */
export async function saveNpz(path: string, tensors: NamedTensors, options: NpzOptions = {}): Promise<void> {
  await replaceFile(path, [await writeNpz(tensors, options)], 0);
}

/** `readTorch` of a path. */
export async function loadTorch(path: string, options: ArchiveOptions = {}): Promise<TorchValue> {
  return readTorch(await readFile(path), options);
}

/** `readTorchStateDict` of a path. */
export async function loadTorchStateDict(path: string, options: ArchiveOptions = {}): Promise<Map<string, Tensor>> {
  return readTorchStateDict(await readFile(path), options);
}
