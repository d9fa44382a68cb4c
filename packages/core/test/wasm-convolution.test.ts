import { getThreads, setThreads, tensor } from '@nabla/core';
import { type Conv2dGeometry, cpu, setWasmMode, type View } from '@nabla/core/internals';
import { afterEach, describe, expect, test } from 'vitest';
import { wasmConv2d, wasmConv2dInputGrad, wasmConv2dWeightGrad } from '../src/backend-cpu/conv-wasm.ts';
import { sizeOf } from '../src/layout.ts';
import { runtime } from '../src/wasm/runtime.ts';
import { Draw, expectSame, layouts, onHeap, resident, type Shape4, single, viewOf } from './operands.ts';

interface Case {
  readonly x: Shape4;
  readonly weight: Shape4;
  readonly g: Conv2dGeometry;
}

function outputOf({ x, weight, g }: Case): Shape4 {
  const size = (d: 0 | 1): number =>
    Math.floor((x[2 + d]! + 2 * g.padding[d] - g.dilation[d] * (weight[2 + d]! - 1) - 1) / g.stride[d]) + 1;
  return [x[0], weight[0], size(0), size(1)];
}

function randomCase(draw: Draw): Case {
  for (;;) {
    const groups = draw.from([1, 1, 1, 2, 3]);
    const pair = (least: number, count: number): [number, number] => [least + draw.below(count), least + draw.below(count)];
    const channels = 1 + draw.below(5);
    const c: Case = {
      x: [1 + draw.below(3), channels * groups, ...pair(1, 20)],
      weight: [(1 + draw.below(9)) * groups, channels, ...pair(1, 5)],
      g: { stride: pair(1, 3), padding: pair(0, 4), dilation: pair(1, 2), groups },
    };
    const [, , oh, ow] = outputOf(c);
    if (oh > 0 && ow > 0) return c;
  }
}

/** The convolution and its gradients, in the mode that is set. */
function compute(c: Case, x: View, weight: View, grad: View): Float32Array[] {
  const { conv2d, conv2dInputGrad, conv2dWeightGrad } = cpu.fused;
  return [
    conv2d!(x, weight, c.g, grad.shape) as Float32Array,
    conv2dInputGrad!(grad, weight, c.g, x.shape) as Float32Array,
    conv2dWeightGrad!(grad, x, c.g, weight.shape) as Float32Array,
  ];
}

/** A case's operands, some of whose values may be infinite or NaN. */
function operands(c: Case, draw: Draw, place: (n: number) => Float32Array, strange = 0): [View, View, View] {
  return [c.x, c.weight, outputOf(c)].map((shape) => {
    const values = draw.values(sizeOf(shape));
    for (let i = 0; i < strange; i++) {
      values[draw.below(values.length)] = draw.from([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    }
    return viewOf(values, shape, draw.from(layouts), place);
  }) as [View, View, View];
}

/** The same NaN and infinities, and numbers that differ by what adding `terms` products of at most 1 in float32 may cost. */
function expectClose(got: Float32Array, want: Float32Array, terms: number, what: string): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const [a, b] = [got[i]!, want[i]!];
    if (Object.is(a, b) || Math.abs(a - b) <= 2 ** -24 * (4 + terms) * Math.max(1, Math.abs(b))) continue;
    expect.fail(`${what}: element ${i} is ${a}, expected ${b}`);
  }
}

afterEach(() => {
  setWasmMode('auto');
});

describe('convolutions in WebAssembly give what JavaScript gives', () => {
  test.each([
    ['finite', 0, 120],
    ['with NaN and infinities', 2, 60],
  ] as const)('%s', (_, strange, count) => {
    const draw = new Draw(20 + strange);
    for (let i = 0; i < count; i++) {
      const c = randomCase(draw);
      const given = operands(c, draw, draw.from([onHeap, resident]), strange);
      setWasmMode('off');
      const want = compute(c, ...given);
      setWasmMode('always');
      const got = compute(c, ...given);
      const positions = sizeOf(outputOf(c)) / c.weight[0];
      const depth = sizeOf(c.weight.slice(1));
      const terms = [depth, (c.weight[0] / c.g.groups) * c.weight[2] * c.weight[3], positions];
      got.forEach((x, k) => {
        expectClose(x, want[k]!, terms[k]!, `case ${i}, result ${k} of ${JSON.stringify(c)}`);
      });
    }
  });
});

const plain: Conv2dGeometry = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };

