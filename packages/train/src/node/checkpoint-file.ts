import { ValueError } from '@nabla/core';
import { loadCheckpoint, saveCheckpoint } from '@nabla/io/node';
import { type Checkpoint, type CheckpointTimes, checkpointTimes } from '../checkpoint.ts';
import { checkNames } from '../options.ts';

/** Options of {@link checkpointFile}. */
export interface CheckpointFileOptions extends CheckpointTimes {
  /** How many older checkpoints stay beside the newest, as `path.1` (the one before), `path.2`... Default 1. */
  keep?: number | undefined;
}

/**
 * Saves runs of `fit` in a file. It is written beside the old one, flushed to the disk and then renamed, so that there is a
 * readable checkpoint whenever the process or the machine dies.
 *
 * @param path its folder has to exist
 * @throws ValueError for invalid options; while training, Error of Node when the file cannot be written or read, and
 *   FileFormatError when there are files, but none is whole
 * @example
 * ```ts
 * const checkpoint = checkpointFile('run/last.ckpt', { everySteps: 500 });
 * await fit(model, { optimizer, loss, data, epochs: 20, checkpoint, resume: true });
 * ```
 * @see https://lightning.ai/docs/pytorch/stable/common/checkpointing_basic.html
 */
export function checkpointFile(path: string, options: CheckpointFileOptions = {}): Checkpoint {
  checkNames('checkpointFile', options, ['everySteps', 'everyEpochs', 'keep']);
  if (typeof path !== 'string') throw new ValueError(`checkpointFile: the path must be a text, got ${typeof path}`);
  const { keep = 1 } = options;
  if (!Number.isInteger(keep) || keep < 0) throw new ValueError(`checkpointFile: keep must be a number of files, got ${keep}`);
  return {
    ...checkpointTimes('checkpointFile', options),
    save: (parts) => saveCheckpoint(path, parts, { keep }),
    load: async () => (await loadCheckpoint(path))?.state ?? null,
  };
}
