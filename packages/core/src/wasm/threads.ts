import { DeviceError, ValueError } from '../errors.ts';
import { maxThreads, type Runtime, runtime, setRuntime, start } from './runtime.ts';
import { nodeBuiltin, Team } from './team.ts';

/** A part of 0..n. */
export interface Split {
  readonly from: number;
  readonly to: number;
}

/** Cores of this machine that may be used. */
function cores(): number {
  const os = nodeBuiltin<{ availableParallelism(): number }>('node:os');
  const browser = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator;
  return os?.availableParallelism() ?? browser?.hardwareConcurrency ?? 1;
}

/**
 * Lets large CPU kernels of float32 (elementwise work, reductions, softmax, matrix products) run on `n` threads: worker threads over
 * shared memory, in Node and in pages that are cross-origin isolated. Small work stays on the calling thread. Results are the
 * same bits for every `n`.
 *
 * Call it before tensors are made: those that exist stay where they are, and kernels copy them.
 *
 * @param n threads, the caller's among them; more than the machine's cores means all of them. 1 ends the others. Default: all cores
 * @returns the number of threads in use
 * @throws ValueError when `n` is not a positive integer
 * @throws DeviceError where there is no WebAssembly, no shared memory (a page that is not cross-origin isolated), or workers are forbidden
 * @example
 * ```ts
 * const threads = await setThreads(4);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.set_num_threads.html
 */
export async function setThreads(n: number = cores()): Promise<number> {
  if (!Number.isInteger(n) || n < 1) throw new ValueError(`setThreads: expected a positive number of threads, got ${n}`);
  const next = changing.then(() => change(Math.min(n, cores(), maxThreads)));
  changing = next.catch(() => undefined);
  return next;
}

/** Calls take their turns: there is one team at a time. */
let changing: Promise<unknown> = Promise.resolve();

async function change(count: number): Promise<number> {
  const before = runtime();
  if (count === getThreads()) return count;
  if (before === null) throw new DeviceError('setThreads: WebAssembly with vectors is not available');
  const next = count === 1 || before.arena.shared ? before : sharedRuntime();
  const { team } = before;
  // From here on the caller works alone, until the new team is there.
  before.team = null;
  await team?.stop();
  if (count > 1) next.team = await Team.start(next.arena, count - 1);
  setRuntime(next);
  return count;
}

function sharedRuntime(): Runtime {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;
  const made = isolated && typeof SharedArrayBuffer === 'function' ? start(true) : null;
  if (made !== null) return made;
  throw new DeviceError(`setThreads: memory cannot be shared${isolated ? '' : ', because the page is not cross-origin isolated'}`);
}

/** Threads that CPU kernels run on. @see https://pytorch.org/docs/stable/generated/torch.get_num_threads.html */
export function getThreads(): number {
  return runtime()?.threads ?? 1;
}

/** Parts of 0..n for the runtime's threads: borders are multiples of `step`, and no part is smaller than `least`. */
export function split(threads: number, n: number, step: number, least: number): Split[] {
  const parts = Math.max(1, Math.min(threads, Math.floor(n / Math.max(least, 1))));
  const out: Split[] = [];
  let from = 0;
  for (let i = 0; i < parts && from < n; i++) {
    const to = i === parts - 1 ? n : Math.min(n, Math.ceil((n * (i + 1)) / parts / step) * step);
    if (to > from) out.push({ from, to });
    from = to;
  }
  return out;
}
