import { elementwise, type Tensor } from '@nabla/core';
import { CpuBackend, call, cpu, functions } from '@nabla/core/internals';
import type { NdArray, OpSamples } from '../../core/src/op.samples.ts';

/**
 * Samples of what is differentiated outside of the op registry: writes through views, views that are read after their
 * base was written, copies between backends and dtypes.
 */

const three = (f: (x: number, y: number) => number) => (x: NdArray, y: NdArray) => ({
  shape: x.shape,
  data: x.data.map((v, i) => f(v, y.data[i]!)),
});
/** Applies `f` where column `j` of [.., 3] satisfies `where`, else keeps x. */
const columns = (where: (j: number) => boolean, f: (x: number, k: number) => number) => (x: NdArray) => ({
  shape: x.shape,
  data: x.data.map((v, k) => (where(k % 3) ? f(v, k) : v)),
});

/** A second backend: values cross over by reading and uploading, as they do to a device. */
const elsewhere = new CpuBackend();

const pair = [{ shape: [2, 3] }, { shape: [2, 3] }];

/** x plus the density of the normal distribution over its function, integrated by Simpson's rule. */
function excess(x: number): number {
  const density = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const n = 400;
  let sum = density(0) + density(x);
  for (let k = 1; k < n; k++) sum += (k % 2 === 0 ? 2 : 4) * density((k * x) / n);
  return x + density(x) / (0.5 + (sum * x) / (3 * n));
}
const millsExcess = elementwise('millsExcess', (v) => call(functions.get('millsExcess')!, [v]));

