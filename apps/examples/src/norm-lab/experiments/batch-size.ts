import { claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import { armName, type SingleSpec, type TrainSpec } from '../spec.ts';
import { arms, last, lineOf, minus, papers, points, sgdRates, smallImages, summaryOf, tuningsOf } from './common.ts';
import { convnet } from './convnets.ts';
import { type Experiment, type Rates, tuningName, type Untuned } from './experiment.ts';

const choices = arms('none', 'batch', 'layer', 'group');
const tunedAt = 32;

const sizesOf = (scale: Scale): readonly number[] => scale.of([2, 32], [2, 8, 32, 128], [2, 4, 8, 16, 32, 64, 128]);

const base = (scale: Scale, choice: Choice): Untuned => ({
  ...convnet(scale, choice),
  data: smallImages(scale),
  batch: tunedAt,
  samples: scale.of(128, 2560, 9600),
  checks: 3,
});

function spec(scale: Scale, rates: Rates, choice: Choice, batch: number, seed: number): TrainSpec {
  // Proportional to the batch (Goyal et al. 2017): an epoch moves about as far, in steps of whatever number.
  const lr = (rates(tuningName(choice)) * batch) / tunedAt;
  return { ...base(scale, choice), batch, lr, seed, part: 'test' };
}

const singles = arms('none', 'batch', 'layer', 'rms');
const singleConvnets = arms('batch', 'layer', 'group', 'instance');

function single(scale: Scale, model: SingleSpec['model'], { arm }: Choice, seed: number): SingleSpec {
  return { kind: 'single', data: smallImages(scale), model, arm, seed };
}
const features = { kind: 'mlp', width: 64, depth: 3, activation: 'relu' } as const;
const maps = { kind: 'convnet', channels: [8, 16] } as const;

export const batchSize: Experiment = {
  name: 'batch-size',
  title: 'Batch size',
  question: 'What happens to each normalization when batches become small, or large?',
  protocol: (scale) =>
    `The convolutional network on images of 14 x 14 pixels, batches of ${sizesOf(scale).join(', ')}; every run sees ${base(scale, choices[0]!).samples} samples in the same order. The learning rate is tuned for each arm at batches of ${tunedAt} and is proportional to the batch elsewhere. Momentum is 0.9 throughout. Then one step on a batch of a single image.`,
  sources: [papers.wuHe, papers.goyal, papers.ba],
  tunings: (scale) => tuningsOf(choices, (c) => base(scale, c), sgdRates, 'error'),
  runs: (scale, rates) => [
    ...scale.seeds.flatMap((seed) => choices.flatMap((c) => sizesOf(scale).map((b) => spec(scale, rates, c, b, seed)))),
    ...scale.seeds.flatMap((seed) => [
      ...singles.map((c) => single(scale, features, c, seed)),
      ...singleConvnets.map((c) => single(scale, maps, c, seed)),
    ]),
  ],
  analyse: (scale, rates, results) => {
    const sizes = sizesOf(scale);
    const errors = (c: Choice, b: number): number[] => scale.seeds.map((seed) => last(results(spec(scale, rates, c, b, seed))).error);
    const [, batch, layer, group] = choices as [Choice, Choice, Choice, Choice];
    const [smallest, largest] = [sizes[0]!, sizes.at(-1)!];
    const rise = (c: Choice): number[] => minus(errors(c, smallest), errors(c, tunedAt));
    const refused = (c: Choice): number[] => scale.seeds.map((seed) => (results(single(scale, features, c, seed)).error === null ? 1 : 0));
    const outcome = (model: SingleSpec['model'], c: Choice): string => {
      const { error } = results(single(scale, model, c, scale.seeds[0]!));
      return error === null ? 'the step is taken' : `${error.name}: ${error.message}`;
    };
    return {
      claims: [
        claim({
          statement: `BatchNorm suffers from small batches: its error is larger at ${smallest} than at ${tunedAt}.`,
          source: 'Wu and He 2018, figure 1 and table 2',
          metric: `test error, BatchNorm at batches of ${smallest} minus BatchNorm at ${tunedAt} (claimed: above 0)`,
          unit: 'points',
          direction: 'above',
          margin: 0.005,
          differences: rise(batch),
          holds: 'Statistics of two images are noisy, and those of evaluation are none of those that the network was trained with.',
          fails:
            'Every channel has the values of all positions: two images of 14 x 14 pixels are 392 values, more than a large batch gives a layer without positions. And more steps of a smaller size are taken.',
        }),
        claim({
          statement: 'Small batches cost BatchNorm more than GroupNorm.',
          source: 'Wu and He 2018, figure 1 and table 2',
          metric: `rise of the test error from batches of ${tunedAt} to ${smallest}, BatchNorm minus GroupNorm (claimed: above 0)`,
          unit: 'points',
          direction: 'above',
          margin: 0.005,
          differences: minus(rise(batch), rise(group)),
          holds: 'GroupNorm computes the same whatever the batch; what remains is the noise of gradients, which both have.',
          fails: 'Noise of gradients at small batches weighs as much here as noise of statistics.',
        }),
        claim({
          statement: `GroupNorm does not depend on the batch: its error at ${smallest} is that at ${tunedAt}.`,
          source: 'Wu and He 2018, figure 1 and table 2 (24.0% to 24.2% at every batch from 2 to 32)',
          metric: `test error, GroupNorm at ${smallest} minus GroupNorm at ${tunedAt} (claimed: within one point)`,
          unit: 'points',
          direction: 'within',
          margin: 0.01,
          differences: rise(group),
          holds: 'With the rate proportional to the batch, the size of the batch makes no difference.',
          fails:
            'GroupNorm itself does not see the batch, but training does: gradient noise and the number of steps change with it even at a proportional rate.',
        }),
        claim({
          statement: `LayerNorm does not depend on the batch: its error at ${smallest} is that at ${tunedAt}.`,
          source: 'Ba et al. 2016, section 3 (the same computation in training and test, for any batch)',
          metric: `test error, LayerNorm at ${smallest} minus LayerNorm at ${tunedAt} (claimed: within one point)`,
          unit: 'points',
          direction: 'within',
          margin: 0.01,
          differences: rise(layer),
          holds: 'With the rate proportional to the batch, the size of the batch makes no difference.',
          fails:
            'LayerNorm itself does not see the batch, but training does: gradient noise and the number of steps change with it even at a proportional rate.',
        }),
        claim({
          statement: `With the learning rate proportional to the batch, BatchNorm at ${largest} is as good as at ${tunedAt}.`,
          source: 'Goyal et al. 2017, section 2.1 (linear scaling rule; with gradual warm-up)',
          metric: `test error, BatchNorm at ${largest} minus BatchNorm at ${tunedAt} (claimed: within one point)`,
          unit: 'points',
          direction: 'within',
          margin: 0.01,
          differences: minus(errors(batch, largest), errors(batch, tunedAt)),
          holds: 'The rule carries over.',
          fails:
            'The rule presumes many steps over which gradients hardly change, and the paper warms the rate up; so few samples make few steps at large batches, and there is no warm-up here.',
        }),
        claim({
          statement: 'BatchNorm cannot be trained on a batch of one where a channel has one value.',
          source: 'Ba et al. 2016, section 1 (on-line learning); PyTorch raises an error',
          metric: 'a step on one image taken by a feed-forward network with BatchNorm: 1, refused: 0 (claimed: 0 for every seed)',
          unit: 'factor',
          direction: 'exactly',
          margin: 0,
          differences: refused(batch),
          holds:
            'The variance of one value is zero, every output would be the shift, and nothing could be learned: the layer refuses with an error.',
          fails: 'A step was taken, on outputs that do not depend on the input.',
        }),
      ],
      figures: [
        {
          kind: 'lines',
          title: 'Test error against batch size',
          caption: 'Evaluation mode, after equal numbers of samples. Line: mean over seeds; band: lowest to highest.',
          x: { label: 'batch size', log: true },
          y: { label: 'test error, %', log: true },
          series: choices.map((c) => ({ ...lineOf(c), points: points(sizes, (i) => errors(c, sizes[i]!).map((e) => 100 * e)) })),
        },
      ],
      tables: [
        {
          caption: 'Test error, mean over seeds (range)',
          head: ['arm', `rate at ${tunedAt}`, ...sizes.map((b) => `batch ${b}`)],
          rows: choices.map((c) => [lineOf(c).name, String(rates(tuningName(c))), ...sizes.map((b) => summaryOf(errors(c, b)))]),
        },
        {
          caption: 'One training step on a batch of one image',
          head: ['network', 'arm', 'what happens'],
          rows: [
            ...singles.map((c) => ['feed-forward', armName(c.arm), outcome(features, c)]),
            ...singleConvnets.map((c) => ['convolutional', armName(c.arm), outcome(maps, c)]),
          ],
        },
      ],
      remarks: [
        'In a convolutional network a channel of one image has as many values as positions, so that BatchNorm trains on a batch of one there: it is InstanceNorm then.',
      ],
    };
  },
};
