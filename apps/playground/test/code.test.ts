import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpu } from '@nabla/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { programOf } from '../src/config/code.ts';
import { type Config, fields, initialConfig } from '../src/config/config.ts';
import { Session } from '../src/training/session.ts';

const digitsUrl = 'https://example.org/digits.bin';

// Written to programs/, where `npm run typecheck` compiles them under the strict settings of this repository.
const programs: readonly { readonly name: string; readonly change: Partial<Config> }[] = [
  { name: 'plain', change: {} },
  { name: 'circles', change: { data: 'circles', norm: 'batch', optimizer: 'sgd', lr: 0.1, batch: 8, activation: 'tanh' } },
  { name: 'spirals', change: { data: 'spirals', norm: 'layer', optimizer: 'momentum', layers: 4, activation: 'gelu', seed: 7 } },
  { name: 'blobs', change: { data: 'blobs', norm: 'group', optimizer: 'adamw', noise: 0.3, init: 2, width: 2 } },
  { name: 'rms', change: { norm: 'rms', optimizer: 'rmsprop', lr: 0.001, activation: 'leaky', batch: 128 } },
  { name: 'no-layers', change: { layers: 0 } },
  { name: 'convolutions', change: { data: 'digits', kind: 'conv', norm: 'layer', layers: 3, width: 4, init: 0.5, activation: 'silu' } },
  { name: 'digits', change: { data: 'digits', norm: 'batch', activation: 'sigmoid' } },
];
const configOf = (change: Partial<Config>): Config => ({ ...initialConfig, epochs: 1, ...change });

describe('the code of a network', () => {
  beforeEach(() => {
    const bytes = readFileSync(new URL('../data/digits.bin', import.meta.url));
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(bytes)));
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it.each(programs)('prints what the page shows: $name', async ({ name, change }) => {
    const config = configOf(change);
    const file = join(import.meta.dirname, `programs/${name}.generated.ts`);
    await expect(programOf(config, digitsUrl)).toMatchFileSnapshot(file);
    const session = await Session.open(config, cpu, digitsUrl);
    while (session.epoch < config.epochs) session.step();
    const { heldOutLoss, accuracy } = await session.measure();
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import(/* @vite-ignore */ file);
    expect(printed.mock.calls).toEqual([['epoch', 1, 'held-out loss', heldOutLoss.toFixed(4), 'accuracy', accuracy.toFixed(4)]]);
  });

  it('opens a device when it is for the GPU', async () => {
    // It is compiled with the others, and not run: there is no graphics device here.
    await expect(programOf(configOf({ device: 'gpu', norm: 'batch' }), digitsUrl)).toMatchFileSnapshot('./programs/gpu.generated.ts');
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
