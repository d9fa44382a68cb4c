import { getThreads, setThreads } from '@nabla/core';
import { forbidGeneration, setWasmMode } from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failuresOf, replayedFamilies } from '../src/reference/families.ts';

// PyTorch's records on every way in which the CPU computes; reference.test.ts has them on the way that programs get.
const paths: Readonly<Record<string, () => void | Promise<void>>> = {
  JavaScript: () => {
    setWasmMode('off');
  },
  'an interpreter, where code may not be generated': () => {
    setWasmMode('off');
    forbidGeneration(true);
  },
  'WebAssembly, for small work too': () => {
    setWasmMode('always');
  },
  'WebAssembly on two threads, for small work too': async () => {
    setWasmMode('always');
    expect(await setThreads(2)).toBe(2);
  },
};

describe.each(Object.entries(paths))("PyTorch's records by %s", (_path, enter) => {
  beforeAll(enter);
  afterAll(async () => {
    setWasmMode('auto');
    forbidGeneration(false);
    await setThreads(1);
    expect(getThreads()).toBe(1);
  });
  it.each(replayedFamilies)('%s', { timeout: 120_000 }, async (family) => {
    expect(await failuresOf(family)).toEqual([]);
  });
});
