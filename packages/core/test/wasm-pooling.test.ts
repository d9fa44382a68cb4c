import { setThreads } from '@nabla/core';
import { type AvgPool2dGeometry, cpu, setWasmMode, type View } from '@nabla/core/internals';
import { afterEach, describe, expect, test } from 'vitest';
import { wasmAvgPool2d, wasmAvgPool2dGrad, wasmMaxPool2d, wasmMaxPool2dGrad } from '../src/backend-cpu/pool-wasm.ts';
import { contiguousStrides, sizeOf } from '../src/layout.ts';
import { runtime } from '../src/wasm/runtime.ts';
import { Draw, expectSame, layouts, onHeap, resident, type Shape4, viewOf } from './operands.ts';

interface Case {
  readonly x: Shape4;
  /** The dilation is that of maxima: means have none. */
  readonly g: AvgPool2dGeometry;
}

/** As in `ops/pool.ts`; `over`: windows may reach beyond the end. */
function outputOf(x: Shape4, g: Omit<AvgPool2dGeometry, 'output'>, dilation: readonly [number, number], over: boolean): [number, number] {
  return [0, 1].map((d) => {
    const room = x[2 + d]! + 2 * g.padding[d]! - (g.kernel[d]! - 1) * dilation[d]! - 1 + (over ? g.stride[d]! - 1 : 0);
    const n = Math.floor(room / g.stride[d]!) + 1;
    return over && (n - 1) * g.stride[d]! >= x[2 + d]! + g.padding[d]! ? n - 1 : n;
  }) as [number, number];
}

function randomCase(draw: Draw, dilated: boolean): Case {
  for (;;) {
    const pair = (least: number, count: number): [number, number] => [least + draw.below(count), least + draw.below(count)];
    const x: Shape4 = [1 + draw.below(3), 1 + draw.below(4), ...pair(1, 20)];
    const kernel = pair(1, 5);
    const padding = kernel.map((k) => draw.below(Math.floor(k / 2) + 1)) as [number, number];
    const counting = { countIncludePad: draw.below(2) === 0, divisorOverride: draw.from([null, null, 3]) };
    const g = { kernel, stride: pair(1, 3), padding, dilation: dilated ? pair(1, 2) : ([1, 1] as const), ...counting };
    const output = outputOf(x, g, g.dilation, draw.below(2) === 0);
    if (output[0] > 0 && output[1] > 0) return { x, g: { ...g, output } };
  }
}

/** A few different numbers, so that many are equal, and some that are strange. */
function values(n: number, draw: Draw, strange: number): Float32Array {
  const out = Float32Array.from({ length: n }, () => draw.below(7) / 4 - 1);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < strange; i++) out[draw.below(n)] = draw.from(odd);
  return out;
}

/** Of a pooling's shape: x, its gradient, and room for results. */
function operands({ x, g }: Case, draw: Draw, place: (n: number) => Float32Array, strange = 0): [View, View] {
  const out: Shape4 = [x[0], x[1], ...g.output];
  return [x, out].map((shape) => viewOf(values(sizeOf(shape), draw, strange), shape, draw.from(layouts), place)) as [View, View];
}

type Results = readonly [maxima: Float32Array, indices: Float64Array, maxGrad: Float32Array];

function maxima(c: Case, x: View, grad: View): Results {
  const [best, where] = cpu.fused.maxPool2d!(x, c.g) as readonly [Float32Array, Float64Array];
  const indices: View = { handle: where, dtype: 'int64', shape: grad.shape, strides: contiguousStrides(grad.shape), offset: 0 };
  return [best, where, cpu.fused.maxPool2dGrad!(grad, indices, c.g, c.x) as Float32Array];
}

const means = (c: Case, x: View, grad: View): readonly [Float32Array, Float32Array] => [
  cpu.fused.avgPool2d!(x, c.g) as Float32Array,
  cpu.fused.avgPool2dGrad!(grad, c.g, c.x) as Float32Array,
];

/** Sums of up to 25 quarters are exact; their quotients, and sums of those, are rounded. */
function expectClose(got: Float32Array, want: Float32Array, what: string): void {
  expect(got.length).toBe(want.length);
  got.forEach((a, i) => {
    const b = want[i]!;
    if (!Object.is(a, b) && !(Math.abs(a - b) <= 4e-6)) expect.fail(`${what}: element ${i} is ${a}, expected ${b}`);
  });
}

