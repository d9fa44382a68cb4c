import { claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { TrainResult, TrainSpec } from '../spec.ts';
import { arms, errorCurves, last, lineOf, minus, papers, sgdRates, summaryOf, tuningsOf } from './common.ts';
import { type Experiment, fields, type Rates, tuningName, type Untuned } from './experiment.ts';

/** All that are compared on images. */
export const imageArms: readonly Choice[] = arms('none', 'batch', 'layer', 'group', 'instance');

/** The convolutional network. */
export function convnet(scale: Scale, choice: Choice): Untuned {
  return {
    kind: 'train',
    task: 'digits',
    model: { kind: 'convnet', channels: [8, 16] },
    ...fields(choice),
    data: scale.of({ train: 300, held: 100, side: 14 }, { train: 3000, held: 600, side: 14 }, { train: 8000, held: 1500, side: 28 }),
    optimizer: 'sgd',
    batch: 32,
    samples: scale.of(128, 6400, 24_000),
    warmup: 0,
    weightScale: 1,
    checks: scale.of(2, 10, 15),
  };
}

/** The run of an arm at its own rate. The experiment on independence looks at the same networks. */
export function convnetRun(scale: Scale, rates: Rates, choice: Choice, seed: number): TrainSpec {
  return { ...convnet(scale, choice), lr: rates(tuningName(choice)), seed, part: 'test', probe: 'dependence' };
}

export const convnetRates: readonly number[] = sgdRates;

export const convnets: Experiment = {
  name: 'convnets',
  title: 'Convolutional networks',
  question: 'Which normalization serves a convolutional network best?',
  protocol: (scale) => {
    const { samples, batch, data } = convnet(scale, imageArms[0]!);
    return `Two 3 x 3 convolutions of 8 and 16 channels, each normalized, activated (ReLU) and halved by pooling, then a linear layer, on images of ${data.side} x ${data.side} pixels; batches of ${batch}, ${samples} samples. LayerNorm has a scale and a shift for each channel, as the others; GroupNorm has four groups. The learning rate of each arm is the one with the least validation error.`;
  },
  sources: [papers.wuHe, papers.ba, papers.ulyanov],
  tunings: (scale) => tuningsOf(imageArms, (c) => convnet(scale, c), convnetRates, 'error'),
  runs: (scale, rates) => scale.seeds.flatMap((seed) => imageArms.map((c) => convnetRun(scale, rates, c, seed))),
  analyse: (scale, rates, results) => {
    const of = (c: Choice): TrainResult[] => scale.seeds.map((seed) => results(convnetRun(scale, rates, c, seed)));
    const errors = (c: Choice): number[] => of(c).map((r) => last(r).error);
    const [none, batch, layer, group, instance] = imageArms as readonly [Choice, Choice, Choice, Choice, Choice];
    return {
      claims: [
        claim({
          statement: 'In a convolutional network BatchNorm is better than no normalization.',
          source: 'Ioffe and Szegedy 2015, section 4.2.2 and figure 3',
          metric: 'test error at the end, BatchNorm minus none (claimed: below 0)',
          unit: 'points',
          direction: 'below',
          margin: 0.005,
          differences: minus(errors(batch), errors(none)),
          holds: 'Typefaces that were never seen are read better, both at their best rates.',
          fails: "With He's weights, a tuned rate and two layers, the bare network has no difficulty that BatchNorm could take away.",
        }),
        claim({
          statement: 'In a convolutional network BatchNorm is better than LayerNorm.',
          source: 'Ba et al. 2016, section 6.7; Wu and He 2018, table 1 (23.6% against 25.3% error)',
          metric: 'test error at the end, BatchNorm minus LayerNorm (claimed: below 0)',
          unit: 'points',
          direction: 'below',
          margin: 0.005,
          differences: minus(errors(batch), errors(layer)),
          holds:
            'Ba et al. suppose the reason: units near the border are rarely active, and their statistics are unlike those of the others.',
          fails:
            'The difference in the literature is of deep networks on natural images. The two layers here leave no room for it, and the noise of batch statistics, which regularizes long training, costs something in a short one.',
        }),
        claim({
          statement: 'GroupNorm is about as good as BatchNorm at a usual batch size.',
          source: 'Wu and He 2018, table 1 (24.1% against 23.6% error at 32 images per GPU)',
          metric: 'test error at the end, GroupNorm minus BatchNorm (claimed: within one point)',
          unit: 'points',
          direction: 'within',
          margin: 0.01,
          differences: minus(errors(group), errors(batch)),
          holds: 'The difference is below a point, as there.',
          fails:
            'The difference is more than a point; at these sizes a group has two or four channels, and its statistics are those of few features.',
        }),
        claim({
          statement: 'For classification InstanceNorm is worse than BatchNorm.',
          source: 'Wu and He 2018, table 1 (28.4% against 23.6% error)',
          metric: 'test error at the end, InstanceNorm minus BatchNorm (claimed: above 0)',
          unit: 'points',
          direction: 'above',
          margin: 0.005,
          differences: minus(errors(instance), errors(batch)),
          holds: 'It removes how strongly each channel responds, which tells one class from another.',
          fails:
            'It also removes the contrast of the image, which varies here by construction and says nothing about the digit; for such data that is a gain (Ulyanov et al. 2016 use it for this).',
        }),
      ],
      figures: [
        {
          kind: 'lines',
          title: 'Test error during training',
          caption: 'Evaluation mode. Line: mean over seeds; band: lowest to highest.',
          x: { label: 'samples seen', log: false },
          y: { label: 'test error, %', log: true },
          series: errorCurves(imageArms.map((choice) => ({ choice, results: of(choice) }))),
        },
        {
          kind: 'dots',
          title: 'Test error at the end',
          caption: 'One dot for each seed, and the mean.',
          x: { label: 'test error, %', log: false },
          rows: imageArms.map((c) => ({ ...lineOf(c), values: errors(c).map((e) => 100 * e) })),
        },
      ],
      tables: [
        {
          caption: 'Mean over seeds (range)',
          head: ['arm', 'learning rate', 'test error', 'test accuracy', 'training loss at the end'],
          rows: imageArms.map((c) => [
            lineOf(c).name,
            String(rates(tuningName(c))),
            summaryOf(errors(c)),
            summaryOf(errors(c).map((e) => 1 - e)),
            summaryOf(
              of(c).map((r) => r.losses.at(-1) ?? Math.log(10)),
              (x) => x.toFixed(3),
            ),
          ]),
        },
      ],
      remarks: [],
    };
  },
};
