import {
  AutogradError,
  customFunction,
  GraphFreedError,
  grad,
  gradgradcheck,
  InPlaceError,
  noGrad,
  ShapeError,
  type Tensor,
  tensor,
} from '@nabla/core';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[], shape: number[] = [values.length]): Tensor =>
  tensor(values, { shape, dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null | undefined): number[] => Array.from(t!.dataSync());
const times = (a: Tensor, b: Tensor | number): Tensor => a.mul(b as never) as Tensor;

/** x * x with a gradient of `factor * x`. */
const square = (factor: number) =>
  customFunction({
    name: 'square',
    forward: (ctx, x: Tensor) => {
      ctx.save(x);
      return times(x, x);
    },
    backward: (ctx, g) => times(times(g!, ctx.saved[0]!), factor),
  });

describe('custom functions', () => {
  test('forward is not recorded, backward is what was written', () => {
    const x = leaf([1, 2]);
    const y = square(20)(x);
    expect([numbers(y), y.gradFn?.name, y.requiresGrad]).toEqual([[1, 4], 'square', true]);
    expect(numbers(grad(y.sum(), [x])[0])).toEqual([20, 40]);
    expect(noGrad(() => square(2)(x)).requiresGrad).toBe(false);
    expect(square(2)(plain([3])).requiresGrad).toBe(false);
  });

  test('gradients of every order', () => {
    const x = leaf([2]);
    const cube = customFunction({
      name: 'cube',
      forward: (ctx, t: Tensor) => {
        ctx.save(t);
        return t.pow(3) as Tensor;
      },
      backward: (ctx, g) => times(times(square(2)(ctx.saved[0]!), g!), 3),
    });
    const [d1] = grad(cube(x).sum(), [x], { createGraph: true });
    const [d2] = grad(d1!.sum(), [x], { createGraph: true });
    const [d3] = grad(d2!.sum(), [x]);
    expect([d1, d2, d3].map((d) => d!.item())).toEqual([12, 12, 6]);
    expect(gradgradcheck(cube, [leaf([0.5, -1])])).toBe(true);
  });

  test('saved results stay connected', () => {
    const exp = customFunction({
      name: 'exp2',
      forward: (ctx, t: Tensor) => {
        const y = t.exp();
        ctx.save(y);
        return y;
      },
      backward: (ctx, g) => times(g!, ctx.saved[0]!),
    });
    expect(gradgradcheck(exp, leaf([0.5, -1]))).toBe(true);
  });

  test('arguments that are not tensors, attributes and needsInputGrad', () => {
    const seen: boolean[][] = [];
    const scale = customFunction({
      name: 'scale',
      forward: (ctx, a: Tensor, k: number, b: Tensor) => {
        seen.push([...ctx.needsInputGrad]);
        ctx.attrs['k'] = k;
        ctx.save(a, b);
        return times(times(a, b), k);
      },
      backward: (ctx, g) => {
        const [a, b] = ctx.saved;
        const k = ctx.attrs['k'] as number;
        return [times(times(g!, b!), k), null, ctx.needsInputGrad[2] ? times(times(g!, a!), k) : null];
      },
    });
    const a = leaf([1, 2]);
    expect(numbers(grad(scale(a, 3, plain([4, 5])).sum(), [a])[0])).toEqual([12, 15]);
    const b = leaf([4, 5]);
    expect(grad(scale(a, 3, b).sum(), [a, b]).map(numbers)).toEqual([
      [12, 15],
      [3, 6],
    ]);
    expect(seen).toEqual([
      [true, false, false],
      [true, false, true],
    ]);
  });

  test('several results; no gradient for some of them', () => {
    const parts = customFunction({
      name: 'parts',
      forward: (ctx, t: Tensor) => {
        const whole = t.round();
        ctx.markNonDifferentiable(whole);
        return [whole, t.sub(whole as never) as Tensor, t.argmax() as Tensor];
      },
      backward: (_ctx, gWhole, gRest, gIndex) => {
        expect([numbers(gWhole), numbers(gIndex)]).toEqual([[0, 0], [0]]);
        return gRest!;
      },
    });
    const x = leaf([1.25, 2.5]);
    const [whole, rest, index] = parts(x);
    expect([whole!.requiresGrad, rest!.requiresGrad, index!.dtype]).toEqual([false, true, 'int64']);
    expect(numbers(grad(rest!.sum(), [x])[0])).toEqual([1, 1]);
  });

  test('an argument that is returned as it is keeps its own history', () => {
    const reverse = customFunction({ name: 'reverse', forward: (_ctx, t: Tensor) => t, backward: (_ctx, g) => g!.neg() });
    const x = leaf([3]);
    const y = reverse(x);
    expect([y === x, x.isLeaf, y.gradFn?.name]).toEqual([false, true, 'reverse']);
    expect(numbers(grad(y.sum(), [x])[0])).toEqual([-1]);
    const doubled = times(x, 2);
    const z = reverse(doubled);
    expect([doubled.gradFn?.name, z.gradFn?.name]).toEqual(['mul', 'reverse']);
    expect(numbers(grad(z.sum(), [x])[0])).toEqual([-2]);
    const view = customFunction({
      name: 'flat',
      forward: (_ctx, t: Tensor) => t.reshape([-1]) as Tensor,
      backward: (_ctx, g) => g!.reshape([1, 2]) as Tensor,
    });
    const m = leaf([1, 2], [1, 2]);
    expect(numbers(grad(times(view(m), plain([5, 6])).sum(), [m])[0])).toEqual([5, 6]);
  });

  test('the wrong number, shape or kind of gradients blames the function', () => {
    const bad = (name: string, backward: (g: Tensor) => Tensor | null | (Tensor | null)[]) =>
      customFunction({ name, forward: (_ctx, a: Tensor, k: number) => times(a, k), backward: (_ctx, g) => backward(g!) });
    const x = leaf([1, 2]);
    const run = (f: (a: Tensor, k: number) => Tensor) => () => grad(f(x, 2).sum(), [x], { allowUnused: true });
    expect(run(bad('few', (g) => g))).toThrow(AutogradError);
    expect(run(bad('few', (g) => g))).toThrow(/the backward of 'few' returned 1 gradients for 2 arguments/);
    expect(run(bad('many', (g) => [g, null, g]))).toThrow(/the backward of 'many' returned 3 gradients for 2 arguments/);
    expect(run(bad('number', (g) => [g, g]))).toThrow(/gradient for argument 1, which is not a tensor/);
    expect(run(bad('kind', () => ['no' as never, null]))).toThrow(/the backward of 'kind' returned no tensor/);
    expect(run(bad('shape', (g) => [g.sum(), null]))).toThrow(ShapeError);
    expect(run(bad('shape', (g) => [g.sum(), null]))).toThrow(
      /the backward of 'shape' gave a gradient of shape \[\] for argument 0 of shape \[2\]/,
    );
    expect(run(bad('fine', () => [null, null, null]))()).toEqual([null]);
  });

  test('misuse in forward', () => {
    const x = leaf([1]);
    const nothing = customFunction({ name: 'nothing', forward: (_ctx, _t: Tensor) => undefined as never, backward: (_ctx, g) => g! });
    expect(() => nothing(x)).toThrow(/nothing: forward must return a tensor/);
    const writes = customFunction({ name: 'writes', forward: (_ctx, t: Tensor) => t.mul_(2) as Tensor, backward: (_ctx, g) => g! });
    expect(() => writes(times(x, 1))).toThrow(/writes: forward wrote to one of its arguments/);
    const reads = customFunction({ name: 'reads', forward: (ctx, t: Tensor) => times(t, ctx.saved.length), backward: (_ctx, g) => g! });
    expect(() => reads(x)).toThrow(/reads: ctx.saved can be read in backward only/);
    const saves = customFunction({ name: 'saves', forward: (ctx, _t: Tensor) => ctx.save(3 as never) as never, backward: (_ctx, g) => g! });
    expect(() => saves(x)).toThrow(/saves: save\(\) takes tensors/);
  });

  test('saved tensors are checked and freed as those of any op', () => {
    const x = leaf([1, 2]);
    const y = times(x, 1);
    const z = square(2)(y);
    y.add_(1);
    expect(() => z.sum().backward()).toThrow(InPlaceError);
    const once = square(2)(x).sum();
    once.backward();
    expect(() => once.backward()).toThrow(GraphFreedError);
  });

  test('arguments that forward writes to', () => {
    const double_ = customFunction({
      name: 'double_',
      forward: (ctx, t: Tensor) => {
        ctx.markDirty(t);
        return t.mul_(2) as Tensor;
      },
      backward: (_ctx, g) => times(g!, 2),
    });
    const x = leaf([1, 2, 3]);
    const y = times(x, 1);
    expect(double_(y)).toBe(y);
    expect([y.gradFn?.name, numbers(y), y.version]).toEqual(['double_', [2, 4, 6], 1]);
    // Through a view, the base and other views follow.
    const [v, w] = [y.narrow(0, 1, 2), y.narrow(0, 0, 2)];
    expect(double_(v)).toBe(v);
    expect([numbers(y), numbers(w)]).toEqual([
      [2, 8, 12],
      [2, 8],
    ]);
    times(y, w.sum()).sum().backward();
    // y = (2, 4, 4) x, w.sum() = 2 x₀ + 4 x₁ = 10, y.sum() = 22
    expect(numbers(x.grad)).toEqual([2 * 10 + 2 * 22, 4 * 10 + 4 * 22, 4 * 10]);
    expect(numbers(double_(plain([1])))).toEqual([2]);
  });

  test('a saved argument that was written to is the written one', () => {
    const square_ = customFunction({
      name: 'root_',
      forward: (ctx, t: Tensor) => {
        ctx.markDirty(t);
        t.sqrt_();
        ctx.save(t);
        return t;
      },
      backward: (ctx, g) => g!.div(times(ctx.saved[0]!, 2)) as Tensor,
    });
    const x = leaf([4, 9]);
    const y = times(x, 1);
    square_(y).sum().backward();
    expect(numbers(x.grad)).toEqual([1 / 4, 1 / 6]);
    expect(gradgradcheck((t) => square_(times(t, 1)), leaf([4, 9]))).toBe(true);
  });

  test('misuse of markDirty, before anything is written', () => {
    const write = (name: string, forward: Parameters<typeof customFunction<[Tensor], Tensor>>[0]['forward']) =>
      customFunction({ name, forward, backward: (_ctx, g) => g! });
    const dirty = write('dirty', (ctx, t) => {
      ctx.markDirty(t);
      return t.mul_(2) as Tensor;
    });
    const x = leaf([1, 2]);
    expect(() => dirty(x)).toThrow(InPlaceError);
    expect(() => dirty(x)).toThrow('dirty: a leaf that requires gradients cannot be written in place; use noGrad() or clone()');
    expect(() => dirty(times(x, 1).split(1)[0]!)).toThrow(/dirty: this view is one of several/);
    expect(numbers(x)).toEqual([1, 2]);
    const lost = write('lost', (ctx, t) => {
      ctx.markDirty(t);
      return t.mul_(2).clone() as Tensor;
    });
    expect(() => lost(times(x, 1))).toThrow('lost: an argument that markDirty() named must be a result');
    const other = write('other', (ctx, t) => {
      ctx.markDirty(t.clone());
      return t.clone();
    });
    expect(() => other(x)).toThrow('other: markDirty() takes arguments of the function');
  });

  test('gradients that did not arrive are zeros, or null when asked for', () => {
    for (const materialize of [true, false]) {
      const seen: (number[] | null)[] = [];
      const pair = customFunction({
        name: 'pair',
        forward: (ctx, t: Tensor) => {
          ctx.setMaterializeGrads(materialize);
          return [times(t, 2), times(t, 3)];
        },
        backward: (_ctx, a: Tensor | null, b: Tensor | null) => {
          seen.push(...[a, b].map((g) => (g === null ? null : numbers(g))));
          return a === null ? times(b!, 3) : (times(a, 2).add(b === null ? 0 : times(b, 3)) as Tensor);
        },
      });
      const x = leaf([1]);
      pair(x)[1]!.sum().backward();
      expect([seen, numbers(x.grad)]).toEqual([[materialize ? [0] : null, [1]], [3]]);
    }
  });

  test('a function that can be differentiated once', () => {
    const once = customFunction({
      name: 'once',
      onceDifferentiable: true,
      forward: (ctx, t: Tensor) => {
        ctx.save(t);
        return times(t, t);
      },
      backward: (ctx, g) => plain([2 * ctx.saved[0]!.item() * g!.item()]),
    });
    const x = leaf([3]);
    expect(numbers(grad(once(x), [x])[0])).toEqual([6]);
    const [dx] = grad(once(x), [x], { createGraph: true });
    expect([numbers(dx), dx.requiresGrad]).toEqual([[6], true]);
    expect(() => grad(times(dx, x), [x])).toThrow(AutogradError);
    expect(() => grad(times(dx, x), [x])).toThrow(
      "the backward of 'once' is onceDifferentiable: its gradient cannot be differentiated again",
    );
  });
});