export const autogradSamples: readonly OpSamples[] = [
  {
    // Part of logNdtr's derivative: its own comes into play in the third.
    op: 'millsExcess',
    samples: [
      {
        name: 'values',
        inputs: [{ shape: [5] }],
        run: (x) => millsExcess(x!),
        reference: (x) => ({ shape: [5], data: x!.data.map(excess) }),
      },
    ],
  },
  {
    op: 'copySlices',
    samples: [
      {
        name: 'a window is overwritten by a recorded product',
        inputs: [{ shape: [2, 3] }, { shape: [2] }],
        run: (x, y) => {
          const base = x.mul(x);
          base.select(1, 1).mul_(y);
          return base;
        },
        reference: (x, y) =>
          columns(
            (j) => j === 1,
            (v, k) => v * y!.data[Math.floor(k / 3)]!,
          )({ shape: x!.shape, data: x!.data.map((v) => v * v) }),
      },
      {
        name: 'a window of a base without history',
        inputs: [{ shape: [2, 2] }],
        run: (y) => {
          const base = y.detach().mul(0).add(3).expand([2, 2, 2]).clone();
          base.select(0, 1).copy_(y.mul(y) as Tensor);
          return base;
        },
        reference: (y) => ({ shape: [2, 2, 2], data: [3, 3, 3, 3, ...y!.data.map((v) => v * v)] }),
      },
      {
        name: 'a window is overwritten by numbers',
        inputs: [{ shape: [2, 3] }],
        run: (x) => {
          const base = x.mul(x);
          const column = base.select(1, 2);
          column.copy_(column.detach().mul(0).add(5) as Tensor);
          return base;
        },
        reference: (x) =>
          columns(
            (j) => j === 2,
            () => 5,
          )({ shape: x!.shape, data: x!.data.map((v) => v * v) }),
      },
      {
        name: 'a view of a view is written',
        inputs: pair,
        run: (x, y) => {
          const base = x.clone();
          const inner = base.transpose(0, 1).narrow(0, 1, 2).select(1, 0);
          inner.mul_(y.select(0, 1).narrow(0, 0, 2));
          return base.mul(base);
        },
        reference: (x, y) => ({
          shape: [2, 3],
          data: x!.data.map((v, k) => (k === 1 || k === 2 ? v * y!.data[3 + k - 1]! : v)).map((v) => v * v),
        }),
      },
    ],
  },
  {
    op: 'asStrided',
    samples: [
      {
        name: 'a view is read after its base was written',
        inputs: pair,
        run: (x, y) => {
          const base = x.clone();
          const view = base.select(1, 0);
          base.mul_(y);
          return view.mul(view);
        },
        reference: (x, y) => ({ shape: [2], data: [0, 3].map((k) => (x!.data[k]! * y!.data[k]!) ** 2) }),
      },
      {
        name: 'a view is read after an overlapping view was written',
        inputs: pair,
        run: (x, y) => {
          const base = x.clone();
          const view = base.narrow(1, 0, 2);
          base.narrow(1, 1, 2).mul_(y.narrow(1, 0, 2));
          return [view.mul(view), base];
        },
        reference: (x, y) => {
          const base = x!.data.map((v, k) => (k % 3 === 0 ? v : v * y!.data[k - 1]!));
          return [
            { shape: [2, 2], data: [0, 1, 3, 4].map((k) => base[k]! ** 2) },
            { shape: [2, 3], data: base },
          ];
        },
      },
      {
        name: 'a view of a base that had no history when it was made',
        inputs: [{ shape: [2, 3] }],
        run: (y) => {
          const base = y.detach().mul(0).add(2);
          const view = base.transpose(0, 1);
          base.mul_(y);
          return view.mul(view);
        },
        reference: (y) => ({ shape: [3, 2], data: [0, 3, 1, 4, 2, 5].map((k) => (2 * y!.data[k]!) ** 2) }),
      },
    ],
  },
  {
    op: 'toDevice',
    samples: [
      {
        name: 'there and back',
        inputs: pair,
        run: (x, y) => (x.to(elsewhere).mul(x.to(elsewhere)) as Tensor).to(x.device).mul(y),
        reference: (x, y) => three((a, b) => a * a * b)(x!, y!),
        hostOnly: true,
      },
      {
        name: 'from a backend of its own',
        inputs: [{ shape: [2, 3] }],
        run: (x) => x.to(cpu).to(elsewhere).mul(x.to(elsewhere)).to(x.device),
        reference: (x) => ({ shape: x!.shape, data: x!.data.map((v) => v * v) }),
        hostOnly: true,
      },
    ],
  },
  {
    op: 'clone',
    samples: [
      { name: 'copies', inputs: [{ shape: [2, 3] }], run: (x) => x.clone(), reference: (x) => x! },
      {
        name: 'contiguous',
        inputs: [{ shape: [2, 3, 2] }],
        run: (x) => x.transpose(0, 2).contiguous().mul(x.transpose(0, 2)),
        reference: (x) => ({
          shape: [2, 3, 2],
          data: x!.data.map((_, k) => x!.data[(k % 2) * 6 + (Math.floor(k / 2) % 3) * 2 + Math.floor(k / 6)]! ** 2),
        }),
      },
      { name: 'zero-size', inputs: [{ shape: [0, 2] }], run: (x) => x.clone(), reference: (x) => x! },
    ],
  },
  {
    op: 'to',
    samples: [
      {
        // Small steps away from the values are exact in float32, so the forward pass is; differences of gradients, which are
        // rounded to float32, are not.
        name: 'float32 to float64',
        inputs: [{ shape: [2, 3], dtype: 'float32' }],
        run: (x) => x.to('float64').mul(x.to('float64')),
        reference: (x) => ({ shape: x!.shape, data: x!.data.map((v) => v * v) }),
        tolerance: 2e-4,
        hostOnly: true,
      },
      {
        name: 'to an integer dtype',
        inputs: [{ shape: [2, 3], low: -3, high: 3 }],
        run: (x) => x.to('int32'),
        reference: (x) => ({ shape: x!.shape, data: x!.data.map(Math.trunc) }),
        differentiable: false,
      },
    ],
  },
];
