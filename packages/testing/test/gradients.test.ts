import { debug, elementwiseOps, ops } from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elementwiseSamples, opSamples } from '../../core/src/ops/index.samples.ts';
import { allCases, type Case, nameOf } from '../src/cases.ts';
import { checkGradients } from '../src/gradients.ts';

const byOp = new Map<string, Case[]>();
for (const c of allCases()) byOp.set(c.op, [...(byOp.get(c.op) ?? []), c]);

// The engine gives its buffers back as soon as it can, and what is read too late is NaN.
const { poison, giveBackFrom } = debug;
beforeAll(() => {
  Object.assign(debug, { poison: true, giveBackFrom: 0 });
});
afterAll(() => {
  Object.assign(debug, { poison, giveBackFrom });
});

for (const [op, cases] of byOp) {
  describe(op, () => {
    for (const c of cases) {
      test(`gradients of ${nameOf(c)}`, () => {
        checkGradients(c, 1);
        if (c.differentiable) checkGradients(c, 2);
      });
    }
  });
}

describe('completeness', () => {
  test('names of cases are unique', () => {
    const names = allCases().map(nameOf);
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([]);
  });

  test('every elementwise op has samples', () => {
    const sampled = new Set([...elementwiseSamples, ...opSamples].map((s) => s.op));
    expect([...elementwiseOps.keys()].filter((name) => !sampled.has(name))).toEqual([]);
  });

  test('samples of an op stand in one place', () => {
    const names = [...elementwiseSamples, ...opSamples].map((s) => s.op);
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([]);
  });

  // Ops that only a backward uses have no samples of their own: those of the op they belong to run them, forward and
  // backward, in its second-order check.
  test('every op has samples or is differentiated in the checks of another one', () => {
    const missing = [...ops.keys()].filter((name) => !opSamples.some((s) => s.op === name));
    const waiting = new Set(missing.flatMap((name) => (ops.get(name)!.backward === undefined ? [name] : [name, `backward of ${name}`])));
    const undo = watch(missing, (what) => waiting.delete(what));
    try {
      for (const c of allCases()) {
        if (waiting.size === 0) break;
        checkGradients(c, 1);
        if (c.differentiable) checkGradients(c, 2);
      }
    } finally {
      undo();
    }
    expect([...waiting]).toEqual([]);
    // It may have to run the checks of every op.
  }, 240_000);
});

/** Tells when one of these ops runs, forward or backward. */
function watch(names: readonly string[], saw: (what: string) => void): () => void {
  const undo = names.map((name) => {
    const op = ops.get(name)!;
    const { forward } = op;
    op.forward = (...args) => {
      saw(name);
      return forward(...args);
    };
    return () => {
      op.forward = forward;
    };
  });
  debug.afterBackward = (node, gradients) => {
    saw(`backward of ${node.name}`);
    return gradients;
  };
  return () => {
    for (const u of undo) u();
    debug.afterBackward = null;
  };
}
