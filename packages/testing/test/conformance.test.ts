import { type Operand, Tensor } from '@nabla/core';
import {
  CpuBackend,
  cpu,
  type FunctionRow,
  type FusedKernels,
  setReferenceBackend,
  setWasmMode,
  type WasmMode,
} from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NdArray } from '../../core/src/op.samples.ts';
import { elementwiseSamples } from '../../core/src/ops/index.samples.ts';
import { allCases, type Case, nameOf, outputsOf } from '../src/cases.ts';
import { compareValues } from '../src/compare.ts';
import { conformance } from '../src/conformance.ts';
import { elementwiseOp, expandElementwise } from '../src/elementwise.ts';
import { argumentOf, leafOf, ndarrayOf } from '../src/inputs.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

/** Values that `run` gives on the CPU; `dense` replaces every input by a contiguous copy of what the op sees. */
function outcome(c: Case, dense: boolean): { shape: readonly number[]; data: ArrayLike<number> }[] {
  const args = c.inputs.map((x) => {
    const argument = argumentOf(x, leafOf(x, { device: cpu }));
    return dense ? argument.clone() : argument;
  });
  return outputsOf(c.run(...args)).map((t) => ({ shape: t.shape, data: t.dataSync() }));
}

describe('forward against the reference', () => {
  for (const c of allCases()) {
    if (c.reference === undefined) continue;
    test(nameOf(c), () => {
      const got = outcome(c, false);
      const given = c.reference!(...c.inputs.map(ndarrayOf));
      const want = (Array.isArray(given) ? given : [given]) as readonly NdArray[];
      expect(got.map((x) => x.shape)).toEqual(want.map((x) => [...x.shape]));
      got.forEach((x, i) => {
        compareValues(`output ${i}`, x.data, want[i]!.data, 1e-10);
      });
    });
  }
});

describe('strided and broadcast inputs give what contiguous ones give', () => {
  for (const c of allCases()) {
    if (c.variant !== 'transposed' && c.variant !== 'broadcast') continue;
    test(nameOf(c), () => {
      const got = outcome(c, false);
      const want = outcome(c, true);
      got.forEach((x, i) => {
        expect(x.shape).toEqual(want[i]!.shape);
        compareValues(`output ${i}`, x.data, want[i]!.data, 1e-12);
      });
    });
  }
});

/** Methods whose operands come in another order than the op's: `x.where(condition, other)`. */
const otherSignatures = new Set(['where']);

describe('methods, and their other names', () => {
  for (const s of elementwiseSamples) {
    const op = elementwiseOp(s.op);
    const { aliases = [] } = op.row as FunctionRow & { readonly aliases?: readonly string[] };
    const methods = Tensor.prototype as unknown as Record<string, ((...rest: Operand[]) => Tensor) | undefined>;
    for (const name of [s.op, ...aliases]) {
      if (otherSignatures.has(name)) continue;
      test(name, () => {
        const c = expandElementwise(s).find((x) => x.variant === 'contiguous')!;
        const [self, ...rest] = c.inputs.map((x) => leafOf(x, { device: cpu })) as [Tensor, ...Tensor[]];
        const want = op(self, ...rest);
        const got = methods[name]!.call(self, ...rest);
        expect([got.dtype, got.shape]).toEqual([want.dtype, want.shape]);
        expect(Array.from(got.dataSync())).toEqual(Array.from(want.dataSync()));
        const inPlace = methods[`${name}_`];
        if (inPlace === undefined || got.dtype !== self.dtype) return;
        const copy = self.clone();
        expect(inPlace.call(copy, ...rest)).toBe(copy);
        expect(Array.from(copy.dataSync())).toEqual(Array.from(want.dataSync()));
      });
    }
  }
});

describe('the CPU backend', () => {
  for (const { name, run } of conformance(cpu)) test(name, run);
});

// Small work is JavaScript unless asked: both ways have to give every answer.
for (const [mode, title] of [
  ['always', 'the CPU backend, small work in WebAssembly too'],
  ['off', 'the CPU backend where there is no WebAssembly'],
] as const) {
  describe(title, () => {
    let before: WasmMode;
    beforeAll(() => {
      before = setWasmMode(mode);
    });
    afterAll(() => {
      setWasmMode(before);
    });
    for (const { name, run } of conformance(cpu)) test(name, run);
  });
}

/** The CPU without its fused kernels: every composition that stands in for one runs. */
class PlainCpu extends CpuBackend {
  override readonly fused: FusedKernels = {};
}

describe('the CPU backend without fused kernels', () => {
  for (const { name, run } of conformance(new PlainCpu())) test(name, run);
});

describe('a device that is read asynchronously, writes nothing in place and frees nothing by itself', () => {
  // Nothing may fall back, and what did would fail: the reference is a device that has no dtype at all.
  const before = cpu;
  beforeAll(() => {
    setReferenceBackend(new SimulatedDevice({ dtypes: [] }));
  });
  afterAll(() => {
    setReferenceBackend(before);
  });
  for (const { name, run } of conformance(new SimulatedDevice())) test(name, run);
});

describe('a device that declines everything but memory', () => {
  const device = new SimulatedDevice({ declines: (request) => (request === 'write' ? null : `it has no ${request}`) });
  const all = [{ match: /./, reason: 'every op runs on the CPU here', since: '2026-11-23' }];
  for (const { name, run } of conformance(device, { fallbacks: all })) test(name, run);
});
