import { AutogradError, cpu, DTypeError, type ElementwiseOp, tensor } from '@nabla/core';
import { call, Declined, derivative, type Expr, elementwiseOps, functions, input, type View } from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GpuBackend } from '../src/index.ts';
import { browserModes, expectOnDevice, gpuIn, Random, whole } from './support.ts';

const corners = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1e-8, -1e-8, 1e-3, -1e-3, 6, -6, 20, -20, 88, -88, 1000, -1000, 1e5, -1e5];
const notFinite = [Infinity, -Infinity, NaN];

/** Points per argument: every corner for one argument, every pair or triple of fewer corners for more, then random ones. */
function points(arity: number, r: Random): Float32Array[] {
  const few = arity === 1 ? corners : arity === 2 ? corners.slice(0, 10) : arity === 3 ? [0, -0, 1, -2, 0.5] : [0, 1, -2];
  const each = [...few, ...(arity > 3 ? [] : notFinite)];
  const rows: number[][] = [];
  const index = new Array<number>(arity).fill(0);
  for (let n = each.length ** arity; n > 0; n--) {
    rows.push(index.map((i) => each[i]!));
    for (let d = arity - 1; d >= 0; d--) {
      if (++index[d]! < each.length) break;
      index[d] = 0;
    }
  }
  for (let n = 0; n < 200; n++) rows.push(index.map(() => (r.next() * 2 - 1) * r.pick([1, 5, 30])));
  return index.map((_, d) => Float32Array.from(rows, (row) => row[d]!));
}

/** Whether an op is defined for floating operands (integers have their tests in the conformance suite). */
function takesFloats(op: ElementwiseOp, arity: number): boolean {
  try {
    op(...Array.from({ length: arity }, (_, i) => (op.opName === 'where' && i === 0 ? tensor(true) : tensor(0.5))));
    return true;
  } catch (error) {
    if (error instanceof DTypeError) return false;
    throw error;
  }
}

/** Where the device and the CPU disagree: NaN and infinities exactly, numbers within 1e-5 of the value or 2e-6. */
function disagreements(got: ArrayLike<number>, want: ArrayLike<number>, at: readonly Float32Array[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < want.length; i++) {
    const g = got[i]!;
    const w = want[i]!;
    if (g === w || (Number.isNaN(g) && Number.isNaN(w)) || Math.abs(g - w) <= 2e-6 + 1e-5 * Math.abs(w)) continue;
    out.push(`(${at.map((a) => a[i])}): ${g}, not ${w}`);
  }
  return out;
}

// The kernels of WebGL 1 have the sources of those of WebGL 2.
const modes = whole ? browserModes : browserModes.filter((mode) => mode !== 'webgl');

