import { claim } from '../analysis.ts';
import type { Scale } from '../scale.ts';
import { type Arm, armName, type CostSpec } from '../spec.ts';
import { median } from '../stats.ts';
import { papers, smallImages } from './common.ts';
import type { Experiment } from './experiment.ts';

const nets = {
  'feed-forward': {
    task: 'digits',
    model: { kind: 'mlp', width: 64, depth: 3, activation: 'relu' },
    arms: ['none', 'batch', 'layer', 'rms'],
  },
  convolutional: { task: 'digits', model: { kind: 'convnet', channels: [8, 16] }, arms: ['none', 'batch', 'layer', 'group', 'instance'] },
  transformer: {
    task: 'text',
    model: { kind: 'transformer', width: 48, layers: 2, heads: 4, context: 32 },
    arms: ['none', 'batch', 'layer', 'rms'],
  },
} as const satisfies Record<string, Pick<CostSpec, 'task' | 'model' | 'arms'>>;
type Net = keyof typeof nets;
const names = Object.keys(nets) as Net[];

function spec(scale: Scale, net: Net): CostSpec {
  return {
    kind: 'cost',
    ...nets[net],
    data: net === 'transformer' ? { train: 2000, held: 10, side: 0 } : smallImages(scale),
    batch: net === 'transformer' ? 8 : 32,
    seed: scale.seeds[0]!,
    rounds: scale.of(2, 12, 30),
    stepsPerRound: scale.of(2, 15, 30),
  };
}

export const costPerStep: Experiment = {
  name: 'cost',
  title: 'Cost of a step',
  question: 'How much longer does a training step take with each normalization?',
  protocol: (scale) => {
    const { rounds, stepsPerRound } = spec(scale, 'convolutional');
    return `Whole training steps (forward, backward, Adam) of a feed-forward, a convolutional and a transformer network, in a process of its own after all other runs. In each of ${rounds} rounds every arm takes ${stepsPerRound} steps, the arms in turn and in another order each time; a pair is two arms of one round. These are times of this machine and this implementation: they are not the same twice, and no part of what a seed reproduces.`;
  },
  sources: [papers.zhang, papers.wuHe],
  tunings: () => ({}),
  runs: (scale) => names.map((net) => spec(scale, net)),
  timing: true,
  analyse: (scale, _rates, results) => {
    const times = (net: Net, arm: Arm): readonly number[] => results(spec(scale, net)).milliseconds[arm]!;
    // Logarithms of ratios: a factor of two and one of a half are equally far from none.
    const ratio = (net: Net, a: Arm, b: Arm): number[] => times(net, a).map((t, i) => Math.log2(t / times(net, b)[i]!));
    const rows = names.flatMap((net) => nets[net].arms.map((arm: Arm) => ({ net, arm })));
    return {
      claims: [
        claim({
          statement: 'A transformer step is faster with RMSNorm than with LayerNorm.',
          source: 'Zhang and Sennrich 2019, abstract (7% to 64%)',
          metric: 'log2 of the ratio of times, RMSNorm to LayerNorm (claimed: below 0)',
          unit: 'log',
          direction: 'below',
          margin: 0.03,
          differences: ratio('transformer', 'rms', 'layer'),
          holds: 'One statistic less to compute, and no shift to learn.',
          fails:
            'Both are fused kernels here that read their input about as often; the mean is one more sum in the same pass. The paper times implementations that compute each part by itself.',
        }),
        claim({
          statement: 'BatchNorm slows the steps of a convolutional network down.',
          source: 'common knowledge; a normalization reads and writes every activation again',
          metric: 'log2 of the ratio of times, BatchNorm to none (claimed: above 0)',
          unit: 'log',
          direction: 'above',
          margin: 0.03,
          differences: ratio('convolutional', 'batch', 'none'),
          holds: 'The table says by how much.',
          fails: 'Against the convolutions its passes over the activations do not count.',
        }),
        claim({
          statement: 'GroupNorm costs about as much as BatchNorm.',
          source: 'Wu and He 2018, section 3 (as simple an operation)',
          metric: 'log2 of the ratio of times, GroupNorm to BatchNorm, convolutional (claimed: within 0.15, 11%)',
          unit: 'log',
          direction: 'within',
          margin: 0.15,
          differences: ratio('convolutional', 'group', 'batch'),
          holds: 'The two read and write the same.',
          fails:
            'They do the same arithmetic over other groups of the same values; which of the groupings a kernel is faster at is a matter of its implementation.',
        }),
      ],
      figures: [
        {
          kind: 'dots',
          title: 'Time of a step, relative to the same network without normalization',
          caption: 'One dot for each round, and the mean.',
          x: { label: 'ratio of times', log: false },
          rows: rows
            .filter(({ arm }) => arm !== 'none')
            .map(({ net, arm }) => ({ name: `${net}, ${armName(arm)}`, style: arm, values: ratio(net, arm, 'none').map((x) => 2 ** x) })),
        },
      ],
      tables: [
        {
          caption: 'Median over rounds',
          head: ['network', 'arm', 'ms per step', 'relative to none'],
          rows: rows.map(({ net, arm }) => [
            net,
            armName(arm),
            median(times(net, arm)).toFixed(2),
            arm === 'none' ? '1' : (2 ** median(ratio(net, arm, 'none'))).toFixed(2),
          ]),
        },
      ],
      remarks: [],
    };
  },
};
