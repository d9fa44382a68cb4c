import { claim } from '../analysis.ts';
import type { Scale } from '../scale.ts';
import type { TrainSpec } from '../spec.ts';
import { minus, papers, probed, sgdRates, smallNet, summaryOf, tuningsOf } from './common.ts';
import { type Experiment, type Rates, tuningName } from './experiment.ts';

const batchNorm = { arm: 'batch' } as const;
const tunedAt = 32;

const sizesOf = (scale: Scale): readonly number[] => scale.of([4, 32], [4, 32, 128], [2, 4, 8, 32, 128]);

/** Steps after which running statistics are still much as they started. */
const early = 10;

function spec(scale: Scale, rates: Rates, batch: number, seed: number): TrainSpec {
  const lr = (rates(tuningName(batchNorm)) * batch) / tunedAt;
  return { ...smallNet(scale, batchNorm), batch, lr, samples: scale.of(320, 6400, 16_000), checks: 1, seed, part: 'test', probe: 'modes' };
}

const beginning = (scale: Scale, rates: Rates, seed: number): TrainSpec => ({
  ...spec(scale, rates, tunedAt, seed),
  samples: early * tunedAt,
});

const rows = [
  ['eval', 'evaluation mode: running statistics'],
  ['biased', 'the same without Bessel’s correction'],
  ['population', 'statistics of the whole training set'],
  ['train', 'training mode, batches as in training'],
  ['large', 'training mode, batches of 250'],
] as const;

