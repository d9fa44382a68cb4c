import { NablaError } from '@nabla/core';

/**
 * A sample that a worker thread could not make: its module or dataset threw, or the thread ended. The `cause` is the error
 * with the stack that it had in the thread, where there is one.
 *
 * @example
 * ```ts
 * try {
 *   for await (const batch of loader) step(batch);
 * } catch (error) {
 *   if (error instanceof WorkerError) console.error(error.index, error.cause);
 * }
 * ```
 */
export class WorkerError extends NablaError {
  override readonly name = 'WorkerError';
  /** Index of the sample; null where it is not about one alone. */
  readonly index: number | null;

  constructor(message: string, index: number | null, cause?: Error) {
    super(message, cause === undefined ? undefined : { cause });
    this.index = index;
  }
}
