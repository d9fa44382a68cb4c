import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpu } from '@nabla/core';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { programOf } from '../src/config/code.ts';
import { type Config, fields, initialConfig } from '../src/config/config.ts';
import { Session } from '../src/training/session.ts';

const root = join(import.meta.dirname, '../../..');
// Inside the workspace, so that the programs find the packages.
const folder = join(import.meta.dirname, '../.generated');
const digits = readFileSync(join(import.meta.dirname, '../data/digits.bin'), 'base64');
const digitsUrl = `data:application/octet-stream;base64,${digits}`;

const some: readonly Partial<Config>[] = [
  {},
  { data: 'circles', norm: 'batch', optimizer: 'sgd', lr: 0.1, batch: 8, activation: 'tanh' },
  { data: 'spirals', norm: 'layer', optimizer: 'momentum', lr: 0.03, layers: 4, activation: 'gelu', seed: 7 },
  { data: 'blobs', norm: 'group', optimizer: 'adamw', noise: 0.3, init: 2, width: 2 },
  { norm: 'rms', optimizer: 'rmsprop', lr: 0.001, activation: 'leaky', batch: 128 },
  { layers: 0 },
  { data: 'digits', kind: 'conv', norm: 'layer', layers: 3, width: 4, init: 0.5, activation: 'silu' },
  { data: 'digits', norm: 'batch', width: 16, activation: 'sigmoid' },
];
const programs = some.map((change, i) => {
  const config: Config = { ...initialConfig, epochs: 1, ...change };
  return { config, path: join(folder, `program-${i}.ts`), source: programOf(config, digitsUrl) };
});
// Only its types are checked: it needs a graphics device.
const onGpu = { path: join(folder, 'program-gpu.ts'), source: programOf({ ...initialConfig, device: 'gpu', norm: 'batch' }, digitsUrl) };

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const { path, source } of [...programs, onGpu]) writeFileSync(path, source);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the code of a network', () => {
  it('compiles under the strict settings of this repository', () => {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
    // An import that is not needed is an error as well.
    const program = ts.createProgram(
      [...programs, onGpu].map(({ path }) => path),
      options,
    );
    const messages = [...programs, onGpu].flatMap(({ path }) => {
      const file = program.getSourceFile(path)!;
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      return found.map((d) => `${path}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
    });
    expect(messages).toEqual([]);
  }, 120_000);

  it.each(programs)('prints what the page shows: $config.data, $config.norm, $config.optimizer', async ({ config, path }) => {
    const session = await Session.open(config, cpu, digitsUrl);
    while (session.epoch < config.epochs) session.step();
    const { heldOutLoss, accuracy } = await session.measure();
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      await import(/* @vite-ignore */ path);
      expect(printed.mock.calls).toEqual([['epoch', 1, 'held-out loss', heldOutLoss.toFixed(4), 'accuracy', accuracy.toFixed(4)]]);
    } finally {
      printed.mockRestore();
    }
  });

  it('is written for every value of every field', () => {
    for (const [name, field] of Object.entries(fields)) {
      const values = field.kind === 'choice' ? Object.keys(field.options) : field.kind === 'scale' ? field.values : [field.from, field.to];
      for (const value of values) {
        const source = programOf({ ...initialConfig, [name]: value } as Config, digitsUrl);
        expect(source).not.toMatch(/undefined|NaN|\[object/);
      }
    }
  });
});
