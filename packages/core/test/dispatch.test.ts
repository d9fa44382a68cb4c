import { linear, matmul, randn, type Tensor, tensor, zeros } from '@nabla/core';
import { compiledKernels, constant, cpu, type Expr, elementwiseOps, input, type MapRequest } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';
import type { GraphNode } from '../src/autograd/node.ts';
import { NodeQueue } from '../src/autograd/queue.ts';
import { applyRow, type Operand, type Typing } from '../src/elementwise.ts';
import { Quick } from '../src/quick.ts';

// Short ways are checked against the general ones, bit for bit.

const draw = (shape: readonly number[], dtype: 'float32' | 'float64' = 'float32'): Tensor =>
  randn(shape as number[]).to(dtype) as unknown as Tensor;

function expectSame(a: Tensor, b: Tensor): void {
  expect(a.dtype).toBe(b.dtype);
  expect(a.shape).toEqual(b.shape);
  expect(a.dataSync()).toEqual(b.dataSync());
}

describe('an elementwise call on operands of one floating dtype', () => {
  const shapes: readonly (readonly (readonly number[])[])[] = [
    [[4], [4]],
    [[], []],
    [[2, 3], [3]],
    [[3], [2, 3]],
    [
      [2, 1],
      [1, 3],
    ],
    [[0, 3], [3]],
  ];
  const ops = [...elementwiseOps.values()].filter((op) => op.row.arity <= 2);
  /** There is no derivative in their first operand. */
  const partial = ['igamma', 'igammac', 'zeta'];
  let short = 0;
  for (const { row, opName } of ops) {
    test(`${opName} gives what the long way gives`, () => {
      const typing = row as Typing;
      const quick = new Quick(row, typing);
      for (const dtype of ['float32', 'float64'] as const) {
        for (const [a, b] of shapes) {
          const calls: Operand[][] =
            row.arity === 1
              ? [[draw(a!, dtype)]]
              : [
                  [draw(a!, dtype), draw(b!, dtype)],
                  [draw(a!, dtype), 1.25],
                ];
          for (const operands of calls) {
            const leaves = operands.slice(partial.includes(opName) ? 1 : 0).filter((o): o is Tensor => typeof o === 'object');
            for (const t of leaves) t.requiresGrad_();
            const done = quick.apply(operands);
            if (done === null) continue;
            short++;
            const long = applyRow(row, typing, operands);
            expectSame(done, long);
            expect(done.requiresGrad).toBe(long.requiresGrad);
            if (!done.requiresGrad) continue;
            const grads = [done, long].map((y) => {
              for (const t of leaves) t.grad = null;
              y.backward(zeros(y.shape as number[], { dtype }).add(0.75) as unknown as Tensor);
              return leaves.map((t) => t.grad);
            });
            leaves.forEach((_, i) => {
              if (grads[0]![i] === null) expect(grads[1]![i]).toBeNull();
              else expectSame(grads[0]![i]!, grads[1]![i]!);
            });
          }
        }
      }
    });
  }
  test('takes the short way for most ops', () => {
    expect(short).toBeGreaterThan(ops.length * shapes.length);
  });
  test('leaves other operands to the long way', () => {
    const add = elementwiseOps.get('add')!.row;
    const quick = new Quick(add, add as Typing);
    const whole = tensor(Int32Array.of(1, 2));
    expect(quick.binary(draw([2]), draw([2], 'float64'))).toBeNull();
    expect(quick.binary(whole, whole)).toBeNull();
    expect(quick.binary(1, draw([2]))).toBeNull();
    expect(quick.binary(draw([2]), 'x')).toBeNull();
    expect(() => quick.binary(draw([2]), draw([3]))).toThrow(/^add: cannot broadcast \[2\] with \[3\]/);
  });
});

