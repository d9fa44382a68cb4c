import { readFileSync, writeFileSync } from 'node:fs';
import type { Memory } from '../protocol.ts';

/**
 * Resident memory of this process. Linux keeps a record of the peak that can be started anew. Elsewhere the peak is that of the
 * whole life of the process, loading included.
 *
 * What `getrusage` calls the peak will not do on Linux: a process begins with that of the one that started it.
 */
export class ResidentMemory {
  #baseline = 0;

  /** Memory counts from here. Garbage is collected first, where Node was started with `--expose-gc`. */
  drawLine(): void {
    globalThis.gc?.();
    try {
      writeFileSync('/proc/self/clear_refs', '5');
    } catch {
      // No such record, or no right to: the peak then includes loading.
    }
    this.#baseline = process.memoryUsage.rss();
  }

  measure(): Memory {
    return { baseline: this.#baseline, peak: recordedPeak() ?? process.resourceUsage().maxRSS * 1024 };
  }
}

/** Peak resident size in bytes as Linux records it; null elsewhere. */
function recordedPeak(): number | null {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    return line === null ? null : Number(line[1]) * 1024;
  } catch {
    return null;
  }
}
