import { parentPort, workerData } from 'node:worker_threads';
import { cpu } from '@nabla/core';
import { loadData } from './data.ts';
import { experiments } from './experiments.ts';
import type { JobOrder, WorkerMessage, WorkerSetup } from './pool.ts';
import { runJob } from './train.ts';

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread only');
const setup = workerData as WorkerSetup;
const data = loadData(setup.data, setup.limit);
const say = (message: WorkerMessage): void => port.postMessage(message);

/** Steps between progress messages. */
const every = 10;

port.on('message', async (order: JobOrder) => {
  const experiment = experiments.find((e) => e.name === order.experiment);
  if (experiment === undefined) throw new Error(`no experiment named ${order.experiment}`);
  let pending = 0;
  const result = await runJob({ ...order, experiment }, data, cpu, () => {
    if (++pending < every) return;
    say({ kind: 'steps', count: pending });
    pending = 0;
  });
  say({ kind: 'steps', count: pending });
  say({ kind: 'done', result });
});
