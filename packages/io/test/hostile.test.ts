import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mutant } from './hostile/bytes.ts';
import { naive } from './hostile/naive.ts';
import { plainMutants } from './hostile/plain-mutants.ts';
import type { Outcome } from './hostile/reader.ts';
import { zipMutants } from './hostile/zip-mutants.ts';

const mutants = [...plainMutants(), ...zipMutants()];
const outcomes = new Map<Mutant, readonly Outcome[]>();
const nameOf = (m: Mutant): string => `${m.format}: ${m.attack}`;
const groups = new Map<string, Mutant[]>();
for (const m of mutants) groups.set(nameOf(m), [...(groups.get(nameOf(m)) ?? []), m]);
const formats = ['safetensors', 'npy', 'npz', 'torch'] as const;

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

/** Longest time for one mutant, on a machine that does other things too. */
const patience = 60_000;

/** Reads mutants in a child process; one that crashes it or hangs is named. */
async function readAll(own: readonly Mutant[], list: string): Promise<void> {
  const reader = fileURLToPath(new URL('hostile/reader.ts', import.meta.url));
  const options = ['--expose-gc', '--conditions=@nabla/source', '--import', 'tsx'];
  const child = spawn(process.execPath, [...options, reader, list], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<string>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const wait = (): NodeJS.Timeout => setTimeout(() => child.kill('SIGKILL'), patience);
  let timer = wait();
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    timer = wait();
    outcomes.set(own[count]!, JSON.parse(line) as Outcome[]);
    count++;
  }
  const end = await ended;
  clearTimeout(timer);
  const last = own[count] === undefined ? 'the end' : `mutant ${count}, ${nameOf(own[count])}`;
  expect(`${end} at ${last}`).toBe('0 at the end');
}

describe('files that were made to do harm, each read in a child process', () => {
  const dir = mkdtempSync(join(tmpdir(), 'nabla-hostile-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  beforeAll(async () => {
    await Promise.all(
      formats.map((format) => {
        const own = mutants.filter((m) => m.format === format);
        const list = own.map(({ bytes }, i) => {
          const path = join(dir, `${format}-${i}.bin`);
          writeFileSync(path, bytes);
          return { format, path };
        });
        writeFileSync(join(dir, format), JSON.stringify(list));
        return readAll(own, join(dir, format));
      }),
    );
  }, 300_000);

  test('there are 500 of safetensors, npy and npz, and 20 of every attack, no two of them equal', () => {
    expect([...groups.keys()]).toEqual(expect.arrayContaining(named));
    const kinds = (group: readonly Mutant[]): number => new Set(group.map((m) => Buffer.from(m.bytes).toString('latin1'))).size;
    for (const [name, group] of groups) expect(kinds(group), name).toBeGreaterThanOrEqual(20);
    expect(kinds(mutants.filter((m) => m.format !== 'torch'))).toBeGreaterThanOrEqual(500);
    expect(outcomes.size).toBe(mutants.length);
  });
  test.each([...groups.keys()])('%s', (name) => {
    for (const [i, m] of groups.get(name)!.entries()) {
      for (const { read, error, typed, raised, ms } of outcomes.get(m)!) {
        const label = `mutant ${i}: ${error ?? 'read'}`;
        if (read === null) expect(typed, label).toBe(true);
        else {
          expect(m.refused, label).toBe(false);
          expect(read, label).toEqual(naive(m));
        }
        expect(raised, label).toBeLessThan(64);
        expect(ms, label).toBeLessThan(5000);
      }
    }
  });
});
