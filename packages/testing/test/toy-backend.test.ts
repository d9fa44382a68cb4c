import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Backend, Declined, slice, tensor } from '@nabla/core';
import { setReferenceBackend } from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conformance } from '../src/conformance.ts';
import { programsIn } from '../src/guide.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';
import { toyBackend } from '../src/toy-backend.ts';

const pathTo = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

describe('the backend of the guide', () => {
  const toy = toyBackend();
  let before = toy;
  beforeAll(() => {
    // Nothing may fall back, and what did would fail: the reference is a device that has no dtype at all.
    before = setReferenceBackend(new SimulatedDevice({ dtypes: [] }));
  });
  afterAll(() => {
    setReferenceBackend(before);
  });
  for (const { name, run } of conformance(toy)) test(name, run);
});

describe('the guide', () => {
  const source = readFileSync(pathTo('../src/toy-backend.ts'), 'utf8');

  test('shows the backend that is tested', () => {
    const listings = programsIn(pathTo('../../../docs/backends.md'), 'docs/backends.md').filter((p) => p.file === 'toy-backend.ts');
    expect(listings.map((p) => `${p.source}\n`)).toEqual([source]);
  });

  test('says that it has fewer than 150 lines', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThan(150);
  });
});

describe('work in place that it declines', () => {
  test('is written all the same, and leaves no buffer behind', async () => {
    const toy = toyBackend();
    const device: Backend = { ...toy, map: (r) => (r.into === undefined ? toy.map(r) : new Declined('not in place')) };
    const whole = tensor([1, 2, 3, 4], { device });
    const odd = whole.index(slice(1, null, 2));
    odd.mul_(10);
    whole.add_(1);
    expect(Array.from(await whole.data())).toEqual([2, 21, 4, 41]);
    expect(device.memory().buffers).toBe(1);
    expect(device.report().fallbacks.map((f) => f.op)).toEqual(['mul_', 'add_']);
  });
});

describe('a buffer of it', () => {
  test('that was freed, or is of another backend, is an error', () => {
    const toy = toyBackend();
    const x = tensor([1, 2], { device: toy });
    const { handle } = x;
    x.dispose();
    expect(toy.memory()).toEqual({ buffers: 0, bytes: 0 });
    for (const wrong of [handle, Float32Array.of(1, 2)]) {
      expect(() => toy.readSync(wrong, 'float32', 2)).toThrow(/^toy: a buffer that was freed, or of another backend$/);
    }
  });
});
