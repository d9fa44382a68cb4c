import { Worker } from 'node:worker_threads';
import type { Arm } from './experiments.ts';
import type { JobResult } from './train.ts';

/** A job by name: what crosses to a worker. */
export interface JobOrder {
  readonly experiment: string;
  readonly arm: Arm;
  readonly seed: number;
  readonly epochs: number;
}

/** What a worker is started with. */
export interface WorkerSetup {
  readonly data: string;
  readonly limit: number;
}

/** What a worker says. */
export type WorkerMessage = { readonly kind: 'steps'; readonly count: number } | { readonly kind: 'done'; readonly result: JobResult };

const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/**
 * Runs jobs on worker threads, one at a time each. The results come back in the order of the jobs, whatever finishes
 * first; the first failure stops everything.
 */
export async function runOnWorkers(
  orders: readonly JobOrder[],
  setup: WorkerSetup,
  count: number,
  onSteps: (steps: number) => void,
  onResult: (result: JobResult) => void,
): Promise<JobResult[]> {
  const results: JobResult[] = new Array(orders.length);
  let next = 0;
  const workers: Worker[] = [];
  const serve = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let mine = -1;
      const give = (): void => {
        if (next >= orders.length) {
          resolve();
          return;
        }
        mine = next++;
        worker.postMessage(orders[mine]);
      };
      worker.on('message', (m: WorkerMessage) => {
        if (m.kind === 'steps') onSteps(m.count);
        else {
          results[mine] = m.result;
          onResult(m.result);
          give();
        }
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`a worker stopped with code ${code}`)));
      give();
    });
  try {
    for (let i = 0; i < Math.min(count, orders.length); i++) workers.push(new Worker(workerUrl, { workerData: setup }));
    await Promise.all(workers.map(serve));
  } finally {
    await Promise.all(workers.map((w) => w.terminate()));
  }
  return results;
}
