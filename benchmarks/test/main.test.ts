import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'nabla-bench-main-'));
afterAll(() => rmSync(folder, { recursive: true }));

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function bench(...args: string[]): Promise<Outcome> {
  const node = ['--conditions=@nabla/source', '--import', 'tsx', main, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, node, { timeout: 120_000 }, (e, stdout, stderr) =>
      resolve({ status: e === null ? 0 : Number(e.code), stdout, stderr }),
    );
  });
}

describe('npm run bench', () => {
  const mistakes: readonly [readonly string[], RegExp][] = [
    [['--bogus'], /^bench: unknown option '--bogus'\n$/],
    [['--markdown', join(folder, 'no', 'file')], /^bench: --markdown .*: its folder cannot be written to \(ENOENT\)\n$/],
  ];
  it.each(mistakes)('tells a mistake (%j) in one line, with exit code 2', async (args, message) => {
    const { status, stdout, stderr } = await bench(...args);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, '']);
  });

  it('times Nabla alone and writes both files', { timeout: 120_000 }, async () => {
    const [json, markdown] = [join(folder, 'out.json'), join(folder, 'out.md')];
    const { status, stdout, stderr } = await bench(
      '--quick',
      '--only',
      'dispatch',
      '--peers',
      'none',
      '--json',
      json,
      '--markdown',
      markdown,
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\n\| workload \| Nabla \|\n\| --- \| --- \|\n\| dispatch: add 4 \| \d/);
    const { rows } = JSON.parse(readFileSync(json, 'utf8')) as { rows: { workload: string; cells: Record<string, unknown> }[] };
    expect(rows.map((r) => r.workload)).toEqual(['dispatch: add 4']);
    expect(rows[0]!.cells['nabla']).toMatchObject({ threads: 1, time: { rounds: 5 } });
    expect(readFileSync(markdown, 'utf8')).toContain('| dispatch: add 4 | ');
    expect(readdirSync(folder).sort()).toEqual(['out.json', 'out.md']);
  });

  it('gives the names of all workloads', async () => {
    const { status, stdout } = await bench('--list');
    expect(status).toBe(0);
    expect(stdout).toContain('GPT step: 4 layers of 128');
  });
});
