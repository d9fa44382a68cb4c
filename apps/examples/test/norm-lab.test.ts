import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DataFileError, UsageError } from '../src/errors.ts';
import { parseOptions } from '../src/norm-lab/options.ts';
import { folder, writeHalves } from './files.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const main = fileURLToPath(new URL('../src/norm-lab/main.ts', import.meta.url));
const start = ['--conditions=@nabla/source', '--import', 'tsx', main];

function lab(...args: string[]): { code: number | null; out: string; err: string } {
  const run = spawnSync(process.execPath, [...start, ...args], { encoding: 'utf8', cwd: root });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

describe('options', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toMatchObject({
      profile: 'quick',
      sources: { images: null, text: null },
      backend: 'cpu',
      seed: 1,
      seeds: null,
    });
  });

  it('takes a folder of images and a text', () => {
    const dir = folder();
    const file = join(dir, 'text');
    writeFileSync(file, 'words');
    expect(parseOptions(['--data', dir, '--data', file])!.sources).toEqual({ images: dir, text: file });
    expect(() => parseOptions(['--data', file, '--data', file])).toThrow('--data was given two text files');
  });

  it.each([
    [['--nonsense'], /unknown option '--nonsense'/],
    [['--seeds', 'many'], /expected an integer of at least 1/],
    [['--seeds', '0'], /expected an integer of at least 1/],
    [['--profile', 'long'], /Allowed choices are quick, full, smoke/],
    [['--backend', 'tpu'], /Allowed choices are cpu, gpu/],
    [['--only', 'affine,magic'], /no experiment 'magic'; there are convergence, /],
    [['--data'], /argument missing/],
    [['stray'], /too many arguments/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
    expect(() => parseOptions(argv)).toThrow(message);
  });

  it('refuses data that is not there', () => {
    expect(() => parseOptions(['--data', '/nonexistent'])).toThrow(DataFileError);
  });
});

describe('the program', () => {
  /** Results without what a clock measured. */
  const resultsOf = (dir: string): string => {
    const text = readFileSync(join(dir, 'results.json'), 'utf8');
    return text.slice(0, text.indexOf('"timing":'));
  };

  it('gives the same results for the same seed, in one process or two, killed and resumed or not', { timeout: 480_000 }, async () => {
    const [whole, broken] = [join(folder(), 'out'), folder()];
    const data = folder();
    writeHalves(data, 320, 100);
    const args = ['--profile', 'smoke', '--only', 'modes', '--data', data, '--seed', '5'];
    const { code, out, err } = lab(...args, '--workers', '2', '--out', whole);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/Training mode and evaluation mode\n {2}too few seeds/);
    expect(readdirSync(whole).sort()).toEqual(['report.html', 'report.md', 'results.json', 'runs.jsonl']);

    const journal = join(broken, 'runs.jsonl');
    const lines = (): number => (existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 1 : 0);
    const victim = spawn(process.execPath, [...start, ...args, '--workers', '1', '--out', broken], { cwd: root, stdio: 'ignore' });
    const ended = new Promise((resolve) => victim.on('exit', resolve));
    while (lines() < 2 && victim.exitCode === null) await sleep(5);
    victim.kill('SIGKILL');
    await ended;
    expect(existsSync(join(broken, 'results.json'))).toBe(false);
    const left = lines();
    const resumed = lab(...args, '--workers', '1', '--out', broken);
    expect([resumed.code, resumed.err]).toEqual([0, '']);
    expect(resumed.out).toContain(`${left} finished runs are there`);
    expect(resultsOf(broken)).toBe(resultsOf(whole));
  });

  it('leaves nothing behind when the data is truncated', () => {
    const dir = folder();
    writeHalves(dir, 128, 64);
    const file = join(dir, 't10k-images-idx3-ubyte');
    writeFileSync(file, readFileSync(file).subarray(0, 100));
    const out = join(folder(), 'out');
    const { code, err } = lab('--data', dir, '--out', out);
    expect(code).toBe(2);
    expect(err).toMatch(/^norm-lab: .*truncated.*\n$/);
    expect(existsSync(out)).toBe(false);
  });

  it('answers an output that is a file with one line and exit code 2', () => {
    const { code, err } = lab('--out', main);
    expect(code).toBe(2);
    expect(err).toBe(`norm-lab: --out ${main}: exists and is not a folder\n`);
  });
});
