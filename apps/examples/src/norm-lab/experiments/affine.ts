import { claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { TrainSpec } from '../spec.ts';
import { last, lineOf, minus, papers, sgdRates, smallNet, summaryOf, tuningsOf } from './common.ts';
import { type Experiment, type Rates, tuningName } from './experiment.ts';

const kinds = ['batch', 'layer'] as const;
const choices: readonly Choice[] = kinds.flatMap((arm) => [
  { arm },
  { arm, variant: 'scale' as const },
  { arm, variant: 'shift' as const },
  { arm, variant: 'plain' as const },
]);

function spec(scale: Scale, rates: Rates, choice: Choice, seed: number): TrainSpec {
  return { ...smallNet(scale, choice), lr: rates(tuningName(choice)), seed, part: 'test' };
}

export const affine: Experiment = {
  name: 'affine',
  title: 'The learnable scale and shift',
  question: 'What do the scale and the shift after a normalization buy?',
  protocol: () =>
    'Three hidden layers of 64 ReLU units, batches of 32, with BatchNorm and LayerNorm: with scale and shift, with only one of them, and with neither. The learning rate of each of the eight is its own, by validation error. The linear layers keep their biases in all of them.',
  sources: [papers.ioffe, papers.xu],
  tunings: (scale) => tuningsOf(choices, (c) => smallNet(scale, c), sgdRates, 'error'),
  runs: (scale, rates) => scale.seeds.flatMap((seed) => choices.map((c) => spec(scale, rates, c, seed))),
  analyse: (scale, rates, results) => {
    const errors = (c: Choice): number[] => scale.seeds.map((seed) => last(results(spec(scale, rates, c, seed))).error);
    const gain = (arm: (typeof kinds)[number]): number[] => minus(errors({ arm }), errors({ arm, variant: 'plain' }));
    return {
      claims: [
        claim({
          statement: 'BatchNorm needs its scale and shift.',
          source: 'Ioffe and Szegedy 2015, section 3 (they restore what the network can represent)',
          metric: 'test error, BatchNorm with both minus with neither (claimed: below 0)',
          unit: 'points',
          direction: 'below',
          margin: 0.005,
          differences: gain('batch'),
          holds: 'Without a shift half of each unit’s inputs are cut off by its ReLU whatever is learned, and that costs something.',
          fails: 'The next layer can take over the scale, and a network with units to spare does without the shift.',
        }),
        claim({
          statement: 'LayerNorm does as well without scale and shift.',
          source: 'Xu et al. 2019, abstract (LayerNorm-simple)',
          metric: 'test error, LayerNorm with both minus with neither (claimed: within half a point)',
          unit: 'points',
          direction: 'within',
          margin: 0.005,
          differences: gain('layer'),
          holds: 'They found the two to matter little or to overfit; they matter little here.',
          fails:
            'Their data are of language, with residual connections around every LayerNorm; here the shift decides how much of a layer its ReLU lets through.',
        }),
      ],
      figures: [
        {
          kind: 'dots',
          title: 'Test error with and without scale and shift',
          caption: 'One dot for each seed, and the mean. Evaluation mode.',
          x: { label: 'test error, %', log: false },
          rows: choices.map((c) => ({ ...lineOf(c), values: errors(c).map((e) => 100 * e) })),
        },
      ],
      tables: [
        {
          caption: 'Mean over seeds (range)',
          head: ['arm', 'learning rate', 'test error'],
          rows: choices.map((c) => [lineOf(c).name, String(rates(tuningName(c))), summaryOf(errors(c))]),
        },
      ],
      remarks: [
        'BatchNorm removes the bias of the layer before it, so that without its shift no unit has one. LayerNorm leaves the differences between the biases of a layer.',
      ],
    };
  },
};
