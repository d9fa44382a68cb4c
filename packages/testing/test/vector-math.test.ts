import { elementwise, full, type Tensor, tensor } from '@nabla/core';
import { functions, runtime, setWasmMode } from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { elementwiseOp } from '../src/elementwise.ts';
import { drawFor } from '../src/random.ts';

const helper = (name: string): ((x: number) => number) => functions.get(name)!.helpers![`${name}Of`]! as (x: number) => number;
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/**
 * The largest error that is allowed, in units in the last place of the float32 result; for `absolute` functions, whose zeros lie
 * between float32 numbers, in units of the last place of 1.
 */
interface Bound {
  readonly exact: (x: number) => number;
  readonly ulps: number;
  readonly range: readonly [number, number];
  readonly absolute?: boolean;
}

const bounds: Readonly<Record<string, Bound>> = {
  exp: { exact: Math.exp, ulps: 1, range: [-105, 90] },
  expm1: { exact: Math.expm1, ulps: 2, range: [-20, 90] },
  log: { exact: Math.log, ulps: 1, range: [0, 1e4] },
  log1p: { exact: Math.log1p, ulps: 3, range: [-1, 1e4] },
  tanh: { exact: Math.tanh, ulps: 2, range: [-10, 10] },
  sigmoid: { exact: sigmoid, ulps: 3, range: [-105, 90] },
  erf: { exact: helper('erf'), ulps: 7, range: [-5, 5] },
  erfc: { exact: helper('erfc'), ulps: 10, range: [-5, 9] },
  sin: { exact: Math.sin, ulps: 2, range: [-8192, 8192], absolute: true },
  cos: { exact: Math.cos, ulps: 2, range: [-8192, 8192], absolute: true },
};

const smallest = 2 ** -149;

function ulp(x: number): number {
  const a = Math.abs(x);
  return a < 2 ** -126 ? smallest : 2 ** (Math.floor(Math.log2(a)) - 23);
}

/** Values of a range: evenly spread, and by their bits, so that small ones are there too. */
function samples(name: string, [low, high]: readonly [number, number]): Float32Array {
  const draw = drawFor(`vector-math/${name}`);
  const bits = new Int32Array(1);
  const value = new Float32Array(bits.buffer);
  return Float32Array.from({ length: 200_000 }, (_, i) => {
    if (i % 2 === 0) return low + ((high - low) * draw.below(2 ** 30)) / 2 ** 30;
    bits[0] = draw.below(2 ** 30) * 4 + draw.below(4);
    const x = value[0]!;
    return x > low && x < high ? x : low + ((high - low) * draw.below(1000)) / 1000;
  });
}

function run(name: string, values: ArrayLike<number>): Float32Array {
  const y = elementwiseOp(name)(tensor(Float32Array.from(values))) as Tensor;
  return y.dataSync() as Float32Array;
}

describe('elementary functions on vectors of float32', () => {
  beforeAll(() => {
    setWasmMode('always');
    expect(runtime(), 'this machine has WebAssembly').not.toBeNull();
  });
  afterAll(() => {
    setWasmMode('auto');
  });

  for (const [name, { exact, ulps, range, absolute }] of Object.entries(bounds)) {
    test(`${name}: within ${ulps} ulp`, () => {
      const x = samples(name, range);
      const got = run(name, x);
      let worst = 0;
      let at = 0;
      for (let i = 0; i < x.length; i++) {
        const want = exact(x[i]!);
        if (Object.is(got[i], Math.fround(want))) continue;
        const error = Math.abs(got[i]! - want) / (absolute === true ? 2 ** -23 : ulp(want));
        if (!(error <= worst)) [worst, at] = [error, x[i]!];
      }
      expect(worst, `at ${at}`).toBeLessThanOrEqual(ulps);
    });

    test(`${name}: zeros, infinities, NaN, and numbers far out`, () => {
      const corners = [0, -0, 1, -1, Infinity, -Infinity, NaN, 1e-40, -1e-40, 1e-30, -1e-30, 3e38, -3e38, 1e10, -1e10, 12345.678];
      const got = run(name, corners);
      corners.forEach((c, i) => {
        const want = Math.fround(exact(Math.fround(c)));
        if (Object.is(want, got[i]) || Number.isNaN(want)) expect(got[i], `at ${c}`).toBe(want);
        else expect(Math.abs(got[i]! - want), `at ${c}: ${got[i]}`).toBeLessThanOrEqual(ulps * ulp(want));
      });
    });
  }
});

test('gelu: a normal distribution function within 2e-7, and 0 or 1 far out', () => {
  setWasmMode('always');
  onTestFinished(() => {
    setWasmMode('auto');
  });
  const x = samples('gelu', [-12, 12]);
  const got = run('gelu', x);
  const distribution = (v: number): number => 0.5 * helper('erfc')(-v * Math.SQRT1_2);
  // What the product with x is rounded by is not the function's.
  x.forEach((v, i) => {
    expect(Math.abs(got[i]! - v * distribution(v)), `at ${v}`).toBeLessThanOrEqual(2e-7 * Math.abs(v) + ulp(v * distribution(v)));
  });
  expect([...run('gelu', [1e30, -1e30, 100, -100, 0, -0, NaN, Infinity])]).toEqual(
    [1e30, -0, 100, -0, 0, -0, NaN, Infinity].map(Math.fround),
  );
});

describe('a group of vectors where one argument is far out', () => {
  beforeAll(() => {
    setWasmMode('always');
  });
  afterAll(() => {
    setWasmMode('auto');
  });

  test.each([
    ['exp', Math.exp],
    ['sigmoid', sigmoid],
  ] as const)('%s is what it is elsewhere, in place too', (name, exact) => {
    const plain = Float32Array.from({ length: 36 }, (_, i) => i / 4 - 4);
    const expected = run(name, plain);
    for (let at = 0; at < plain.length; at++) {
      for (const far of [88, -88, -103, 200, Infinity, -Infinity, NaN]) {
        const values = plain.slice();
        values[at] = far;
        const want = expected.slice();
        want[at] = run(name, [far])[0]!;
        expect(run(name, values), `${far} at ${at}`).toEqual(want);
        const t = tensor(values);
        const written = (name === 'exp' ? t.exp_() : t.sigmoid_()) as Tensor;
        expect(written.dataSync(), `${far} at ${at}, in place`).toEqual(want);
        const right = Math.fround(exact(far));
        if (!Object.is(want[at], right)) expect(Math.abs(want[at]! - right), `${far}`).toBeLessThanOrEqual(3 * ulp(right));
      }
    }
  });
});

test('an expression that is too long for a kernel of vectors is one of JavaScript', () => {
  const long = elementwise('longChain', (x) => {
    let y = x;
    for (let i = 0; i < 500; i++) y = y.mul(0.5).sin().exp();
    return y;
  });
  const y = long(full([5000], 1)) as Tensor;
  let want = 1;
  for (let i = 0; i < 500; i++) want = Math.exp(Math.sin(want * 0.5));
  expect(y.dataSync()[4999]).toBeCloseTo(want, 4);
});
