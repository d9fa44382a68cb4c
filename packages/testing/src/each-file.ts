import { defaultGenerator, Generator, getThreads, isGradEnabled } from '@nabla/core';
import { cpu, currentBlas, debug, referenceBackend, setWasmMode } from '@nabla/core/internals';
import { afterAll, expect } from 'vitest';

// Runs before each file of tests where files share what they have imported: each begins with the same random numbers, and
// one that leaves the library in another state than it found fails itself, not those that come after it.

const fresh = new Generator().getState();
defaultGenerator().setState(fresh);

const { poison, giveBackFrom, afterBackward } = debug;

afterAll(() => {
  expect(setWasmMode('auto')).toBe('auto');
  expect(currentBlas()).toBeNull();
  expect(getThreads()).toBe(1);
  expect(isGradEnabled()).toBe(true);
  expect(referenceBackend()).toBe(cpu);
  expect({ ...debug }).toMatchObject({ poison, giveBackFrom, afterBackward });
});
