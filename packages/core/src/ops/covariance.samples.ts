import type { NdArray, OpSamples } from '../op.samples.ts';
import { corrcoef, cov } from './covariance.ts';
import { ones, tensor } from './create.ts';

/** Covariances of the rows of [r, n] with a weight per column. */
function covariances(x: NdArray, w: readonly number[], free: number): NdArray {
  const [r, n] = [x.shape[0]!, x.shape[1]!];
  const rows = Array.from({ length: r }, (_, i) => x.data.slice(i * n, i * n + n));
  const sum = w.reduce((a, b) => a + b, 0);
  const means = rows.map((row) => row.reduce((a, v, k) => a + v * w[k]!, 0) / sum);
  const entry = (i: number, j: number): number =>
    rows[i]!.reduce((a, v, k) => a + w[k]! * (v - means[i]!) * (rows[j]![k]! - means[j]!), 0) / free;
  return { shape: [r, r], data: rows.flatMap((_, i) => rows.map((_row, j) => entry(i, j))) };
}

const unit = (x: NdArray): number[] => Array.from({ length: x.shape[1]! }, () => 1);

export const covarianceSamples: readonly OpSamples[] = [
  {
    op: 'cov',
    samples: [
      { name: 'two variables', inputs: [{ shape: [2, 5] }], run: (x) => cov(x!), reference: (x) => covariances(x!, unit(x!), 4) },
      {
        name: 'a population',
        inputs: [{ shape: [3, 4] }],
        run: (x) => x!.cov({ correction: 0 }),
        reference: (x) => covariances(x!, unit(x!), 4),
      },
      {
        name: 'one variable',
        inputs: [{ shape: [5] }],
        run: (x) => cov(x!),
        reference: (x) => ({ shape: [], data: covariances({ shape: [1, 5], data: x!.data }, [1, 1, 1, 1, 1], 4).data }),
      },
      {
        name: 'both weights',
        inputs: [{ shape: [2, 3] }, { shape: [3], dtype: 'int64', values: [1, 2, 1] }, { shape: [3], low: 0.5, high: 2 }],
        run: (x, fweights, aweights) => cov(x!, { fweights: fweights!, aweights: aweights! }),
        reference: (x, f, a) => {
          const w = a!.data.map((v, i) => v * f!.data[i]!);
          const sum = w.reduce((p, v) => p + v, 0);
          return covariances(x!, w, sum - w.reduce((p, v, i) => p + v * a!.data[i]!, 0) / sum);
        },
      },
    ],
    errors: [
      {
        name: 'dimensions',
        run: () => cov(ones([1, 2, 2])),
        error: 'ShapeError',
        message: /^cov: expected at most 2 dimensions, got \[1, 2, 2\]$/,
      },
      { name: 'bools', run: () => cov(ones([2], { dtype: 'bool' })), error: 'DTypeError', message: /^cov: not defined for bool$/ },
      {
        name: 'dtype of weights',
        run: () => cov(ones([2]), { fweights: ones([2]) }),
        error: 'DTypeError',
        message: /^cov: fweights cannot be float32$/,
      },
      {
        name: 'number of weights',
        run: () => cov(ones([2]), { aweights: ones([3]) }),
        error: 'ShapeError',
        message: /^cov: 3 aweights for 2 observations$/,
      },
      {
        name: 'negative weights',
        run: () => cov(ones([2]), { aweights: tensor([1, -1]) }),
        error: 'ValueError',
        message: /^cov: aweights cannot be negative$/,
      },
      {
        name: 'no weight',
        run: () => cov(ones([2]), { aweights: tensor([0, 0]) }),
        error: 'ValueError',
        message: /^cov: the weights sum to zero$/,
      },
    ],
  },
  {
    op: 'corrcoef',
    samples: [
      {
        name: 'three variables',
        inputs: [{ shape: [3, 6] }],
        run: (x) => corrcoef(x!),
        reference: (x) => {
          const c = covariances(x!, unit(x!), 5);
          return { shape: [3, 3], data: c.data.map((v, k) => v / Math.sqrt(c.data[Math.floor(k / 3) * 4]! * c.data[(k % 3) * 4]!)) };
        },
        // The diagonal is clamped to 1 where its derivative jumps.
        tolerance: 1e-4,
      },
    ],
    errors: [
      {
        name: 'dimensions',
        run: () => corrcoef(ones([1, 2, 2])),
        error: 'ShapeError',
        message: /^corrcoef: expected at most 2 dimensions/,
      },
    ],
  },
];
