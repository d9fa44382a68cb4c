import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test, vi } from 'vitest';
import { execute, type Outcome, type Program, type ProgramOptions, reached, verdict } from '../src/program.ts';
import { smoke } from './smoke.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const source = (name: string): string => fileURLToPath(new URL(`../src/${name}/main.ts`, import.meta.url));

function start(name: string, ...args: readonly string[]): { code: number | null; out: string; err: string } {
  const options = ['--conditions=@nabla/source', '--import', 'tsx', source(name), ...args];
  const run = spawnSync(process.execPath, options, { encoding: 'utf8', cwd: root });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

test('every program is run here, and the other way round', () => {
  const folders = readdirSync(new URL('../src', import.meta.url), { withFileTypes: true }).filter((e) => e.isDirectory());
  const names = folders.map((e) => e.name).filter((n) => n !== 'norm-lab' && n !== 'lib');
  expect(names.sort()).toEqual(Object.keys(smoke).sort());
});

/** Runs a program in this process, which has compiled the packages already. */
async function runHere(name: string, ...args: readonly string[]): Promise<{ code: number; out: string }> {
  const exported = Object.values((await import(source(name))) as Readonly<Record<string, Program<ProgramOptions>>>);
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line);
  });
  try {
    return { code: await execute(exported.find((p) => p.name === name)!, args), out: lines.join('\n') };
  } finally {
    log.mockRestore();
  }
}

describe.each(Object.entries(smoke))('%s', (name, { args, prints }) => {
  it('misses its target when it does not train', { timeout: 120_000 }, async () => {
    const { code, out } = await runHere(name, ...args, '--epochs', '0');
    expect(out.trim().split('\n').at(-1)).toMatch(/: missed$/);
    expect(code).toBe(1);
  });

  it('runs for a little while', { timeout: 240_000 }, async () => {
    const { code, out } = await runHere(name, ...args);
    for (const line of prints) expect(out).toMatch(line);
    expect([0, 1]).toContain(code);
    expect(out.trim().split('\n').at(-1)).toMatch(code === 0 ? /: reached$/ : /: missed$/);
  });

  it('has a page that says what it does and prints', () => {
    const page = readFileSync(new URL(`../src/${name}/README.md`, import.meta.url), 'utf8');
    expect(page).toContain(`npm run example -- ${name}`);
    expect(page).toMatch(/```text\n[^`]*: reached\n```/);
  });
});

describe('a program', () => {
  const outcome = (value: number, better: Outcome['better'], guess: number): Outcome => ({
    metric: 'accuracy',
    value,
    target: 0.9,
    better,
    baseline: { name: 'guessing', value: guess },
  });

  it.each([
    [0.9, 'higher', 0.5, true],
    [0.89, 'higher', 0.5, false],
    [0.95, 'higher', 0.95, false],
    [0.9, 'lower', 1, true],
    [0.91, 'lower', 1, false],
    [0.8, 'lower', 0.8, false],
    [Number.NaN, 'higher', 0.5, false],
    [Number.NaN, 'lower', 1, false],
  ] as const)('%d, where %s is better than a baseline of %d', (value, better, guess, yes) => {
    expect(reached(outcome(value, better, guess))).toBe(yes);
  });

  it('says in one line how it went', () => {
    expect(verdict(outcome(0.95, 'higher', 0.5))).toBe('accuracy 0.9500 (target: at least 0.9000; guessing: 0.5000): reached');
    expect(verdict(outcome(0.00012, 'lower', 1))).toBe('accuracy 1.20e-4 (target: at most 0.9000; guessing: 1.0000): reached');
  });

  it('ends with the code of its outcome', () => {
    expect(start('polynomial', '--epochs', '0')).toMatchObject({ code: 1, err: '' });
    const { code, out, err } = start('polynomial', '--epochs', '400');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/: reached\n$/);
  });

  it('refuses what it does not understand', () => {
    expect(start('polynomial', '--epochs', 'many')).toEqual({
      code: 2,
      out: '',
      err: "polynomial: option '--epochs <n>' argument 'many' is invalid. expected an integer of at least 0.\n",
    });
  });
});
