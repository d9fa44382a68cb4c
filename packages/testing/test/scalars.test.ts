import { elementwise, noGrad, type Tensor, tensor } from '@nabla/core';
import { cpu } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';

const count = 1000;
/** Distinct numbers, integers among them; 1 is left out, since a factor of 1 means another expression. */
const numbers = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? i + 2 : 1 / (i + 2)));

/** Kernels compiled by `run` over all numbers after the first call. */
function compiledAfterFirst(run: (s: number) => unknown): number {
  run(0.37);
  const before = cpu.report().kernels;
  for (const s of numbers) run(s);
  return cpu.report().kernels - before;
}

// Small kernels are JavaScript, large ones WebAssembly.
describe.each([3, 5000])(`${count} distinct numbers compile nothing new, %i elements`, (size) => {
  const x = tensor(
    Float32Array.from({ length: size }, (_, i) => 1 + (i % 3)),
    { requiresGrad: true },
  );
  const swish = elementwise('swish', (a, beta) => a.mul(a.mul(beta).sigmoid()));
  const calls: Record<string, (s: number) => Tensor> = {
    'a scalar operand on the right': (s) => x.mul(s),
    'a scalar operand on the left': (s) => tensor(s).sub(x),
    'a sum with alpha': (s) => x.add(x, { alpha: s }),
    'a division': (s) => x.div(s),
    'an argument of an op made by elementwise': (s) => swish(x, s),
    'a chain': (s) =>
      x
        .mul(s)
        .add(s)
        .sub(s / 2),
  };
  for (const [name, call] of Object.entries(calls)) {
    test(name, () => {
      const step = (s: number): void => {
        x.grad = null;
        call(s).sum().backward();
      };
      expect(compiledAfterFirst(step)).toBe(0);
    });
  }

  test('second order', () => {
    expect(
      compiledAfterFirst((s) => {
        x.grad = null;
        swish(x, s).sum().backward(null, { createGraph: true });
        x.grad!.sum().backward();
      }),
    ).toBe(0);
  });

  test('a learning rate, in place', () => {
    const w = x.detach().clone().requiresGrad_();
    w.mul(w).sum().backward();
    expect(compiledAfterFirst((lr) => noGrad(() => w.sub_(w.grad!, { alpha: lr * 1e-6 })))).toBe(0);
    expect(compiledAfterFirst((lr) => noGrad(() => w.mul_(1 - lr * 1e-6)))).toBe(0);
  });

  test('the numbers count', () => {
    const seen = new Set(numbers.map((s) => x.mul(s).dataSync()[0]));
    expect(seen.size).toBe(count);
  });
});

test('a new expression does compile a kernel', () => {
  const before = cpu.report().kernels;
  const odd = elementwise('odd', (a) => a.mul(a).add(a.mul(a).mul(a)).sub(0.123456));
  odd(tensor([1, 2]));
  expect(cpu.report().kernels).toBe(before + 1);
});
