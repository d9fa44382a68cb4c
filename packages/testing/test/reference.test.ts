import { describe, expect, it } from 'vitest';
import { fixtures } from '../src/records.ts';
import { openFamily, replayedFamilies } from '../src/reference/families.ts';

describe.each(replayedFamilies)("PyTorch's records: %s", (family) => {
  const cases = openFamily(fixtures, family);
  let skipped = 0;
  it.each(cases.map((c) => ({ ...c, name: `${c.id} ${c.op}` })))('$name', async ({ run }) => {
    const { status, detail } = await run();
    if (status === 'skipped') skipped++;
    expect(status === 'skipped' ? '' : detail).toBe('');
  });
  it('skips at most one case in a hundred', () => {
    expect(skipped).toBeLessThanOrEqual(Math.floor(cases.length / 100));
  });
});