afterEach(() => {
  setWasmMode('auto');
});

describe.each([
  ['finite', 0],
  ['with NaN and infinities', 6],
] as const)('pooling in WebAssembly gives what JavaScript gives: %s', (_, strange) => {
  test('maxima', () => {
    const draw = new Draw(7 + strange);
    for (let i = 0; i < 120; i++) {
      const c = randomCase(draw, true);
      const given = operands(c, draw, draw.from([onHeap, resident]), strange);
      setWasmMode('off');
      const want = maxima(c, ...given);
      setWasmMode('always');
      const got = maxima(c, ...given);
      expect([...got[0]], JSON.stringify(c)).toEqual([...want[0]]);
      expect([...got[1]], JSON.stringify(c)).toEqual([...want[1]]);
      expectClose(got[2], want[2], JSON.stringify(c));
    }
  });

  test('means', () => {
    const draw = new Draw(8 + strange);
    for (let i = 0; i < 120; i++) {
      const c = randomCase(draw, false);
      const given = operands(c, draw, draw.from([onHeap, resident]), strange);
      setWasmMode('off');
      const want = means(c, ...given);
      setWasmMode('always');
      means(c, ...given).forEach((x, k) => {
        expectClose(x, want[k]!, `result ${k} of ${JSON.stringify(c)}`);
      });
    }
  });
});

const square = { padding: [1, 1], dilation: [1, 1], countIncludePad: true, divisorOverride: null } as const;

const cases: readonly (readonly [string, Case])[] = [
  ['windows side by side', { x: [5, 6, 12, 14], g: { ...square, kernel: [2, 2], stride: [2, 2], padding: [0, 0], output: [6, 7] } }],
  ['windows that overlap', { x: [3, 7, 13, 11], g: { ...square, kernel: [3, 3], stride: [1, 1], output: [13, 11] } }],
  ['an image in several bands of rows', { x: [1, 3, 300, 301], g: { ...square, kernel: [3, 3], stride: [2, 2], output: [150, 151] } }],
  ['images that are copied a few at a time', { x: [7, 16, 120, 120], g: { ...square, kernel: [3, 3], stride: [3, 3], output: [40, 40] } }],
];

describe('the bits of pooling depend on shapes alone', () => {
  test.each(cases)('not on where operands lie: %s', (_, c) => {
    const [a, b] = [onHeap, resident].map((place) => operands(c, new Draw(2), place)) as [[View, View], [View, View]];
    setWasmMode('always');
    const [best, where, slope] = maxima(c, ...b);
    const [mean, spread] = means(c, ...b);
    expectSame(maxima(c, ...a), [best, where, slope]);
    expectSame(means(c, ...a), [mean, spread]);
    // Results outside of the memory too.
    const wasm = runtime()!;
    const [x, grad] = a;
    const [heapBest, heapMean, heapWhere] = [onHeap(best.length), onHeap(best.length), new Float64Array(best.length)];
    expect(wasmMaxPool2d(wasm, x, c.g, heapBest, heapWhere)).toBe(true);
    expect(wasmAvgPool2d(wasm, x, c.g, heapMean)).toBe(true);
    const [heapSlope, heapSpread] = [onHeap(slope.length), onHeap(slope.length)];
    const indices: View = { handle: heapWhere, dtype: 'int64', shape: grad.shape, strides: contiguousStrides(grad.shape), offset: 0 };
    expect(wasmMaxPool2dGrad(wasm, grad, indices, heapSlope, c.x)).toBe(true);
    expect(wasmAvgPool2dGrad(wasm, grad, c.g, heapSpread, c.x)).toBe(true);
    expectSame([heapBest, heapWhere, heapSlope, heapMean, heapSpread], [best, where, slope, mean, spread]);
  });

  test('not on the number of threads', async () => {
    setWasmMode('always');
    const given = cases.map(([, c]) => operands(c, new Draw(4), onHeap));
    const all = (i: number): (Float32Array | Float64Array)[] =>
      [...maxima(cases[i]![1], ...given[i]!), ...means(cases[i]![1], ...given[i]!)].map((x) => x.slice());
    const want = cases.map((_, i) => all(i));
    await setThreads(2);
    try {
      cases.forEach((_, i) => {
        expectSame(all(i), want[i]!);
      });
    } finally {
      await setThreads(1);
    }
  });
});
