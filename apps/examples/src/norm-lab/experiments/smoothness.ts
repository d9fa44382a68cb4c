import { claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { TrainResult, TrainSpec } from '../spec.ts';
import { errorCurves, last, lineOf, minus, papers, probed, sgdRates, smallNet, summaryOf, tuningsOf } from './common.ts';
import { type Experiment, type Rates, tuningName, type Untuned } from './experiment.ts';

const none: Choice = { arm: 'none' };
const batch: Choice = { arm: 'batch' };
const noisy: Choice = { arm: 'batch', variant: 'noisy' };
const layer: Choice = { arm: 'layer' };
const choices = [none, batch, noisy, layer];

function base(scale: Scale, choice: Choice): Untuned {
  return {
    ...smallNet(scale, choice),
    model: { kind: 'mlp', width: 64, depth: 5, activation: 'relu' },
    samples: scale.of(320, 6400, 16_000),
    checks: scale.of(2, 8, 10),
  };
}

function spec(scale: Scale, rates: Rates, choice: Choice, seed: number): TrainSpec {
  return {
    ...base(scale, choice),
    lr: rates(tuningName(choice)),
    seed,
    part: 'test',
    probe: 'landscape',
    probeStep: rates(tuningName(none)),
  };
}

const quantities = [
  ['variation', 'variation of the loss'],
  ['predictiveness', 'change of the gradient, relative'],
  ['smoothness', 'effective smoothness'],
  ['shift', 'internal covariate shift'],
] as const;

export const smoothness: Experiment = {
  name: 'smoothness',
  title: 'Smoothness of the loss, and internal covariate shift',
  question: 'Does BatchNorm help because it reduces internal covariate shift, or because it smooths the loss?',
  protocol: (scale) =>
    `Five hidden layers of 64 ReLU units, batches of 32, every arm at its own rate. The noisy arm shifts and scales every unit after BatchNorm at random in every step, which is internal covariate shift by construction (Santurkar et al. 2018, section 2.1). At ${base(scale, none).checks} times of the run, on one fixed batch in training mode, the loss and its gradient are computed at steps of 1/2, 1, 2 and 4 times the bare network’s learning rate along the gradient: the same lengths for all arms. Variation: largest minus smallest loss on the way. Change of the gradient: the largest, relative to the gradient. Effective smoothness: the largest change of the gradient for each unit of the way (smaller is smoother). Internal covariate shift, by definition 2.1: how far the middle layer’s gradient turns (one minus the cosine) when the layers before it take their step.`,
  sources: [papers.santurkar, papers.ioffe],
  tunings: (scale) => tuningsOf(choices, (c) => base(scale, c), sgdRates, 'error'),
  runs: (scale, rates) => scale.seeds.flatMap((seed) => choices.map((c) => spec(scale, rates, c, seed))),
  analyse: (scale, rates, results) => {
    const of = (c: Choice): TrainResult[] => scale.seeds.map((seed) => results(spec(scale, rates, c, seed)));
    const known = (c: Choice, name: string): number[] => probed(of(c), name);
    const paired = (a: Choice, b: Choice, name: string, difference: (x: number, y: number) => number): number[] =>
      known(a, name).map((x, i) => difference(x, known(b, name)[i]!));
    const errors = (c: Choice): number[] => of(c).map((r) => last(r).error);
    const logRatio = (x: number, y: number): number => Math.log2(x / y);
    const apart = (x: number, y: number): number => x - y;
    return {
      claims: [
        claim({
          statement: 'With BatchNorm gradients change less along a step: the loss is smoother.',
          source: 'Santurkar et al. 2018, figure 4c',
          metric: 'log2 of the ratio of effective smoothness, BatchNorm to none (claimed: below 0)',
          unit: 'log',
          direction: 'below',
          margin: 0.15,
          differences: paired(batch, none, 'smoothness', logRatio),
          holds: 'On steps of equal length.',
          fails:
            'With weights from He et al. a shallow bare network has a smooth loss itself; and BatchNorm’s gradients are larger where weights are small, which counts against it in a measure that is not relative.',
        }),
        claim({
          statement: 'With BatchNorm the gradient predicts better what comes along the step.',
          source: 'Santurkar et al. 2018, figure 4b',
          metric: 'log2 of the ratio of the largest relative change of the gradient, BatchNorm to none (claimed: below 0)',
          unit: 'log',
          direction: 'below',
          margin: 0.15,
          differences: paired(batch, none, 'predictiveness', logRatio),
          holds: 'The gradient here says more of the gradient a step away.',
          fails: 'Steps of equal length reach further in a network whose gradients are larger, and turn its gradient more.',
        }),
        claim({
          statement: 'BatchNorm reduces internal covariate shift.',
          source: 'Ioffe and Szegedy 2015, title and section 2; denied by Santurkar et al. 2018, section 2.2 and figure 3',
          metric: 'turn of the middle layer’s gradient by the step of the layers before it, BatchNorm minus none (claimed: below 0)',
          unit: 'cosine',
          direction: 'below',
          margin: 0.01,
          differences: paired(batch, none, 'shift', apart),
          holds: 'Measured as Santurkar et al. define it, it is smaller, unlike in their networks.',
          fails:
            'As Santurkar et al. found: what BatchNorm fixes are two moments of the distribution, while the dependence of one layer’s gradient on the others remains, and BatchNorm adds the statistics to it.',
        }),
        claim({
          statement: 'Noise after BatchNorm makes internal covariate shift larger.',
          source: 'Santurkar et al. 2018, section 2.1 and figure 2 (a check of the intervention)',
          metric: 'turn of the middle layer’s gradient, noisy BatchNorm minus BatchNorm (claimed: above 0)',
          unit: 'cosine',
          direction: 'above',
          margin: 0.01,
          differences: paired(noisy, batch, 'shift', apart),
          holds: 'The intervention does what it should.',
          fails: 'The noise does not show in this measure, so that the next claim says little about internal covariate shift.',
        }),
        claim({
          statement: 'With that noise, BatchNorm still trains better than no normalization.',
          source: 'Santurkar et al. 2018, section 2.1 and figure 2',
          metric: 'test error, noisy BatchNorm minus none (claimed: below 0)',
          unit: 'points',
          direction: 'below',
          margin: 0.005,
          differences: minus(errors(noisy), errors(none)),
          holds: 'Internal covariate shift does not explain what BatchNorm gains.',
          fails:
            'The noise costs about as much as BatchNorm gains, or more: this network is small, and was trained for a short time. That internal covariate shift is what hurts does not follow, as noise of this size also hides the signal.',
        }),
      ],
      figures: [
        {
          kind: 'lines',
          title: 'Test error during training',
          caption: 'Evaluation mode, in which no noise is added. Line: mean over seeds; band: lowest to highest.',
          x: { label: 'samples seen', log: false },
          y: { label: 'test error, %', log: true },
          series: errorCurves(choices.map((choice) => ({ choice, results: of(choice) }))),
        },
        ...(['smoothness', 'predictiveness', 'shift'] as const).map((name) => ({
          kind: 'dots' as const,
          title: {
            smoothness: 'Effective smoothness (smaller is smoother)',
            predictiveness: 'Relative change of the gradient along a step',
            shift: 'Internal covariate shift',
          }[name],
          caption: 'Means over the run: one dot for each seed, and their mean.',
          x: { label: quantities.find(([q]) => q === name)![1], log: name !== 'shift' },
          rows: choices.map((c) => ({ ...lineOf(c), values: known(c, name) })),
        })),
      ],
      tables: [
        {
          caption: 'Mean over seeds (range)',
          head: ['arm', 'learning rate', 'test error', ...quantities.map(([, label]) => label)],
          rows: choices.map((c) => [
            lineOf(c).name,
            String(rates(tuningName(c))),
            summaryOf(errors(c)),
            ...quantities.map(([q]) => summaryOf(known(c, q), (x) => x.toPrecision(3))),
          ]),
        },
      ],
      remarks: [],
    };
  },
};
