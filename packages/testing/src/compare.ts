/** One test; `run` rejects when it fails. */
export interface ConformanceTest {
  readonly name: string;
  run(): Promise<void>;
}

/** A backend that does not do what the contract or the CPU says. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

/** Throws unless two arrays agree: within `slack` relative to the largest magnitude in the second (at least 0.01). */
export function compareValues(what: string, got: ArrayLike<number>, want: ArrayLike<number>, slack: number): void {
  if (got.length !== want.length) throw new ConformanceError(`${what}: ${got.length} elements, expected ${want.length}`);
  let scale = 0.01;
  for (let i = 0; i < want.length; i++) if (Number.isFinite(want[i])) scale = Math.max(scale, Math.abs(want[i]!));
  for (let i = 0; i < want.length; i++) {
    const a = got[i]!;
    const b = want[i]!;
    if (Object.is(a, b) || a === b || Math.abs(a - b) <= slack * scale) continue;
    throw new ConformanceError(`${what}: element ${i} is ${a}, expected ${b}`);
  }
}
