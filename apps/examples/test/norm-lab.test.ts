import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpu } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../src/errors.ts';
import { arms, buildModel, experiments } from '../src/norm-lab/experiments.ts';
import { readImageData } from '../src/norm-lab/idx.ts';
import { parseOptions } from '../src/norm-lab/options.ts';
import { summarize, table } from '../src/norm-lab/summary.ts';
import { type JobResult, runJob } from '../src/norm-lab/train.ts';
import { folder, writeHalves } from './files.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const main = fileURLToPath(new URL('../src/norm-lab/main.ts', import.meta.url));

function lab(...args: string[]): { code: number | null; out: string; err: string } {
  const run = spawnSync(process.execPath, ['--conditions=@nabla/source', '--import', 'tsx', main, ...args], {
    encoding: 'utf8',
    cwd: root,
  });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

describe('options', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toMatchObject({ embedded: true, backend: 'cpu', seed: 1, epochs: null });
  });

  it.each([
    [['--nonsense'], /unknown option '--nonsense'/],
    [['--epochs', 'many'], /expected an integer of at least 1/],
    [['--epochs', '0'], /expected an integer of at least 1/],
    [['--backend', 'tpu'], /Allowed choices are cpu, gpu/],
    [['--data'], /argument missing/],
    [['stray'], /too many arguments/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
    expect(() => parseOptions(argv)).toThrow(message);
  });
});

describe('the experiments', () => {
  const geometry = { height: 8, width: 8, classes: 2 };

  it.each(experiments.map((e) => [e.name, e] as const))('%s: every arm starts from the same weights', (_name, e) => {
    const [none, ...others] = arms.map((arm) => buildModel(e, arm, geometry, 7));
    const shared = [...none!.namedParameters()];
    expect(shared.length).toBeGreaterThan(3);
    for (const model of others) {
      const theirs = new Map(model.namedParameters());
      for (const [name, p] of shared) expect(theirs.get(name)?.toArray(), name).toEqual(p.toArray());
    }
  });

  it.each(experiments.flatMap((e) => arms.map((arm) => [e.name, arm, e] as const)))(
    '%s with %s learns two easy classes',
    async (_n, arm, e) => {
      const dir = folder();
      writeHalves(dir, 320, 64);
      let steps = 0;
      const result = await runJob({ experiment: e, arm, seed: 3, epochs: 6 }, await readImageData(dir), cpu, () => steps++);
      expect(steps).toBe(30);
      expect(result.losses).toHaveLength(30);
      expect(result.accuracies.at(-1)).toBeGreaterThan(0.9);
      expect(result.losses.at(-1)).toBeLessThan(0.7 * result.losses[0]!);
    },
  );
});

describe('the summary', () => {
  it('gives mean, deviation and range over seeds', () => {
    const run = (seed: number, accuracy: number): JobResult => ({
      experiment: 'convnet',
      arm: 'batch',
      seed,
      losses: [2, 1],
      accuracies: [0.5, accuracy],
      stepMs: seed,
    });
    const rows = summarize(experiments, [run(1, 0.9), run(2, 0.94), run(3, 0.98)]);
    expect(rows).toHaveLength(1);
    expect(rows[0]!.mean).toBeCloseTo(0.94, 12);
    expect(rows[0]!.deviation).toBeCloseTo(0.04, 12);
    expect([rows[0]!.lowest, rows[0]!.highest, rows[0]!.finalLoss, rows[0]!.stepMs]).toEqual([0.9, 0.98, 1, 2]);
    expect(table(rows)).toMatch(/BatchNorm\s+94\.00%\s+± 4\.00% \(n = 3\)/);
  });
});

describe('the program', () => {
  it('trains, prints a table and writes the report', { timeout: 120_000 }, () => {
    const dir = folder();
    writeHalves(dir, 192, 64);
    const out = join(folder(), 'out');
    const { code, out: text, err } = lab('--data', dir, '--out', out, '--epochs', '1', '--seeds', '2');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(text).toMatch(/convnet\s+LayerNorm\s+\d/);
    expect(readdirSync(out).sort()).toEqual(['report.html', 'results.json']);
    expect(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')).results).toHaveLength(12);
    expect(readFileSync(join(out, 'report.html'), 'utf8').match(/<svg/g)).toHaveLength(4);
  });

  it('gives the same numbers for the same seed, whatever the number of processes', { timeout: 120_000 }, () => {
    const dir = folder();
    writeHalves(dir, 128, 64);
    const read = (workers: string): unknown => {
      const out = join(folder(), 'out');
      expect(lab('--data', dir, '--out', out, '--epochs', '1', '--seeds', '1', '--workers', workers).code).toBe(0);
      const { results } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as { results: JobResult[] };
      return results.map(({ stepMs: _, ...rest }) => rest);
    };
    expect(read('2')).toEqual(read('1'));
  });

  it.each([
    ['an unknown flag', ['--nonsense']],
    ['a missing folder', ['--data', '/nonexistent']],
    ['an output that is a file', ['--out', main]],
  ])('answers %s with one line and exit code 2', (_name, args) => {
    const { code, err } = lab(...args);
    expect(code).toBe(2);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(/^norm-lab: /);
  });

  it('leaves nothing half written when the data is truncated', () => {
    const dir = folder();
    writeHalves(dir, 128, 64);
    const file = join(dir, 't10k-images-idx3-ubyte');
    writeFileSync(file, readFileSync(file).subarray(0, 100));
    const out = join(folder(), 'out');
    const { code, err } = lab('--data', dir, '--out', out);
    expect(code).toBe(2);
    expect(err).toMatch(/truncated/);
    expect(existsSync(out)).toBe(false);
  });
});
