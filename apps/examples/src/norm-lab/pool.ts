import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Arm } from './experiments.ts';
import type { JobResult } from './train.ts';

/** A job by name: what crosses to another process. */
export interface JobOrder {
  readonly experiment: string;
  readonly arm: Arm;
  readonly seed: number;
  readonly epochs: number;
}

/** What every process is told before its first job. */
export interface Setup {
  readonly data: string;
  readonly limit: number;
}

/** What the parent says. */
export type Order = { readonly kind: 'setup'; readonly setup: Setup } | { readonly kind: 'job'; readonly job: JobOrder };

/** What a child says. */
export type Answer = { readonly kind: 'steps'; readonly count: number } | { readonly kind: 'done'; readonly result: JobResult };

const childPath = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url));

/**
 * Runs jobs in `count` processes, one at a time each. The results come back in the order of the jobs, whatever finishes
 * first; the first failure stops everything.
 */
export async function runInProcesses(
  jobs: readonly JobOrder[],
  setup: Setup,
  count: number,
  onSteps: (steps: number) => void,
  onResult: (result: JobResult) => void,
): Promise<JobResult[]> {
  const results: JobResult[] = new Array(jobs.length);
  let next = 0;
  const children: ChildProcess[] = [];
  const serve = (child: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      let mine = -1;
      const give = (): void => {
        if (next >= jobs.length) {
          resolve();
          return;
        }
        mine = next++;
        child.send({ kind: 'job', job: jobs[mine]! } satisfies Order);
      };
      child.on('message', (answer: Answer) => {
        if (answer.kind === 'steps') onSteps(answer.count);
        else {
          results[mine] = answer.result;
          onResult(answer.result);
          give();
        }
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => reject(new Error(`a training process stopped early (${signal ?? `code ${code}`})`)));
      child.send({ kind: 'setup', setup } satisfies Order);
      give();
    });
  try {
    for (let i = 0; i < Math.min(count, jobs.length); i++) children.push(fork(childPath));
    await Promise.all(children.map(serve));
  } finally {
    for (const child of children) child.removeAllListeners('exit').kill();
  }
  return results;
}
