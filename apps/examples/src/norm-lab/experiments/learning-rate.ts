import { claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { TrainSpec } from '../spec.ts';
import { arms, last, lineOf, minus, papers, points, smallNet, summaryOf } from './common.ts';
import type { Experiment } from './experiment.ts';
import { gridRemark, toleranceOf } from './sweep.ts';

const choices = arms('none', 'batch', 'layer', 'rms');

/** From far too small to far too large for every arm. */
const ratesOf = (scale: Scale): readonly number[] =>
  scale.of([0.01, 0.1, 1], [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100]);

function spec(scale: Scale, choice: Choice, lr: number, seed: number): TrainSpec {
  return { ...smallNet(scale, choice), samples: scale.of(320, 4800, 16_000), checks: 4, lr, seed, part: 'test' };
}

export const learningRate: Experiment = {
  name: 'learning-rate',
  title: 'Tolerance to the learning rate',
  question: 'Over how wide a range of learning rates does training work?',
  protocol: (scale) =>
    `Three hidden layers of 64 ReLU units, batches of 32, ${spec(scale, choices[0]!, 1, 1).samples} samples; gradient descent with momentum 0.9, at learning rates from ${ratesOf(scale)[0]} to ${ratesOf(scale).at(-1)}. A rate works for a seed when its test error at the end, in evaluation mode, is at most five points above the best of that arm and seed. The measure is the width of the working range in decades, each rate standing for an equal part.`,
  sources: [papers.ioffe, papers.bjorck, papers.ba],
  tunings: () => ({}),
  runs: (scale) => scale.seeds.flatMap((seed) => choices.flatMap((c) => ratesOf(scale).map((lr) => spec(scale, c, lr, seed)))),
  analyse: (scale, _rates, results) => {
    const grid = ratesOf(scale);
    const tolerances = (c: Choice) =>
      scale.seeds.map((seed) =>
        toleranceOf(
          grid,
          grid.map((lr) => results(spec(scale, c, lr, seed))),
        ),
      );
    const widths = (c: Choice): number[] => tolerances(c).map((t) => t.decades);
    const largest = (c: Choice): number[] => tolerances(c).map((t) => Math.log10(t.largest));
    const [none, batch, layer] = choices as [Choice, Choice, Choice];
    const reached = tolerances(batch).filter((t) => t.largest === grid.at(-1)!).length;
    return {
      claims: [
        claim({
          statement: 'BatchNorm works over a wider range of learning rates than no normalization.',
          source: 'Ioffe and Szegedy 2015, section 3.3',
          metric: 'width of the working range, BatchNorm minus none (claimed: above 0)',
          unit: 'decades',
          direction: 'above',
          margin: 0.25,
          differences: minus(widths(batch), widths(none)),
          holds:
            'Scaling the weights before BatchNorm changes nothing but the size of the next step: too large a step makes the weights large, and the following ones small.',
          fails: 'The range is measured on both sides: an arm that works at higher rates may need them, and lose as much below.',
        }),
        claim({
          statement: 'BatchNorm allows higher learning rates.',
          source: 'Ioffe and Szegedy 2015, section 3.3 and figure 3 (30 times); Bjorck et al. 2018, figure 1',
          metric: 'log10 of the largest rate that works, BatchNorm minus none (claimed: above 0)',
          unit: 'decades',
          direction: 'above',
          margin: 0.25,
          differences: minus(largest(batch), largest(none)),
          holds: 'The largest rate that works is higher.',
          fails:
            'Rates fall to zero over the run here: a network that was thrown far away at first can still settle, with or without normalization.',
        }),
        claim({
          statement: 'LayerNorm works over a wider range of learning rates than no normalization.',
          source: 'Ba et al. 2016, section 5.2 (implicit learning rate reduction)',
          metric: 'width of the working range, LayerNorm minus none (claimed: above 0)',
          unit: 'decades',
          direction: 'above',
          margin: 0.25,
          differences: minus(widths(layer), widths(none)),
          holds: 'The same argument as for BatchNorm holds for the whole weight matrix of a layer.',
          fails: 'LayerNorm is indifferent to the scale of a whole weight matrix, but not to that of the weights into single units.',
        }),
      ],
      figures: [
        {
          kind: 'lines',
          title: 'Test error against the learning rate',
          caption: 'Error at the end, in evaluation mode. Line: mean over seeds; band: lowest to highest.',
          x: { label: 'learning rate', log: true },
          y: { label: 'test error, %', log: false },
          series: choices.map((c) => ({
            ...lineOf(c),
            points: points(grid, (i) => scale.seeds.map((seed) => 100 * last(results(spec(scale, c, grid[i]!, seed))).error)),
          })),
        },
      ],
      tables: [
        {
          caption: 'Mean over seeds (range)',
          head: ['arm', 'working range, decades', 'largest working rate', 'best error'],
          rows: choices.map((c) => [
            lineOf(c).name,
            summaryOf(widths(c), (x) => x.toFixed(2)),
            summaryOf(
              largest(c).map((x) => 10 ** x),
              (x) => String(Number(x.toPrecision(2))),
            ),
            summaryOf(scale.seeds.map((seed) => Math.min(...grid.map((lr) => last(results(spec(scale, c, lr, seed))).error)))),
          ]),
        },
      ],
      remarks: [
        gridRemark,
        ...(reached > 0
          ? [
              `With BatchNorm, ${reached} of ${scale.seeds.length} seeds still worked at the largest rate tried: their range is at least as wide as given.`,
            ]
          : []),
      ],
    };
  },
};
