import { customFunction, DTypeError, GradcheckError, gradcheck, gradgradcheck, type Tensor, tensor, ValueError } from '@nabla/core';
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

describe('gradcheck', () => {
  const x = leaf([0.5, -1.5, 2]);

  test('passes what is right', () => {
    expect(gradcheck((t) => t.tanh(), x)).toBe(true);
    expect(
      gradcheck((a, b) => [a!.matmul(b! as never) as Tensor, a!.sum()], [leaf([1, 2, 3, 4], [2, 2]), leaf([5, 6, 7, 8], [2, 2])]),
    ).toBe(true);
    expect(gradgradcheck((t) => t.sin(), x)).toBe(true);
    expect(gradgradcheck((a, b) => times(a!, b!).exp(), [x, leaf([0.25, 0.5, 1])])).toBe(true);
  });

  test('catches a wrong gradient, and says where and by how much', () => {
    const wrong = (): unknown => gradcheck(square(2.1), x);
    expect(wrong).toThrow(GradcheckError);
    expect(wrong).toThrow(/d output 0\[0\] \/ d input 0\[0\] is 1\.05 by backward but (1|1\.0000|0\.99999)\d* by finite differences/);
    expect(() => gradcheck((a, b) => [a!.sum(), times(square(2.1)(b!), a!)], [leaf([0, 0, 1]), x])).toThrow(
      /d output 1\[2\] \/ d input 1\[2\]/,
    );
  });

  test('catches a gradient that is missing', () => {
    expect(() =>
      gradcheck(
        (t) =>
          t
            .detach()
            .exp()
            .add(times(t, 0) as never) as Tensor,
        x,
      ),
    ).toThrow(GradcheckError);
    expect(() => gradcheck((t) => t.detach().exp(), x)).toThrow(/is 0 by backward but/);
  });

  test('catches a wrong second gradient behind a right first one', () => {
    const frozen = customFunction({
      name: 'frozen',
      forward: (ctx, t: Tensor) => {
        ctx.save(t);
        return times(times(t, t), t);
      },
      // The right number, but cut off from the input that it depends on.
      backward: (ctx, g) => times(times(g!, ctx.saved[0]!.detach().square()), 3),
    });
    expect(gradcheck(frozen, x)).toBe(true);
    expect(() => gradgradcheck(frozen, x)).toThrow(GradcheckError);
    expect(() => gradgradcheck(frozen, x)).toThrow(/gradgradcheck: d output 0\[0\] \/ d input 0\[0\] is 0 by backward/);
  });

  test('catches a backward that is not deterministic', () => {
    let calls = 0;
    const drifting = customFunction({
      name: 'drifting',
      forward: (_ctx, t: Tensor) => t.clone(),
      backward: (_ctx, g) => times(g!, 1 + 1e-9 * calls++),
    });
    expect(() => gradcheck(drifting, x)).toThrow(/not deterministic: input 0 got 1, then 1\.000000001 at element 0/);
    calls = 0;
    expect(gradcheck(drifting, x, { nondetTol: 1e-6 })).toBe(true);
  });

  test('catches a backward that ignores the gradient it is given', () => {
    const deaf = customFunction({ name: 'deaf', forward: (_ctx, t: Tensor) => t.sum(), backward: () => plain([1, 1, 1]) });
    expect(() => gradcheck(deaf, x)).toThrow(/backward from output 0 gives input 0 a gradient though its own gradient is 0/);
  });

  test("leaves the caller's tensors alone", () => {
    const y = leaf([1, 2, 3]);
    const version = y.storage.version;
    gradcheck((t) => t.exp(), y);
    gradgradcheck((t) => t.exp(), y);
    expect(numbers(y)).toEqual([1, 2, 3]);
    expect([y.storage.version, y.grad]).toEqual([version, null]);
    const strided = (leaf([1, 2, 3, 4, 5, 6], [2, 3]).transpose(0, 1) as Tensor).detach().requiresGrad_();
    expect(gradcheck((t) => t.square().sum(1), strided)).toBe(true);
  });

  test('inputs that need no gradient are passed on, results of integer dtype not checked', () => {
    expect(gradcheck((a, b) => times(a!, b!), [x, plain([1, 2, 3])])).toBe(true);
    expect(gradcheck((t) => [t.exp(), t.argmax()], x)).toBe(true);
  });

  test('refuses what it cannot check', () => {
    expect(() => gradcheck((t) => t.exp(), plain([1]))).toThrow(ValueError);
    expect(() => gradcheck((t) => t.exp(), tensor([1], { requiresGrad: true }))).toThrow(DTypeError);
    expect(() => gradcheck(() => 3 as never, x)).toThrow(ValueError);
  });

  test('tolerances', () => {
    expect(gradcheck(square(2.1), x, { rtol: 0.1 })).toBe(true);
    expect(() => gradcheck((t) => t.exp(), x, { atol: 0, rtol: 0 })).toThrow(GradcheckError);
  });

  test('says how many derivatives are wrong, and can answer instead of throwing', () => {
    expect(() => gradcheck(square(2.1), x)).toThrow(/\(3 of 9 derivatives of output 0 in input 0 differ\)$/);
    expect(gradcheck(square(2.1), x, { raiseException: false })).toBe(false);
    const cut = (t: Tensor): Tensor => times(t, t.detach());
    expect(gradgradcheck((t) => cut(cut(t)), x, null, { raiseException: false })).toBe(false);
    expect(() => gradcheck(square(2), plain([1]), { raiseException: false })).toThrow(ValueError);
  });

  test('refuses inputs that repeat elements in memory', () => {
    const wide = leaf([1, 2], [2, 1]).detach().expand([2, 3]).requiresGrad_();
    expect(() => gradcheck((t) => t.exp(), wide)).toThrow(ValueError);
    expect(() => gradcheck((t) => t.exp(), wide)).toThrow(
      'gradcheck: input 0 of shape [2, 3] repeats elements in memory (strides [1, 0]), so that they cannot be varied one by one; clone() it first',
    );
    expect(() => gradgradcheck((t) => t.exp(), wide)).toThrow(/^gradgradcheck: input 0 of shape/);
    expect(gradcheck((t) => t.exp(), wide.detach().clone().requiresGrad_())).toBe(true);
  });
});
