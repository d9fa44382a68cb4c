import { rand, ShapeError, type Tensor, tensor, zeros } from '@nabla/core';
import { type Dataset, mapDataset, TensorDataset, type Transform } from '@nabla/train';

/** What the tests ask of the threads. */
export interface Wanted {
  readonly n: number;
  /** What happens at a sample of this index. */
  readonly at?: number;
  readonly how?: 'throws' | 'exits' | 'breaks later' | 'ragged' | 'a function' | 'waits' | 'wrong type';
  readonly whole?: boolean;
  readonly wait?: boolean;
}

export type Sample = readonly [Tensor, bigint, { readonly name: string; readonly raw: Float64Array }];

async function misbehave(how: NonNullable<Wanted['how']>): Promise<unknown> {
  switch (how) {
    case 'throws':
      throw new RangeError('no such digit');
    case 'exits':
      return process.exit(7);
    case 'breaks later':
      setTimeout(() => {
        throw new TypeError('out of nowhere');
      });
      return new Promise(() => {});
    case 'ragged':
      return [zeros([3]), 0n, { name: '', raw: Float64Array.of(0) }];
    case 'a function':
      return () => 1;
    case 'wrong type':
      throw 'a text';
    case 'waits':
      return new Promise(() => {});
  }
}

export function createDataset({ n, at, how, whole, wait }: Wanted): Dataset<unknown> {
  if (whole === true) return new TensorDataset(tensor(Float32Array.from({ length: n }, (_, i) => i)));
  const shared = Float64Array.from({ length: n }, (_, i) => i / 3);
  const plain: Dataset<number> = { length: n, get: (i) => i };
  return mapDataset(plain, async (i, { generator }): Promise<unknown> => {
    if (wait === true) await new Promise((resolve) => setTimeout(resolve, (i * 7) % 5));
    if (i === at && how !== undefined) return misbehave(how);
    // One draw from the sample's own generator, and one that names none.
    const noise = rand([2], { generator }).add(i);
    return [noise, BigInt(i), { name: `digit ${i}`, raw: shared.subarray(i, i + 1) }];
  });
}

export async function createTransform({ n, how }: Wanted): Promise<Transform<{ x: Tensor; places: Int32Array }, unknown>> {
  await Promise.resolve();
  return async ({ x, places }, { generator }) => {
    const value = x.item();
    if (value === n) {
      if (how === 'exits') process.exit(3);
      throw new ShapeError(`${value} does not fit`);
    }
    await new Promise((resolve) => setTimeout(resolve, (value * 7) % 5));
    return { y: x.mul(2).add(rand([1], { generator })), places, kinds: new Map([['a', [null, undefined, true, -0, 2n ** 60n]]]) };
  };
}
