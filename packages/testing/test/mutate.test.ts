import { defineOp, noGrad, type Tensor } from '@nabla/core';
import { clearFormulas, functions, type OpDefinition, ops } from '@nabla/core/internals';
import { afterEach, describe, expect, test } from 'vitest';
import type { OpSamples } from '../../core/src/op.samples.ts';
import { type Case, expandOps } from '../src/cases.ts';
import { checkGradients, GradientError } from '../src/gradients.ts';
import { mutationTest } from '../src/mutate.ts';

function casesOf(run: (...x: Tensor[]) => Tensor, name = 'test', shapes: readonly (readonly number[])[] = [[2, 3]]): Case[] {
  const samples: OpSamples = { op: name, samples: [{ name: 'sample', inputs: shapes.map((shape) => ({ shape })), run }] };
  return expandOps([samples]);
}

const cube = (x: Tensor): Tensor => x.mul(x).mul(x);
const undo: (() => void)[] = [];
afterEach(() => {
  for (const u of undo.splice(0)) u();
  clearFormulas();
});

describe('checkGradients', () => {
  test('passes what is right', () => {
    for (const c of casesOf(cube)) for (const order of [1, 2] as const) checkGradients(c, order);
  });

  test('catches a sabotaged derivative row and says where', () => {
    const row = functions.get('mul')!;
    const before = row.grad!;
    undo.push(() => {
      row.grad = before;
    });
    row.grad = [before[0]!, (a) => a!.add(a!)];
    clearFormulas();
    const [c] = casesOf(cube, 'cube');
    expect(() => checkGradients(c!, 1)).toThrow(GradientError);
    expect(() => checkGradients(c!, 1)).toThrow(
      /^cube: sample, contiguous, order 1: input 0: backward gives -?[\d.]+, differences give -?[\d.]+ \(tolerance /,
    );
  });

  test('catches a sabotaged backward of an op', () => {
    const matmul = ops.get('matmul') as unknown as OpDefinition<void> & { backward: NonNullable<OpDefinition<void>['backward']> };
    const before = matmul.backward;
    undo.push(() => {
      matmul.backward = before;
    });
    matmul.backward = (ctx, g) => before(ctx, g).map((x, i) => (i === 1 && x !== null ? x.mul(1.01) : x));
    const cases = casesOf((a, b) => a!.matmul(b as never) as Tensor, 'matmul', [
      [2, 3],
      [3, 2],
    ]);
    for (const c of cases) expect(() => checkGradients(c, 1)).toThrow(/input 1: backward gives/);
  });

  test('catches a gradient that is right but cannot be differentiated', () => {
    const square = defineOp<void>({
      name: 'test.square',
      infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
      forward: ([x]) => [noGrad(() => x!.mul(x!))],
      save: ([x]) => [x!],
      backward: ({ saved: [x] }, [g]) => [g!.detach().mul(x!.detach()).mul(2)],
    });
    const [c] = casesOf((x) => square([x!], undefined)[0]!);
    checkGradients(c!, 1);
    expect(() => checkGradients(c!, 2)).toThrow(/order 2: input 0: backward gives 0, differences give/);
  });

  test('catches a gradient that never arrives', () => {
    const [c] = casesOf((x) => x!.mul(x!.detach()));
    expect(() => checkGradients(c!, 1)).toThrow(GradientError);
    const [cut] = casesOf((x) => x!.detach().mul(2));
    expect(() => checkGradients(cut!, 1)).toThrow(/no output requires gradients/);
  });

  test('catches a gradient where the sample says that there is none', () => {
    const [c] = casesOf(cube);
    expect(() => checkGradients({ ...c!, differentiable: false }, 1)).toThrow(/says that the op is not differentiable/);
  });

  test('catches a gradient of the wrong shape on inputs without elements', () => {
    const flat = defineOp<void>({
      name: 'test.flat',
      infer: ([x]) => [{ shape: [0], dtype: x!.dtype }],
      forward: ([x]) => [noGrad(() => x!.reshape([0]).clone() as Tensor)],
      backward: (_ctx, [g]) => [g!],
    });
    const [c] = casesOf((x) => flat([x!], undefined)[0]!, 'flat', [[0, 3]]);
    expect(() => checkGradients(c!, 1)).toThrow(/gave a gradient of shape \[0\] for a tensor of shape \[0, 3\]/);
  });
});

describe('mutationTest', () => {
  test('kills the rows and backwards of what it is given', () => {
    const cases = casesOf((a, b) => a!.mul(b!).transpose(0, 1).clone(), 'mul', [
      [2, 3],
      [2, 3],
    ]);
    const report = mutationTest(cases, { only: /^(row mul|backward of (mul|clone|permute))\b/ });
    expect(report.survivors).toEqual([]);
    expect(report.mutants).toBeGreaterThanOrEqual(6);
    expect(report.killed).toBe(report.mutants);
  });

  test('names what no check reaches', () => {
    const report = mutationTest(casesOf(cube), { only: /^(row div, operand 1|backward of matmul)$/ });
    expect(report.survivors).toEqual(['backward of matmul (no check reaches it)', 'row div, operand 1 (no check reaches it)']);
    expect(report.killed).toBe(0);
  });

  test('names what the checks are too weak for', () => {
    // The tolerance of this sample hides an error of 1%.
    const cases = casesOf((a, b) => a!.add(b!), 'add', [[3], [3]]).map((c) => ({ ...c, tolerance: 0.5 }));
    const report = mutationTest(cases, { only: /^row add,/ });
    expect(report.survivors).toEqual(['row add, operand 0', 'row add, operand 1']);
  });

  test('leaves every derivative as it was', () => {
    const before = [...functions.values()].map((row) => row.grad);
    mutationTest(casesOf(cube), { only: /^row mul/ });
    expect([...functions.values()].map((row) => row.grad)).toEqual(before);
    for (const c of casesOf(cube)) checkGradients(c, 2);
  });
});
