import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** Where times were taken. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** Processes that wanted to run in the minute before, on average; null where the system does not count them. */
  readonly loadBefore: number | null;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    loadBefore: process.platform === 'win32' ? null : loadavg()[0]!,
  };
}

/** Whether so much else is running that times mean little. */
export function isBusy({ loadBefore }: Machine): boolean {
  return loadBefore !== null && loadBefore > 0.5;
}
