import { arange, type Index, isTensor, nonzeroAsync, slice, type Tensor, tensor, where, zeros } from '@nabla/core';
import { describe, expect, test } from 'vitest';
import { expected } from '../src/indexing-rules.ts';
import { drawFor } from '../src/random.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

const long = (values: unknown): Tensor => tensor(values as number[], { dtype: 'int64' });
const bool = (values: unknown): Tensor => tensor(values as boolean[], { dtype: 'bool' });
const count = (shape: readonly number[]): number => shape.reduce((p, n) => p * n, 1);
const counting = (shape: readonly number[], dtype: 'int64' | 'float32' = 'int64'): Tensor =>
  arange(count(shape), { dtype }).reshape(shape) as Tensor;

const x = counting([2, 3, 4, 5]);
/**
 * What PyTorch 1.13 gives for x = torch.arange(120).reshape(2, 3, 4, 5): the expression in Python and here, the shape of
 * the result, and the sum of (k + 1) * element k.
 */
const recorded: readonly [string, readonly Index[], readonly number[], number][] = [
  ['x[0]', [0], [3, 4, 5], 71980],
  ['x[-1]', [-1], [3, 4, 5], 181780],
  ['x[1:]', [slice(1)], [1, 3, 4, 5], 181780],
  ['x[1:-1]', [slice(1, -1)], [0, 3, 4, 5], 0],
  ['x[::2]', [slice(null, null, 2)], [1, 3, 4, 5], 71980],
  ['x[-10:10:3, 2:1]', [slice(-10, 10, 3), slice(2, 1)], [1, 0, 4, 5], 0],
  ['x[..., 0]', ['...', 0], [2, 3, 4], 23000],
  ['x[0, ..., 0]', [0, '...', 0], [3, 4], 2860],
  ['x[None]', [null], [1, 2, 3, 4, 5], 575960],
  ['x[None, 0, None, ..., None]', [null, 0, null, '...', null], [1, 1, 3, 4, 5, 1], 71980],
  ['x[..., None, 0:2]', ['...', null, slice(0, 2)], [2, 3, 4, 1, 2], 91220],
  ['x[tensor([0, 1])]', [long([0, 1])], [2, 3, 4, 5], 575960],
  ['x[tensor([-1, -2])]', [long([-1, -2])], [2, 3, 4, 5], 359960],
  ['x[tensor([[0], [1]])]', [long([[0], [1]])], [2, 1, 3, 4, 5], 575960],
  ['x[0, :, tensor([0, 1])]', [0, slice(), long([0, 1])], [3, 2, 5], 15640],
  ['x[:, tensor([0, 1]), :, tensor([0, 1])]', [slice(), long([0, 1]), slice(), long([0, 1])], [2, 2, 4], 8260],
  ['x[:, :, tensor([0, 1]), tensor([0, 1])]', [slice(), slice(), long([0, 1]), long([0, 1])], [2, 3, 2], 5552],
  ['x[tensor([0, 1]), :, 1]', [long([0, 1]), slice(), 1], [2, 3, 5], 35315],
  ['x[..., tensor([0, 1])]', ['...', long([0, 1])], [2, 3, 4, 2], 91220],
  ['x[:, tensor([True, False, True])]', [slice(), bool([true, false, true])], [2, 2, 4, 5], 259440],
  [
    'x[tensor([[True, False, True], [False, True, False]])]',
    [
      bool([
        [true, false, true],
        [false, true, false],
      ]),
    ],
    [3, 4, 5],
    124580,
  ],
  [
    'x[tensor([[True, False, True], [False, True, False]]), tensor([0])]',
    [
      bool([
        [true, false, true],
        [false, true, false],
      ]),
      long([0]),
    ],
    [3, 5],
    7070,
  ],
  [
    'x[tensor([[True, False, True], [False, True, False]]), :, tensor([0, 1, 2])]',
    [
      bool([
        [true, false, true],
        [false, true, false],
      ]),
      slice(),
      long([0, 1, 2]),
    ],
    [3, 4],
    5170,
  ],
  ['x[:, None, tensor([0, 1])]', [slice(), null, long([0, 1])], [2, 1, 2, 4, 5], 219040],
  ['x[tensor([0, 1]), None, tensor([0, 1])]', [long([0, 1]), null, long([0, 1])], [2, 1, 4, 5], 57920],
  ['x[tensor(1)]', [long(1)], [3, 4, 5], 181780],
  ['x[tensor(True)]', [bool(true)], [1, 2, 3, 4, 5], 575960],
  ['x[True]', [true], [1, 2, 3, 4, 5], 575960],
  ['x[False]', [false], [0, 2, 3, 4, 5], 0],
  ['x[:, True]', [slice(), true], [2, 1, 3, 4, 5], 575960],
  ['x[:, tensor(1), tensor([0, 1])]', [slice(), long(1), long([0, 1])], [2, 2, 5], 14610],
  ['x[tensor([0, 1]), tensor([[0], [2]])]', [long([0, 1]), long([[0], [2]])], [2, 2, 4, 5], 251440],
  ['x[:, tensor([[0], [2]]), tensor([0, 1])]', [slice(), long([[0], [2]]), long([0, 1])], [2, 2, 2, 5], 61020],
  ['x[tensor([0]), tensor([0]), tensor([0]), tensor([0])]', [long([0]), long([0]), long([0]), long([0])], [1], 0],
  ['x[[0, 1]]', [[0, 1]], [2, 3, 4, 5], 575960],
  ['x[:, [0, 1]]', [slice(), [0, 1]], [2, 2, 4, 5], 219040],
  ['x[[0, 1], :, [0, 1]]', [[0, 1], slice(), [0, 1]], [2, 3, 5], 34715],
  ['x[tensor([])]', [long([])], [0, 3, 4, 5], 0],
  ['x[:, tensor([False, False, False])]', [slice(), bool([false, false, false])], [2, 0, 4, 5], 0],
  ['x[tensor([0, 1]), True]', [long([0, 1]), true], [2, 3, 4, 5], 575960],
  ['x[True, tensor([0, 1])]', [true, long([0, 1])], [2, 3, 4, 5], 575960],
  ['x[0, 0, 0, 0]', [0, 0, 0, 0], [], 0],
  ['x[1, ..., 1]', [1, '...', 1], [3, 4], 7618],
  ['x[tensor([0]), tensor([0, 1, 2])]', [long([0]), long([0, 1, 2])], [3, 4, 5], 71980],
  ['x[:, tensor([True, False, True]), tensor([3, 0])]', [slice(), bool([true, false, true]), long([3, 0])], [2, 2, 5], 16160],
  [
    'x[1:2, 0:3:2, tensor([[1, 2], [3, -4]]), :-1:2]',
    [
      slice(1, 2),
      slice(0, 3, 2),
      long([
        [1, 2],
        [3, -4],
      ]),
      slice(null, -1, 2),
    ],
    [1, 2, 2, 2, 2],
    13284,
  ],
  ['x[1:2, tensor([0, 2]), ..., tensor([1, 4])]', [slice(1, 2), long([0, 2]), '...', long([1, 4])], [2, 1, 4], 3634],
  ['x[None, tensor([0, 1]), tensor([1, 2])]', [null, long([0, 1]), long([1, 2])], [1, 2, 4, 5], 74320],
  ['x[None, tensor([0, 1]), None, tensor([1, 2])]', [null, long([0, 1]), null, long([1, 2])], [2, 1, 1, 4, 5], 74320],
  ['x[..., None, tensor([0, 1]), tensor([1, 2])]', ['...', null, long([0, 1]), long([1, 2])], [2, 3, 1, 2], 5630],
  [
    'x[tensor([0, 1]), ..., tensor([True, True, False, False, False])]',
    [long([0, 1]), '...', bool([true, true, false, false, false])],
    [2, 3, 4],
    23222,
  ],
  [
    'x[0, tensor([[True, False, False, True], [False, False, True, False], [True, True, True, False]])]',
    [
      0,
      bool([
        [true, false, false, true],
        [false, false, true, false],
        [true, true, true, false],
      ]),
    ],
    [6, 5],
    19315,
  ],
  [
    'x[0, ..., tensor([[True, False, False, True, True], [False, False, True, False, False], [True, True, True, False, False], [False, False, True, False, False]])]',
    [
      0,
      '...',
      bool([
        [true, false, false, true, true],
        [false, false, true, false, false],
        [true, true, true, false, false],
        [false, false, true, false, false],
      ]),
    ],
    [3, 8],
    11242,
  ],
  ['x[:, :, :, :, None]', [slice(), slice(), slice(), slice(), null], [2, 3, 4, 5, 1], 575960],
  ['x[False, tensor([0])]', [false, long([0])], [0, 3, 4, 5], 0],
  ['x[tensor(False)]', [bool(false)], [0, 2, 3, 4, 5], 0],
  ['x[0:0]', [slice(0, 0)], [0, 3, 4, 5], 0],
  ['x[3:1]', [slice(3, 1)], [0, 3, 4, 5], 0],
  ['x[tensor([0, 1]), 0, tensor([1, 1])]', [long([0, 1]), 0, long([1, 1])], [2, 5], 2805],
  ['x[tensor([0, 1]), :, 0, tensor([1, 1])]', [long([0, 1]), slice(), 0, long([1, 1])], [2, 3], 1421],
  ['x[tensor([0, 1]), 0, 0, tensor([1, 1])]', [long([0, 1]), 0, 0, long([1, 1])], [2], 123],
  ['x[:, tensor([2, 0]), 0, tensor([1, 4])]', [slice(), long([2, 0]), 0, long([1, 4])], [2, 2], 608],
  ['x[:, tensor([2, 0]), None, :, tensor([1, 4])]', [slice(), long([2, 0]), null, slice(), long([1, 4])], [2, 2, 1, 4], 8036],
];

