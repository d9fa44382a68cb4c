import { isPromise } from './settle.ts';

/** Reads an iterable step by step, waiting only where it makes one wait. */
export interface Reader<T> {
  /** The next item, at once or later. */
  next(): IteratorResult<T> | Promise<IteratorResult<T>>;
  /** Lets the source give back what it holds open. */
  close(): Promise<void>;
}

/** A {@link Reader} of anything that can be iterated. */
export function readerOf<T>(source: Iterable<T> | AsyncIterable<T>): Reader<T> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let done = false;
  const note = (result: IteratorResult<T>): IteratorResult<T> => {
    done ||= result.done === true;
    return result;
  };
  const failed = (error: unknown): never => {
    // An iterator that throws has ended.
    done = true;
    throw error;
  };
  return {
    next() {
      try {
        const result = iterator.next();
        return isPromise(result) ? Promise.resolve(result).then(note, failed) : note(result);
      } catch (error) {
        return failed(error);
      }
    },
    async close() {
      if (!done) await iterator.return?.();
      done = true;
    },
  };
}
