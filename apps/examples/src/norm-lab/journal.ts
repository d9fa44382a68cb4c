import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { keyOf, type RunResult, type RunSpec } from './spec.ts';

/** A finished run, as a line of the journal. */
interface Entry {
  /** What made it: the program and the data. */
  readonly made: string;
  readonly key: string;
  readonly result: RunResult;
  readonly cpuSeconds: number;
}

/** The file in the output folder. */
export const journalName = 'runs.jsonl';

function entryOf(line: string): Entry | null {
  try {
    const entry = JSON.parse(line) as Partial<Entry> | null;
    const whole = typeof entry?.key === 'string' && typeof entry.made === 'string' && typeof entry.result === 'object';
    return whole ? (entry as Entry) : null;
  } catch {
    return null;
  }
}

/**
 * Finished runs, one a line of `runs.jsonl`, each added when it is finished: what an interrupted lab goes on from. Runs have
 * their whole description as their name, so that a folder may hold those of several profiles; those that another program or
 * other data made are left alone.
 */
export class Journal {
  readonly #path: string;
  readonly #made: string;
  readonly #entries = new Map<string, Entry>();
  /** Runs that something else made. */
  readonly others: number = 0;

  /** @param made what distinguishes runs of this program on this data from others */
  constructor(dir: string, made: string) {
    this.#path = join(dir, journalName);
    this.#made = made;
    if (!existsSync(this.#path)) return;
    const bytes = readFileSync(this.#path);
    // A line without its end was being written when the program was killed.
    const whole = bytes.lastIndexOf(10) + 1;
    if (whole < bytes.length) truncateSync(this.#path, whole);
    for (const line of bytes.subarray(0, whole).toString('utf8').split('\n')) {
      const entry = line === '' ? null : entryOf(line);
      if (entry === null) continue;
      if (entry.made === made) this.#entries.set(entry.key, entry);
      else this.others++;
    }
  }

  /** How many runs are there. */
  get size(): number {
    return this.#entries.size;
  }

  /** A finished run, if it is there. */
  get(spec: RunSpec): { readonly result: RunResult; readonly cpuSeconds: number } | undefined {
    return this.#entries.get(keyOf(spec));
  }

  /** Adds a finished run. */
  add(spec: RunSpec, result: RunResult, cpuSeconds: number): void {
    const entry = { made: this.#made, key: keyOf(spec), result, cpuSeconds };
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
    this.#entries.set(entry.key, entry);
  }
}
