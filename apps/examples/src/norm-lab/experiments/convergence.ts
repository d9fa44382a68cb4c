import { claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { TrainResult, TrainSpec } from '../spec.ts';
import { area, arms, errorCurves, last, lineOf, minus, papers, percent, sgdRates, smallNet, summaryOf } from './common.ts';
import { type Experiment, fields, type Rates, type Results, type Tuning, tuningName, type Untuned } from './experiment.ts';

const choices = arms('none', 'batch', 'layer', 'rms');

/** Ioffe and Szegedy's first experiment: three hidden layers of 100 sigmoid units, batches of 60. */
function sigmoidNet(scale: Scale, choice: Choice): Untuned {
  return {
    ...smallNet(scale, choice),
    model: { kind: 'mlp', width: 100, depth: 3, activation: 'sigmoid' },
    ...fields(choice),
    batch: 60,
    samples: scale.of(600, 12_000, 60_000),
  };
}

const nets = { sigmoid: sigmoidNet, relu: smallNet } as const;
type Net = keyof typeof nets;
const grids: Readonly<Record<Net, readonly number[]>> = { sigmoid: [0.03, 0.1, 0.3, 1], relu: sgdRates };

function spec(scale: Scale, rates: Rates, net: Net, choice: Choice, seed: number): TrainSpec {
  return { ...nets[net](scale, choice), lr: rates(tuningName(choice, net)), seed, part: 'test' };
}

/** Samples after which a run's error is at most `target` for the first time, between two checks on the line between them. */
export function samplesTo(target: number, { checks }: TrainResult): number {
  const k = checks.findIndex((c) => c.error <= target);
  if (k < 0) return checks.at(-1)!.samples;
  const here = checks[k]!;
  const before = checks[k - 1] ?? { samples: 0, error: 1 };
  if (before.error <= here.error) return here.samples;
  return before.samples + ((here.samples - before.samples) * (before.error - target)) / (before.error - here.error);
}

export const convergence: Experiment = {
  name: 'convergence',
  title: 'Speed of convergence',
  question: 'Does normalization reach a given error with fewer samples when every arm has its own best learning rate?',
  protocol: (scale) => {
    const [s, r] = [sigmoidNet(scale, { arm: 'none' }), smallNet(scale, { arm: 'none' })];
    return `A network of three hidden layers of 100 sigmoid units (batches of ${s.batch}, ${s.samples} samples), the one of Ioffe and Szegedy's figure 1, and one of three layers of 64 ReLU units (batches of ${r.batch}, ${r.samples} samples). Every arm's learning rate is the one with the least mean error over the run on validation images. The error is measured ${s.checks} times in evaluation mode on test images.`;
  },
  sources: [papers.ioffe, papers.ba],
  tunings: (scale) => {
    const all: Record<string, Tuning> = {};
    for (const net of ['sigmoid', 'relu'] as const) {
      for (const c of choices) all[tuningName(c, net)] = { base: nets[net](scale, c), grid: grids[net], by: 'area' };
    }
    return all;
  },
  runs: (scale, rates) =>
    scale.seeds.flatMap((seed) => (['sigmoid', 'relu'] as const).flatMap((net) => choices.map((c) => spec(scale, rates, net, c, seed)))),
  analyse: (scale, rates, results: Results) => {
    const of = (net: Net, choice: Choice): TrainResult[] => scale.seeds.map((seed) => results(spec(scale, rates, net, choice, seed)));
    const [none, batch, layer] = choices as [Choice, Choice, Choice];
    const areas = (net: Net, c: Choice): number[] => of(net, c).map(area);
    const bare = of('sigmoid', none);
    const speedup = of('sigmoid', batch).map((r, i) => {
      const target = last(bare[i]!).error;
      return Math.log2(samplesTo(target, r) / samplesTo(target, bare[i]!));
    });
    return {
      claims: [
        claim({
          statement: 'With sigmoid units, BatchNorm converges faster than no normalization.',
          source: 'Ioffe and Szegedy 2015, section 4.1 and figure 1',
          metric: 'mean test error over the run, BatchNorm minus none (claimed: below 0)',
          unit: 'points',
          direction: 'below',
          margin: 0.005,
          differences: minus(areas('sigmoid', batch), areas('sigmoid', none)),
          holds: 'It is faster although the other arm has its own best rate and weights that are scaled for sigmoids.',
          fails:
            'The bare network starts here from weights that keep the spread of what passes, and has its own best rate; the paper gave it neither (small random weights, one rate).',
        }),
        claim({
          statement: 'BatchNorm needs fewer samples to reach the error that the same network without it ends with.',
          source: 'Ioffe and Szegedy 2015, section 4.2.2 and figure 3 (a factor of 14 for Inception)',
          metric: 'log2 of the ratio of samples needed with BatchNorm and without, sigmoid units (claimed: below 0; -1 is half as many)',
          unit: 'log',
          direction: 'below',
          margin: 0.15,
          differences: speedup,
          holds: 'Fewer samples are needed. The factor of the paper also has a learning rate that was raised, and no dropout.',
          fails:
            'Both arms decay their rates over the same run, so that most of the last gains come at its end in either, whoever was ahead before.',
        }),
        claim({
          statement: 'With ReLU units and weights that are scaled for them, BatchNorm converges faster than no normalization.',
          source: 'Ioffe and Szegedy 2015, section 4.2.2 (Inception has ReLU units)',
          metric: 'mean test error over the run, BatchNorm minus none (claimed: below 0)',
          unit: 'points',
          direction: 'below',
          margin: 0.005,
          differences: minus(areas('relu', batch), areas('relu', none)),
          holds: 'It is faster in a shallow network too, where little can go wrong without it.',
          fails: "Three layers with He's weights train well as they are: what BatchNorm repairs is hardly there in so shallow a network.",
        }),
        claim({
          statement: 'LayerNorm converges faster than BatchNorm in feed-forward networks.',
          source: 'Ba et al. 2016, section 6.6 and figure 6 (permutation-invariant MNIST)',
          metric: 'mean test error over the run, LayerNorm minus BatchNorm, ReLU units (claimed: below 0)',
          unit: 'points',
          direction: 'below',
          margin: 0.005,
          differences: minus(areas('relu', layer), areas('relu', batch)),
          holds: 'LayerNorm is ahead when both have their own best rates.',
          fails:
            'The paper compares at one learning rate, and lets no arm choose; its networks are 16 times as wide, and statistics over few features are noisier.',
        }),
      ],
      figures: (['sigmoid', 'relu'] as const).map((net) => ({
        kind: 'lines' as const,
        title: net === 'sigmoid' ? 'Sigmoid units' : 'ReLU units',
        caption: 'Test error in evaluation mode. Line: mean over seeds; band: lowest to highest.',
        x: { label: 'samples seen', log: false },
        y: { label: 'test error, %', log: true },
        series: errorCurves(choices.map((choice) => ({ choice, results: of(net, choice) }))),
      })),
      tables: (['sigmoid', 'relu'] as const).map((net) => ({
        caption: net === 'sigmoid' ? 'Sigmoid units: mean over seeds (range)' : 'ReLU units: mean over seeds (range)',
        head: ['arm', 'learning rate', 'error at the end', 'mean error over the run'],
        rows: choices.map((c) => [
          lineOf(c).name,
          String(rates(tuningName(c, net))),
          summaryOf(of(net, c).map((r) => last(r).error)),
          percent(areas(net, c).reduce((a, b) => a + b, 0) / scale.seeds.length),
        ]),
      })),
      remarks: [],
    };
  },
};
