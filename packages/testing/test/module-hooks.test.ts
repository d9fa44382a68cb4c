import { AutogradError, grad, InPlaceError, noGrad, type Tensor, tensor } from '@nabla/core';
import { Linear, Module, type ModuleGradients } from '@nabla/nn';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null | undefined): number[] | null => (t == null ? null : Array.from(t.dataSync()));
const times = (a: Tensor, b: Tensor | number): Tensor => a.mul(b as never) as Tensor;

/** a · b. */
class Product extends Module {
  forward(a: Tensor, b: Tensor): Tensor {
    return times(a, b);
  }
}

describe('forward hooks', () => {
  test('replace arguments and output, in the order of registration', () => {
    const m = new Product();
    m.registerForwardPreHook((_, args) => args.map((a) => times(a as Tensor, 2)));
    m.registerForwardPreHook((module, [a, b]) => {
      expect(module).toBe(m);
      return [(a as Tensor).add(1), b];
    });
    m.registerForwardHook((_, args, y) => {
      expect(args.map((a) => numbers(a as Tensor))).toEqual([[7], [10]]);
      return times(y as Tensor, 10);
    });
    m.registerForwardHook(() => undefined);
    expect(numbers(m.call(plain([3]), plain([5])))).toEqual([700]);
  });

  test('one argument may be given alone; prepend puts a hook first', () => {
    class Twice extends Module {
      forward(x: Tensor): Tensor {
        return times(x, 2);
      }
    }
    const m = new Twice();
    m.registerForwardPreHook((_, [x]) => times(x as Tensor, 10));
    m.registerForwardPreHook((_, [x]) => (x as Tensor).add(1), { prepend: true });
    m.registerForwardHook((_, __, y) => (y as Tensor).add(3));
    m.registerForwardHook((_, __, y) => times(y as Tensor, 100), { prepend: true });
    expect(numbers(m.call(plain([1])))).toEqual([4003]);
  });

  test('are removed by a call or by using, and are no state', () => {
    const m = new Linear(1, 1);
    const keys = [...m.stateDict().keys()];
    let calls = 0;
    const count = (): void => {
      calls++;
    };
    const remove = m.registerForwardHook(count);
    {
      using _ = m.registerForwardPreHook(count);
      m.call(tensor([[1]]));
    }
    expect(calls).toBe(2);
    m.call(tensor([[1]]));
    expect(calls).toBe(3);
    remove();
    m.call(tensor([[1]]));
    expect([calls, [...m.stateDict().keys()]]).toEqual([3, keys]);
  });
});

describe('backward hooks', () => {
  test('see the gradients of arguments and results', () => {
    const m = new Product();
    const seen: (number[] | null)[][] = [];
    const note = (g: ModuleGradients): void => {
      seen.push(g.map(numbers));
    };
    m.registerFullBackwardPreHook((module, out) => {
      expect(module).toBe(m);
      note(out);
      return undefined;
    });
    m.registerFullBackwardHook((_, input, out) => {
      note(input);
      note(out);
      return undefined;
    });
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    // The other use of a does not count.
    times(m.call(a, b), 10).add(a).sum().backward();
    expect(seen).toEqual([
      [[10, 10]],
      [
        [30, 40],
        [10, 20],
      ],
      [[10, 10]],
    ]);
    expect([numbers(a.grad), numbers(b.grad)]).toEqual([
      [31, 41],
      [10, 20],
    ]);
  });

  test('replace them, in the order of registration', () => {
    const m = new Product();
    m.registerFullBackwardPreHook((_, [g]) => [times(g!, 2)]);
    m.registerFullBackwardPreHook((_, [g]) => [g!.add(1) as Tensor]);
    m.registerFullBackwardHook((_, [da, db], [g]) => [times(da!, 100), db!.add(g!) as Tensor]);
    const [a, b] = [leaf([1]), leaf([3])];
    m.call(a, b).sum().backward();
    expect([numbers(a.grad), numbers(b.grad)]).toEqual([[900], [6]]);
  });

  test('arguments that need no gradient, and parameters', () => {
    const m = new Linear(2, 1, { dtype: 'float64' });
    const seen: (number[] | null)[][] = [];
    m.registerFullBackwardHook((_, input, out) => {
      seen.push(input.map(numbers), out.map(numbers));
      return undefined;
    });
    const x = tensor([[1, 2]], { dtype: 'float64' });
    m.call(x).sum().backward();
    expect(seen).toEqual([[null], [[1]]]);
    expect(numbers(m.weight.grad)).toEqual([1, 2]);
    // Nothing is recorded, so nothing is seen.
    noGrad(() => m.call(x));
    expect(seen.length).toBe(2);
  });

  test('results in arrays and objects', () => {
    class Parts extends Module {
      forward(x: Tensor): { readonly parts: readonly [Tensor, Tensor]; readonly name: string } {
        return { parts: [times(x, 2), times(x, 3)], name: 'parts' };
      }
    }
    const m = new Parts();
    const seen: (number[] | null)[][] = [];
    m.registerFullBackwardHook((_, input, out) => {
      seen.push(out.map(numbers), input.map(numbers));
      return undefined;
    });
    const x = leaf([1]);
    const { parts, name } = m.call(x) as unknown as ReturnType<Parts['forward']>;
    expect(name).toBe('parts');
    parts[1].sum().backward();
    expect(seen).toEqual([[null, [1]], [[3]]]);
  });

  test('gradients of higher order', () => {
    const m = new Product();
    // The second pass reaches b alone.
    m.registerFullBackwardHook((_, [da, db]) => [da == null ? null : times(da, 2), db!]);
    const [a, b] = [leaf([5]), leaf([3])];
    const [da] = grad(m.call(times(a, a), b).sum(), [a], { createGraph: true });
    // 2 b · 2 a
    expect(numbers(da)).toEqual([60]);
    expect(numbers(grad(da.sum(), [b])[0])).toEqual([20]);
  });

  test('a write to what passes through is refused', () => {
    class InPlace extends Module {
      forward(x: Tensor): Tensor {
        return x.mul_(2) as Tensor;
      }
    }
    const m = new InPlace();
    m.registerFullBackwardHook(() => undefined);
    expect(() => m.call(times(leaf([1]), 1))).toThrow(InPlaceError);
    expect(() => m.call(times(leaf([1]), 1))).toThrow(
      /mul_: this tensor was handed to or by a module that has backward hooks, and it is written; .* clone\(\) first \(in InPlace\)/,
    );
  });

  test('a replacement that does not fit', () => {
    const m = new Product();
    m.registerFullBackwardHook((_, [a, b]) => [a!.sum(), b!]);
    expect(() =>
      m
        .call(leaf([1, 2]), leaf([1, 2]))
        .sum()
        .backward(),
    ).toThrow(AutogradError);
    expect(() =>
      m
        .call(leaf([1, 2]), leaf([1, 2]))
        .sum()
        .backward(),
    ).toThrow('a hook on the module Product changed the shape of the gradient from [2] to []');
    const n = new Product();
    n.registerFullBackwardPreHook(() => []);
    expect(() => n.call(leaf([1]), leaf([1])).backward()).toThrow(
      'a hook on the module Product returned 0 gradients, expected 1 gradients or nothing',
    );
  });

  test('removed, a module leaves its tensors as they are', () => {
    const m = new Product();
    m.registerFullBackwardHook(() => undefined)();
    m.registerFullBackwardPreHook(() => undefined)();
    const y = m.call(leaf([1]), leaf([2]));
    expect(y.gradFn!.name).toBe('mul');
  });
});
