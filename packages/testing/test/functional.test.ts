import {
  AutogradError,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  noGrad,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  valueAndGrad,
  vhp,
  vjp,
} from '@nabla/core';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[], shape: number[] = [values.length]): Tensor =>
  tensor(values, { shape, dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null | undefined): number[] => Array.from(t!.dataSync());
const times = (a: Tensor, b: Tensor | number): Tensor => a.mul(b as never) as Tensor;

describe('vjp, jvp, jacobian, hessian', () => {
  const x = plain([1, 2, 3]);

  test('products with the Jacobian from either side', () => {
    const [y, left] = vjp((t) => t.square(), x, plain([1, 0, 2]));
    expect([numbers(y), numbers(left), y.requiresGrad]).toEqual([[1, 4, 9], [2, 0, 12], false]);
    const [, right] = jvp((t) => times(t, t.sum()), x, plain([1, 0, -1]));
    // d(x_i s) = dx_i s + x_i ds, with s = 6 and ds = 0.
    expect(numbers(right)).toEqual([6, 0, -6]);
    expect(numbers(vjp((t) => t.sum(), x)[1])).toEqual([1, 1, 1]);
  });

  test('lists of inputs and of outputs', () => {
    const fn = (a: Tensor, b: Tensor): Tensor[] => [times(a, b), b.sum()];
    const [, grads] = vjp(fn, [x, plain([4, 5, 6])], [plain([1, 1, 1]), tensor(10, { dtype: 'float64' })]);
    expect(grads.map(numbers)).toEqual([
      [4, 5, 6],
      [11, 12, 13],
    ]);
    const [, tangents] = jvp(fn, [x, plain([4, 5, 6])], [plain([1, 0, 0]), plain([0, 1, 0])]);
    expect(tangents.map(numbers)).toEqual([[4, 2, 0], [1]]);
    const j = jacobian(fn, [x, plain([4, 5, 6])]) as Tensor[][];
    expect(j.map((row) => row.map((t) => t.shape))).toEqual([
      [
        [3, 3],
        [3, 3],
      ],
      [[3], [3]],
    ]);
    expect(numbers(j[0]![1])).toEqual([1, 0, 0, 0, 2, 0, 0, 0, 3]);
    expect(numbers(j[1]![0])).toEqual([0, 0, 0]);
  });

  test('jacobian has the shape of the output, then that of the input', () => {
    const w = randn([4, 3], { dtype: 'float64' });
    const j = jacobian((t) => w.matmul(t as never) as Tensor, x);
    expect([j.shape, numbers(j)]).toEqual([[4, 3], numbers(w)]);
    expect(jacobian((t) => t.sum(), x).shape).toEqual([3]);
    expect(jacobian((t) => t.reshape([3, 1]) as Tensor, x).shape).toEqual([3, 1, 3]);
    expect(jacobian((t) => t.narrow(0, 0, 0), x).shape).toEqual([0, 3]);
    expect(numbers(jacobian(() => plain([1, 2]), x))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('hessian', () => {
    const h = hessian((t) => times(t.pow(3), plain([1, 2, 3])).sum(), x);
    expect(numbers(h)).toEqual([6, 0, 0, 0, 24, 0, 0, 0, 54]);
    const blocks = hessian((a, b) => times(a!.square(), b!).sum(), [plain([2]), plain([5])]) as Tensor[][];
    expect(blocks.map((row) => row.map((t) => t.item()))).toEqual([
      [10, 4],
      [4, 0],
    ]);
    expect(() => hessian((t) => t, x)).toThrow(ShapeError);
    expect(numbers(hessian((t) => t.sum(), plain([1, 2])))).toEqual([0, 0, 0, 0]);
  });

  test("results can be differentiated with createGraph, and the caller's graph is left alone without", () => {
    const t = leaf([1, 2]);
    const j = jacobian((u) => u.pow(3) as Tensor, t, { createGraph: true });
    expect(numbers(grad(j.sum(), [t])[0])).toEqual([6, 12]);
    const plainJ = jacobian((u) => u.pow(3) as Tensor, t);
    expect([plainJ.requiresGrad, t.grad]).toEqual([false, null]);
    const [, p] = jvp((u) => u.pow(3) as Tensor, t, plain([1, 1]), { createGraph: true });
    expect(numbers(grad(p.sum(), [t])[0])).toEqual([6, 12]);
    expect(noGrad(() => numbers(jacobian((u) => u.square(), plain([3]))))).toEqual([6]);
  });

  test('vectors must fit', () => {
    expect(() => vjp((t) => t.exp(), x)).toThrow(/vjp: a vector can be left out for a single element only/);
    expect(() => vjp((t) => t.exp(), x, plain([1]))).toThrow(/vjp: vector 0 has shape \[1\], output 0 has \[3\]/);
    expect(() => jvp((t) => t.exp(), x, [plain([1, 1, 1]), plain([1])])).toThrow(/jvp: 2 vectors for 1 inputs/);
  });
});

describe('valueAndGrad, hvp, vhp', () => {
  const x = plain([1, 2, 3]);

  test('the value and the gradient', () => {
    const [y, g] = valueAndGrad((t) => t.pow(3).sum(), x);
    expect([y.item(), numbers(g), y.requiresGrad, g.requiresGrad]).toEqual([36, [3, 12, 27], false, false]);
    const [z, [da, db]] = valueAndGrad((a, b) => times(a, b).sum(), [x, plain([4, 5, 6])]);
    expect([z.item(), numbers(da), numbers(db)]).toEqual([32, [4, 5, 6], [1, 2, 3]]);
    expect(numbers(valueAndGrad(() => plain([1]), x)[1])).toEqual([0, 0, 0]);
    expect(() => valueAndGrad((t) => t, x)).toThrow(ShapeError);
    expect(() => valueAndGrad((t) => t, x)).toThrow('valueAndGrad: the function must give one element, got [3]');
    expect(() => valueAndGrad(() => 3 as never, x)).toThrow(ValueError);
  });

  test('products with the Hessian are those of the Hessian', () => {
    const fn = (t: Tensor): Tensor => times(t.pow(3) as Tensor, t.sum()).sum();
    const h = hessian(fn, x);
    const v = plain([1, -2, 0.5]);
    const want = numbers(h.matmul(v as never) as Tensor).map((n) => expect.closeTo(n, 9) as unknown as number);
    for (const product of [hvp, vhp]) {
      const [y, p] = product(fn, x, v);
      expect([y.item(), numbers(p)]).toEqual([fn(x).item(), want]);
    }
  });

  test('of several inputs', () => {
    const [, [pa, pb]] = hvp((a, b) => times(times(a, a), b).sum(), [plain([2]), plain([5])], [plain([1]), plain([10])]);
    // The Hessian is [[2 b, 2 a], [2 a, 0]].
    expect([numbers(pa), numbers(pb)]).toEqual([[50], [4]]);
    expect(() => hvp((t) => t.sum(), x, plain([1]))).toThrow('hvp: vector 0 has shape [1], input 0 has [3]');
    expect(() => vhp((t) => t, x, x)).toThrow('vhp: the function must give one element, got [3]');
  });

  test('can be differentiated with createGraph', () => {
    const t = leaf([1, 2]);
    const [, p] = hvp((u) => u.pow(4).sum(), t, plain([1, 1]), { createGraph: true });
    expect(numbers(grad(p.sum(), [t])[0])).toEqual([24, 48]);
    const [, g] = valueAndGrad((u) => u.pow(3).sum(), t, { createGraph: true });
    expect(numbers(grad(g.sum(), [t])[0])).toEqual([6, 12]);
  });

  test('strict: independence is an error', () => {
    const strict = { strict: true };
    expect(() => jacobian(() => plain([1, 2]), x, strict)).toThrow(AutogradError);
    expect(() => jacobian(() => plain([1, 2]), x, strict)).toThrow('jacobian: output 0 does not depend on the inputs');
    expect(() => vjp((a, _b) => a!.sum(), [x, x], undefined, strict)).toThrow('vjp: the outputs do not depend on input 1');
    expect(() => valueAndGrad((a, _b) => a!.sum(), [x, x], strict)).toThrow('valueAndGrad: the outputs do not depend on input 1');
    expect(() => hvp((a) => a.sum(), x, x, strict)).toThrow('hvp: output 0 does not depend on the inputs');
    expect(numbers(vjp((t) => t.sum(), x, undefined, strict)[1])).toEqual([1, 1, 1]);
  });

  test('the Hessian of a small network', () => {
    const input = plain([0.5, -1]).reshape([1, 2]) as Tensor;
    const net = (w1: Tensor, w2: Tensor): Tensor =>
      (input.matmul(w1 as never) as Tensor)
        .tanh()
        .matmul(w2 as never)
        .square()
        .sum() as Tensor;
    const w1 = randn([2, 3], { dtype: 'float64' });
    const w2 = randn([3, 1], { dtype: 'float64' });
    const h = hessian(net, [w1, w2]);
    expect(h.map((row) => row.map((t) => t.shape))).toEqual([
      [
        [2, 3, 2, 3],
        [2, 3, 3, 1],
      ],
      [
        [3, 1, 2, 3],
        [3, 1, 3, 1],
      ],
    ]);
    const full = numbers(h[0][1]);
    const transposed = numbers(h[1][0].permute(2, 3, 0, 1).contiguous() as Tensor);
    expect(full).toEqual(transposed.map((n) => expect.closeTo(n, 12) as unknown as number));
  });
});