describe('index', () => {
  test.each(recorded)('%s is what PyTorch gives, and what the rules say', (_, indices, shape, sum) => {
    const got = x.index(...indices);
    expect(got.shape).toEqual(shape);
    expect([...got.dataSync()].reduce((s, v, k) => s + (k + 1) * v, 0)).toBe(sum);
    const want = expected(x.shape, indices);
    expect(want.shape).toEqual(shape);
    expect([...got.dataSync()]).toEqual(want.places);
  });

  /** A random list of indices that is in range. */
  function randomIndices(shape: readonly number[], draw: ReturnType<typeof drawFor>): Index[] {
    const out: Index[] = [];
    const length = 1 + draw.below(3);
    const any = (n: number): number => draw.below(2 * n) - n;
    let dims = 0;
    let ellipsis = false;
    const common = [1 + draw.below(2), 1 + draw.below(3)];
    for (let d = 0; d < shape.length; ) {
      const n = shape[d]!;
      const kind = draw.below(9);
      if (kind === 0) out.push(null);
      else if (kind === 1 && !ellipsis) {
        out.push('...');
        ellipsis = true;
        d += draw.below(shape.length - d + 1);
      } else {
        if (kind === 2) out.push(any(n));
        else if (kind === 3) out.push(slice(any(n), any(n), 1 + draw.below(3)));
        else if (kind <= 6) {
          const rank = draw.below(3);
          const to = common.slice(2 - rank).map((k) => (draw.below(3) === 0 ? 1 : k));
          out.push(long(Array.from({ length: count(to) }, () => any(n))).reshape(to) as Tensor);
        } else if (kind === 7) {
          const hits = Math.min(common[1]!, n);
          const mask = Array.from({ length: n }, (_, k) => k < hits && common[1]! <= n);
          out.push(common[1]! <= n ? bool(mask) : slice());
        } else out.push(slice());
        d++;
        dims++;
      }
      if (!ellipsis && dims > length + 1 && draw.below(2) === 0) break;
    }
    return out;
  }

  test('random expressions follow the rules, for reading, putting and adding', () => {
    const draw = drawFor('indexing');
    let arrays = 0;
    for (let n = 0; n < 400; n++) {
      const shape = Array.from({ length: 1 + draw.below(4) }, () => 1 + draw.below(4));
      const indices = randomIndices(shape, draw);
      const want = expected(shape, indices);
      const t = counting(shape);
      const strided = (counting([...shape].reverse()) as Tensor).T;
      const message = `[${shape}] ${indices.map((i) => (isTensor(i) ? `tensor(${JSON.stringify(i.toArray())})` : JSON.stringify(i)))}`;
      const got = t.index(...indices);
      expect(got.shape, message).toEqual(want.shape);
      expect([...got.dataSync()], message).toEqual(want.places);
      const flat = strided.clone().dataSync();
      expect([...strided.index(...indices).dataSync()], message).toEqual(want.places.map((p) => flat[p]!));
      if (indices.some((i) => isTensor(i) && i.ndim > 0)) arrays++;

      const value = counting(want.shape).add(1000) as Tensor;
      const put = [...t.dataSync()];
      const sum = [...put];
      want.places.forEach((p, k) => {
        put[p] = 1000 + k;
        sum[p]! += 1000 + k;
      });
      expect([...t.clone().indexPut_(indices, value).dataSync()], message).toEqual(put);
      expect([...t.indexPut(indices, value, { accumulate: true }).dataSync()], message).toEqual(sum);
      expect([...t.dataSync()], message).toEqual([...counting(shape).dataSync()]);
    }
    expect(arrays).toBeGreaterThan(100);
  });

  test('basic indices give views and others copies', () => {
    const t = counting([2, 3], 'float32');
    t.index(0, slice(1)).mul_(10);
    t.index(long([0])).mul_(0);
    t.index(bool([true, false])).mul_(0);
    expect(t.toArray()).toEqual([
      [0, 10, 20],
      [3, 4, 5],
    ]);
  });

  test('a write by index tensors below a range reaches the tensor', () => {
    const t = zeros([2, 4]);
    t.index(1, slice(1)).indexPut_([long([2, 0])], tensor([7, 8]));
    t.indexPut_([slice(), [0, 3]], tensor([[1], [2]]), { accumulate: true });
    expect(t.toArray()).toEqual([
      [1, 0, 0, 1],
      [2, 8, 0, 9],
    ]);
  });

  test('an index that is on the CPU serves a tensor elsewhere', async () => {
    const device = new SimulatedDevice();
    const t = tensor([1, 2, 3], { device });
    expect([...(await t.index(long([2, 0])).data())]).toEqual([3, 1]);
  });
});

