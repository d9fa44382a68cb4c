import { type Backend, isTensor, type Tensor } from '@nabla/core';
import type { HasStateDict } from '@nabla/io';

/**
 * Where batches come from: anything that can be gone through once an epoch. An array of batches is one, and so is a
 * `DataLoader`. Whoever says where it stands (`stateDict`) and goes on from there (`loadStateDict`) can be resumed in the
 * middle of an epoch without fetching anything twice.
 */
export type Batches<B> = (Iterable<B> | AsyncIterable<B>) & {
  /** Batches in an epoch; null where nobody knows. */
  readonly length?: number | null;
  /** The position after the last batch that was given out; at the end of an epoch, the start of the next. */
  stateDict?(): unknown;
  /** Lets the next iteration go on from there. */
  loadStateDict?(state: never): unknown;
};

/** Whether `x` can tell its position and go on from it. */
export function hasPosition(x: object): x is HasStateDict {
  const { stateDict, loadStateDict } = x as Partial<HasStateDict>;
  return typeof stateDict === 'function' && typeof loadStateDict === 'function';
}

/** `value` with every tensor in it, through arrays, Maps and plain objects, replaced. */
function mapTensors(value: unknown, replace: (t: Tensor) => Tensor): unknown {
  if (isTensor(value)) return replace(value);
  if (Array.isArray(value)) return value.map((v) => mapTensors(v, replace));
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, mapTensors(v, replace)]));
  if (typeof value !== 'object' || value === null) return value;
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapTensors(v, replace)]));
}

/** A batch with its tensors on `device`; the batch itself where they are there already. */
export function toDevice<B>(batch: B, device: Backend | null): B {
  if (device === null) return batch;
  let moved = false;
  const there = mapTensors(batch, (t) => {
    moved ||= t.device !== device;
    return t.to(device) as Tensor;
  }) as B;
  return moved ? there : batch;
}

/** How many samples a batch has: the length of its first tensor; 1 where there is none. */
export function sizeOf(batch: unknown): number {
  let size: number | null = null;
  mapTensors(batch, (t) => {
    size ??= t.shape[0] ?? 1;
    return t;
  });
  return size ?? 1;
}
