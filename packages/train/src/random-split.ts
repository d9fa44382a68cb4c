import { cpu, defaultGenerator, randperm, ValueError } from '@nabla/core';
import { type DatasetLike, datasetOf } from './dataset.ts';
import { Subset } from './datasets.ts';
import { checkNames } from './options.ts';
import type { GeneratorOptions } from './sampler.ts';

/** Whether lengths are shares of the whole: their sum is 1, but for rounding. */
function areFractions(lengths: readonly number[]): boolean {
  return Math.abs(lengths.reduce((a, b) => a + b, 0) - 1) <= 1e-9;
}

/** As PyTorch: every share rounded down, and what is left handed out one by one from the first on. */
function countsOf(fractions: readonly number[], n: number): number[] {
  fractions.forEach((f, i) => {
    if (!(f >= 0 && f <= 1)) throw new ValueError(`randomSplit: the fraction at index ${i} is not between 0 and 1: ${f}`);
  });
  const counts = fractions.map((f) => Math.floor(n * f));
  const left = n - counts.reduce((a, b) => a + b, 0);
  for (let i = 0; i < left; i++) counts[i % counts.length]!++;
  return counts;
}

/**
 * Cuts a dataset at random into parts that do not overlap.
 *
 * @param lengths how many samples each part has, or which share of the whole (when they sum to 1)
 * @param options `generator`: the same seed cuts in the same way; the default generator if omitted
 * @throws ValueError for lengths that are no counts, or do not sum to the number of samples
 * @example
 * ```ts
 * const [train, test] = randomSplit(dataset, [0.8, 0.2], { generator: new Generator(42) });
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split
 */
export function randomSplit<T>(dataset: DatasetLike<T>, lengths: readonly number[], options: GeneratorOptions = {}): Subset<T>[] {
  checkNames('randomSplit', options, ['generator']);
  const whole = datasetOf('randomSplit', dataset);
  const n = whole.length;
  const counts = areFractions(lengths) ? countsOf(lengths, n) : lengths;
  counts.forEach((count, i) => {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new ValueError(`randomSplit: the length at index ${i} is no number of samples: ${String(count)}`);
  });
  const total = counts.reduce((a, b) => a + b, 0);
  if (total !== n) throw new ValueError(`randomSplit: the lengths sum to ${total}, but the dataset has ${n} samples`);
  const order = Array.from(randperm(n, { generator: options.generator ?? defaultGenerator(), device: cpu }).dataSync());
  let at = 0;
  return counts.map((count) => {
    at += count;
    return new Subset(whole, order.slice(at - count, at));
  });
}
