import { debug, elementwiseOps, ops } from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elementwiseSamples, opSamples } from '../../core/src/ops/index.samples.ts';
import { allCases, type Case, nameOf } from '../src/cases.ts';
import { checkGradients } from '../src/gradients.ts';

const byOp = new Map<string, Case[]>();
const every = allCases();
for (const c of every) byOp.set(c.op, [...(byOp.get(c.op) ?? []), c]);

/** Cases whose gradients were checked. */
const checked = new Set<Case>();

function check(c: Case): void {
  checked.add(c);
  checkGradients(c, 1);
  if (c.differentiable) checkGradients(c, 2);
}

// Ops that only a backward uses have no samples of their own: those of the op they belong to run them, forward and
// backward, in its second-order check.
const unsampled = [...ops.keys()].filter((name) => !opSamples.some((s) => s.op === name));
const waiting = new Set(unsampled.flatMap((name) => (ops.get(name)!.backward === undefined ? [name] : [name, `backward of ${name}`])));
let undo = (): void => undefined;

// The engine gives its buffers back as soon as it can, and what is read too late is NaN.
const { poison, giveBackFrom } = debug;
beforeAll(() => {
  Object.assign(debug, { poison: true, giveBackFrom: 0 });
  undo = watch(unsampled, (what) => waiting.delete(what));
});
afterAll(() => {
  undo();
  Object.assign(debug, { poison, giveBackFrom });
});

for (const [op, cases] of byOp) {
  describe(op, () => {
    for (const c of cases) {
      test(`gradients of ${nameOf(c)}`, () => check(c));
    }
  });
}

describe('completeness', () => {
  test('names of cases are unique', () => {
    const names = every.map(nameOf);
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

  test('every op has samples or is differentiated in the checks of another one', () => {
    // The checks above have seen all of them, unless they were left out of this run.
    for (const c of every) {
      if (waiting.size === 0) break;
      if (!checked.has(c)) check(c);
    }
    expect([...waiting]).toEqual([]);
  }, 240_000);
});

/** Tells when one of these ops runs, forward or backward. */
function watch(names: readonly string[], saw: (what: string) => void): () => void {
  const all = names.map((name) => {
    const op = ops.get(name)!;
    const { forward, backward } = op;
    op.forward = (...args) => {
      saw(name);
      return forward(...args);
    };
    if (backward !== undefined) {
      op.backward = (...args) => {
        saw(`backward of ${name}`);
        return backward(...args);
      };
    }
    return () => Object.assign(op, { forward, backward });
  });
  return () => {
    for (const u of all) u();
  };
}