describe('bad indices change nothing', () => {
  const attempts: readonly [string, (t: Tensor) => unknown][] = [
    ['indexPut_', (t) => t.indexPut_([long([0, 9])], 1)],
    ['indexPut_, accumulating', (t) => t.indexPut_([long([0, 9])], 1, { accumulate: true })],
    ['indexPut_, two', (t) => t.indexPut_([long([0, 1]), long([0, -4])], 1)],
    ['scatter_', (t) => t.scatter_(0, long([[0], [9]]), zeros([2, 1]))],
    ['scatter_ of a number', (t) => t.scatter_(0, long([[0], [9]]), 1)],
    ['scatterAdd_', (t) => t.scatterAdd_(1, long([[0, 9]]), zeros([1, 2]).add(1) as Tensor)],
    ['indexAdd_', (t) => t.indexAdd_(0, long([1, 9]), zeros([2, 3]).add(1) as Tensor)],
    ['indexPut_ with a value that does not fit', (t) => t.indexPut_([long([0, 1])], zeros([4]))],
    ['maskedFill_ with a mask that does not fit', (t) => t.maskedFill_(bool([true, false]), 1)],
  ];
  test.each(attempts)('%s', (_, run) => {
    const t = counting([2, 3], 'float32');
    const { version } = t.storage;
    expect(() => run(t)).toThrow(/out of range|broadcast/);
    expect([...t.dataSync()]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(t.storage.version).toBe(version);
  });
});

describe('on a device that is read asynchronously', () => {
  const device = new SimulatedDevice();
  const t = tensor([0, 5, 0, 7], { device });
  const mask = t.gt(0) as Tensor;

  test('shapes that depend on values name the asynchronous twin', () => {
    expect(() => t.nonzero()).toThrow(/^nonzero: the result's shape depends on values.*'simulated'.*use await nonzeroAsync\(t\)$/);
    expect(() => t.maskedSelect(mask)).toThrow(/^maskedSelect: .*use await maskedSelectAsync\(t, mask\)$/);
    expect(() => where(mask)).toThrow(/^where: .*use await nonzeroAsync\(condition, \{ asTuple: true \}\)$/);
    expect(() => t.index(mask)).toThrow(/^index: .*await nonzeroAsync\(mask, \{ asTuple: true \}\)$/);
    expect(() => t.repeatInterleave(tensor([1n, 2n, 0n, 1n], { device }))).toThrow(/^repeatInterleave: .*pass the repeats as an array$/);
    for (const run of [() => t.nonzero(), () => t.maskedSelect(mask), () => t.index(mask)]) {
      expect(run).toThrow(expect.objectContaining({ name: 'DeviceError' }));
    }
  });

  test('the asynchronous twins give what the others give', async () => {
    expect([...(await (await t.nonzeroAsync()).data())]).toEqual([1, 3]);
    expect([...(await (await t.maskedSelectAsync(mask)).data())]).toEqual([5, 7]);
    const lists = await nonzeroAsync(mask, { asTuple: true });
    expect(lists.length).toBe(1);
    expect([...(await t.index(...lists).data())]).toEqual([5, 7]);
  });

  test('a mask and one value need no reading, nor do index tensors', async () => {
    const u = tensor([1, 2, 3, 4], { device });
    u.indexPut_([mask], -1);
    expect([...(await u.data())]).toEqual([1, -1, 3, -1]);
    u.indexPut_([tensor([0n, 2n, 0n], { device })], tensor([10, 20, 30], { device }));
    expect([...(await u.data())]).toEqual([30, -1, 20, -1]);
    const [i, j] = [tensor([1n, 0n], { device }), tensor([-1n, 0n], { device })];
    expect([...(await (u.reshape([2, 2]) as Tensor).index(i, j).data())]).toEqual([-1, 30]);
    expect([...(await u.index(tensor(-2, { dtype: 'int64', device })).data())]).toEqual([20]);
    expect(() => u.indexPut_([tensor(1, { dtype: 'int64', device })], 0)).toThrow(
      /indexPut_: a 0-d index tensor on 'simulated' cannot be read/,
    );
  });
});

describe('masks', () => {
  test('nonzero gives what index takes', () => {
    const t = counting([3, 4], 'float32');
    const mask = t.remainder(3).eq(0) as Tensor;
    expect(t.index(...mask.nonzero({ asTuple: true })).toArray()).toEqual([0, 3, 6, 9]);
    expect(t.index(mask).toArray()).toEqual([0, 3, 6, 9]);
    expect(t.maskedSelect(mask).toArray()).toEqual([0, 3, 6, 9]);
    expect(mask.nonzero().toArray()).toEqual([
      [0, 0],
      [0, 3],
      [1, 2],
      [2, 1],
    ]);
    expect(t.index(...where(mask)).toArray()).toEqual([0, 3, 6, 9]);
    expect(where(t.index(1)).map((i) => i.toArray())).toEqual([[0, 1, 2, 3]]);
    expect((where(mask, t, -1) as Tensor).index(mask).toArray()).toEqual([0, 3, 6, 9]);
  });
});
