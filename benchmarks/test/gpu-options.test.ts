import { describe, expect, it, vi } from 'vitest';
import { UsageError } from '../src/errors.ts';
import { parseGpuOptions } from '../src/gpu/options.ts';
import { gpuWorkloads } from '../src/gpu/workloads.ts';

const names = (only: readonly string[], quick: boolean): readonly string[] => gpuWorkloads(only, quick).map((w) => w.name);

describe('gpuWorkloads', () => {
  it('are those of the table that are measured on a graphics device', () => {
    expect(names([], false)).toEqual([
      'matmul 256',
      'matmul 512',
      'matmul 1024',
      'gelu 1e6',
      'gelu 1e6 backward',
      'softmax 1e6',
      'conv2d 32×3×32×32 to 16 backward',
      'conv2d 64×16×28×28 to 32 backward',
      'MLP step',
      'convnet step',
    ]);
  });

  it('are fewer with --quick, and of fewer steps', () => {
    expect(names([], true)).toEqual([
      'matmul 256',
      'gelu 1e6',
      'softmax 1e6',
      'conv2d 32×3×32×32 to 16 backward',
      'MLP step',
      'convnet step',
    ]);
    expect(gpuWorkloads(['MLP'], true).map((w) => w.steps)).toEqual([2]);
    expect(gpuWorkloads(['MLP'], false).map((w) => w.steps)).toEqual([20]);
  });

  it('are chosen by a part of the name, and by the whole of it even with --quick', () => {
    expect(names(['MATMUL', 'softmax'], true)).toEqual(['matmul 256', 'softmax 1e6']);
    expect(names(['matmul 1024'], true)).toEqual(['matmul 1024']);
  });
});

describe('parseGpuOptions', () => {
  it('has defaults', () => {
    expect(parseGpuOptions([])).toMatchObject({
      mode: 'auto',
      json: null,
      markdown: null,
      only: [],
      quick: false,
      headed: false,
      chromium: null,
      serve: false,
      list: false,
    });
  });

  it('reads everything', () => {
    const argv = ['--mode', 'webgpu', '--json', 'a.json', '--only', 'step', '--quick', '--headed', '--chromium', '/opt/chrome', '--serve'];
    const { workloads, ...o } = parseGpuOptions(argv)!;
    expect(o).toMatchObject({
      mode: 'webgpu',
      json: 'a.json',
      only: ['step'],
      quick: true,
      headed: true,
      chromium: '/opt/chrome',
      serve: true,
    });
    expect(workloads.map((w) => w.name)).toEqual(['MLP step', 'convnet step']);
  });

  it.each([
    [['--mode', 'cpu'], /'cpu' is invalid/],
    [['--only', 'gpt'], /no workload has 'gpt' in its name/],
    [['--fast'], /unknown option '--fast'/],
    [['page'], /too many arguments/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseGpuOptions(argv)).toThrow(UsageError);
    expect(() => parseGpuOptions(argv)).toThrow(message);
  });

  it('prints help', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(parseGpuOptions(['--help'])).toBeNull();
    expect(write.mock.calls.join()).toContain('npm run bench:gpu --');
    write.mockRestore();
  });
});
