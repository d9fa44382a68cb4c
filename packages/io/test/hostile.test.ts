import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mutant } from './hostile/bytes.ts';
import { naive } from './hostile/naive.ts';
import { plainMutants } from './hostile/plain-mutants.ts';
import type { Outcome } from './hostile/reader.ts';
import { zipMutants } from './hostile/zip-mutants.ts';

const mutants = [...plainMutants(), ...zipMutants()];
const outcomes = new Map<Mutant, Outcome>();
const groups = new Map<string, Mutant[]>();
for (const m of mutants) groups.set(`${m.format}: ${m.attack}`, [...(groups.get(`${m.format}: ${m.attack}`) ?? []), m]);
const formats = ['safetensors', 'npy', 'npz', 'torch'] as const;

describe('files that were made to do harm, each read in a child process', () => {
  const dir = mkdtempSync(join(tmpdir(), 'nabla-hostile-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  beforeAll(async () => {
    const child = fileURLToPath(new URL('hostile/reader.ts', import.meta.url));
    await Promise.all(
      formats.map(async (format) => {
        const own = mutants.filter((m) => m.format === format);
        const list = own.map(({ bytes }, i) => {
          const path = join(dir, `${format}-${i}`);
          writeFileSync(path, bytes);
          return { format, path };
        });
        writeFileSync(join(dir, format), JSON.stringify(list));
        // A child that crashes or hangs fails here.
        const { stdout } = await promisify(execFile)(
          process.execPath,
          ['--conditions=@nabla/source', '--import', 'tsx', child, join(dir, format)],
          {
            timeout: 60_000,
            maxBuffer: 2 ** 26,
          },
        );
        const lines = stdout.trimEnd().split('\n');
        expect(lines).toHaveLength(own.length);
        for (const [i, m] of own.entries()) outcomes.set(m, JSON.parse(lines[i]!) as Outcome);
      }),
    );
  }, 90_000);

  test('there are 500 of safetensors, npy and npz, and 20 of every attack', () => {
    expect(mutants.filter((m) => m.format !== 'torch').length).toBeGreaterThanOrEqual(500);
    for (const [name, group] of groups) expect(group.length, name).toBeGreaterThanOrEqual(20);
  });
  test.each([...groups.keys()])('%s', (name) => {
    for (const [i, m] of groups.get(name)!.entries()) {
      const { read, error, typed, grown, peak, ms } = outcomes.get(m)!;
      const label = `mutant ${i}: ${error ?? 'read'}`;
      if (read === null) expect(typed, label).toBe(true);
      else {
        expect(m.refused, label).toBe(false);
        expect(read, label).toEqual(naive(m));
      }
      expect(grown, label).toBeLessThan(64);
      expect(peak, label).toBeLessThan(64);
      expect(ms, label).toBeLessThan(5000);
    }
  });
});
