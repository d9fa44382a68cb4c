/** The taps of one dimension that reach input positions of one residue modulo the stride, and what they read. */
export interface Phase {
  /** First such position, and how many. */
  readonly start: number;
  readonly count: number;
  /** Taps, and for each how far its gradient lies from that of the first tap's (never negative). */
  readonly taps: readonly number[];
  readonly shifts: readonly number[];
  /** Padding before the gradient, and the length that is read. */
  readonly before: number;
  readonly length: number;
}

/**
 * Position i of the input receives tap k of the output at o where o * stride = i + padding - k * dilation. Positions
 * of one residue modulo the stride share their taps, and successive positions read successive outputs.
 */
export function phases(size: number, taps: number, stride: number, padding: number, dilation: number): Phase[] {
  const out: Phase[] = [];
  for (let start = 0; start < Math.min(stride, size); start++) {
    const mine = Array.from({ length: taps }, (_, k) => k).filter((k) => (start + padding - k * dilation) % stride === 0);
    const count = Math.ceil((size - start) / stride);
    const reads = mine.map((k) => (start + padding - k * dilation) / stride);
    const low = Math.min(...reads);
    const span = mine.length === 0 ? 0 : Math.max(...reads) - low;
    out.push({ start, count, taps: mine, shifts: reads.map((r) => r - low), before: -low, length: count + span });
  }
  return out;
}
