import { type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, test } from 'vitest';
import { drawFor } from '../src/random.ts';

const count = (shape: readonly number[]): number => shape.reduce((p, n) => p * n, 1);

describe('gather and scatterAdd on the CPU', () => {
  const dtypes = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'] as const;
  for (const dtype of dtypes) {
    for (const dim of [0, 1, 2]) {
      test(`${dtype} along ${dim}, in rows and one by one`, () => {
        const draw = drawFor(`${dtype}/${dim}`);
        const shape = [3, 4, 40];
        const top = dtype === 'bool' ? 2 : 9;
        const random = (n: number, below: number): number[] => Array.from({ length: n }, () => draw.below(below));
        const values = random(count(shape), top);
        const t = tensor(values, { dtype }).reshape(shape) as Tensor;
        const entries = random(5, shape[dim]!);
        const to = shape.map((n, d) => (d === dim ? 5 : n));
        const column = (tensor(entries, { dtype: 'int32' }).reshape(to.map((n, d) => (d === dim ? n : 1))) as Tensor).expand(to);
        const place = (k: number, of: readonly number[], by: (i: number) => number): number => {
          const c = to.map((n, d) => Math.floor(k / count(to.slice(d + 1))) % n);
          return c.reduce((sum, i, d) => sum * of[d]! + (d === dim ? by(i) : i), 0);
        };
        const want = Array.from({ length: count(to) }, (_, k) => values[place(k, shape, (i) => entries[i]!)]!);
        // The index as it is (one value per row), as a dense tensor, and beside a source that is strided.
        for (const index of [column, column.clone(), column.to('int64')]) {
          expect([...t.gather(dim, index).dataSync()]).toEqual(want);
          expect([...(t.transpose(0, 2).clone().transpose(0, 2) as Tensor).gather(dim, index).dataSync()]).toEqual(want);
        }
        const added = random(count(to), top);
        const sums = [...values];
        added.forEach((v, k) => {
          const p = place(k, shape, (i) => entries[i]!);
          sums[p] = dtype === 'bool' ? sums[p]! | v : sums[p]! + v;
        });
        const source = tensor(added, { dtype }).reshape(to) as Tensor;
        for (const index of [column, column.clone()]) {
          expect([...t.scatterAdd(dim, index, source).dataSync()]).toEqual(sums);
          expect([...t.mT.clone().mT.scatterAdd(dim, index, source.T.clone().T).dataSync()]).toEqual(sums);
        }
        expect([...t.dataSync()]).toEqual(values);
      });
    }
  }

  test('an index that repeats is checked where it does not repeat', () => {
    const index = tensor([[0n], [3n]]).expand([2, 4]);
    expect(() => zeros([3, 4]).gather(0, index)).toThrow(/gather: index 3 is out of range for dim 0 of size 3/);
  });
});
