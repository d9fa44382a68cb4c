import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './errors.ts';

/**
 * Makes sure that a file can be written before minutes are spent on what goes into it.
 *
 * @throws UsageError when it is a folder, or its folder is missing or not to be written to
 */
export function checkWritable(option: string, file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw new UsageError(`${option} ${file}: is a folder`);
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (e) {
    throw new UsageError(`${option} ${file}: its folder cannot be written to (${(e as NodeJS.ErrnoException).code})`);
  }
}

/** Writes a file so that it is there whole or not at all. */
export function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}
