import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openFamily } from '../src/reference/families.ts';

/** Recorded by scripts/record-modules.py: the modules that PyTorch's own records, replayed by reference.test.ts, leave out. */
const cases = openFamily(fileURLToPath(new URL('../fixtures/pytorch-modules', import.meta.url)), 'modules');

describe('the other modules, as PyTorch computes them', () => {
  it('are all here', () => expect(cases.length).toBe(221));
  it.each(cases)('$id', async ({ run }) => {
    expect(await run()).toMatchObject({ status: 'passed', detail: '' });
  });
});
