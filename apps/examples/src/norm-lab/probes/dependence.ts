import { noGrad, scope, type Tensor } from '@nabla/core';
import type { Module } from '@nabla/nn';
import { keepingBuffers, measure, upTo } from '../measure.ts';
import { scoresOf } from '../models/index.ts';
import type { TrainSpec } from '../spec.ts';
import type { TaskData } from '../tasks.ts';

/** Samples whose answers are watched. */
const watched = 32;

/**
 * How much the answer to a sample depends on the others of its batch:
 * - `trainShift`, `evalShift`: the largest change of a log-probability when all others are exchanged, averaged over samples
 * - `trainFlips`: the share of samples that get another answer
 * - `mixedError`, `sortedError`: wrong answers in training mode for batches as they come, and for batches of one class each
 */
export async function dependence(spec: TrainSpec, model: Module, { held }: TaskData): Promise<Record<string, number>> {
  const others = upTo(held.count).slice(watched);
  const size = Math.min(spec.batch, others.length >> 1) - 1;
  const byClass = [...others].sort((a, b) => held.labels[a]! - held.labels[b]! || a - b);
  const answer = async (n: number, companions: readonly number[]): Promise<number[]> => {
    const scores = noGrad(() =>
      scope(() => {
        const { input } = held.batch([n, ...companions]);
        return scoresOf(model, input).narrow(0, 0, 1).logSoftmax(1).clone() as Tensor;
      }),
    );
    const values = Array.from(await scores.data(), Number);
    scores.dispose();
    return values;
  };
  const best = (values: readonly number[]): number => values.indexOf(Math.max(...values));
  const found: Record<string, number> = {};
  await keepingBuffers(model, async () => {
    for (const mode of ['train', 'eval'] as const) {
      model.train(mode === 'train');
      let [shift, flips] = [0, 0];
      const count = Math.min(watched, held.count - others.length);
      for (let n = 0; n < count; n++) {
        const start = Math.floor((n * (others.length - size)) / count);
        const a = await answer(n, others.slice(start, start + size));
        const b = await answer(n, byClass.slice(start, start + size));
        shift += Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / count;
        flips += best(a) === best(b) ? 0 : 1 / count;
      }
      found[`${mode}Shift`] = shift;
      found[`${mode}Flips`] = flips;
    }
  });
  const sorted = upTo(held.count).sort((a, b) => held.labels[a]! - held.labels[b]! || a - b);
  found['mixedError'] = (await measure(model, held, 'train', spec.batch)).error;
  found['sortedError'] = (await measure(model, held, 'train', spec.batch, sorted)).error;
  return found;
}