describe.each(modes)('%s', (mode) => {
  let gpu: GpuBackend;
  beforeAll(async () => {
    gpu = await gpuIn(mode);
  });
  afterAll(() => {
    expectOnDevice(gpu);
    gpu.dispose();
  });

  async function check(expr: Expr, at: readonly Float32Array[]): Promise<void> {
    const n = at[0]!.length;
    const results = await Promise.all(
      [cpu, gpu].map(async (b) => {
        const inputs: View[] = at.map((a) => ({
          handle: b.upload(a, 'float32', n),
          dtype: 'float32',
          shape: [n],
          strides: [1],
          offset: 0,
        }));
        const made = b.map({ exprs: [expr], inputs, params: [], shape: [n], compute: 'float32', outputs: ['float32'] });
        if (made instanceof Declined) throw new Error(made.reason);
        return b.read(made[0]!, 'float32', n);
      }),
    );
    const wrong = disagreements(results[1]!, results[0]!, at);
    if (wrong.length > 0) throw new Error(`${wrong.length} points: ${wrong.slice(0, 6).join('; ')}`);
  }

  /** The derivative in one operand; null where there is none, which for some functions is an error. */
  const derivativeOf = (value: Expr, i: number): Expr | null => {
    try {
      return derivative(value, input(i));
    } catch (error) {
      if (error instanceof AutogradError) return null;
      throw error;
    }
  };

  for (const [name, op] of elementwiseOps) {
    const row = functions.get(name)!;
    if (!takesFloats(op, row.arity)) continue;
    const at = points(row.arity, new Random(31));
    const value = call(
      row,
      at.map((_, i) => input(i)),
    );
    test(name, async () => {
      await check(value, at);
    });
    for (let i = 0; i < row.arity; i++) {
      const d = derivativeOf(value, i);
      if (d === null) continue;
      test(`derivative of ${name} by operand ${i}`, async () => {
        await check(d, at);
      });
    }
  }

  /** Arguments at which float32 loses everything that is not computed with care, by function: operands of one call in a row. */
  const hard: Readonly<Record<string, readonly (readonly number[])[]>> = {
    fmod: [
      [1e20, 501.25],
      [-3e38, 7],
      [1.5e10, 1e-10],
      [5, 1e-30],
    ],
    remainder: [
      [1e20, -501.25],
      [-3e38, 7],
      [1.5e10, 1e-10],
      [-1, 3e30],
    ],
    tan: [[-4988429], [1000000], [500000.25], [-1.5], [1e-3]],
    sin: [[-4988429], [1000000], [33333.5]],
    atanh: [[-0.9996671676635742], [0.9996671676635742], [-0.9999999], [1e-4]],
  };
  test.each(Object.keys(hard))('%s of hard arguments', async (name) => {
    const rows = hard[name]!;
    const at = rows[0]!.map((_, k) => Float32Array.from(rows, (row) => row[k]!));
    await check(
      call(
        functions.get(name)!,
        at.map((_, k) => input(k)),
      ),
      at,
    );
  });

  test('a power of integers is an integer', async () => {
    const base = Float64Array.of(3, 1, -1, 2, 0, -2);
    const exponent = Float64Array.of(-3, -5, -5, 10, -1, 3);
    const views = [base, exponent].map(
      (values): View => ({ handle: gpu.upload(values, 'int64', 6), dtype: 'int64', shape: [6], strides: [1], offset: 0 }),
    );
    const expr = call(functions.get('pow')!, [input(0), input(1)]);
    const made = gpu.map({
      exprs: [expr],
      inputs: views,
      params: [],
      shape: [6],
      compute: 'int64',
      outputs: ['int64'],
    }) as readonly object[];
    expect([...(await gpu.read(made[0]!, 'int64', 6))].map((v) => v + 0)).toEqual([0, 1, -1, 1024, 0, -8]);
  });

  // Drivers' own functions are off by up to 1e-4 (sines) and lose small results altogether; these are not.
  const range = (low: number, high: number): Float32Array =>
    Float32Array.from({ length: 2000 }, (_, i) => low + ((high - low) * (i + 0.5)) / 2000);
  const digits: readonly (readonly [string, Float32Array, (x: number) => number])[] = [
    ['exp', range(-80, 80), Math.exp],
    ['expm1', range(-1, 1), Math.expm1],
    ['expm1', range(-1e-4, 1e-4), Math.expm1],
    ['log', range(0.9, 1.1), Math.log],
    ['log', range(1e-6, 1e6), Math.log],
    ['log1p', range(-0.5, 0.5), Math.log1p],
    ['log1p', range(-1e-5, 1e-5), Math.log1p],
    ['sin', range(-1.5, 1.5), Math.sin],
    ['cos', range(-1.5, 1.5), Math.cos],
    ['tanh', range(-5, 5), Math.tanh],
    ['tanh', range(-1e-3, 1e-3), Math.tanh],
    ['sigmoid', range(-80, 30), (x) => 1 / (1 + Math.exp(-x))],
    ['atan', range(-5, 5), Math.atan],
  ];
  test.each(digits)('%s is right to six digits', async (name, at, exact) => {
    const inputs: View[] = [
      { handle: gpu.upload(at, 'float32', at.length), dtype: 'float32', shape: [at.length], strides: [1], offset: 0 },
    ];
    const made = gpu.map({
      exprs: [call(functions.get(name)!, [input(0)])],
      inputs,
      params: [],
      shape: [at.length],
      compute: 'float32',
      outputs: ['float32'],
    }) as readonly object[];
    const got = await gpu.read(made[0]!, 'float32', at.length);
    let worst = 0;
    at.forEach((x, i) => {
      worst = Math.max(worst, Math.abs(got[i]! / exact(x) - 1));
    });
    expect(worst).toBeLessThan(1e-6);
  });
});
