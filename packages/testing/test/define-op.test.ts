import { defineOp, type Tensor, tensor } from '@nabla/core';
import { describe, expect, it } from 'vitest';

const announced = [{ shape: [2], dtype: 'float32' }] as const;
const x = (): Tensor => tensor([1, 2], { requiresGrad: true });

function op(name: string, forward: (t: Tensor) => readonly Tensor[]): () => readonly Tensor[] {
  const run = defineOp<void>({
    name,
    infer: () => announced,
    forward: ([t]) => forward(t!),
    backward: (_c, g) => g,
  });
  return () => run([x()], undefined);
}

describe('an op whose forward does not keep its word', () => {
  it.each([
    ['returnsInput', (t: Tensor) => [t], /returnsInput: forward gave one of its inputs as output 0/],
    ['returnsNothing', () => [], /infer announced 1 outputs, forward gave 0/],
    ['returnsOtherShape', () => [tensor([1, 2, 3])], /announced float32 \[2\] for output 0, forward gave float32 \[3\]/],
    ['returnsOtherDType', () => [tensor([1, 2], { dtype: 'int32' })], /forward gave int32 \[2\]/],
  ] as const)('%s is told so', (name, forward, message) => {
    expect(op(name, forward)).toThrow(message);
  });

  it('a name is taken once', () => {
    expect(() => op('matmul', (t) => [t])).toThrow(/'matmul' exists already/);
  });
});
