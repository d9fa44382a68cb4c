import type { GpuMode } from '@nabla/backend-gpu';
import type { GpuReport } from './table.ts';

/** What a run of the page is asked for. */
export interface BenchRequest {
  readonly mode: GpuMode | 'auto';
  /** Parts of names of workloads; none: all of them. */
  readonly only: readonly string[];
  readonly quick: boolean;
}

declare global {
  interface Window {
    /** Runs the benchmark; resolves with everything that it found out. The page sets it. */
    nablaBench?: (request: BenchRequest) => Promise<GpuReport>;
    /** Told of the report so far, before the first row and after each. The command sets it. */
    nablaReport?: (report: GpuReport) => void;
  }
}
