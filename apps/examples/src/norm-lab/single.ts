import { type Backend, NablaError } from '@nabla/core';
import { buildModel } from './models/index.ts';
import type { SingleResult, SingleSpec } from './spec.ts';
import type { TaskData } from './tasks.ts';
import { optimizerOf, trainStep } from './train.ts';

/** Tries to train on one sample, and tells what the framework says about it. */
export async function single(spec: SingleSpec, data: TaskData, device: Backend): Promise<SingleResult> {
  const model = buildModel({ ...spec, weightScale: 1 }, data.geometry);
  model.to(device);
  const optimizer = optimizerOf({ optimizer: 'sgd', lr: 0.01, task: 'digits' }, model);
  try {
    trainStep(model, optimizer, data.train, [0], false).dispose();
    return { kind: 'single', error: null };
  } catch (e) {
    if (!(e instanceof NablaError)) throw e;
    return { kind: 'single', error: { name: e.name, message: e.message } };
  }
}
