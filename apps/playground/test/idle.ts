import { cpus } from 'node:os';

const total = (): { idle: number; all: number } => {
  let [idle, all] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  return { idle, all };
};

/**
 * What part of the machine's processors had nothing to do while `fn` ran. Near 0, everything waits for a core, and times say more
 * about what else runs on the machine than about the page.
 */
export async function idleDuring(fn: () => Promise<void>): Promise<number> {
  const before = total();
  await fn();
  const after = total();
  return (after.idle - before.idle) / Math.max(1, after.all - before.all);
}

/** Below this part, a machine is taken to be busy with other things. */
export const quiet = 0.15;
