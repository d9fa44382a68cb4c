import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openFamily } from '../src/reference/families.ts';

/** Recorded by scripts/record-optim.py; what PyTorch's own records hold is replayed by reference.test.ts. */
const directory = fileURLToPath(new URL('../fixtures/pytorch-random', import.meta.url));

describe.each([
  ['optim', 140],
  ['schedulers', 150],
  ['clip', 40],
])('random options, as PyTorch understands them: %s', (family, count) => {
  const cases = openFamily(directory, family);
  it('are all here', () => expect(cases.length).toBe(count));
  it.each(cases)('$id', async ({ run }) => {
    expect(await run()).toMatchObject({ status: 'passed', detail: '' });
  });
});
