import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mutant } from './hostile/bytes.ts';
import { readEach } from './hostile/children.ts';
import { naive } from './hostile/naive.ts';
import { plainMutants } from './hostile/plain-mutants.ts';
import type { Report } from './hostile/reader.ts';
import { zipMutants } from './hostile/zip-mutants.ts';

const mutants = [...plainMutants(), ...zipMutants()];
const nameOf = (m: Mutant): string => `${m.format}: ${m.attack}`;
const groups = new Map<string, Mutant[]>();
for (const m of mutants) groups.set(nameOf(m), [...(groups.get(nameOf(m)) ?? []), m]);

/** Attacks that must be there, whatever else is. */
const named = [
  'safetensors: header longer than the file',
  'safetensors: overlapping offsets',
  'safetensors: offsets out of range',
  'safetensors: duplicate keys',
  'safetensors: huge shapes',
  'safetensors: wrong dtype sizes',
  'npy: header longer than the file',
  'npy: duplicate keys',
  'npy: huge shapes',
  'npy: wrong dtype sizes',
  'npz: headers longer than the file inside',
  'npz: overlapping files',
  'npz: offsets out of range',
  'npz: duplicate keys',
  'npz: huge shapes inside',
  'npz: wrong dtype sizes inside',
  'npz: zip bombs',
  'npz: zip bombs that lie about their size',
  'npz: zip bombs of files that share their bytes',
];

describe('files that were made to do harm, each read in a child process of its own', () => {
  const dir = mkdtempSync(join(tmpdir(), 'nabla-hostile-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  let reports: ReadonlyMap<Mutant, Report | string> = new Map();
  beforeAll(async () => {
    reports = await readEach(mutants, dir);
  }, 1_200_000);

  test('there are 500 of safetensors, npy and npz, and 20 of every attack, no two of them equal', () => {
    expect([...groups.keys()]).toEqual(expect.arrayContaining(named));
    const kinds = (group: readonly Mutant[]): number => new Set(group.map((m) => Buffer.from(m.bytes).toString('latin1'))).size;
    for (const [name, group] of groups) expect(kinds(group), name).toBeGreaterThanOrEqual(20);
    expect(kinds(mutants.filter((m) => m.format !== 'torch'))).toBeGreaterThanOrEqual(500);
    expect(reports.size).toBe(mutants.length);
  });
  test.each([...groups.keys()])('%s', (name) => {
    for (const [i, m] of groups.get(name)!.entries()) {
      const report = reports.get(m) ?? 'not read, since others failed';
      if (typeof report === 'string') expect.fail(`mutant ${i}: the child ${report}`);
      for (const { read, error, typed } of report.ways) {
        const label = `mutant ${i}: ${error ?? 'read'}`;
        if (read === null) expect(typed, label).toBe(true);
        else {
          expect(m.refused, label).toBe(false);
          expect(read, label).toEqual(naive(m));
        }
      }
      expect(report.ways.length).toBeGreaterThan(0);
      expect(report.raised, `mutant ${i}: MiB`).toBeLessThan(64);
      expect(report.ms, `mutant ${i}: ms`).toBeLessThan(5000);
    }
  });
});
