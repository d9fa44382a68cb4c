import type { Backend } from '@nabla/core';
import { Golden } from '../golden.ts';
import { familiesIn, fixtures, recordsOf } from '../records.ts';
import { families, type Replayable, replayables } from './replay.ts';

/** The cases of one family of a directory and how to replay each, with inputs on a device (the CPU for null). */
export function openFamily(directory: string, family: string, device: Backend | null = null): readonly Replayable[] {
  return replayables(family, new Golden(recordsOf(family, directory), device));
}

/** Families of PyTorch's records that tests replay; a family may skip one case in a hundred, with a dated reason. */
export const replayedFamilies: readonly string[] = familiesIn(fixtures).filter((f) => families.includes(f));

/** Replays a family on the CPU as it is set up now, and gives what failed. */
export async function failuresOf(family: string): Promise<string[]> {
  const failures: string[] = [];
  for (const { id, op, run } of openFamily(fixtures, family)) {
    const { status, detail } = await run();
    if (status === 'failed') failures.push(`${id} ${op}: ${detail}`);
  }
  return failures;
}
