import { DeviceLostError } from '@nabla/core';

/** The device did not do what it was asked to. Nothing has changed; the work can be done elsewhere. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** Why, in words for a report. */
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

/** The values of a tensor went with the device. */
export function lostValues(op: string, why: string): DeviceLostError {
  return new DeviceLostError(
    `${op}: ${why}, and with it the values of a tensor; load the last checkpoint, and the work goes on on the CPU`,
  );
}

/** Makes several things, or none: when one cannot be made, those before it are freed. */
export function allOrNone<T extends { free(): void }>(makes: readonly (() => T)[]): T[] {
  const made: T[] = [];
  try {
    for (const make of makes) made.push(make());
  } catch (error) {
    for (const m of made) m.free();
    throw error;
  }
  return made;
}

/** What a promise does with a failure that surfaces elsewhere: where the values are read. */
export function ignore(): void {}

/** The beginning of an error's message: compilers append whole listings. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
