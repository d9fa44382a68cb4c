import { claim } from '../analysis.ts';
import type { Choice } from '../scale.ts';
import { lineOf, papers, percent, probed, summaryOf, tuningsOf } from './common.ts';
import { convnet, convnetRates, convnetRun, imageArms } from './convnets.ts';
import type { Experiment } from './experiment.ts';

/** Rounding of another order of operations may change the last bits. */
const rounding = 1e-4;

export const independence: Experiment = {
  name: 'independence',
  title: 'Independence from the other samples of a batch',
  question: 'Does the answer to one image depend on the other images of its batch?',
  protocol: (scale) =>
    `The trained convolutional networks of the comparison of convnets. For 32 test images the other ${convnet(scale, imageArms[0]!).batch - 1} images of the batch are exchanged: some as they come in the file, or some of one or two classes. Shift: the largest change of a log-probability. Also the error in training mode on batches as they come and on batches sorted by class.`,
  sources: [papers.ba, papers.wuHe, papers.wuJohnson],
  tunings: (scale) => tuningsOf(imageArms, (c) => convnet(scale, c), convnetRates, 'error'),
  runs: (scale, rates) => scale.seeds.flatMap((seed) => imageArms.map((c) => convnetRun(scale, rates, c, seed))),
  analyse: (scale, rates, results) => {
    const runs = (c: Choice) => scale.seeds.map((seed) => results(convnetRun(scale, rates, c, seed)));
    const of = (c: Choice, name: string): number[] => probed(runs(c), name);
    const [, batch, layer, group, instance] = imageArms as readonly [Choice, Choice, Choice, Choice, Choice];
    const harm = (c: Choice): number[] => of(c, 'sortedError').map((e, i) => e - of(c, 'mixedError')[i]!);
    return {
      claims: [
        claim({
          statement: 'In training mode BatchNorm makes the answer to one sample depend on the others.',
          source: 'Ba et al. 2016, section 2; Ioffe and Szegedy 2015, section 3.1',
          metric: 'largest change of a log-probability when the others are exchanged (claimed: above 0)',
          unit: 'nats',
          direction: 'above',
          margin: rounding,
          differences: of(batch, 'trainShift'),
          holds: 'Mean and variance are those of the batch, and the batch is the others.',
          fails: 'The statistics of the two batches agree so well that nothing can be seen.',
        }),
        claim({
          statement: 'In evaluation mode BatchNorm does not.',
          source: 'Ioffe and Szegedy 2015, section 3.1 and algorithm 2',
          metric: 'largest change of a log-probability when the others are exchanged (claimed: 0 up to rounding, for every seed)',
          unit: 'nats',
          direction: 'exactly',
          margin: rounding,
          differences: of(batch, 'evalShift'),
          holds: 'Running statistics are constants.',
          fails: 'Evaluation mode must use constants alone: this would be a defect of the layer.',
        }),
        claim({
          statement: 'LayerNorm never makes the answer depend on other samples.',
          source: 'Ba et al. 2016, section 3',
          metric: 'the same in training mode (claimed: 0 up to rounding, for every seed)',
          unit: 'nats',
          direction: 'exactly',
          margin: rounding,
          differences: of(layer, 'trainShift'),
          holds: 'Its statistics are those of the sample alone.',
          fails: 'Statistics of a sample cannot depend on others: this would be a defect of the layer.',
        }),
        claim({
          statement: 'Nor do GroupNorm and InstanceNorm.',
          source: 'Wu and He 2018, section 3.1',
          metric: 'the larger of their two changes in training mode (claimed: 0 up to rounding, for every seed)',
          unit: 'nats',
          direction: 'exactly',
          margin: rounding,
          differences: of(group, 'trainShift').map((v, i) => Math.max(v, of(instance, 'trainShift')[i]!)),
          holds: 'Their statistics are those of the sample alone.',
          fails: 'Statistics of a sample cannot depend on others: this would be a defect of the layers.',
        }),
        claim({
          statement: 'In training mode BatchNorm fails on batches whose samples are alike.',
          source: 'Wu and Johnson 2021, section 6 (what a batch gives away)',
          metric: 'error in training mode, batches of one class minus batches as they come, BatchNorm (claimed: above 0)',
          unit: 'points',
          direction: 'above',
          margin: 0.005,
          differences: harm(batch),
          holds: 'What all samples of a batch have in common is taken for the mean and removed, and that is their class.',
          fails: 'Two layers of statistics over many positions seem to keep what tells the classes apart.',
        }),
      ],
      figures: [
        {
          kind: 'dots',
          title: 'Error in training mode on batches of one class each',
          caption: 'One dot for each seed, and the mean. The same networks and images as in the next table.',
          x: { label: 'error, %', log: false },
          rows: imageArms.map((c) => ({ ...lineOf(c), values: of(c, 'sortedError').map((e) => 100 * e) })),
        },
      ],
      tables: [
        {
          caption: 'Mean over seeds (range)',
          head: [
            'arm',
            'shift, training mode',
            'shift, evaluation mode',
            'other answers, training mode',
            'error, mixed batches',
            'error, sorted batches',
          ],
          rows: imageArms.map((c) => [
            lineOf(c).name,
            summaryOf(of(c, 'trainShift'), (x) => x.toPrecision(2)),
            summaryOf(of(c, 'evalShift'), (x) => x.toPrecision(2)),
            summaryOf(of(c, 'trainFlips'), percent),
            summaryOf(of(c, 'mixedError')),
            summaryOf(of(c, 'sortedError')),
          ]),
        },
      ],
      remarks: [],
    };
  },
};
