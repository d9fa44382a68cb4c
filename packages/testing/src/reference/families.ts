import { fixtures } from '../golden.ts';
import { familiesIn, openFamily } from './replay.ts';

/** Families of PyTorch's records that tests replay; a family may skip one case in a hundred, with a dated reason. */
export const replayedFamilies: readonly string[] = familiesIn(fixtures).filter((f) =>
  /^(ops_|nn_functional|losses|edge|promotion|errors|programs|modules|train|optim|schedulers|clip)/.test(f),
);

/** Replays a family on the CPU as it is set up now, and gives what failed. */
export async function failuresOf(family: string): Promise<string[]> {
  const failures: string[] = [];
  for (const { id, op, run } of openFamily(fixtures, family)) {
    const { status, detail } = await run();
    if (status === 'failed') failures.push(`${id} ${op}: ${detail}`);
  }
  return failures;
}
