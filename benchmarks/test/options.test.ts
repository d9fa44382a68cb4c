import { describe, expect, it, vi } from 'vitest';
import { UsageError } from '../src/errors.ts';
import { parseOptions } from '../src/options.ts';
import { workloads } from '../src/workloads/index.ts';

const names = (argv: readonly string[]): string[] => parseOptions(argv)!.workloads.map((w) => w.name);

describe('parseOptions', () => {
  it('runs everything on one thread by default', () => {
    const o = parseOptions([])!;
    expect(o.workloads).toEqual(workloads);
    expect(o.contenders).toEqual(['nabla', 'torch', 'jax-js', 'tfjs-wasm', 'tfjs-cpu']);
    expect(o).toMatchObject({
      json: null,
      markdown: null,
      quick: false,
      threads: 1,
      backend: 'cpu',
      python: '/usr/bin/python3',
      list: false,
    });
  });

  it('selects by a part of the name, several times over', () => {
    expect(names(['--only', 'matmul 1'])).toEqual(['matmul 128', 'matmul 1024']);
    expect(names(['--only', 'GPT', '--only', 'lstm'])).toEqual(['LSTM step', 'GPT step']);
  });

  it('leaves sizes out with --quick, but not one that is named in full', () => {
    expect(names(['--quick', '--only', 'exp'])).toEqual(['exp 1e3', 'exp 1e3 backward', 'exp 1e6', 'exp 1e6 backward']);
    expect(names(['--quick', '--only', 'exp 1e7'])).toEqual(['exp 1e7']);
  });

  it('takes peers, or none, and always Nabla', () => {
    expect(parseOptions(['--peers', 'tfjs-cpu,torch'])!.contenders).toEqual(['nabla', 'torch', 'tfjs-cpu']);
    expect(parseOptions(['--peers', 'none'])!.contenders).toEqual(['nabla']);
  });

  const mistakes: readonly [readonly string[], RegExp][] = [
    [['--bogus'], /^unknown option '--bogus'$/],
    [['file'], /^too many arguments/],
    [['--json'], /argument missing/],
    [['--threads', '3'], /Allowed choices are 1, 2/],
    [['--backend', 'gpu'], /Allowed choices are cpu, native/],
    [['--only', 'nothing like it'], /^no workload has 'nothing like it' in its name; --list prints them$/],
    [['--quick', '--only', '1e7'], /^--quick leaves out every workload with '1e7' in its name$/],
    [['--peers', 'torch,keras'], /^--peers: there is no 'keras'; there are torch, /],
  ];
  it.each(mistakes)('refuses %j in one line', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
    expect(() => parseOptions(argv)).toThrow(message);
    expect(() => parseOptions(argv)).not.toThrow(/\n/);
  });

  it('prints help and is done', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(parseOptions(['--help'])).toBeNull();
    expect(String(write.mock.calls[0]![0])).toMatch(/^Usage: npm run bench -- /);
    write.mockRestore();
  });
});

describe('workloads', () => {
  it('have names of their own', () => {
    expect(new Set(workloads.map((w) => w.name)).size).toBe(workloads.length);
  });

  it('draw the same tensors at every call', async () => {
    const { tensors } = workloads.find((w) => w.name === 'tiny MLP step')!;
    const [first, again] = await Promise.all([tensors(), tensors()].map((m) => Promise.all([...m.values()].map((t) => t.data()))));
    expect(first).toEqual(again);
  });
});
