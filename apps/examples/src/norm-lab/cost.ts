import type { Backend } from '@nabla/core';
import { buildModel } from './models/index.ts';
import type { Arm, CostResult, CostSpec } from './spec.ts';
import type { TaskData } from './tasks.ts';
import { Order, optimizerOf, trainStep } from './train.ts';

/** Times training steps of several arms in turn, so that whatever slows the machine down slows all of them. */
export async function cost(spec: CostSpec, data: TaskData, device: Backend): Promise<CostResult> {
  const contenders = spec.arms.map((arm) => {
    const model = buildModel({ model: spec.model, arm, seed: spec.seed, weightScale: 1 }, data.geometry);
    model.to(device);
    const optimizer = optimizerOf({ optimizer: 'adam', lr: 1e-4, task: spec.task }, model);
    return { arm, model, optimizer, times: [] as number[] };
  });
  const order = new Order(data.train, spec.seed);
  const steps = async (c: (typeof contenders)[number]): Promise<number> => {
    const batches = Array.from({ length: spec.stepsPerRound }, () => order.next(spec.batch));
    const start = performance.now();
    for (const numbers of batches) {
      const loss = trainStep(c.model, c.optimizer, data.train, numbers, false);
      await loss.data();
      loss.dispose();
    }
    return (performance.now() - start) / spec.stepsPerRound;
  };
  // Twice without the clock: kernels are compiled, and the engine has seen the code often enough to make it fast.
  for (let i = 0; i < 2; i++) for (const c of contenders) await steps(c);
  for (let round = 0; round < spec.rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const c = contenders[(i + round) % contenders.length]!;
      c.times.push(await steps(c));
    }
  }
  return { kind: 'cost', milliseconds: Object.fromEntries(contenders.map((c) => [c.arm, c.times])) as Partial<Record<Arm, number[]>> };
}
