import { ShapeError, type Tensor, tensor, ValueError, zeros } from '@nabla/core';
import { defaultCollate, defaultConvert } from '@nabla/train';
import { describe, expect, test } from 'vitest';

const shown = (t: Tensor): unknown => [t.dtype, t.shape, t.toArray()];

describe('defaultCollate', () => {
  test('scalars become tensors of their dtype', () => {
    expect(shown(defaultCollate([1, 2.5]))).toEqual(['float32', [2], [1, 2.5]]);
    expect(shown(defaultCollate([true, false]))).toEqual(['bool', [2], [1, 0]]);
    expect(shown(defaultCollate([1n, 2n ** 40n]))).toEqual(['int64', [2], [1, 2 ** 40]]);
  });

  test('tensors are stacked, 0-d and empty ones too', () => {
    expect(shown(defaultCollate([tensor([1n, 2n]), tensor([3n, 4n])]))).toEqual(['int64', [2, 2], [[1, 2], [3, 4]]]); // biome-ignore format: one line
    expect(shown(defaultCollate([tensor(1), tensor(2)]))).toEqual(['float32', [2], [1, 2]]);
    expect(defaultCollate([zeros([0, 3]), zeros([0, 3])]).shape).toEqual([2, 0, 3]);
  });

  test.each([
    [Uint8Array, 'uint8'],
    [Uint8ClampedArray, 'uint8'],
    [Int8Array, 'int32'],
    [Int16Array, 'int32'],
    [Uint16Array, 'int32'],
    [Int32Array, 'int32'],
    [Float32Array, 'float32'],
    [Float64Array, 'float64'],
  ] as const)('%o gives rows', (Type, dtype) => {
    expect(shown(defaultCollate([Type.of(1, 2), Type.of(3, 4), Type.of(5, 6)]))).toEqual([
      dtype,
      [3, 2],
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
  });

  test('BigInt64Array gives int64; a view gives its own elements', () => {
    expect(shown(defaultCollate([BigInt64Array.of(1n), BigInt64Array.of(-1n)]))).toEqual(['int64', [2, 1], [[1], [-1]]]);
    expect(defaultCollate([Float32Array.of(1, 2, 3).subarray(1)]).toArray()).toEqual([[2, 3]]);
  });

  test('strings stay', () => expect(defaultCollate(['a', 'b'])).toEqual(['a', 'b']));

  test('arrays, objects and Maps are collated entry by entry', () => {
    const [x, [text, n]] = defaultCollate([
      [tensor([1]), ['a', 1]],
      [tensor([2]), ['b', 2]],
    ] as [Tensor, [string, number]][]);
    expect([x.toArray(), text, n.toArray()]).toEqual([
      [[1], [2]],
      ['a', 'b'],
      [1, 2],
    ]);
    const { a, b } = defaultCollate([
      { a: 1, b: { c: true } },
      { b: { c: false }, a: 2 },
    ]);
    expect([a.toArray(), b.c.dtype]).toEqual([[1, 2], 'bool']);
    const map = defaultCollate([new Map([['k', 1n]]), new Map([['k', 2n]])]);
    expect(map.get('k')?.toArray()).toEqual([1, 2]);
    expect(defaultCollate([[], []])).toEqual([]);
  });

  test('a name that means something to JavaScript is a name', () => {
    const odd = JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, number>;
    const out = defaultCollate([odd, odd]);
    expect(Object.keys(out)).toEqual(['__proto__', 'constructor']);
    expect(Object.values(out).map((t) => t.toArray())).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('gradients flow through', () => {
    const t = tensor([1, 2], { requiresGrad: true });
    defaultCollate([t, t.mul(3) as Tensor])
      .sum()
      .backward();
    expect(t.grad!.toArray()).toEqual([4, 4]);
  });

  test.each([
    [
      'tensors of two shapes',
      [tensor([1]), tensor([1]), zeros([2, 3])],
      ShapeError,
      'defaultCollate: sample 0 has the shape [1] and sample 2 of the batch [2, 3]; a collate function of your own can pad them',
    ],
    [
      'the same, inside',
      [{ x: [0, zeros([2])] }, { x: [0, zeros([3])] }],
      ShapeError,
      'defaultCollate: sample 0 has the shape [2] at x.1 and sample 1 of the batch [3]; a collate function of your own can pad them',
    ],
    [
      'typed arrays of two lengths',
      [Float32Array.of(1), Float32Array.of(1, 2)],
      ShapeError,
      'defaultCollate: sample 0 has the shape [1] and sample 1 of the batch [2]; a collate function of your own can pad them',
    ],
    [
      'typed arrays of two types',
      [Float32Array.of(1), Uint8Array.of(1)],
      ValueError,
      'defaultCollate: sample 0 is a Float32Array and sample 1 of the batch a Uint8Array',
    ],
    [
      'arrays of two lengths',
      [
        [1, 2],
        [1, 2, 3],
      ],
      ShapeError,
      'defaultCollate: sample 0 is an array of 2 and sample 1 of the batch one of 3; a collate function of your own can pad them',
    ],
    ['two kinds', [1, 'a'], ValueError, 'defaultCollate: sample 0 has a number and sample 1 of the batch a string'],
    ['a missing key', [{ a: 1, b: 2 }, { a: 1 }], ValueError, 'defaultCollate: sample 1 of the batch and sample 0 differ in the key "b"'],
    ['a key too many', [{ a: 1 }, { a: 1, b: 2 }], ValueError, 'defaultCollate: sample 1 of the batch and sample 0 differ in the key "b"'],
    ['other keys of a Map', [new Map([[1, 1]]), new Map([[2, 1]])], ValueError, 'sample 1 of the batch and sample 0 differ in their keys'],
    ['null', [{ a: null }], ValueError, 'strings, arrays, Maps or plain objects; sample 0 of the batch has null at a'],
    ['undefined', [1, undefined], ValueError, 'sample 1 of the batch has undefined'],
    ['a function', [() => 1], ValueError, 'sample 0 of the batch has function'],
    ['a Date', [new Date(0)], ValueError, 'sample 0 of the batch has Date'],
    ['a DataView', [new DataView(new ArrayBuffer(1))], ValueError, 'sample 0 of the batch has DataView'],
    ['numbers without a dtype', [Uint32Array.of(1)], ValueError, 'Uint32Array has no dtype here'],
    ['nothing', [], ValueError, 'defaultCollate: there are no samples'],
  ] as const)('refuses %s', (_name, samples, type, message) => {
    expect(() => defaultCollate(samples as readonly unknown[])).toThrow(type);
    expect(() => defaultCollate(samples as readonly unknown[])).toThrow(message);
  });
});

describe('defaultConvert', () => {
  test('makes tensors of typed arrays, wherever they are, and leaves the rest', () => {
    const t = tensor([1]);
    const date = new Date(0);
    const out = defaultConvert({ a: Uint8Array.of(1, 2), b: [t, 5, 'x', null, date], c: new Map([['k', Float64Array.of(3)]]) });
    expect(shown(out.a)).toEqual(['uint8', [2], [1, 2]]);
    expect(out.b).toEqual([t, 5, 'x', null, date]);
    expect(out.b[0]).toBe(t);
    expect(shown(out.c.get('k')!)).toEqual(['float64', [1], [3]]);
  });
});