export const modes: Experiment = {
  name: 'modes',
  title: 'Training mode and evaluation mode',
  question: 'How far do running statistics stand in for those of batches, and what does Bessel’s correction do?',
  protocol: (scale) =>
    `Three hidden layers of 64 ReLU units with BatchNorm, trained with batches of ${sizesOf(scale).join(', ')} (learning rate tuned at ${tunedAt} and proportional to the batch, equal samples). The same trained network is measured on test images by running statistics (momentum 0.1), by running variances without Bessel’s correction, by statistics of the whole training set under the final weights, and in training mode.`,
  sources: [papers.ioffe, papers.renorm, papers.wuJohnson],
  tunings: (scale) => tuningsOf([batchNorm], (c) => smallNet(scale, c), sgdRates, 'error'),
  runs: (scale, rates) =>
    scale.seeds.flatMap((seed) => [...sizesOf(scale).map((b) => spec(scale, rates, b, seed)), beginning(scale, rates, seed)]),
  analyse: (scale, rates, results) => {
    const sizes = sizesOf(scale);
    const trained = (batch: number) => scale.seeds.map((seed) => results(spec(scale, rates, batch, seed)));
    const young = scale.seeds.map((seed) => results(beginning(scale, rates, seed)));
    const of = (name: string, batch: number): number[] => probed(trained(batch), name);
    const first = (name: string): number[] => probed(young, name);
    const gap = (b: number): number[] => minus(of('trainError', b), of('evalError', b)).map(Math.abs);
    const small = 4;
    return {
      claims: [
        claim({
          statement: `At batches of ${tunedAt}, running statistics stand in for those of batches: both modes err equally often.`,
          source: 'Ioffe and Szegedy 2015, section 3.1 and algorithm 2',
          metric: `test error of one network, evaluation mode minus training mode at batches of ${tunedAt} (claimed: within one point)`,
          unit: 'points',
          direction: 'within',
          margin: 0.01,
          differences: minus(of('evalError', tunedAt), of('trainError', tunedAt)),
          holds: 'The two networks, for that is what they are, answer nearly alike.',
          fails:
            'In training mode every answer carries the noise of its batch, without gradient descent there to average it; evaluation mode has none. Whoever reports training mode reports another network.',
        }),
        claim({
          statement: 'The smaller the batch, the further the two modes are apart.',
          source: 'Ioffe 2017, section 1; Wu and Johnson 2021, section 4',
          metric: `size of the difference in test error between the modes, batches of ${small} minus batches of ${tunedAt} (claimed: above 0)`,
          unit: 'points',
          direction: 'above',
          margin: 0.005,
          differences: minus(gap(small), gap(tunedAt)),
          holds: `Statistics of ${small} values are far from those of the population.`,
          fails: 'The modes are about as far apart at either size here.',
        }),
        claim({
          statement: `Bessel’s correction of running variances improves evaluation after training with batches of ${small}.`,
          source: 'Ioffe and Szegedy 2015, algorithm 2, step 10',
          metric: `test loss, with the correction minus without, batches of ${small} (claimed: below 0)`,
          unit: 'nats',
          direction: 'below',
          margin: 0.002,
          differences: minus(of('evalLoss', small), of('biasedLoss', small)),
          holds: 'The corrected variance is the better estimate of the population’s, and the network is better off with it.',
          fails:
            'The correction makes the estimate right for the population, but the network was trained with uncorrected variances, which are smaller on average: it knows activations divided by those. Without correction, evaluation is closer to what it was trained on.',
        }),
        claim({
          statement: `At batches of ${tunedAt} Bessel’s correction makes no difference.`,
          source: `arithmetic: a factor of ${tunedAt}/${tunedAt - 1} on the variance`,
          metric: `test error, with the correction minus without, batches of ${tunedAt} (claimed: within half a point)`,
          unit: 'points',
          direction: 'within',
          margin: 0.005,
          differences: minus(of('evalError', tunedAt), of('biasedError', tunedAt)),
          holds: 'Three percent of a variance are not seen in the answers.',
          fails: 'Three percent of every variance, through three layers, move answers that were close.',
        }),
        claim({
          statement: 'Running averages are as good as statistics of the whole training set.',
          source: 'Ioffe and Szegedy 2015, section 3.1; doubted by Wu and Johnson 2021, section 3',
          metric: `test error, running averages minus the training set’s own statistics, batches of ${tunedAt} (claimed: within half a point)`,
          unit: 'points',
          direction: 'within',
          margin: 0.005,
          differences: minus(of('evalError', tunedAt), of('populationError', tunedAt)),
          holds: 'When the learning rate has fallen to zero, weights stand still long enough for the averages to catch up.',
          fails: 'The average over the last ten batches or so is noisy, and of weights that were moving.',
        }),
        claim({
          statement: `After ${early} steps evaluation mode is worse than training mode, since running statistics lag behind.`,
          source: `arithmetic: at momentum 0.1 the initial statistics weigh ${Math.round(100 * 0.9 ** early)}% after ${early} steps`,
          metric: `test loss of one network after ${early} steps, evaluation mode minus training mode (claimed: above 0)`,
          unit: 'nats',
          direction: 'above',
          margin: 0.01,
          differences: minus(first('evalLoss'), first('trainLoss')),
          holds: 'Who measures a young network in evaluation mode sees its statistics’ past.',
          fails:
            'The start, mean 0 and variance 1, is close enough to the right values for this network, whose weights keep the spread of what passes; and evaluation mode has no batch noise.',
        }),
      ],
      figures: [
        {
          kind: 'dots',
          title: `One network, measured in five ways: trained with batches of ${small}`,
          caption: 'Test error. One dot for each seed, and the mean.',
          x: { label: 'test error, %', log: false },
          rows: rows.map(([name, label]) => ({
            name: label,
            style: name === 'train' || name === 'large' ? 'none' : 'batch',
            values: of(`${name}Error`, small).map((e) => 100 * e),
          })),
        },
        {
          kind: 'dots',
          title: `Trained with batches of ${tunedAt}`,
          caption: 'Test error. One dot for each seed, and the mean.',
          x: { label: 'test error, %', log: false },
          rows: rows.map(([name, label]) => ({
            name: label,
            style: name === 'train' || name === 'large' ? 'none' : 'batch',
            values: of(`${name}Error`, tunedAt).map((e) => 100 * e),
          })),
        },
      ],
      tables: [
        {
          caption: 'Test error, mean over seeds (range), by the batch size in training',
          head: ['measured by', ...sizes.map((b) => `batch ${b}`), `batch ${tunedAt}, ${early} steps`],
          rows: rows.map(([name, label]) => [
            label,
            ...sizes.map((b) => summaryOf(of(`${name}Error`, b))),
            summaryOf(first(`${name}Error`)),
          ]),
        },
        {
          caption: 'Test loss in nats, mean over seeds (range)',
          head: ['measured by', ...sizes.map((b) => `batch ${b}`), `batch ${tunedAt}, ${early} steps`],
          rows: rows.map(([name, label]) => [
            label,
            ...sizes.map((b) => summaryOf(of(`${name}Loss`, b), (x) => x.toFixed(3))),
            summaryOf(first(`${name}Loss`), (x) => x.toFixed(3)),
          ]),
        },
      ],
      remarks: [
        'Layers without batch statistics (LayerNorm, GroupNorm, InstanceNorm, RMSNorm) compute the same in both modes; the experiment on independence checks it.',
      ],
    };
  },
};
