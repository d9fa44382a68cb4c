import { manualSeed, matmul, randn, type Tensor, type TypedArray, tensor, zeros } from '@nabla/core';
import { type Blas, cpu, currentBlas, setBlas, type View } from '@nabla/core/internals';
import { afterAll, describe, expect, test } from 'vitest';
import { disableNative, enableNative } from '../src/index.ts';
import { native } from './native.ts';
import { StrictBlas, withBlas } from './support.ts';

manualSeed(0);

type DType = 'float32' | 'float64';

/** The library of this machine, if it has one, and one in JavaScript that checks what it is asked for. */
const libraries: readonly [string, Blas][] = [
  ['strict', new StrictBlas()],
  ...(native === null ? [] : [[native.name, native] as [string, Blas]]),
];

const shapes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [1, 1, 9],
  [1, 7, 5],
  [7, 1, 5],
  [3, 4, 1],
  [2, 3, 4],
  [5, 17, 33],
  [64, 10, 128],
  [65, 130, 70],
];

/** How a matrix or a batch of matrices lies. */
const layouts: Record<string, (shape: readonly number[], dtype: DType) => Tensor> = {
  dense: (shape, dtype) => randn(shape, { dtype }) as Tensor,
  transposed: (shape, dtype) => (randn([...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!], { dtype }) as Tensor).mT as Tensor,
  'in a wider tensor': (shape, dtype) => {
    const wide = randn(
      shape.map((n) => n + 3),
      { dtype },
    ) as Tensor;
    return shape.reduce((t, n, d) => t.narrow(d, 2, n) as Tensor, wide);
  },
  'every other element': (shape, dtype) => {
    const spread = randn([...shape, 2], { dtype }) as Tensor;
    return spread.select(-1, 1) as Tensor;
  },
  'one row repeated': (shape, dtype) => randn([...shape.slice(0, -2), 1, shape.at(-1)!], { dtype }).expand(shape) as Tensor,
  'one column repeated': (shape, dtype) => randn([...shape.slice(0, -1), 1], { dtype }).expand(shape) as Tensor,
  overlapping: (shape, dtype) => {
    const strides = shape.map((_, d) => (d < shape.length - 2 ? 3 : 1));
    const reach = shape.reduce((sum, n, d) => sum + (n - 1) * strides[d]!, 1);
    return randn([reach + 2], { dtype }).asStrided(shape, strides, 2) as Tensor;
  },
};

function expectClose(got: TypedArray, want: TypedArray, bound: number): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const [x, y] = [got[i]!, want[i]!];
    if (Object.is(x, y) || x === y) continue;
    if (!(Math.abs(x - y) <= bound * Math.max(1, Math.abs(y)))) throw new Error(`element ${i}: ${x} instead of ${y}`);
  }
}

/** A product by a library against JavaScript's; the operands must survive. */
function compare(blas: Blas, a: Tensor, b: Tensor, dtype: DType): void {
  const before = [a, b].map((t) => (t.contiguous() as Tensor).dataSync());
  const want = matmul(a, b).dataSync();
  const got = withBlas(blas, () => matmul(a, b)).dataSync();
  expectClose(got, want, dtype === 'float32' ? 1e-4 : 1e-12);
  [a, b].forEach((t, i) => {
    expect((t.contiguous() as Tensor).dataSync()).toEqual(before[i]);
  });
}

