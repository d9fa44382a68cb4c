import { type Backend, type DType, Tensor, type TypedArray, tensor, UseAfterFreeError } from '@nabla/core';
import {
  allocate,
  type Computed,
  contiguousStrides,
  cpu,
  Declined,
  type Expr,
  elementwiseOps,
  type Handle,
  input,
  isFloating,
  param,
  type ReduceKind,
  Storage,
  sizeOf,
  type View,
} from '@nabla/core/internals';
import { ConformanceError, type ConformanceTest, compareValues } from './compare.ts';
import { drawFor } from './random.ts';

/** A strided window of a test: its values fill a buffer of `length` elements. */
interface Window {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  /** Elements of the buffer. */
  readonly length: number;
  /** Contents of the buffer instead of random ones. */
  readonly values?: readonly number[];
}

function whole(dtype: DType, shape: readonly number[], values?: readonly number[]): Window {
  return { dtype, shape, strides: contiguousStrides(shape), offset: 0, length: sizeOf(shape), ...(values === undefined ? {} : { values }) };
}

/** A [3, 4] window whose rows lie side by side, five elements in. */
const transposed = (dtype: DType): Window => ({ dtype, shape: [3, 4], strides: [1, 5], offset: 5, length: 30 });
/** A [3, 4] window that repeats one row. */
const repeated = (dtype: DType): Window => ({ dtype, shape: [3, 4], strides: [0, 2], offset: 1, length: 10 });

function contents(w: Window, seed: string): TypedArray {
  const draw = drawFor(seed);
  const out = allocate(w.dtype, w.length);
  const top = w.dtype === 'bool' ? 2 : 100;
  for (let i = 0; i < w.length; i++) {
    // Multiples of 1/8 are exact in float32, and so are their sums and products here.
    out[i] = w.values?.[i] ?? (isFloating(w.dtype) ? (draw.below(129) - 64) / 8 : draw.below(top));
  }
  return out;
}

/** A request on views, made of the same windows on two backends. */
async function bothSides(
  backend: Backend,
  what: string,
  windows: readonly Window[],
  output: { readonly dtype: DType; readonly length: number },
  slack: number,
  run: (b: Backend, views: readonly View[]) => Computed,
): Promise<void> {
  const results: TypedArray[] = [];
  for (const device of [cpu, backend]) {
    const views = windows.map((w, i) => ({ ...w, handle: device.upload(contents(w, `${what}/${i}`), w.dtype, w.length) }));
    const done = run(device, views);
    if (done instanceof Declined) {
      for (const v of views) device.free(v.handle, v.dtype);
      device.countFallback(what, done.reason);
      return;
    }
    results.push(await device.read(done, output.dtype, output.length));
    for (const v of views) if (v.handle !== done) device.free(v.handle, v.dtype);
    device.free(done, output.dtype);
  }
  compareValues(what, results[1]!, results[0]!, slack);
}

/** The checks of the contract itself, apart from any op. */
export function contractTests(backend: Backend): ConformanceTest[] {
  const perDType = backend.caps.dtypes.flatMap((dtype) => [
    ...memoryTests(backend, dtype),
    ...movementTests(backend, dtype),
    ...computeTests(backend, dtype),
  ]);
  return [...perDType, ...tensorTests(backend)].map(({ name, run }) => ({ name: `contract: ${name}`, run }));
}

function memoryTests(backend: Backend, dtype: DType): ConformanceTest[] {
  return [
    ...[0, 1, 5, 1000, 70_001].map((n) => ({
      name: `${n} elements of ${dtype} come back as they were sent`,
      run: async () => {
        const data = contents(whole(dtype, [n]), `upload ${n}`);
        const sent = data.slice();
        const handle = backend.upload(data, dtype, n);
        data.fill(0); // the buffer is a copy
        const back = await backend.read(handle, dtype, n);
        compareValues('read', back, sent, 0);
        if (back.constructor !== sent.constructor) throw new ConformanceError(`read gives a ${back.constructor.name}`);
        back.fill(1); // and so is what was read
        compareValues('second read', await backend.read(handle, dtype, n), sent, 0);
        compareValues('read of a part', await backend.read(handle, dtype, n >> 1), sent.subarray(0, n >> 1), 0);
        if (backend.caps.syncRead) compareValues('readSync', backend.readSync(handle, dtype, n), sent, 0);
        backend.free(handle, dtype);
      },
    })),
    {
      name: `fill with ${dtype}`,
      run: async () => {
        for (const n of [0, 1, 77]) {
          const handle = backend.fill(1, dtype, n);
          compareValues('fill', await backend.read(handle, dtype, n), new Array<number>(n).fill(1), 0);
          backend.free(handle, dtype);
        }
      },
    },
    {
      name: `memory() counts buffers of ${dtype}`,
      run: async () => {
        if (backend.caps.collected) return;
        const before = backend.memory();
        const handles = [1, 2, 3].map((n) => backend.fill(0, dtype, 100 * n));
        const held = backend.memory();
        if (held.buffers !== before.buffers + 3)
          throw new ConformanceError(`3 buffers were made, ${held.buffers - before.buffers} counted`);
        if (held.bytes <= before.bytes) throw new ConformanceError('600 elements take no bytes');
        for (const h of handles) backend.free(h, dtype);
        const after = backend.memory();
        if (after.buffers !== before.buffers || after.bytes !== before.bytes) throw new ConformanceError('freed buffers are still counted');
      },
    },
  ];
}