/** Shapes that are worked on in several parts. */
const parts: readonly (readonly [string, Case])[] = [
  ['an image in several bands of rows', { x: [2, 20, 70, 60], weight: [6, 20, 3, 3], g: plain }],
  ['rows in several pieces', { x: [1, 40, 1, 2500], weight: [5, 40, 1, 3], g: { ...plain, padding: [0, 1] } }],
  ['rows in several pieces, with strides', { x: [1, 40, 2, 5003], weight: [5, 40, 2, 4], g: { ...plain, stride: [1, 3] } }],
  ['weights of several passes', { x: [1, 128, 2, 3], weight: [1030, 128, 3, 3], g: plain }],
  ['weights of several passes of groups', { x: [1, 600, 1, 2], weight: [6000, 60, 3, 3], g: { ...plain, groups: 10 } }],
  ['images taken several at a time, with a rest', { x: [21, 5, 7, 6], weight: [6, 5, 3, 3], g: plain }],
  ['images that are copied a few at a time', { x: [7, 16, 120, 120], weight: [2, 16, 1, 1], g: { ...plain, padding: [0, 0] } }],
];

describe('convolutions in several parts', () => {
  test.each(parts)('%s', (_, c) => {
    const draw = new Draw(5);
    const given = operands(c, draw, onHeap);
    setWasmMode('off');
    const want = compute(c, ...given);
    setWasmMode('always');
    const positions = sizeOf(outputOf(c)) / c.weight[0];
    const terms = [sizeOf(c.weight.slice(1)), (c.weight[0] / c.g.groups) * c.weight[2] * c.weight[3], Math.sqrt(positions) * 8];
    const got = compute(c, ...given);
    got.forEach((x, k) => {
      expectClose(x, want[k]!, terms[k]!, `result ${k}`);
    });
  });
});

describe('the bits of a convolution depend on shapes alone', () => {
  const cases: readonly (readonly [string, Case])[] = [
    ...parts.filter(([name]) => !name.startsWith('weights of')),
    [
      'strides and groups',
      { x: [4, 24, 19, 17], weight: [18, 4, 3, 4], g: { stride: [2, 3], padding: [2, 1], dilation: [2, 1], groups: 6 } },
    ],
    ['depthwise', { x: [3, 18, 15, 16], weight: [18, 1, 3, 3], g: { ...plain, groups: 18 } }],
  ];

  test.each(cases)('not on where operands lie: %s', (_, c) => {
    const [a, b] = [onHeap, resident].map((place) => operands(c, new Draw(3), place)) as [[View, View, View], [View, View, View]];
    setWasmMode('always');
    const want = compute(c, ...b);
    expectSame(compute(c, ...a), want);
    // Results outside of the memory too.
    const wasm = runtime()!;
    const [x, weight, grad] = a;
    const results = [grad.shape, x.shape, weight.shape].map((shape) => onHeap(sizeOf(shape)).fill(Number.NaN));
    expect(wasmConv2d(wasm, x, weight, c.g, results[0]!, grad.shape)).toBe(true);
    // Positions that no tap reaches are the caller's.
    results[1]!.fill(0);
    expect(wasmConv2dInputGrad(wasm, grad, weight, c.g, results[1]!, x.shape)).toBe(true);
    expect(wasmConv2dWeightGrad(wasm, grad, x, c.g, results[2]!, weight.shape)).toBe(true);
    expectSame(results, want);
  });

  test('not on the other images', () => {
    const draw = new Draw(9);
    const c: Case = { x: [5, 6, 9, 10], weight: [7, 6, 3, 3], g: plain };
    const [x, weight, grad] = operands(c, draw, resident);
    setWasmMode('always');
    const [y, slope] = compute(c, x, weight, grad) as [Float32Array, Float32Array, Float32Array];
    const [one, oneSlope] = compute(c, single(x, 3), weight, single(grad, 3)) as [Float32Array, Float32Array, Float32Array];
    expectSame([one, oneSlope], [y.slice(3 * one.length, 4 * one.length), slope.slice(3 * oneSlope.length, 4 * oneSlope.length)]);
  });

  test('not on the number of threads', async () => {
    setWasmMode('always');
    const given = cases.map(([, c]) => operands(c, new Draw(4), onHeap));
    const want = cases.map(([, c], i) => compute(c, ...given[i]!).map((x) => x.slice()));
    const count = await setThreads(2);
    try {
      expect(getThreads()).toBe(count);
      cases.forEach(([, c], i) => {
        expectSame(compute(c, ...given[i]!), want[i]!);
      });
    } finally {
      await setThreads(1);
    }
  });
});

test('what does not fit into the memory is computed in JavaScript', () => {
  // A weight of 48 MB that is all zeros but one.
  const weight = new Float32Array(1000 * 12000);
  weight[12000 + 5] = 2;
  const w: View = { handle: weight, dtype: 'float32', shape: [1000, 12000, 1, 1], strides: [12000, 1, 1, 1], offset: 0 };
  const x = tensor(Array.from({ length: 12000 }, (_, i) => i % 7)).reshape([1, 12000, 1, 1]);
  setWasmMode('always');
  const g: Conv2dGeometry = { ...plain, padding: [0, 0] };
  const y = cpu.fused.conv2d!(x as unknown as View, w, g, [1, 1000, 1, 1]) as Float32Array;
  expect([y[0], y[1], y[2]]).toEqual([0, 10, 0]);
});
