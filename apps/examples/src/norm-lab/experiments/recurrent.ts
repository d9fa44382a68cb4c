import { claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { TrainResult, TrainSpec } from '../spec.ts';
import { errorCurves, last, lineOf, minus, papers, summaryOf } from './common.ts';
import { type Experiment, fields, type Rates, type Tuning, tuningName, type Untuned } from './experiment.ts';

const cells = ['rnn', 'lstm'] as const;
type Cell = (typeof cells)[number];
const cellNames = { rnn: 'RNN', lstm: 'LSTM' } as const;

const none: Choice = { arm: 'none' };
const batch: Choice = { arm: 'batch' };
const shared: Choice = { arm: 'batch', variant: 'shared' };
const layer: Choice = { arm: 'layer' };
const choices = [none, batch, shared, layer];

function base(scale: Scale, cell: Cell, choice: Choice): Untuned {
  return {
    kind: 'train',
    task: 'rows',
    model: { kind: cell, hidden: scale.of(8, 32, 32) },
    ...fields(choice),
    data: scale.of({ train: 300, held: 100, side: 14 }, { train: 3000, held: 500, side: 14 }, { train: 8000, held: 1000, side: 14 }),
    optimizer: 'adam',
    batch: 32,
    samples: scale.of(128, 2240, 16_000),
    warmup: 0,
    weightScale: 1,
    checks: scale.of(2, 5, 10),
  };
}

function spec(scale: Scale, rates: Rates, cell: Cell, choice: Choice, seed: number): TrainSpec {
  return { ...base(scale, cell, choice), lr: rates(tuningName(choice, cell)), seed, part: 'test' };
}

export const recurrent: Experiment = {
  name: 'recurrent',
  title: 'Recurrent networks on sequences of different lengths',
  question: 'Which normalization serves a recurrent network?',
  protocol: (scale) =>
    `Digits of 14 x 14 pixels are read row by row, from the first row with ink to the last, followed by up to six rows of faint noise: sequences of many lengths in one batch, whose class has to be remembered. An RNN (tanh) and an LSTM of 32 units, Adam with gradients clipped at norm 1, ${base(scale, 'rnn', none).samples} samples in batches of 32; one learning rate for each arm and cell, by validation error. BatchNorm computes statistics over the sequences that have the step; its running statistics are separate for every step, or shared by all; its scale starts at 0.1 (Cooijmans et al. 2017).`,
  sources: [papers.ba, papers.cooijmans],
  tunings: (scale) => {
    const all: Record<string, Tuning> = {};
    const grid = scale.of([0.01], [0.003, 0.01, 0.03], [0.001, 0.003, 0.01, 0.03]);
    for (const cell of cells) for (const c of choices) all[tuningName(c, cell)] = { base: base(scale, cell, c), grid, by: 'error' };
    return all;
  },
  runs: (scale, rates) => scale.seeds.flatMap((seed) => cells.flatMap((cell) => choices.map((c) => spec(scale, rates, cell, c, seed)))),
  analyse: (scale, rates, results) => {
    const of = (cell: Cell, c: Choice): TrainResult[] => scale.seeds.map((seed) => results(spec(scale, rates, cell, c, seed)));
    const errors = (cell: Cell, c: Choice): number[] => of(cell, c).map((r) => last(r).error);
    return {
      claims: cells.flatMap((cell) => {
        const name = cellNames[cell];
        return [
          claim({
            statement: `LayerNorm improves an ${name}.`,
            source: 'Ba et al. 2016, section 6 (recurrent networks throughout)',
            metric: `test error, ${name} with LayerNorm minus without (claimed: below 0)`,
            unit: 'points',
            direction: 'below',
            margin: 0.01,
            differences: minus(errors(cell, layer), errors(cell, none)),
            holds: 'The state keeps its size however long the sequence is.',
            fails:
              'Sequences of twenty steps, an orthogonal recurrent matrix, clipped gradients and a tuned rate keep the bare network stable too; and LayerNorm takes the size of the state away, in which something could be remembered.',
          }),
          claim({
            statement: `BatchNorm improves an ${name}.`,
            source: 'Cooijmans et al. 2017, section 5.1 (sequential MNIST)',
            metric: `test error, ${name} with BatchNorm (statistics for each step) minus without (claimed: below 0)`,
            unit: 'points',
            direction: 'below',
            margin: 0.01,
            differences: minus(errors(cell, batch), errors(cell, none)),
            holds: 'With statistics for each step and a small scale at the start, as they advise.',
            fails:
              'Their sequences all end at the same step. Here later steps have ever fewer sequences, so that the statistics at which most answers are read are the noisiest; and a scale that starts at 0.1 starts slowly.',
          }),
          claim({
            statement: `LayerNorm is better than BatchNorm in an ${name}.`,
            source: 'Ba et al. 2016, sections 1 and 3',
            metric: `test error, ${name} with LayerNorm minus with BatchNorm for each step (claimed: below 0)`,
            unit: 'points',
            direction: 'below',
            margin: 0.01,
            differences: minus(errors(cell, layer), errors(cell, batch)),
            holds: 'It has no statistics that depend on how many sequences are still running.',
            fails: 'The statistics of batches were good enough, or their noise helped on typefaces that were never seen.',
          }),
          claim({
            statement: `In an ${name}, BatchNorm needs statistics of its own for every step.`,
            source: 'Cooijmans et al. 2017, section 3',
            metric: `test error, ${name} with shared running statistics minus with those for each step (claimed: above 0)`,
            unit: 'points',
            direction: 'above',
            margin: 0.01,
            differences: minus(errors(cell, shared), errors(cell, batch)),
            holds: 'The first steps after the empty state have other statistics than the later ones, and one average fits none.',
            fails: 'Steps far from the start are alike, and one set of statistics is averaged over more of them.',
          }),
        ];
      }),
      figures: cells.map((cell) => ({
        kind: 'lines' as const,
        title: `Test error of the ${cellNames[cell]}`,
        caption: 'Evaluation mode. Line: mean over seeds; band: lowest to highest.',
        x: { label: 'samples seen', log: false },
        y: { label: 'test error, %', log: false },
        series: errorCurves(choices.map((choice) => ({ choice, results: of(cell, choice) }))),
      })),
      tables: [
        {
          caption: 'Test error at the end, mean over seeds (range)',
          head: ['arm', 'RNN', 'rate', 'LSTM', 'rate'],
          rows: choices.map((c) => [
            lineOf(c).name,
            ...cells.flatMap((cell) => [summaryOf(errors(cell, c)), String(rates(tuningName(c, cell)))]),
          ]),
        },
      ],
      remarks: [
        'A sequence that is alone at its last steps has no batch to take statistics of: BatchNorm uses its running statistics there.',
      ],
    };
  },
};
