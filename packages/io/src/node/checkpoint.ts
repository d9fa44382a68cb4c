import { readFile } from 'node:fs/promises';
import { ValueError } from '@nabla/core';
import { type CheckpointParts, type CheckpointState, checkpointPieces, readCheckpoint } from '../checkpoint.ts';
import { FileFormatError } from '../errors.ts';
import type { ReadOptions } from '../tensors.ts';
import { replaceFile } from './atomic.ts';

/** Options of {@link saveCheckpoint}. */
export interface SaveCheckpointOptions {
  /** How many older checkpoints stay beside the new one, as `path.1` (the one before), `path.2`... Default 1. */
  keep?: number;
}

/** A checkpoint that was found. */
export interface LoadedCheckpoint {
  /** What it holds; `restoreCheckpoint` puts it back into the parts. */
  readonly state: CheckpointState;
  /** The file it was read from: the path that was asked for, or an older checkpoint beside it. */
  readonly path: string;
  /** Why newer ones were passed over: one error for each damaged file. */
  readonly skipped: readonly FileFormatError[];
}

/**
 * Writes a checkpoint as `writeCheckpoint` makes it, in one step: it is flushed to the disk under a temporary name
 * before it takes the place of the one before, which stays as `path.1`. Whenever the process or the machine dies, a
 * readable checkpoint is there.
 *
 * @throws ValueError for a state that no file can hold; Error of Node when the file cannot be written, and the old one
 * is untouched then
 * @example
 * ```ts
 * await saveCheckpoint('run/last.ckpt', { model, optimizer, scheduler, generator: defaultGenerator(), epoch });
 * ```
 */
export async function saveCheckpoint(path: string, parts: CheckpointParts, options: SaveCheckpointOptions = {}): Promise<void> {
  const keep = options.keep ?? 1;
  if (!Number.isInteger(keep) || keep < 0) throw new ValueError(`saveCheckpoint: keep must be a number of files, got ${keep}`);
  await replaceFile(path, (await checkpointPieces(parts)).pieces, keep);
}

/**
 * Reads the newest checkpoint of {@link saveCheckpoint} that is whole: the file itself, or else `path.1`, `path.2`...
 *
 * @returns null when there is none at all
 * @throws FileFormatError when there are files, but none is whole; Error of Node when one cannot be read
 * @example
 * ```ts
 * const found = await loadCheckpoint('run/last.ckpt');
 * if (found !== null) restoreCheckpoint(found.state, { model, optimizer, generator: defaultGenerator() });
 * ```
 */
export async function loadCheckpoint(path: string, options: ReadOptions = {}): Promise<LoadedCheckpoint | null> {
  const skipped: FileFormatError[] = [];
  for (let age = 0; ; age++) {
    const file = age === 0 ? path : `${path}.${age}`;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // The newest may be missing where a crash came between two renames; beyond the oldest there is nothing.
      if (age === 0) continue;
      if (skipped.length > 0) throw skipped[0];
      return null;
    }
    try {
      return { state: readCheckpoint(bytes, options), path: file, skipped };
    } catch (error) {
      if (!(error instanceof FileFormatError)) throw error;
      skipped.push(error);
    }
  }
}
