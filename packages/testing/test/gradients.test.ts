import { describe, expect, test } from 'vitest';
import { allCases, type Case, nameOf } from '../src/cases.ts';
import { checkGradients } from '../src/gradients.ts';

const byOp = new Map<string, Case[]>();
for (const c of allCases()) byOp.set(c.op, [...(byOp.get(c.op) ?? []), c]);

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

test('there are cases', () => {
  expect(allCases().length).toBeGreaterThan(20);
});