function movementTests(backend: Backend, dtype: DType): ConformanceTest[] {
  const row = { dtype, length: 12 };
  const sources: readonly [string, Window][] = [
    ['a transposed window', transposed(dtype)],
    ['a repeated row', repeated(dtype)],
    ['a contiguous window', { ...whole(dtype, [3, 4]), offset: 2, length: 20 }],
  ];
  const copies = sources.map(([name, w]) => ({
    name: `copy of ${name}, ${dtype}`,
    run: () => bothSides(backend, 'copy', [w], row, 0, (b, [v]) => b.copy(v!)),
  }));
  const writes = sources.map(([name, w]) => ({
    name: `write of ${name} into a strided window, ${dtype}`,
    run: () => bothSides(backend, 'write', [transposed(dtype), w], { dtype, length: 30 }, 0, (b, [dst, src]) => b.write(dst!, src!, 30)),
  }));
  return [
    ...copies,
    ...writes,
    {
      name: `copy of nothing, ${dtype}`,
      run: () => bothSides(backend, 'copy', [whole(dtype, [0, 3])], { dtype, length: 0 }, 0, (b, [v]) => b.copy(v!)),
    },
    {
      name: `pad and crop, ${dtype}`,
      run: () =>
        bothSides(backend, 'pad', [transposed(dtype)], { dtype, length: 4 * 5 }, 0, (b, [src]) =>
          b.pad({ src: src!, before: [2, -1], after: [-1, 2], value: 1 }),
        ),
    },
    {
      name: `gather, ${dtype}`,
      run: () => {
        const index = whole('int64', [2, 4], [0, 2, 1, 1, 2, 0, 0, 2]);
        return bothSides(backend, 'gather', [transposed(dtype), index], { dtype, length: 8 }, 0, (b, [src, i]) =>
          b.gather({ src: src!, dim: 0, index: i! }),
        );
      },
    },
  ];
}

