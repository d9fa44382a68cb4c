/** Draws for tests: independent of the library's generator, the same on every engine. */
export interface Draw {
  /** Evenly distributed in [0, 1). */
  next(): number;
  /** Evenly distributed in [low, high). */
  between(low: number, high: number): number;
  /** An integer in [0, n). */
  below(n: number): number;
}

/** A generator whose stream depends on `name` only (FNV-1a hash, then mulberry32). */
export function drawFor(name: string): Draw {
  let state = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    below: (n) => Math.floor(next() * n),
  };
}

/** The indices 0..n-1 in random order. */
export function permutation(n: number, draw: Draw): number[] {
  const out = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = draw.below(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
