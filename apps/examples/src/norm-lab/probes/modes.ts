import { noGrad, type Tensor } from '@nabla/core';
import { BatchNorm1d, type Module } from '@nabla/nn';
import { updateBn } from '@nabla/train';
import { keepingBuffers, type Measured, measure, upTo } from '../measure.ts';
import type { TrainSpec } from '../spec.ts';
import type { TaskData } from '../tasks.ts';

/** Samples at a time when the statistics of the whole training set are computed. */
const large = 250;

/**
 * One trained network with BatchNorm, measured in several ways:
 * - `eval`: by running statistics; `train`: by those of batches as large as in training; `large`: by those of large batches
 * - `biased`: by running statistics without Bessel's correction
 * - `population`: by statistics of the whole training set under the final weights (Wu and Johnson 2021, section 3)
 */
export async function modes(spec: TrainSpec, model: Module, data: TaskData): Promise<Record<string, number>> {
  const norms = (model.modules() as unknown[]).filter((m): m is BatchNorm1d<number> => m instanceof BatchNorm1d);
  const found: Record<string, number> = {};
  const note = (name: string, m: Measured): void => {
    found[`${name}Error`] = m.error;
    found[`${name}Loss`] = m.loss;
  };
  note('eval', await measure(model, data.held, 'eval', large));
  note('train', await measure(model, data.held, 'train', spec.batch));
  note('large', await measure(model, data.held, 'train', Math.min(large, data.held.count)));
  await keepingBuffers(model, async () => {
    // Each running variance is an average of unbiased ones of `batch` values: this factor makes each of them biased.
    const factor = (spec.batch - 1) / spec.batch;
    noGrad(() => {
      for (const m of norms) (m.runningVar as unknown as Tensor).mul_(factor);
    });
    note('biased', await measure(model, data.held, 'eval', large));
  });
  await keepingBuffers(model, async () => {
    const full = Math.floor(data.train.count / large) || 1;
    const inputs = upTo(full).map((k) => {
      const numbers = upTo(Math.min(large, data.train.count)).map((i) => k * large + i);
      return data.train.batch(numbers).input as Tensor;
    });
    await updateBn(inputs, model);
    note('population', await measure(model, data.held, 'eval', large));
  });
  return found;
}