function computeTests(backend: Backend, dtype: DType): ConformanceTest[] {
  const slack = dtype === 'float32' ? 1e-5 : dtype === 'float64' ? 1e-13 : 0;
  const op = (name: string): ((...args: Expr[]) => Expr) => elementwiseOps.get(name)!;
  const sum = op('add')(input(0), input(1));
  const shape = [3, 4];
  const map = (name: string, exprs: readonly Expr[], windows: readonly Window[], at: number, params: readonly number[] = []) => ({
    name: `map, ${name}, ${dtype}`,
    run: () =>
      bothSides(backend, 'map', windows, { dtype, length: 12 }, slack, (b, inputs) => {
        const made = b.map({ exprs, inputs, params, shape, compute: dtype, outputs: exprs.map(() => dtype) });
        if (made instanceof Declined) return made;
        made.forEach((h, i) => {
          if (i !== at) b.free(h, dtype);
        });
        return made[at]!;
      }),
  });
  const tests: ConformanceTest[] = [
    map('one output', [sum], [transposed(dtype), repeated(dtype)], 0),
    map('second of two outputs', [sum, input(1)], [transposed(dtype), repeated(dtype)], 1),
    map('a parameter', [op('add')(input(0), param(0))], [transposed(dtype)], 0, [1]),
    map('no inputs', [param(0)], [], 0, [1]),
  ];
  const kinds: readonly ReduceKind[] = dtype === 'bool' ? ['any', 'all'] : ['sum', 'max', 'min', 'argmax', 'argmin', 'any', 'all'];
  for (const kind of kinds) {
    for (const dims of [[0], [1], [0, 1], []]) {
      const output: DType = kind.startsWith('arg') ? 'int64' : kind === 'any' || kind === 'all' ? 'bool' : dtype;
      if (!backend.caps.dtypes.includes(output) || (output === 'uint8' && kind === 'sum')) continue;
      const length = sizeOf(shape.filter((_, d) => !dims.includes(d)));
      tests.push({
        name: `reduce, ${kind} over [${dims}], ${dtype}`,
        run: () =>
          bothSides(backend, `reduce ${kind}`, [transposed(dtype)], { dtype: output, length }, slack, (b, inputs) =>
            b.reduce({ kind, expr: input(0), inputs, params: [], shape, dims, compute: dtype, output, divisor: 1 }),
          ),
      });
    }
  }
  if (dtype === 'bool') return tests;
  tests.push({
    name: `scatterAdd, ${dtype}`,
    run: () => {
      const index = whole('int64', [3, 2], [0, 3, 1, 1, 2, 0]);
      return bothSides(
        backend,
        'scatterAdd',
        [transposed(dtype), index, whole(dtype, [3, 2], [1, 2, 3, 4, 5, 6])],
        { dtype, length: 12 },
        slack,
        (b, [base, i, src]) => b.scatterAdd({ base: base!, dim: 1, index: i!, src: src! }),
      );
    },
  });
  if (isFloating(dtype)) {
    tests.push({
      name: `reduce, mean, ${dtype}`,
      run: () =>
        bothSides(backend, 'mean', [transposed(dtype)], { dtype, length: 3 }, slack, (b, inputs) =>
          b.reduce({ kind: 'sum', expr: input(0), inputs, params: [], shape, dims: [1], compute: dtype, output: dtype, divisor: 4 }),
        ),
    });
    const sizes = [
      [1, 1, 1],
      [2, 3, 4],
      [5, 0, 3],
      [33, 17, 9],
    ] as const;
    for (const [m, k, n] of sizes) {
      const a: Window = { dtype, shape: [2, m, k], strides: [m * k, 1, m], offset: 0, length: 2 * m * k };
      tests.push({
        name: `matmul, [${m}, ${k}] @ [${k}, ${n}], ${dtype}`,
        run: () =>
          bothSides(
            backend,
            'matmul',
            [a, { ...whole(dtype, [2, k, n]), strides: [0, n, 1] }],
            { dtype, length: 2 * m * n },
            slack,
            (b, [x, y]) => b.matmul({ a: x!, b: y!, dtype }),
          ),
      });
    }
  }
  return tests;
}

/** Promises that tensors make on every backend. */
function tensorTests(backend: Backend): ConformanceTest[] {
  const make = (values: number[]): Tensor => tensor(values, { device: backend });
  return [
    {
      name: 'use after dispose is an error, and a view keeps the buffer',
      run: async () => {
        const t = make([1, 2, 3, 4]);
        const square = t.view([2, 2]);
        const view = square.transpose(0, 1);
        for (const x of [t, square]) x.dispose();
        let caught: unknown = null;
        try {
          await t.data();
        } catch (error) {
          caught = error;
        }
        if (!(caught instanceof UseAfterFreeError)) throw new ConformanceError(`reading a disposed tensor gave ${caught}`);
        const dense = view.contiguous();
        compareValues('the view', await dense.data(), [1, 3, 2, 4], 0);
        for (const x of [view, dense]) x.dispose();
      },
    },
    {
      name: 'values can be read at once only where the device says so',
      run: async () => {
        const t = make([1, 2]);
        let error = '';
        try {
          compareValues('dataSync', t.dataSync(), [1, 2], 0);
        } catch (e) {
          error = (e as Error).message;
        }
        t.dispose();
        if (backend.caps.syncRead ? error !== '' : !/can only be read asynchronously; write await t\.data\(\)/.test(error)) {
          throw new ConformanceError(`dataSync: ${error === '' ? 'no error' : error}`);
        }
      },
    },
    {
      name: 'a write in place is seen by every view',
      run: async () => {
        const t = make([1, 2, 3, 4, 5, 6]);
        const grid = t.view([2, 3]);
        const column = grid.select(1, 1);
        column.mul_(10);
        compareValues('the base', await t.data(), [1, 20, 3, 4, 50, 6], 0);
        t.add_(1);
        compareValues('the view', await column.data(), [21, 51], 0);
        for (const x of [t, grid, column]) x.dispose();
      },
    },
    {
      name: 'the report names the device',
      run: async () => {
        const { backend: name, device, mode } = backend.report();
        if (name !== backend.name || device === '' || mode === '') throw new ConformanceError(`report: ${name}, ${device}, ${mode}`);
      },
    },
    {
      name: 'a tensor made by its storage reads what was uploaded',
      run: async () => {
        const handle: Handle = backend.upload(Float32Array.of(1, 2, 3), 'float32', 3);
        const t = new Tensor(new Storage(backend, handle, 'float32', 3), [2], [2], 0);
        compareValues('every second element', await t.data(), [1, 3], 0);
        t.dispose();
      },
    },
  ];
}
