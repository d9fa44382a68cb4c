import { Generator, type Tensor } from '@nabla/core';
import type { SampleContext } from '@nabla/train';

/** Everything that an iterable gives. */
export async function all<T>(source: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const x of source) out.push(x);
  return out;
}

/** Numbers from 0 to n - 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The elements of every batch. */
export const numbers = async (loader: AsyncIterable<Tensor>): Promise<unknown[]> => (await all(loader)).map((t) => t.toArray());

/** `value`, after some milliseconds. */
export function later<T>(value: T, ms = 1): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms));
}

/** A context that nobody aborts. */
export function context(seed = 0): SampleContext {
  return { seed, generator: new Generator(seed), signal: new AbortController().signal };
}
