import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { journalName } from './journal.ts';

/**
 * Makes sure that results can be written before hours are spent on them.
 *
 * @throws UsageError when the folder is a file or cannot be made
 */
export function prepareOutput(dir: string): void {
  const found = statSync(dir, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) throw new UsageError(`--out ${dir}: exists and is not a folder`);
  try {
    mkdirSync(dir, { recursive: true });
  } catch (e) {
    throw new UsageError(`--out ${dir}: cannot be made: ${(e as Error).message}`);
  }
}

/** Writes files into a folder so that each is there whole or not at all. */
export function writeFiles(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const temporary = join(dir, `.${name}.${process.pid}.tmp`);
    try {
      writeFileSync(temporary, text);
      renameSync(temporary, join(dir, name));
    } finally {
      rmSync(temporary, { force: true });
    }
  }
}

/** Removes the runs that are in a folder. */
export function forgetRuns(dir: string): void {
  rmSync(join(dir, journalName), { force: true });
}
