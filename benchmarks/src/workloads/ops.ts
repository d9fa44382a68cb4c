import { manualSeed, randn, type Tensor } from '@nabla/core';
import type { OpName } from '../protocol.ts';
import type { Workload } from './workload.ts';

/** An op on operands of fixed shapes. */
export interface OpCase {
  readonly op: OpName;
  /** How rows call it; the op's name if omitted. */
  readonly name?: string;
  /** What follows in the name of the row. */
  readonly size: string;
  /** Shape of each operand, in order. */
  readonly operands: Readonly<Record<string, readonly number[]>>;
  readonly output: readonly number[];
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
  /** Calls in one step; default 1. */
  readonly calls?: number;
}

const show = (shape: readonly number[]): string => shape.join('×');

/** Elementwise functions are off by some units in the last place, sums of many products by more. */
const tolerances: Readonly<Record<OpName, number>> = {
  matmul: 1e-4,
  add: 1e-6,
  exp: 1e-5,
  gelu: 1e-5,
  softmax: 1e-5,
  layerNorm: 1e-4,
  batchNorm: 1e-4,
  conv2d: 1e-4,
};

/** The workload that computes the op, or the op and then the gradients of every operand. */
export function opWorkload(c: OpCase, backward: boolean): Workload {
  return {
    name: `${c.name ?? c.op} ${c.size}${backward ? ' backward' : ''}`,
    shapes: `${Object.values(c.operands).map(show).join(', ')} to ${show(c.output)}`,
    task: { kind: 'op', op: c.op, operands: Object.keys(c.operands), backward, calls: c.calls ?? 1 },
    steps: null,
    tolerance: tolerances[c.op],
    quick: c.quick,
    tensors: () => {
      manualSeed(1);
      const shapes = [...Object.entries(c.operands), ...(backward ? [['grad', c.output] as const] : [])];
      return new Map(shapes.map(([name, shape]) => [name, randn(shape as number[]) as Tensor]));
    },
  };
}

/** Forward alone, and forward with backward. */
export function both(c: OpCase): readonly Workload[] {
  return [opWorkload(c, false), opWorkload(c, true)];
}
