import { type Backend, cpu, type Tensor, tensor } from '@nabla/core';
import * as optim from '@nabla/optim';
import { beforeAll, describe, expect, test } from 'vitest';
import type { GpuBackend } from '../src/index.ts';
import { browserModes, expectOnDevice, gpuIn } from './support.ts';

type Step = (params: Tensor[]) => { step(): undefined };

/** Every optimizer that reads no values, with options that use all of its state. */
const optimizers: Readonly<Record<string, Step>> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.1 }),
  Adam: (p) => new optim.Adam(p, { lr: 0.1, amsgrad: true, maximize: true }),
  AdamW: (p) => new optim.AdamW(p, { lr: 0.1 }),
  Adamax: (p) => new optim.Adamax(p, { lr: 0.1, weightDecay: 0.1 }),
  NAdam: (p) => new optim.NAdam(p, { lr: 0.1 }),
  RAdam: (p) => new optim.RAdam(p, { lr: 0.1, betas: [0.9, 0.9] }),
  RMSprop: (p) => new optim.RMSprop(p, { lr: 0.1, momentum: 0.9, centered: true, eps: 1e-2 }),
  Rprop: (p) => new optim.Rprop(p, { lr: 0.1 }),
  Adagrad: (p) => new optim.Adagrad(p, { lr: 0.1, lrDecay: 0.1 }),
  Adadelta: (p) => new optim.Adadelta(p, { eps: 1e-3 }),
  ASGD: (p) => new optim.ASGD(p, { lr: 0.1, t0: 2 }),
  Lion: (p) => new optim.Lion(p, { lr: 0.1, weightDecay: 0.1 }),
  Muon: (p) => new optim.Muon(p, { lr: 0.1 }),
};

const rows = [
  [1, -2, 3],
  [0.5, 0.25, -4],
];

async function trained(make: Step, device: Backend): Promise<ArrayLike<number>> {
  const p = (tensor(rows).to(device) as Tensor).requiresGrad_() as Tensor;
  const optimizer = make([p]);
  for (let t = 0; t < 8; t++) {
    const gradient = rows.map((row, i) => row.map((v, j) => Math.sin(7 * t + 3 * i + j) + 0.1 * v));
    p.grad = tensor(gradient).to(device) as Tensor;
    optimizer.step();
  }
  return p.detach().data();
}

describe.each(browserModes)('%s', (mode) => {
  let gpu: GpuBackend;
  beforeAll(async () => {
    gpu = await gpuIn(mode);
    return () => gpu.dispose();
  });

  test.each(Object.entries(optimizers))('%s updates on the device as on the CPU', async (_, make) => {
    const [got, want] = [await trained(make, gpu), await trained(make, cpu)];
    Array.from(want).forEach((w, i) => {
      expect(Math.abs(got[i]! - w)).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(w)));
    });
    expectOnDevice(gpu);
  });
});
