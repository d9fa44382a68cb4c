import type { Series } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import { type Arm, armName, type Check, type DataSize, type TrainResult } from '../spec.ts';
import { average } from '../stats.ts';
import { fields, type Tuning, tuningName, type Untuned } from './experiment.ts';

/** Cited papers by short names. */
export const papers = {
  ioffe: 'Ioffe and Szegedy 2015, Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift',
  ba: 'Ba, Kiros and Hinton 2016, Layer Normalization',
  wuHe: 'Wu and He 2018, Group Normalization',
  goyal: 'Goyal et al. 2017, Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour',
  bjorck: 'Bjorck et al. 2018, Understanding Batch Normalization',
  santurkar: 'Santurkar et al. 2018, How Does Batch Normalization Help Optimization?',
  cooijmans: 'Cooijmans et al. 2017, Recurrent Batch Normalization',
  xiong: 'Xiong et al. 2020, On Layer Normalization in the Transformer Architecture',
  zhang: 'Zhang and Sennrich 2019, Root Mean Square Layer Normalization',
  shen: 'Shen et al. 2020, PowerNorm: Rethinking Batch Normalization in Transformers',
  xu: 'Xu et al. 2019, Understanding and Improving Layer Normalization',
  wuJohnson: 'Wu and Johnson 2021, Rethinking "Batch" in BatchNorm',
  renorm: 'Ioffe 2017, Batch Renormalization: Towards Reducing Minibatch Dependence in Batch-Normalized Models',
  ulyanov: 'Ulyanov, Vedaldi and Lempitsky 2016, Instance Normalization: The Missing Ingredient for Fast Stylization',
} as const;

/** Images of the small networks. */
export function smallImages(scale: Scale): DataSize {
  return scale.of({ train: 300, held: 100, side: 14 }, { train: 3000, held: 600, side: 14 }, { train: 8000, held: 1500, side: 14 });
}

/** The network of three hidden layers that several experiments use, trained by gradient descent with momentum. */
export function smallNet(scale: Scale, choice: Choice): Untuned {
  return {
    kind: 'train',
    task: 'digits',
    model: { kind: 'mlp', width: 64, depth: 3, activation: 'relu' },
    ...fields(choice),
    data: smallImages(scale),
    optimizer: 'sgd',
    batch: 32,
    samples: scale.of(320, 6400, 32_000),
    warmup: 0,
    weightScale: 1,
    checks: scale.of(2, 10, 20),
  };
}

/** Rates for gradient descent with momentum. */
export const sgdRates: readonly number[] = [0.01, 0.03, 0.1, 0.3];

/** One tuning for each arm. */
export function tuningsOf(
  choices: readonly Choice[],
  base: (c: Choice) => Untuned,
  grid: readonly number[],
  by: Tuning['by'],
): Record<string, Tuning> {
  return Object.fromEntries(choices.map((c) => [tuningName(c), { base: base(c), grid, by }]));
}

/** The measurement at the end of a run. */
export function last(r: TrainResult): Check {
  return r.checks.at(-1)!;
}

/** The mean error over a run: the area under its curve. */
export function area(r: TrainResult): number {
  return average(r.checks.map((c) => c.error));
}

/** a - b, pair by pair. */
export function minus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((x, i) => x - b[i]!);
}

/** CSS classes of an arm; variants of one arm share its colour and differ in the dashes. */
function styleOf({ arm, variant }: Choice): string {
  return variant === undefined ? arm : `${arm} ${variant}`;
}

/** Name and style of an arm's line. */
export function lineOf(choice: Choice): { name: string; style: string } {
  return { name: armName(choice.arm, choice.variant), style: styleOf(choice) };
}

/** Points of a line through values that several seeds have at each x. */
export function points(xs: readonly number[], valuesAt: (index: number) => readonly number[]): Series['points'] {
  return xs.map((x, i) => {
    const values = valuesAt(i);
    return { x, y: average(values), low: Math.min(...values), high: Math.max(...values) };
  });
}

/** The error of each arm against the samples seen. */
export function errorCurves(runs: readonly { readonly choice: Choice; readonly results: readonly TrainResult[] }[]): Series[] {
  return runs.map(({ choice, results }) => ({
    ...lineOf(choice),
    points: points(
      results[0]!.checks.map((c) => c.samples),
      (i) => results.map((r) => 100 * r.checks[i]!.error),
    ),
  }));
}

/** `12.34%` */
export const percent = (x: number): string => `${(100 * x).toFixed(2)}%`;

/** What a probe found in each run; NaN where a run diverged and has no probe. */
export function probed(runs: readonly TrainResult[], name: string): number[] {
  return runs.map((r) => r.probe[name] ?? Number.NaN);
}

/** Mean and range over seeds, of what could be measured. */
export function summaryOf(all: readonly number[], write: (x: number) => string = percent): string {
  const values = all.filter(Number.isFinite);
  if (values.length === 0) return 'none';
  return `${write(average(values))} (${write(Math.min(...values))} to ${write(Math.max(...values))})`;
}

/** Arms without variants. */
export const arms = (...names: readonly Arm[]): Choice[] => names.map((arm) => ({ arm }));
