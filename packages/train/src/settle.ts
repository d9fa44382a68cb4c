/** Whether a value is still to come. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** `use` of a value, at once when it is there. */
export function thenDo<T, U>(value: T | PromiseLike<T>, use: (value: T) => U | PromiseLike<U>): U | Promise<U> {
  return (isPromise(value) ? Promise.resolve(value).then(use) : use(value)) as U | Promise<U>;
}

/** What was thrown, until all before it are known to have succeeded. */
class Thrown {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * `make(0)` to `make(count - 1)`, all begun before any is waited for; at once when all of them are. Of several errors the
 * first in order is thrown, and not before everything that was begun has ended.
 */
export function makeAll<T>(count: number, make: (i: number) => T | PromiseLike<T>): T[] | Promise<T[]> {
  const made: (T | Thrown | PromiseLike<T>)[] = [];
  let waits = false;
  for (let i = 0; i < count; i++) {
    try {
      const value = make(i);
      waits ||= isPromise(value);
      made.push(value);
    } catch (error) {
      if (!waits) throw error;
      made.push(new Thrown(error));
      break;
    }
  }
  if (!waits) return made as T[];
  const caught = made.map((m) => (isPromise(m) ? Promise.resolve(m as PromiseLike<T>).catch((error: unknown) => new Thrown(error)) : m));
  return Promise.all(caught).then((values) => {
    const failed = values.find((v) => v instanceof Thrown);
    if (failed !== undefined) throw (failed as Thrown).error;
    return values as T[];
  });
}