describe.each(libraries)('products by %s', (_name, blas) => {
  describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
    test.each(shapes)('[%i, n = %i, k = %i] however the operands lie', (m, n, k) => {
      for (const left of Object.values(layouts)) {
        for (const right of Object.values(layouts)) compare(blas, left([m, k], dtype), right([k, n], dtype), dtype);
      }
    });

    test('batches, broadcast ones too', () => {
      for (const make of Object.values(layouts)) {
        compare(blas, make([3, 4, 5], dtype), make([3, 5, 6], dtype), dtype);
        compare(blas, make([2, 3, 4, 5], dtype), make([2, 3, 5, 6], dtype), dtype);
        compare(blas, make([2, 1, 4, 5], dtype), make([3, 5, 6], dtype), dtype);
        compare(blas, make([4, 5], dtype), make([2, 3, 5, 6], dtype), dtype);
        compare(blas, make([2, 3, 4, 5], dtype).transpose(0, 1) as Tensor, make([3, 1, 5, 1], dtype), dtype);
      }
    });

    test('sizes of zero', () => {
      for (const [a, b] of [
        [
          [0, 3],
          [3, 2],
        ],
        [
          [2, 0],
          [0, 3],
        ],
        [
          [2, 3],
          [3, 0],
        ],
        [
          [0, 2, 3],
          [0, 3, 4],
        ],
      ] as const) {
        compare(blas, zeros(a, { dtype }) as Tensor, zeros(b, { dtype }) as Tensor, dtype);
      }
    });

    test('NaN and infinities go where they belong', () => {
      const special = [1, -2, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0, 3];
      for (const [m, n, k] of [
        [4, 5, 8],
        [1, 6, 8],
        [6, 1, 8],
        [17, 19, 40],
      ] as const) {
        const at = (rows: number, cols: number, where: number): Tensor => {
          const values = Array.from({ length: rows * cols }, (_, i) => (i % 11 === where ? special[i % 8]! : ((i * 7) % 5) - 2));
          return tensor(values, { dtype }).reshape([rows, cols]) as Tensor;
        };
        compare(blas, at(m, k, 3), at(k, n, 12), dtype);
        compare(blas, at(m, k, 12), at(k, n, 5), dtype);
        compare(blas, at(m, k, 3), at(k, n, 5), dtype);
      }
    });

    test('what lies in the result before does not matter', () => {
      for (const [m, n, k] of [
        [3, 4, 5],
        [1, 4, 5],
        [3, 1, 5],
        [40, 30, 20],
      ] as const) {
        const make = dtype === 'float32' ? Float32Array : Float64Array;
        const [a, b, c] = [new make(m * k + 2).fill(2), new make(k * n + 3).fill(3), new make(m * (n + 1) + 1).fill(Number.NaN)];
        blas.gemm(dtype, false, false, m, n, k, a, 2, k, b, 3, n, 0, c, 1, n + 1);
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) expect(c[1 + i * (n + 1) + j]).toBe(6 * k);
          if (i < m - 1) expect(c[1 + i * (n + 1) + n]).toBeNaN();
        }
        blas.gemm(dtype, false, false, m, n, k, a, 2, k, b, 3, n, 1, c, 1, n + 1);
        expect(c[1]).toBe(12 * k);
      }
    });

    test('arrays in memory of WebAssembly, shared or not, at any place', () => {
      const make = dtype === 'float32' ? Float32Array : Float64Array;
      const buffers = [
        new ArrayBuffer(4096),
        new SharedArrayBuffer(4096),
        new WebAssembly.Memory({ initial: 1, maximum: 1 }).buffer,
        new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
      ] as ArrayBuffer[];
      for (const buffer of buffers) {
        const [a, b, c] = [new make(buffer, 64, 8), new make(buffer, 1024, 8), new make(buffer, 2048, 8)];
        a.set([0, 0, 1, 2, 3, 4]);
        b.set([0, 5, 6, 7, 8]);
        c.fill(9);
        blas.gemm(dtype, false, false, 2, 2, 2, a, 2, 2, b, 1, 2, 0, c, 3, 2);
        expect([...c]).toEqual([9, 9, 9, 19, 22, 43, 50, 9]);
      }
    });
  });
});

describe('what does not go to a library', () => {
  test('integers, and small products unless asked for', () => {
    const blas = new StrictBlas();
    const before = setBlas(blas);
    try {
      matmul(randn([4, 4]) as Tensor, randn([4, 4]) as Tensor);
      matmul(zeros([64, 64], { dtype: 'int32' }) as Tensor, zeros([64, 64], { dtype: 'int32' }) as Tensor);
      expect(blas.calls).toBe(0);
      matmul(randn([16, 16]) as Tensor, randn([16, 16]) as Tensor);
      expect(blas.calls).toBe(1);
    } finally {
      setBlas(before);
    }
  });

  test('setBlas gives the one before, and the report names the one in use', () => {
    const blas = new StrictBlas();
    const before = setBlas(blas);
    try {
      expect(currentBlas()).toBe(blas);
      expect(cpu.report().device).toMatch(/ on the CPU, matrix products by strict$/);
    } finally {
      expect(setBlas(before)).toBe(blas);
    }
  });
});

if (native !== null) {
  const library = native;
  describe('a library of this machine', () => {
    afterAll(disableNative);

    test('is used by ops once it is enabled, and no more after it is disabled', async () => {
      const [a, b] = [randn([64, 64]) as Tensor, randn([64, 64]) as Tensor];
      const plain = matmul(a, b).dataSync();
      const report = await enableNative();
      expect(cpu.report().device).toContain(`matrix products by ${report!.name}`);
      expectClose(matmul(a, b).dataSync(), plain, 1e-4);
      expect(disableNative()).toBe(true);
      expect(disableNative()).toBe(false);
      expect(matmul(a, b).dataSync()).toEqual(plain);
    });

    test('views of tensors are handed over as they lie', () => {
      const base = randn([70, 70]) as Tensor;
      const window = base.narrow(0, 3, 40).narrow(1, 5, 50) as Tensor;
      const view: View = window;
      expect(view.offset).toBe(215);
      compare(library, window, window.mT as Tensor, 'float32');
    });
  });
}
