import { setBlas } from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failuresOf, replayedFamilies } from '../../testing/src/reference/families.ts';
import { native } from './native.ts';
import { StrictBlas } from './support.ts';

const blas = native ?? new StrictBlas();

describe(`PyTorch's records with products by ${blas.name}`, () => {
  let calls = 0;
  beforeAll(() => {
    const counted = {
      name: blas.name,
      gemm: (...args: Parameters<typeof blas.gemm>) => {
        calls++;
        blas.gemm(...args);
      },
    };
    // However small they are.
    setBlas(counted, 1);
  });
  afterAll(() => {
    setBlas(null);
  });
  it.each(replayedFamilies)('%s', { timeout: 120_000 }, async (family) => {
    expect(await failuresOf(family)).toEqual([]);
  });
  it('they were', () => {
    expect(calls).toBeGreaterThan(1000);
  });
});
