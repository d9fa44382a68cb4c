import { defaultGenerator, Generator, getThreads, isGradEnabled, setThreads } from '@nabla/core';
import { cpu, debug, setBlas, setReferenceBackend, setWasmMode } from '@nabla/core/internals';
import { afterAll, expect } from 'vitest';

// Runs before each file of tests where files share what they have imported: each begins with the same random numbers, and
// one that leaves the library in another state than it found fails, and leaves it as it was for those that come after it.

const fresh = new Generator().getState();
defaultGenerator().setState(fresh);

// The other switches are set by packages when they are loaded.
const switchesOf = ({ poison, giveBackFrom, afterBackward }: typeof debug) => ({ poison, giveBackFrom, afterBackward });
const switches = switchesOf(debug);

afterAll(async () => {
  const left = {
    wasm: setWasmMode('auto'),
    blas: setBlas(null),
    threads: getThreads(),
    grad: isGradEnabled(),
    reference: setReferenceBackend(cpu),
    debug: switchesOf(debug),
  };
  await setThreads(1);
  Object.assign(debug, switches);
  expect(left).toEqual({ wasm: 'auto', blas: null, threads: 1, grad: true, reference: cpu, debug: switches });
});
