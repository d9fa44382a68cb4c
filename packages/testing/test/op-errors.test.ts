import * as core from '@nabla/core';
import { describe, expect, test } from 'vitest';
import type { ErrorCase } from '../../core/src/op.samples.ts';
import { elementwiseSamples, opSamples } from '../../core/src/ops/index.samples.ts';
import { elementwiseOp, ruleOf, takesNumber } from '../src/elementwise.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

const elsewhere = new SimulatedDevice();

/** The class of an error case, by the name that it is exported under. */
function classOf(name: string): new (message?: string) => core.NablaError {
  const found = (core as unknown as Record<string, unknown>)[name];
  if (typeof found !== 'function' || !(found === core.NablaError || found.prototype instanceof core.NablaError)) {
    throw new RangeError(`an error case names '${name}', which is no exported error class`);
  }
  return found as never;
}

function check({ run, error, message }: ErrorCase): void {
  let caught: unknown = null;
  try {
    run();
  } catch (e) {
    caught = e;
  }
  expect(caught, 'nothing was thrown').toBeInstanceOf(Error);
  expect((caught as Error).message).toMatch(message);
  expect(caught).toBeInstanceOf(classOf(error));
  expect((caught as Error).name).toBe(error);
}

for (const { op, errors } of [...opSamples, ...elementwiseSamples]) {
  if (errors === undefined || errors.length === 0) continue;
  describe(op, () => {
    for (const e of errors) test(e.name, () => check(e));
  });
}

describe('elementwise ops', () => {
  for (const { op: name, domain } of elementwiseSamples) {
    const op = elementwiseOp(name);
    test(`${name} refuses a wrong number of operands`, () => {
      const operands = new Array<core.Tensor>(domain.length + 1).fill(core.tensor([0.5]));
      expect(() => op(...operands)).toThrow(core.ValueError);
      expect(() => op(...operands)).toThrow(`${name} takes ${domain.length} operands, got ${domain.length + 1}`);
    });
    if (ruleOf(op) === 'select') continue;
    test(`${name} refuses numbers where PyTorch wants tensors`, () => {
      const dtype = ruleOf(op) === 'integral' ? 'int32' : 'float32';
      for (let i = 0; i < domain.length; i++) {
        if (takesNumber(op, i)) continue;
        const operands = domain.map((_, k) => (k === i ? 1 : core.ones([2], { dtype })));
        expect(() => op(...operands)).toThrow(core.ValueError);
        expect(() => op(...operands)).toThrow(/^\w+: (at least one operand|the first operand|the operands) must be (a tensor|tensors)/);
      }
      expect(() => op(...domain.map(() => 1))).toThrow(core.ValueError);
    });
    if (domain.length < 2) continue;
    test(`${name} refuses shapes that do not broadcast`, () => {
      const integral = ruleOf(op) === 'integral';
      const operands = domain.map((_, i) => core.ones([2, 3 + i], { dtype: integral ? 'int32' : 'float32' }));
      expect(() => op(...operands)).toThrow(core.ShapeError);
      expect(() => op(...operands)).toThrow(`${name}: cannot broadcast [2, 3] with [2, 4]: 3 vs 4 at dimension -1`);
    });
    test(`${name} refuses operands on two devices`, () => {
      const dtype = ruleOf(op) === 'integral' ? 'int32' : 'float32';
      const operands = domain.map((_, i) => core.ones([2], { dtype, device: i === 0 ? core.cpu : elsewhere }));
      expect(() => op(...operands)).toThrow(core.DeviceError);
      expect(() => op(...operands)).toThrow(/operand 0 is on 'cpu' and operand 1 on 'simulated'; move one with to\(\)/);
    });
  }
});

test('there are error cases', () => {
  expect([...opSamples, ...elementwiseSamples].flatMap((s) => s.errors ?? []).length).toBeGreaterThan(0);
});
