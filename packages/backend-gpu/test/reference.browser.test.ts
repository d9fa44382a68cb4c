import { afterAll, describe, expect, test } from 'vitest';
import { Golden, type Records } from '../../testing/src/golden.ts';
import { families } from '../../testing/src/reference/replay.ts';
import { describeTally, excusable, replayFamily } from '../../testing/src/reference/run.ts';
import { expectOnDevice, gpuIn, whole } from './support.ts';

/** Of the cases of a family that fit the device, one in so many; `VITE_WHOLE=1` replays them all. */
const every = whole ? 1 : 8;

/** The records lie where the server of the tests finds them. */
const directory = new URL('../../testing/fixtures/pytorch/', import.meta.url);

async function recordsOf(family: string): Promise<Records> {
  const [manifest, tensors] = await Promise.all(
    ['json', 'safetensors'].map(async (extension) => {
      const response = await fetch(new URL(`${family}.${extension}`, directory));
      if (!response.ok) throw new Error(`${family}.${extension}: ${response.status}`);
      return response;
    }),
  );
  return { family, manifest: await manifest!.text(), tensors: new Uint8Array(await tensors!.arrayBuffer()) };
}

const gpu = await gpuIn('webgl2');

describe("PyTorch's records in webgl2", () => {
  afterAll(() => {
    expectOnDevice(gpu);
    gpu.dispose();
  });
  test.each(families)('%s', { timeout: 600_000 }, async (family) => {
    const tally = await replayFamily(family, new Golden(await recordsOf(family), gpu), { every });
    console.log(describeTally(tally, true));
    expect(tally.notable.filter((o) => o.status === 'failed').map((o) => `${o.id}: ${o.detail}`)).toEqual([]);
    expect(tally.passed).toBeGreaterThan(0);
    expect(tally.skipped).toBeLessThanOrEqual(excusable(tally));
  });
});
