import { cpu } from '@nabla/core';
import { loadData } from './data.ts';
import { experiments } from './experiments.ts';
import type { ImageData } from './idx.ts';
import type { Answer, Order } from './pool.ts';
import { runJob } from './train.ts';

// One training process: the parent sends the setup, then jobs; this one answers with progress and results.
let loading: Promise<ImageData> | null = null;

/** Steps between progress messages. */
const every = 10;

function say(answer: Answer): void {
  process.send!(answer);
}

process.on('message', async (order: Order) => {
  if (order.kind === 'setup') {
    loading = loadData(order.setup.data, order.setup.limit);
    return;
  }
  const experiment = experiments.find((e) => e.name === order.job.experiment);
  if (experiment === undefined || loading === null) throw new Error(`cannot run ${order.job.experiment}`);
  const data = await loading;
  let pending = 0;
  const result = await runJob({ ...order.job, experiment }, data, cpu, () => {
    if (++pending < every) return;
    say({ kind: 'steps', count: pending });
    pending = 0;
  });
  say({ kind: 'steps', count: pending });
  say({ kind: 'done', result });
});

// The parent is gone: nobody waits for the result.
process.on('disconnect', () => process.exit(0));
