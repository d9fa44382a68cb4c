import { noGrad, scope, type Tensor } from '@nabla/core';
import { functional as F, type Module } from '@nabla/nn';
import { scoresOf } from './models/index.ts';
import type { Part } from './tasks.ts';

/** Loss and share of wrong answers. */
export interface Measured {
  readonly loss: number;
  readonly error: number;
}

/** Runs `work` and puts the buffers (running statistics) back to what they were. */
export async function keepingBuffers<T>(model: Module, work: () => Promise<T>): Promise<T> {
  const buffers = model.buffers() as unknown as Tensor[];
  const before = buffers.map((b) => noGrad(() => b.clone() as Tensor));
  try {
    return await work();
  } finally {
    noGrad(() => {
      buffers.forEach((b, i) => void b.copy_(before[i]!));
    });
    for (const t of before) t.dispose();
  }
}

/** `0` to `n - 1`. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * Measures a network on all samples of a part.
 *
 * @param mode `eval`: with running statistics; `train`: with those of each batch, as in training
 * @param batch samples at a time, which matters in `train`; what does not fill a batch is left out there
 * @param numbers the samples, in this order; all of them by default
 */
export async function measure(
  model: Module,
  part: Part,
  mode: 'train' | 'eval',
  batch: number,
  numbers: readonly number[] = upTo(part.count),
): Promise<Measured> {
  const run = async (): Promise<Measured> => {
    model.train(mode === 'train');
    let [loss, wrong, answers] = [0, 0, 0];
    for (let at = 0; at < numbers.length; at += batch) {
      const some = numbers.slice(at, at + batch);
      if (mode === 'train' && some.length < batch) break;
      const [sum, errors, count] = noGrad(() =>
        scope(() => {
          const { input, target } = part.batch(some);
          const scores = scoresOf(model, input);
          const missed = scores.argmax(1).ne(target).to('float32').sum();
          return [F.crossEntropy(scores, target, { reduction: 'sum' }) as Tensor, missed as Tensor, target.size] as const;
        }),
      );
      loss += Number((await sum.data())[0]);
      wrong += Number((await errors.data())[0]);
      answers += count;
      sum.dispose();
      errors.dispose();
    }
    return { loss: loss / answers, error: wrong / answers };
  };
  try {
    return mode === 'train' ? await keepingBuffers(model, run) : await run();
  } finally {
    model.train();
  }
}
