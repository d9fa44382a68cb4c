import type { Blas } from '@nabla/core/internals';
import { type ConformanceOptions, conformance } from '@nabla/testing';
import { describe, expect, test } from 'vitest';
import { BlasBackend } from './blas-backend.ts';
import { native } from './native.ts';
import { StrictBlas } from './support.ts';

/** The suite with every product computed by a library, against a CPU that has none. */
function suite(blas: Blas, options: ConformanceOptions = {}): void {
  let calls = 0;
  const counted: Blas = {
    name: blas.name,
    gemm: (...args) => {
      calls++;
      blas.gemm(...args);
    },
  };
  describe(`conformance of products by ${blas.name}`, () => {
    for (const { name, run } of conformance(new BlasBackend(counted), options)) test(name, run);
    test('they were', () => {
      expect(calls).toBeGreaterThan(400);
    });
  });
}

if (native === null) suite(new StrictBlas());
else {
  suite(native);
  // What it refuses depends on how core asks, which other ops cannot change.
  suite(new StrictBlas(), { only: /conv|matmul|bmm|mv|einsum|bilinear|contract|attention|rnn|lstm|gru|linalg|cholesky|svd|affine/i });
}