describe('linear', () => {
  for (const dtype of ['float32', 'float64'] as const) {
    for (const [rows, inputs, outputs] of [
      [1, 2, 16],
      [1, 16, 1],
      [5, 3, 7],
      [3, 0, 4],
      [0, 3, 4],
      [40, 33, 21],
    ] as const) {
      test(`${dtype} ${inputs} to ${outputs} of ${rows} rows is the product and the sum`, () => {
        const x = draw([inputs, rows], dtype).mT;
        const w = draw([outputs, inputs], dtype);
        const b = draw([outputs], dtype);
        expectSame(linear(x, w, b), matmul(x, w.mT).add(b as never) as Tensor);
        expectSame(linear(x, w), matmul(x, w.mT));
      });

      test(`${dtype} gradients of ${inputs} to ${outputs} of ${rows} rows are the same, recorded or not`, () => {
        const leaves = [draw([rows, inputs], dtype), draw([outputs, inputs], dtype), draw([outputs], dtype)].map((t) => t.requiresGrad_());
        const [x, w, b] = leaves as [Tensor, Tensor, Tensor];
        const g = draw([rows, outputs], dtype);
        const run = (createGraph: boolean): Tensor[] => {
          for (const t of leaves) t.grad = null;
          linear(x, w, b).backward(g, { createGraph });
          return leaves.map((t) => t.grad!.detach());
        };
        const recorded = run(true);
        run(false).forEach((t, i) => {
          expectSame(t, recorded[i]!);
        });
      });
    }
  }
});

test('small products are sums in the order of k, whatever lies where', () => {
  for (const dtype of ['float32', 'float64'] as const) {
    for (const m of [1, 2, 3, 5, 8]) {
      for (const n of [1, 2, 4, 7]) {
        for (const k of [1, 2, 5]) {
          for (const [left, right] of [
            [false, false],
            [true, false],
            [false, true],
            [true, true],
          ]) {
            const a = left ? draw([k, m], dtype).mT : draw([m, k], dtype);
            const b = right ? draw([n, k], dtype).mT : draw([k, n], dtype);
            const [x, y] = [a.reshape([m * k]).dataSync(), b.reshape([k * n]).dataSync()];
            const want = (dtype === 'float32' ? new Float32Array(m * n) : new Float64Array(m * n)).map((_, at) => {
              let sum = 0;
              for (let p = 0; p < k; p++) sum += x[Math.floor(at / n) * k + p]! * y[p * n + (at % n)]!;
              return sum;
            });
            expect(matmul(a, b).dataSync()).toEqual(want);
          }
        }
      }
    }
  }
});

test('a queue of nodes gives the newest first', () => {
  const queue = new NodeQueue();
  const out: number[] = [];
  let state = 1;
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return state;
  };
  const ids = new Set<number>();
  while (ids.size < 1000) ids.add(next());
  for (const id of ids) queue.push({ id } as GraphNode);
  for (let n = queue.pop(); n !== undefined; n = queue.pop()) out.push(n.id);
  expect(out).toEqual([...ids].sort((a, b) => b - a));
  expect(queue.pop()).toBeUndefined();
});

test('a kernel that is used stays, others go when there are too many', () => {
  const x = Float32Array.of(1, 2);
  const run = (expr: Expr): number[] => {
    const view = { handle: x, dtype: 'float32' as const, shape: [2], strides: [1], offset: 0 };
    const request: MapRequest = { exprs: [expr], inputs: [view], params: [], shape: [2], compute: 'float32', outputs: ['float32'] };
    return [...(cpu.map(request)[0] as Float32Array)];
  };
  const of = (i: number): Expr => input(0).add(constant(i));
  const [used, unused] = [of(0.5), of(1.5)];
  run(used);
  run(unused);
  for (let i = 0; i < 9000; i++) {
    run(of(10 + i));
    if (i % 50 === 0) expect(run(used)).toEqual([1.5, 2.5]);
  }
  const before = compiledKernels();
  run(used);
  expect(compiledKernels()).toBe(before);
  run(unused);
  expect(compiledKernels()).toBe(before + 1);
});
