import type { DType, TypedArray } from '@nabla/core';
import { call, constant, type Expr, functions, input, param, type ReduceKind, sizeOf } from '@nabla/core/internals';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GpuBackend } from '../src/index.ts';
import { browserModes, expectOnDevice, gpuIn, Pair, Random, sizeWithout } from './support.ts';

const f = (name: string, ...args: Expr[]): Expr => call(functions.get(name)!, args);
const x = input(0);
const y = input(1);
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
  [2, 0],
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

  test('upload, read and fill keep every value of every dtype', async () => {
    const corners = Float32Array.of(0, -0, 1, -1, Infinity, -Infinity, NaN, 3.4028234e38, 1.1754944e-38, 0.1);
    const back = await gpu.read(gpu.upload(corners, 'float32', 10), 'float32', 10);
    expect([...back].map(String)).toEqual([...corners].map(String));
    expect(Object.is(back[1], -0)).toBe(true);
    const r = new Random(1);
    for (const dtype of dtypes) {
      for (const n of [1, 2, 1000, 4097]) {
        const values = r.values(dtype, n);
        const handle = gpu.upload(values, dtype, n);
        expect(await gpu.read(handle, dtype, n)).toEqual(values);
        expect((await gpu.read(handle, dtype, 1)).length).toBe(1);
      }
      expect((await gpu.read(gpu.upload(r.values(dtype, 0), dtype, 0), dtype, 0)).length).toBe(0);
    }
    expect([...(await gpu.read(gpu.fill(2.5, 'float32', 3), 'float32', 3))]).toEqual([2.5, 2.5, 2.5]);
    expect([...(await gpu.read(gpu.fill(-Infinity, 'float32', 2), 'float32', 2))]).toEqual([-Infinity, -Infinity]);
    for (const zero of [0, -0, 0]) expect(Object.is((await gpu.read(gpu.fill(zero, 'float32', 1), 'float32', 1))[0], zero)).toBe(true);
  });

  test('integers beyond 2^24 are refused', () => {
    expect(() => gpu.upload(Float64Array.of(2 ** 24 + 1), 'int64', 1)).toThrow(/2\^24/);
    expect(() => gpu.fill(2 ** 25, 'int32', 1)).toThrow(/2\^24/);
    expect(() => gpu.upload(Float64Array.of(2 ** 24), 'int64', 1)).not.toThrow();
  });

  test('map over random windows, dtypes and outputs', async () => {
    const r = new Random(2);
    const exprs: readonly Expr[] = [
      x,
      f('add', x, y),
      f('mul', f('sub', x, y), param(0)),
      f('add', f('mul', x, constant(3)), constant(-2)),
      f('neg', x),
    ];
    for (let turn = 0; turn < 60; turn++) {
      const shape = r.pick(shapes);
      const compute = r.pick(dtypes.filter((d) => d !== 'bool'));
      const inputs = [0, 1].map(() => pair.window(r, compute === 'uint8' ? 'uint8' : r.pick([compute, 'bool']), shape));
      const outputs = [compute, r.pick([compute, 'float32', 'bool'] as const)];
      const chosen = [r.pick(exprs), r.pick(exprs)];
      await pair.same(`map ${chosen.join(' ')} [${shape}] ${compute}>${outputs}`, outputs, sizeOf(shape), (b, on) =>
        b.map({ exprs: chosen, inputs: inputs.map(on), params: [2], shape, compute, outputs }),
      );
    }
  });

  test('map reads inputs of other dtypes as the compute dtype', async () => {
    const r = new Random(3);
    for (const from of dtypes) {
      for (const compute of dtypes) {
        const values: TypedArray = from === 'float32' ? Float32Array.of(0, 1.7, -1.7, 3, 0.2, 20) : r.values(from, 6);
        const v = pair.view(values, from, [6]);
        await pair.same(`${from} as ${compute}`, [compute], 6, (b, on) =>
          b.map({ exprs: [x], inputs: [on(v)], params: [], shape: [6], compute, outputs: [compute] }),
        );
        await pair.same(`${from} to ${compute}`, [compute], 6, (b, on) =>
          b.map({ exprs: [x], inputs: [on(v)], params: [], shape: [6], compute: from, outputs: [compute] }),
        );
      }
    }
  });

  test('infinities and NaN: as elements, as parameters and in expressions', async () => {
    const values = Float32Array.of(0, -0, 1, -3, Infinity, -Infinity, NaN);
    const v = pair.view(values, 'float32', [7]);
    const exprs = [
      f('mul', x, constant(0)),
      f('add', x, constant(Infinity)),
      f('mul', x, constant(NaN)),
      f('mul', x, constant(-Infinity)),
      f('add', x, param(0)),
      f('div', constant(1), x),
      f('div', x, constant(-0)),
    ];
    for (const e of exprs) {
      for (const p of [Infinity, NaN, -0]) {
        await pair.same(`${e} with ${p}`, ['float32'], 7, (b, on) =>
          b.map({ exprs: [e], inputs: [on(v)], params: [p], shape: [7], compute: 'float32', outputs: ['float32'] }),
        );
      }
    }
    await pair.same('to bool', ['bool'], 7, (b, on) =>
      b.map({ exprs: [x], inputs: [on(v)], params: [], shape: [7], compute: 'float32', outputs: ['bool'] }),
    );
  });

  test('reductions of random windows over random dimensions', async () => {
    const r = new Random(4);
    const kinds: readonly ReduceKind[] = ['sum', 'prod', 'max', 'min', 'argmax', 'argmin', 'any', 'all'];
    for (let turn = 0; turn < 80; turn++) {
      const shape = r.pick(shapes);
      const kind = kinds[turn % kinds.length]!;
      const position = kind === 'argmax' || kind === 'argmin';
      const compute = r.pick(['float32', 'int64'] as const);
      const dims = shape.map((_, d) => d).filter(() => r.below(2) === 0);
      if (position && dims.some((d) => shape[d] === 0)) continue;
      const inputs = [0, 1].map(() => pair.window(r, kind === 'any' || kind === 'all' ? 'bool' : compute, shape));
      const expr = kind === 'sum' ? f('mul', x, y) : x;
      const output = position ? 'int64' : kind === 'any' || kind === 'all' ? 'bool' : compute;
      const divisor = kind === 'sum' && compute === 'float32' ? 3 : 1;
      const given = kind === 'sum' ? inputs : inputs.slice(0, 1);
      await pair.same(
        `${kind} ${compute} [${shape}] over [${dims}]`,
        [output],
        sizeWithout(shape, dims),
        (b, on) => b.reduce({ kind, expr, inputs: given.map(on), params: [], shape, dims, compute, output, divisor }),
        1e-5,
      );
    }
  });

  test('long reductions run in stages and stay accurate', async () => {
    const r = new Random(5);
    const n = 100_003;
    const values = Float32Array.from({ length: n }, () => r.next());
    values[77_777] = 5;
    values[4_242] = -5;
    const v = pair.view(values, 'float32', [n]);
    for (const kind of ['sum', 'max', 'min', 'argmax', 'argmin'] as const) {
      const output = kind.startsWith('arg') ? 'int64' : 'float32';
      await pair.same(kind, [output], 1, (b, on) =>
        b.reduce({
          kind,
          expr: x,
          inputs: [on(v)],
          params: [],
          shape: [n],
          dims: [0],
          compute: 'float32',
          output,
          divisor: kind === 'sum' ? n : 1,
        }),
      );
    }
    const rows = pair.view(r.values('float32', 3 * 9000), 'float32', [3, 9000]);
    for (const kind of ['sum', 'max', 'argmin'] as const) {
      const output = kind === 'argmin' ? 'int64' : 'float32';
      await pair.same(
        `rows ${kind}`,
        [output],
        3,
        (b, on) =>
          b.reduce({ kind, expr: x, inputs: [on(rows)], params: [], shape: [3, 9000], dims: [1], compute: 'float32', output, divisor: 1 }),
        1e-5,
      );
    }
    const bytes = pair.view(r.values('uint8', 20_000), 'uint8', [20_000]);
    await pair.same('bytes', ['uint8'], 1, (b, on) =>
      b.reduce({
        kind: 'sum',
        expr: x,
        inputs: [on(bytes)],
        params: [],
        shape: [20_000],
        dims: [0],
        compute: 'uint8',
        output: 'uint8',
        divisor: 1,
      }),
    );
    const ones = pair.view(new Uint8Array(70_000).fill(1), 'bool', [70_000]);
    await pair.same('count', ['int64'], 1, (b, on) =>
      b.reduce({
        kind: 'sum',
        expr: x,
        inputs: [on(ones)],
        params: [],
        shape: [70_000],
        dims: [0],
        compute: 'int64',
        output: 'int64',
        divisor: 1,
      }),
    );
  });

  test('NaN in reductions: it wins, the first one in arg*; infinities and ties', async () => {
    const rows = [
      [1, NaN, 3, NaN],
      [NaN, NaN, 1, 1],
      [2, 5, 5, 1],
      [-Infinity, -Infinity, -Infinity, -Infinity],
      [Infinity, 1, -Infinity, Infinity],
      [0, -0, 0, 0],
    ];
    const v = pair.view(Float32Array.from(rows.flat()), 'float32', [6, 4]);
    for (const kind of ['sum', 'prod', 'max', 'min', 'argmax', 'argmin', 'any', 'all'] as const) {
      const output = kind.startsWith('arg') ? 'int64' : kind === 'any' || kind === 'all' ? 'bool' : 'float32';
      await pair.same(kind, [output], 6, (b, on) =>
        b.reduce({ kind, expr: x, inputs: [on(v)], params: [], shape: [6, 4], dims: [1], compute: 'float32', output, divisor: 1 }),
      );
    }
    const long = new Float32Array(5000).fill(1);
    long[3000] = NaN;
    long[4500] = NaN;
    const w = pair.view(long, 'float32', [5000]);
    for (const kind of ['max', 'argmax', 'argmin'] as const) {
      const output = kind === 'max' ? 'float32' : 'int64';
      await pair.same(`long ${kind}`, [output], 1, (b, on) =>
        b.reduce({ kind, expr: x, inputs: [on(w)], params: [], shape: [5000], dims: [0], compute: 'float32', output, divisor: 1 }),
      );
    }
  });

  test('matmul of random windows: batches, transposes, long inner dimensions, integers', async () => {
    const r = new Random(6);
    const sizes = [
      [[], 3, 4, 5],
      [[], 1, 7, 1],
      [[2], 4, 3, 2],
      [[2, 3], 2, 5, 3],
      [[], 33, 17, 20],
      [[], 2, 3000, 2],
      [[], 1, 40_000, 1],
      [[3], 0, 2, 4],
      [[], 2, 0, 3],
    ] as const;
    for (const [batch, m, k, n] of sizes) {
      for (const dtype of ['float32', 'int64', 'int32', 'uint8'] as const) {
        if (dtype !== 'float32' && k > 3000) continue;
        const a = pair.window(r, dtype, [...batch, m, k]);
        const b = pair.window(r, dtype, [...batch, k, n]);
        await pair.same(
          `matmul ${dtype} [${batch}] ${m}x${k}x${n}`,
          [dtype],
          sizeOf(batch) * m * n,
          (dev, on) => dev.matmul({ a: on(a), b: on(b), dtype }),
          2e-5 * Math.max(1, Math.sqrt(k) / 10),
        );
      }
    }
  });
});
