import { cpu, type DType } from '@nabla/core';
import { contiguousStrides, type Handle, sizeOf } from '@nabla/core/internals';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GpuBackend } from '../src/index.ts';
import { browserModes, expectOnDevice, gpuIn, Pair, Random } from './support.ts';

const shapes: readonly (readonly number[])[] = [
  [],
  [1],
  [7],
  [2, 3],
  [5, 1, 4],
  [3, 4, 5],
  [2, 3, 2, 5],
  [2, 1, 3, 2, 2],
  [64, 33],
  [0, 3],
];
const dtypes: readonly DType[] = ['float32', 'int64', 'int32', 'uint8', 'bool'];

describe.each(browserModes)('%s', (mode) => {
  let gpu: GpuBackend;
  let pair: Pair;
  beforeAll(async () => {
    gpu = await gpuIn(mode);
    pair = new Pair(gpu);
  });
  afterEach(() => pair.clear());
  afterAll(() => {
    expectOnDevice(gpu);
    gpu.dispose();
  });

  test('copy of random windows', async () => {
    const r = new Random(11);
    for (let turn = 0; turn < 40; turn++) {
      const shape = r.pick(shapes);
      const dtype = r.pick(dtypes);
      const src = pair.window(r, dtype, shape);
      await pair.same(`copy [${shape}]`, [dtype], sizeOf(shape), (b, on) => b.copy(on(src)));
    }
  });

  test('a copy of a whole buffer outlives the buffer', async () => {
    const v = gpu.upload(Float32Array.of(1, 2, 3), 'float32', 3);
    const before = gpu.memory();
    const copy = gpu.copy({ handle: v, dtype: 'float32', shape: [3], strides: [1], offset: 0 }) as Handle;
    expect(gpu.memory()).toEqual({ buffers: before.buffers + 1, bytes: before.bytes });
    gpu.free(v);
    expect([...(await gpu.read(copy, 'float32', 3))]).toEqual([1, 2, 3]);
    gpu.free(copy);
    expect(gpu.memory().buffers).toBe(before.buffers - 1);
  });

  test('write into random windows changes those elements and no others', async () => {
    const r = new Random(12);
    for (let turn = 0; turn < 60; turn++) {
      const shape = r.pick(shapes);
      const dtype = r.pick(dtypes);
      const dst = pair.window(r, dtype, shape, true);
      const src = pair.window(r, dtype, shape);
      const view = dst.on(gpu);
      // A reversed destination reaches as far as a forward one.
      const last = view.shape.reduce((at, n, d) => at + Math.max(n - 1, 0) * Math.max(view.strides[d]!, 0), view.offset);
      const length = last + 1;
      await pair.same(`write [${shape}] strides [${view.strides}] offset ${view.offset}`, [dtype], length, (b, on) => {
        // The CPU writes in place: each backend gets its own copy of the destination.
        const { handle } = on(dst);
        const own = b.copy({ handle, dtype, shape: [length], strides: [1], offset: 0 }) as Handle;
        return b.write({ ...on(dst), handle: own }, on(src), length);
      });
    }
    const reversed = pair.view(r.values('float32', 9), 'float32', [3, 3], [-3, -1], 8);
    const src = pair.view(r.values('float32', 9), 'float32', [3, 3]);
    await pair.same('write reversed', ['float32'], 9, (b, on) => {
      const own = b.copy({ handle: on(reversed).handle, dtype: 'float32', shape: [9], strides: [1], offset: 0 }) as Handle;
      return b.write({ ...on(reversed), handle: own }, on(src), 9);
    });
  });

  test('pad and crop', async () => {
    const r = new Random(13);
    for (let turn = 0; turn < 50; turn++) {
      const shape = r.pick(shapes);
      const dtype = r.pick(dtypes);
      const src = pair.window(r, dtype, shape);
      const before = shape.map((n) => r.below(4) - Math.min(1, n));
      const after = shape.map((n, d) => Math.max(r.below(4) - 1, -n - before[d]!));
      const value = dtype === 'bool' ? 1 : 7;
      const length = sizeOf(shape.map((n, d) => n + before[d]! + after[d]!));
      await pair.same(`pad [${shape}] by [${before}] [${after}]`, [dtype], length, (b, on) =>
        b.pad({ src: on(src), before, after, value }),
      );
    }
    const inner = pair.view(Float32Array.of(1, 2, 3), 'float32', [3]);
    await pair.same('pad with infinity', ['float32'], 5, (b, on) => b.pad({ src: on(inner), before: [1], after: [1], value: -Infinity }));
  });

  test('gather and scatterAdd along random dimensions', async () => {
    const r = new Random(14);
    for (let turn = 0; turn < 60; turn++) {
      const shape = r.pick(shapes.filter((s) => s.length > 0 && !s.includes(0)));
      const dim = r.below(shape.length);
      const dtype = r.pick(['float32', 'int64'] as const);
      const picked = shape.map((n, d) => (d === dim ? 1 + r.below(6) : 1 + r.below(n)));
      const values = Float64Array.from({ length: sizeOf(picked) }, () => r.below(shape[dim]!));
      const index = pair.view(values, 'int64', picked);
      const src = pair.window(r, dtype, shape);
      await pair.same(`gather [${shape}] dim ${dim} by [${picked}]`, [dtype], sizeOf(picked), (b, on) =>
        b.gather({ src: on(src), dim, index: on(index) }),
      );
      const add = pair.window(r, dtype, picked);
      await pair.same(`scatterAdd [${shape}] dim ${dim} by [${picked}]`, [dtype], sizeOf(shape), (b, on) =>
        b.scatterAdd({ base: on(src), dim, index: on(index), src: on(add) }),
      );
    }
  });

  test('gather and scatterAdd with transposed and repeated indices, empty and long ones', async () => {
    const r = new Random(15);
    const table = pair.view(r.values('float32', 20), 'float32', [5, 4]);
    const column = pair.view(Float64Array.of(3, 0, 3), 'int64', [3, 4], [1, 0]);
    await pair.same('gather rows', ['float32'], 12, (b, on) => b.gather({ src: on(table), dim: 0, index: on(column) }));
    const rows = pair.view(r.values('float32', 12), 'float32', [3, 4]);
    await pair.same('scatter rows', ['float32'], 20, (b, on) =>
      b.scatterAdd({ base: on(table), dim: 0, index: on(column), src: on(rows) }),
    );
    const none = pair.view(new Float64Array(0), 'int64', [0, 4]);
    await pair.same('gather nothing', ['float32'], 0, (b, on) => b.gather({ src: on(table), dim: 0, index: on(none) }));
    const nothing = pair.view(new Float32Array(0), 'float32', [0, 4]);
    await pair.same('scatter nothing', ['float32'], 20, (b, on) =>
      b.scatterAdd({ base: on(table), dim: 0, index: on(none), src: on(nothing) }),
    );
    const n = 10_000;
    const many = pair.view(
      Float64Array.from({ length: n }, () => r.below(7)),
      'int64',
      [n],
    );
    const ones = pair.view(new Float32Array(n).fill(1), 'float32', [n]);
    const zeros = pair.view(new Float32Array(7), 'float32', [7]);
    await pair.same('histogram', ['float32'], 7, (b, on) => b.scatterAdd({ base: on(zeros), dim: 0, index: on(many), src: on(ones) }));
  });

  test('an index out of range gives NaN and is not added', async () => {
    const src = pair.view(Float32Array.of(1, 2, 3), 'float32', [3]).on(gpu);
    const index = pair.view(Float64Array.of(0, 3, -1), 'int64', [3]).on(gpu);
    const got = gpu.gather({ src, dim: 0, index }) as Handle;
    expect([...(await gpu.read(got, 'float32', 3))]).toEqual([1, NaN, NaN]);
    const sum = gpu.scatterAdd({ base: src, dim: 0, index, src }) as Handle;
    expect([...(await gpu.read(sum, 'float32', 3))]).toEqual([2, 2, 3]);
  });

  test('memory counts every buffer and byte', async () => {
    const before = gpu.memory();
    const per = mode === 'webgl' ? 16 : 4;
    const a = gpu.upload(new Float32Array(100), 'float32', 100);
    const b = gpu.upload(new Uint8Array(0), 'bool', 0);
    expect(gpu.memory()).toEqual({ buffers: before.buffers + 2, bytes: before.bytes + 100 * per });
    const sums = gpu.map({
      exprs: [],
      inputs: [],
      params: [],
      shape: [2],
      compute: 'float32',
      outputs: [],
    });
    expect(sums).toEqual([]);
    gpu.free(a);
    gpu.free(b);
    gpu.free(b);
    await gpu.flush();
    expect(gpu.memory()).toEqual(before);
    expect(() => gpu.copy({ handle: a, dtype: 'float32', shape: [100], strides: contiguousStrides([100]), offset: 0 })).toThrow(/freed/);
    expect(cpu.report().mode).toBe('cpu');
  });
});
