import { NablaError } from '@nabla/core';
import { Mismatch } from '../golden.ts';

/** An error that PyTorch raised. */
export interface RecordedError {
  readonly type: string;
  readonly message: string;
}

/**
 * Calls what must fail, with a typed error: a ValueError where PyTorch has one. Texts differ in the names of options and in
 * how numbers are written.
 */
export function raises(expected: RecordedError, call: () => unknown): void {
  try {
    call();
  } catch (e) {
    if (!(e instanceof NablaError)) throw new Mismatch(`expected a typed error (${expected.message}), got ${String(e)}`);
    if (expected.type === 'ValueError' && e.name !== 'ValueError')
      throw new Mismatch(`${e.name}, expected ValueError (${expected.message})`);
    return;
  }
  throw new Mismatch(`nothing was thrown, expected ${expected.type}: ${expected.message}`);
}
