import { describe, expect, it } from 'vitest';
import { Golden } from '../src/golden.ts';
import { recordsOf } from '../src/records.ts';
import { replayedFamilies } from '../src/reference/families.ts';
import { excusable, replayFamily } from '../src/reference/run.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

// What is particular to devices that give values later: asynchronous twins, late comparisons, dated excuses. The real ones
// are in the tests of their backends.
describe("PyTorch's records on a device that is read later", () => {
  const device = new SimulatedDevice();
  it.each(replayedFamilies)('%s', { timeout: 120_000 }, async (family) => {
    const tally = await replayFamily(family, new Golden(recordsOf(family), device), { every: 3 });
    expect(tally.notable.filter((o) => o.status === 'failed').map((o) => `${o.id}: ${o.detail}`)).toEqual([]);
    expect(tally.passed).toBeGreaterThan(0);
    expect(tally.skipped).toBeLessThanOrEqual(excusable(tally));
  });

  it('counts what does not fit the device apart, and replays one case in so many of the rest', async () => {
    const golden = new Golden<{ readonly id: string }>(recordsOf('clip'), device);
    expect(await replayFamily('clip', golden)).toMatchObject({ cases: 10, passed: 5, unfit: 5, failed: 0 });
    expect(await replayFamily('clip', golden, { every: 2 })).toMatchObject({ cases: 10, passed: 3, unfit: 5, failed: 0 });
  });

  it('a difference that no rule names is a failure', async () => {
    const { family, manifest, tensors } = recordsOf('losses');
    const wrong = manifest.replaceAll('"reduction":"mean"', '"reduction":"sum"');
    const tally = await replayFamily(family, new Golden({ family, manifest: wrong, tensors }, device), { every: 3 });
    expect(tally.failed).toBeGreaterThan(0);
  });
});
