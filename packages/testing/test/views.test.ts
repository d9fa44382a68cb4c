import { arange, grad, InPlaceError, noGrad, ones, slice, stack, type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, test } from 'vitest';

const leaf = (values: unknown, shape?: readonly number[]): Tensor => {
  const t = tensor(values as number[], { dtype: 'float64' });
  return (shape === undefined ? t : (t.reshape(shape) as Tensor)).detach().requiresGrad_();
};
/** 0, 1, 2, ... in a tensor of this shape. */
const counting = (...shape: number[]): Tensor =>
  arange(
    shape.reduce((p, n) => p * n, 1),
    { dtype: 'float64' },
  ).reshape(shape) as Tensor;
/** A non-leaf with the values of `x`. */
const copyOf = (x: Tensor): Tensor => x.mul(1) as Tensor;

describe('views share their elements', () => {
  const views: readonly [string, (t: Tensor) => Tensor][] = [
    ['index(entry)', (t) => t.index(1)],
    ['index(ranges)', (t) => t.index(slice(null, null, 2), slice(1, -1), '...')],
    ['index(null)', (t) => t.index(0, null, '...', 2)],
    ['select', (t) => t.select(-1, 3)],
    ['narrow', (t) => t.narrow(1, 1, 2)],
    ['slice', (t) => t.slice(2, 1, null, 2)],
    ['split', (t) => t.split(2, 1)[1]!],
    ['chunk', (t) => t.chunk(2, 2)[1]!],
    ['unbind', (t) => t.unbind(1)[2]!],
    ['permute', (t) => t.permute(2, 0, 1) as Tensor],
    ['transpose', (t) => t.transpose(0, 2) as Tensor],
    ['swapaxes', (t) => t.swapaxes(0, 1) as Tensor],
    ['mT', (t) => t.mT],
    ['T', (t) => t.T],
    ['movedim', (t) => t.movedim(0, 1)],
    ['view', (t) => t.view([6, 4]) as Tensor],
    ['reshape', (t) => t.reshape([4, 6]) as Tensor],
    ['flatten', (t) => t.flatten(0, 1)],
    ['unflatten', (t) => t.unflatten(2, [2, 2])],
    ['squeeze', (t) => (t.unsqueeze(1) as Tensor).squeeze()],
    ['unsqueeze', (t) => t.unsqueeze(-1) as Tensor],
    ['diagonal', (t) => t.diagonal(1, 1, 2)],
    ['unfold', (t) => t.unfold(2, 2, 2)],
    ['a chain', (t) => t.index(slice(1), '...', slice(0, 3)).transpose(1, 2).index(0, 2).narrow(0, 1, 2)],
    ['detach', (t) => t.detach()],
  ];
  for (const [name, view] of views) {
    test(`a write through ${name} reaches the tensor, and a write to the tensor reaches it`, () => {
      const t = counting(2, 3, 4);
      const places = view(t).clone().flatten().dataSync();
      view(t).mul_(-1).sub_(100);
      const want = Array.from({ length: 24 }, (_, i) => (places.includes(i) ? -i - 100 : i));
      expect([...t.dataSync()]).toEqual(want);
      const v = view(t);
      t.copy_(counting(2, 3, 4).mul(3));
      expect([...v.dataSync()]).toEqual([...places].map((p) => p * 3));
    });
  }

  test('copies do not', () => {
    const t = counting(2, 3);
    const copies = [t.clone(), t.flip(0), t.T.reshape([6]), t.index([0, 1]), t.repeat([1, 1]), t.roll(0, 0)] as Tensor[];
    for (const c of copies) c.add_(100);
    expect([...t.dataSync()]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('what is already contiguous is not copied by contiguous() or reshape()', () => {
    const t = counting(2, 3);
    (t.reshape([3, 2]) as Tensor).contiguous().index(0).mul_(0);
    expect([...t.dataSync()]).toEqual([0, 0, 2, 3, 4, 5]);
  });
});

describe('gradients through writes to views', () => {
  test('a row of a plain tensor overwritten by a parameter', () => {
    const x = zeros([2, 3], { dtype: 'float64' });
    const w = leaf([1, 2, 3]);
    x.index(0).copy_(w);
    expect(x.requiresGrad).toBe(true);
    x.mul(counting(2, 3)).sum().backward();
    expect(w.grad!.toArray()).toEqual([0, 1, 2]);
  });

  test('a range scaled in place', () => {
    const x = leaf([1, 2, 3]);
    const y = copyOf(x);
    y.index(slice(1)).mul_(2);
    expect(y.toArray()).toEqual([1, 4, 6]);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([1, 2, 2]);
  });

  test('a range multiplied by itself: what is saved of it is what it was', () => {
    const x = leaf([1, 2, 3]);
    const y = copyOf(x);
    const v = y.index(slice(1));
    v.mul_(v);
    expect(y.toArray()).toEqual([1, 4, 9]);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([1, 4, 6]);
  });

  test('the base written after the view was made', () => {
    const x = leaf([1, 2, 3]);
    const y = copyOf(x);
    const v = y.index(slice(0, 2));
    y.mul_(3);
    expect(v.toArray()).toEqual([3, 6]);
    v.sum().backward();
    expect(x.grad!.toArray()).toEqual([3, 3, 0]);
  });

  test('a view used before and after a write to its base', () => {
    const x = leaf([1, 2]);
    const y = copyOf(x);
    const v = y.index(0);
    const before = v.add(0) as Tensor;
    y.mul_(5);
    before.mul(7).add(v).backward();
    expect(x.grad!.toArray()).toEqual([12, 0]);
  });

  test('overlapping views, each written', () => {
    const x = leaf([1, 1, 1, 1]);
    const y = copyOf(x);
    const [u, v] = [y.index(slice(0, 3)), y.index(slice(1))];
    u.mul_(2);
    v.mul_(3);
    u.add_(1);
    expect(y.toArray()).toEqual([3, 7, 7, 3]);
    expect(v.toArray()).toEqual([7, 7, 3]);
    y.mul(tensor([1, 10, 100, 1000], { dtype: 'float64' }))
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([2, 60, 600, 3000]);
  });

  test('a chain of views, written at the end and read at every level', () => {
    const x = leaf([1, 2, 3, 4, 5, 6], [2, 3]);
    const y = copyOf(x);
    const middle = y.T.index(slice(1));
    const end = middle.index(0);
    end.mul_(tensor([10, 100], { dtype: 'float64' }));
    expect(y.toArray()).toEqual([
      [1, 20, 3],
      [4, 500, 6],
    ]);
    expect(middle.toArray()).toEqual([
      [20, 500],
      [3, 6],
    ]);
    const [a] = grad(y.sum(), [x], { retainGraph: true });
    const [b] = grad(middle.sum(), [x], { retainGraph: true });
    const [c] = grad(end.sum(), [x]);
    expect(a!.toArray()).toEqual([
      [1, 10, 1],
      [1, 100, 1],
    ]);
    expect(b!.toArray()).toEqual([
      [0, 10, 1],
      [0, 100, 1],
    ]);
    expect(c!.toArray()).toEqual([
      [0, 10, 0],
      [0, 100, 0],
    ]);
  });

  test('another view of the same tensor has the history too', () => {
    const x = zeros([2], { dtype: 'float64' });
    const [u, v] = [x.index(0), x.index(slice())];
    const w = leaf(3);
    u.copy_(w);
    expect(v.requiresGrad).toBe(true);
    v.mul(2).sum().backward();
    expect(w.grad!.item()).toBe(2);
  });

  test('a write through a view that repeats what the source was broadcast from', () => {
    const x = zeros([2, 3], { dtype: 'float64' });
    const w = leaf([5]);
    x.index(slice(), slice(1)).copy_(w);
    expect(x.toArray()).toEqual([
      [0, 5, 5],
      [0, 5, 5],
    ]);
    x.sum().backward();
    expect(w.grad!.toArray()).toEqual([4]);
  });

  test('states of a recurrence stored in one tensor', () => {
    const w = leaf(0.5);
    const out = zeros([4, 2], { dtype: 'float64' });
    let h: Tensor = ones([2], { dtype: 'float64' });
    for (let t = 0; t < 4; t++) {
      h = h.mul(w) as Tensor;
      out.index(t).copy_(h);
    }
    out.sum().backward();
    // 2 * sum over t of t * w^(t - 1), t = 1..4
    expect(w.grad!.item()).toBeCloseTo(2 * (1 + 2 * 0.5 + 3 * 0.25 + 4 * 0.125), 12);
  });

  test('second order', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(x) as Tensor;
    const v = y.index(slice(1));
    v.mul_(v); // [x0^2, x1^4, x2^4]
    const [g] = grad(y.sum(), [x], { createGraph: true });
    expect(g!.toArray()).toEqual([2, 32, 108]);
    const [gg] = grad(g!.sum(), [x]);
    expect(gg!.toArray()).toEqual([2, 48, 108]);
  });

  test('second order through a base that was overwritten in part', () => {
    const x = leaf([1, 2, 3]);
    const w = leaf(2);
    const y = x.mul(x) as Tensor;
    y.index(1).copy_(w.mul(w).mul(w));
    const [gx, gw] = grad(y.mul(y).sum(), [x, w], { createGraph: true });
    expect(gx!.toArray()).toEqual([4, 0, 108]);
    expect(gw!.item()).toBe(6 * 32);
    const [gxx, gww] = grad((gx!.sum() as Tensor).add(gw!), [x, w]);
    expect(gxx!.toArray()).toEqual([12, 0, 108]);
    expect(gww!.item()).toBe(30 * 16);
  });

  test('transposed and diagonal windows', () => {
    const x = leaf([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
    const y = copyOf(x);
    y.T.index(0).mul_(10);
    y.diagonal(1).mul_(100);
    expect(y.toArray()).toEqual([
      [10, 200, 3],
      [40, 5, 600],
      [70, 8, 9],
    ]);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([
      [10, 100, 1],
      [10, 1, 100],
      [10, 1, 1],
    ]);
  });

  test('a tensor that is itself strided and no view', () => {
    const x = zeros([2, 3], { dtype: 'float64' }).T.detach();
    expect(x.isContiguous).toBe(false);
    const w = leaf([1, 1]);
    x.index(1).copy_(w);
    x.mul(counting(3, 2)).sum().backward();
    expect(w.grad!.toArray()).toEqual([2, 3]);
    const again = x.index(slice(1)).T;
    again.mul_(2);
    const [g] = grad(x.mul(counting(3, 2)).sum(), [w], { createGraph: true });
    expect(g!.toArray()).toEqual([4, 6]);
  });

  test('index tensors and masks through a view', () => {
    const x = leaf([1, 2, 3, 4, 5, 6], [2, 3]);
    const w = leaf([10, 20]);
    const y = copyOf(x);
    const row = y.index(1);
    row.indexPut_([tensor([2n, 0n])], w);
    row.maskedFill_(tensor([false, true, false]), -1);
    y.index(0).scatterAdd_(0, tensor([1n, 1n]), w);
    expect(y.toArray()).toEqual([
      [1, 32, 3],
      [20, -1, 10],
    ]);
    expect(row.toArray()).toEqual([20, -1, 10]);
    y.mul(counting(2, 3)).sum().backward();
    expect(x.grad!.toArray()).toEqual([
      [0, 1, 2],
      [0, 0, 0],
    ]);
    expect(w.grad!.toArray()).toEqual([1 + 5, 1 + 3]);
  });

  test('what is overwritten by constants passes no gradient on, through the tensor or its views', () => {
    const x = leaf([1, 2, 3]);
    const y = copyOf(x);
    const v = y.index(slice(0, 2));
    y.copy_(zeros([3], { dtype: 'float64' }));
    (v.sum() as Tensor).add(x.mul(2).sum()).backward();
    expect(x.grad!.toArray()).toEqual([2, 2, 2]);
  });

  test('an output that saved itself, not its input, allows a write to the input', () => {
    const x = leaf([0, 1]);
    const y = copyOf(x);
    const v = y.index(slice(1));
    const z = v.exp() as Tensor;
    v.mul_(2);
    z.sum().backward();
    expect((x.grad!.dataSync() as Float64Array)[1]).toBeCloseTo(Math.E, 12);
  });

  test('noGrad writes leave the history as it was', () => {
    const x = leaf([1, 2, 3]);
    const y = copyOf(x);
    const v = y.index(slice(1));
    noGrad(() => v.mul_(5));
    expect(y.toArray()).toEqual([1, 10, 15]);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([1, 1, 1]);
    noGrad(() => x.index(0).copy_(tensor(9, { dtype: 'float64' })));
    expect(x.toArray()).toEqual([9, 2, 3]);
    expect(x.isLeaf).toBe(true);
  });

  test('rows put together and taken apart again', () => {
    const rows = [leaf([1, 2]), leaf([3, 4])];
    const columns = stack(rows) as Tensor;
    const [a, b] = [columns.select(1, 0), columns.select(1, 1)];
    a.mul_(2);
    (a.sum() as Tensor).add(b.mul(10).sum()).backward();
    expect(rows.map((r) => r.grad!.toArray())).toEqual([
      [2, 10],
      [2, 10],
    ]);
  });
});

describe('what is refused', () => {
  test('writing a leaf, or a view of one', () => {
    const x = leaf([1, 2, 3]);
    expect(() => x.mul_(2)).toThrow(InPlaceError);
    expect(() => x.index(0).mul_(2)).toThrow(/a view of a leaf that requires gradients cannot be written in place/);
    expect(() => x.indexPut_([0], 1)).toThrow(/a view of a leaf that requires gradients cannot be written in place/);
    expect(() => x.indexPut_([tensor([0n])], 1)).toThrow(/indexPut_: a leaf that requires gradients cannot be written in place/);
    expect(x.toArray()).toEqual([1, 2, 3]);
  });

  test('writing a view of a tensor that became such a leaf later', () => {
    const x = zeros([3]);
    const v = x.index(slice(0, 2));
    x.requiresGrad_();
    expect(() => v.mul_(2)).toThrow(/a view of a leaf that requires gradients/);
  });

  test('writing elements that share one place', () => {
    const x = zeros([3, 1]);
    expect(() => x.expand([3, 2]).add_(1)).toThrow(/add_: several elements of this \[3, 2\] tensor share one place in memory/);
    expect(() => arange(5, { dtype: 'float32' }).unfold(0, 3, 1).mul_(2)).toThrow(InPlaceError);
    expect(x.toArray()).toEqual([[0], [0], [0]]);
    // Rows of an expanded tensor that do not repeat are like any other view.
    x.expand([3, 2]).select(1, 0).add_(1);
    expect(x.toArray()).toEqual([[1], [1], [1]]);
  });

  test('a view made under noGrad, once gradients are recorded again', () => {
    const x = leaf([1, 2, 3]);
    const y = copyOf(x);
    const v = noGrad(() => y.index(slice(1)));
    expect(() => v.mul_(2)).toThrow(
      /mul_: this view was made under noGrad, and it is written where gradients are recorded; make the view and the write either both/,
    );
    expect(y.toArray()).toEqual([1, 2, 3]);
    noGrad(() => v.mul_(2));
    expect(y.toArray()).toEqual([1, 4, 6]);
  });

  test('a recorded write to a view of a tensor that repeats its elements', () => {
    const x = zeros([1, 2]).expand([3, 2]).detach();
    expect(() => x.index(0).mul_(leaf([1, 2]))).toThrow(/mul_: the tensor that this is a view of repeats its elements in memory/);
    x.index(0).add_(1);
    expect(x.toArray()).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  test('backward after a saved tensor was changed through a view, or through its base', () => {
    const square = (t: Tensor): Tensor => t.mul(t) as Tensor;
    const cases: ((y: Tensor) => { z: Tensor; write: () => unknown })[] = [
      (y) => ({ z: square(y), write: () => y.index(0).mul_(0) }),
      (y) => ({ z: square(y.index(slice(0, 2))), write: () => y.mul_(2) }),
      // As in PyTorch, the version belongs to the storage: elements that were not saved count too.
      (y) => ({ z: square(y.index(0)), write: () => y.index(2).mul_(2) }),
      (y) => ({ z: square(y), write: () => y.detach().mul_(2) }),
      (y) => ({ z: square(y.T), write: () => y.indexPut_([tensor([1n])], 0) }),
      (y) => ({ z: square(y), write: () => y.index(slice(0, 0)).mul_(2) }),
    ];
    for (const make of cases) {
      const { z, write } = make(copyOf(leaf([1, 2, 3])));
      write();
      expect(() => z.sum().backward()).toThrow(
        /'mul' needs for its gradient was changed in place: float64 .* is at version 1, expected version 0/,
      );
    }
  });

  test('shapes and dtypes that do not fit, before anything is written', () => {
    const x = counting(2, 3);
    expect(() => x.index(0).copy_(zeros([2]))).toThrow(/copy_: cannot broadcast \[3\] with \[2\]/);
    expect([...x.dataSync()]).toEqual([0, 1, 2, 3, 4, 5]);
    const n = arange(3);
    expect(() => n.index(0).mul_(0.5)).toThrow(/mul_: a float32 result cannot be written into a int64 tensor/);
    expect(n.toArray()).toEqual([0, 1, 2]);
  });
});
