import { claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { TrainSpec } from '../spec.ts';
import { arms, last, lineOf, minus, papers, points, sgdRates, smallNet, summaryOf, tuningsOf } from './common.ts';
import { type Experiment, type Rates, tuningName } from './experiment.ts';
import { gridRemark, toleranceOf } from './sweep.ts';

const choices = arms('none', 'batch', 'layer', 'rms');

const factorsOf = (scale: Scale): readonly number[] =>
  scale.of([0.1, 1, 10], [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100]);

function spec(scale: Scale, rates: Rates, choice: Choice, weightScale: number, seed: number): TrainSpec {
  const base = smallNet(scale, choice);
  // The runs with the usual weights are those of other experiments, and are shared with them.
  return { ...base, weightScale, lr: rates(tuningName(choice)), seed, part: 'test' };
}

export const initialWeights: Experiment = {
  name: 'initial-weights',
  title: 'Sensitivity to initial weights',
  question: 'How much may the scale of the initial weights be off?',
  protocol: (scale) =>
    `Three hidden layers of 64 ReLU units whose initial weights are He's times a factor from ${factorsOf(scale)[0]} to ${factorsOf(scale).at(-1)}; the head keeps its own. The learning rate is tuned for each arm at factor 1 on validation images, and stays: who chose a wrong scale did not know it. A factor works for a seed when its test error at the end is at most five points above the best of that arm and seed.`,
  sources: [papers.ioffe, papers.ba],
  tunings: (scale) => tuningsOf(choices, (c) => smallNet(scale, c), sgdRates, 'error'),
  runs: (scale, rates) =>
    scale.seeds.flatMap((seed) => choices.flatMap((c) => factorsOf(scale).map((f) => spec(scale, rates, c, f, seed)))),
  analyse: (scale, rates, results) => {
    const factors = factorsOf(scale);
    const widths = (c: Choice): number[] =>
      scale.seeds.map(
        (seed) =>
          toleranceOf(
            factors,
            factors.map((f) => results(spec(scale, rates, c, f, seed))),
          ).decades,
      );
    const [none, batch, layer] = choices as [Choice, Choice, Choice];
    return {
      claims: [
        claim({
          statement: 'With BatchNorm one can be less careful about initial weights.',
          source: 'Ioffe and Szegedy 2015, abstract and section 3.3',
          metric: 'width of the working range of factors, BatchNorm minus none (claimed: above 0)',
          unit: 'decades',
          direction: 'above',
          margin: 0.25,
          differences: minus(widths(batch), widths(none)),
          holds: 'BatchNorm removes the scale in the forward pass; what is left of it is that large weights take small relative steps.',
          fails:
            'The forward pass does not depend on the scale, but steps do: with large weights, the same step turns them too little, with small ones too much.',
        }),
        claim({
          statement: 'With LayerNorm one can be less careful about initial weights.',
          source: 'Ba et al. 2016, section 5.1 and table 1 (invariance to the scale of the weight matrix)',
          metric: 'width of the working range of factors, LayerNorm minus none (claimed: above 0)',
          unit: 'decades',
          direction: 'above',
          margin: 0.25,
          differences: minus(widths(layer), widths(none)),
          holds: 'All weights of a layer were scaled together here, to which LayerNorm is invariant like BatchNorm.',
          fails: 'The forward pass does not depend on the scale, but steps do: with large weights, the same step turns them too little.',
        }),
        claim({
          statement: 'BatchNorm and LayerNorm tolerate the scale of a layer equally well.',
          source: 'Ba et al. 2016, table 1 (both are invariant to it)',
          metric: 'width of the working range of factors, LayerNorm minus BatchNorm (claimed: within half a decade)',
          unit: 'decades',
          direction: 'within',
          margin: 0.5,
          differences: minus(widths(layer), widths(batch)),
          holds: 'The invariances are the same on paper, and nearly so in training.',
          fails:
            'The invariance is of the function at the start. What follows depends on the learning rate, which was tuned for each at factor 1.',
        }),
      ],
      figures: [
        {
          kind: 'lines',
          title: 'Test error against the scale of the initial weights',
          caption: 'Error at the end, in evaluation mode; 1 is He et al. 2015. Line: mean over seeds; band: lowest to highest.',
          x: { label: 'factor on the initial weights', log: true },
          y: { label: 'test error, %', log: false },
          series: choices.map((c) => ({
            ...lineOf(c),
            points: points(factors, (i) => scale.seeds.map((seed) => 100 * last(results(spec(scale, rates, c, factors[i]!, seed))).error)),
          })),
        },
      ],
      tables: [
        {
          caption: 'Mean over seeds (range)',
          head: ['arm', 'learning rate', 'working range, decades', 'error at factor 1'],
          rows: choices.map((c) => [
            lineOf(c).name,
            String(rates(tuningName(c))),
            summaryOf(widths(c), (x) => x.toFixed(2)),
            summaryOf(scale.seeds.map((seed) => last(results(spec(scale, rates, c, 1, seed))).error)),
          ]),
        },
      ],
      remarks: [gridRemark],
    };
  },
};
