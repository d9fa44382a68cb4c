import { ValueError } from '@nabla/core';
import { type CheckpointParts, type CheckpointState, readCheckpoint, writeCheckpoint } from '@nabla/io';
import { checkNames } from './options.ts';

/** How often a run is saved. It always is when it ends. */
export interface CheckpointTimes {
  /** After every so many steps of the optimizer. Default: not by steps. */
  everySteps?: number | undefined;
  /** After every so many epochs. Default 1, and without it not by epochs where `everySteps` is given. */
  everyEpochs?: number | undefined;
}

/** Where a run is saved, and how often. */
export interface Checkpoint {
  readonly everySteps: number | null;
  readonly everyEpochs: number | null;
  /** Puts a checkpoint in place of the one before. Whenever it fails, one of them has to stay readable. */
  save(parts: CheckpointParts): Promise<void>;
  /** The checkpoint; null when there is none. */
  load(): Promise<CheckpointState | null>;
}

/** A place for the bytes of one checkpoint: a key of IndexedDB, a file of the origin private file system, a server. */
export interface CheckpointStorage {
  /** Puts the bytes in place of those before, in one step: a reader finds the old ones or the new ones. */
  save(bytes: ArrayBuffer): void | PromiseLike<void>;
  /** What was saved last; null or undefined when nothing was. */
  load(): ArrayBuffer | null | undefined | PromiseLike<ArrayBuffer | null | undefined>;
}

/** Checks when to save, and fills in what is left out. @throws ValueError for what is no positive integer */
export function checkpointTimes(of: string, times: CheckpointTimes): { everySteps: number | null; everyEpochs: number | null } {
  for (const name of ['everySteps', 'everyEpochs'] as const) {
    const value = times[name];
    if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
      throw new ValueError(`${of}: ${name} must be a positive integer, got ${String(value)}`);
    }
  }
  const everySteps = times.everySteps ?? null;
  return { everySteps, everyEpochs: times.everyEpochs ?? (everySteps === null ? 1 : null) };
}

/**
 * Saves runs of `fit` in a storage of bytes, wherever they go: for browsers.
 *
 * @throws ValueError for invalid options
 * @example
 * ```ts
 * const cache = await caches.open('run');
 * const checkpoint = checkpointStorage({
 *   save: async (bytes) => cache.put('/checkpoint', new Response(bytes)),
 *   load: async () => (await cache.match('/checkpoint'))?.arrayBuffer(),
 * });
 * await fit(model, { optimizer, loss, data, epochs: 20, checkpoint, resume: true });
 * ```
 */
export function checkpointStorage(storage: CheckpointStorage, times: CheckpointTimes = {}): Checkpoint {
  checkNames('checkpointStorage', times, ['everySteps', 'everyEpochs']);
  for (const method of ['save', 'load'] as const) {
    if (typeof storage?.[method] !== 'function') throw new ValueError(`checkpointStorage: the storage needs a method ${method}`);
  }
  return {
    ...checkpointTimes('checkpointStorage', times),
    save: async (parts) => {
      const bytes = await writeCheckpoint(parts);
      const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
      await storage.save(whole.buffer as ArrayBuffer);
    },
    load: async () => {
      const bytes = await storage.load();
      return bytes == null ? null : readCheckpoint(bytes);
    },
  };
}
