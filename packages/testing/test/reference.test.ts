import { describe, expect, it } from 'vitest';
import { fixtures } from '../src/golden.ts';
import { familiesIn, openFamily } from '../src/reference/replay.ts';

/** Families that are replayed here; a family may skip one case in a hundred, with a dated reason. */
const families = familiesIn(fixtures).filter((f) =>
  /^(ops_|nn_functional|losses|edge|promotion|errors|programs|modules|train|optim|schedulers|clip)/.test(f),
);

describe.each(families)("PyTorch's records: %s", (family) => {
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
