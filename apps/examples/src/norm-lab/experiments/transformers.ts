import { type Claim, claim } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { TrainResult, TrainSpec } from '../spec.ts';
import { last, minus, papers, points, summaryOf } from './common.ts';
import { type Experiment, fields, type Rates, type Tuning, tuningName, type Untuned } from './experiment.ts';

/** An arm under the name that says where it normalizes. */
interface Kind extends Choice {
  readonly name: string;
  readonly style: string;
}
const none: Kind = { arm: 'none', name: 'none', style: 'none' };
const pre: Kind = { arm: 'layer', name: 'LayerNorm, before (pre-LN)', style: 'layer' };
const post: Kind = { arm: 'layer', variant: 'post', name: 'LayerNorm, after (post-LN)', style: 'layer post' };
const batch: Kind = { arm: 'batch', name: 'BatchNorm, before', style: 'batch' };
const rms: Kind = { arm: 'rms', name: 'RMSNorm, before', style: 'rms' };
const kinds = [none, pre, post, batch, rms];

const warmups = { warm: 0.1, cold: 0 } as const;
type Start = keyof typeof warmups;
const starts = ['warm', 'cold'] as const;

function base(scale: Scale, kind: Kind, start: Start): Untuned {
  return {
    kind: 'train',
    task: 'text',
    model: scale.of(
      { kind: 'transformer', width: 16, layers: 1, heads: 2, context: 16 },
      { kind: 'transformer', width: 32, layers: 2, heads: 2, context: 24 },
      { kind: 'transformer', width: 32, layers: 4, heads: 2, context: 32 },
    ),
    ...fields(kind),
    data: scale.of({ train: 500, held: 20, side: 0 }, { train: 20_000, held: 100, side: 0 }, { train: 40_000, held: 160, side: 0 }),
    optimizer: 'adam',
    batch: scale.of(4, 8, 12),
    samples: scale.of(32, 640, 3000),
    warmup: warmups[start],
    weightScale: 1,
    checks: scale.of(2, 5, 10),
  };
}

function spec(scale: Scale, rates: Rates, kind: Kind, start: Start, seed: number): TrainSpec {
  return { ...base(scale, kind, start), lr: rates(tuningName(kind, start)), seed, part: 'test' };
}

/** Nats for each character that do not matter. */
const margin = 0.02;

export const transformers: Experiment = {
  name: 'transformers',
  title: 'Transformers',
  question: 'Where should a transformer normalize, with what, and does it need a warm-up of the learning rate?',
  protocol: (scale) => {
    const { model, samples, batch: size } = base(scale, pre, 'warm');
    const sizes =
      model.kind === 'transformer'
        ? `${model.layers} layers of width ${model.width}, ${model.heads} heads, windows of ${model.context} characters`
        : '';
    return `A transformer that predicts the next character of a text: ${sizes}; Adam (0.9, 0.98) without clipping, ${samples} windows in batches of ${size}. Warm-up over the first tenth of the run, or none; then the rate falls linearly. Each of the ten combinations has its own learning rate, by validation loss. Loss in evaluation mode on text that comes after what was trained on; a run that does worse than guessing, or leaves the finite numbers, counts as guessing.`;
  },
  sources: [papers.xiong, papers.zhang, papers.shen],
  tunings: (scale) => {
    const all: Record<string, Tuning> = {};
    const grid = scale.of([0.01], [0.001, 0.003, 0.01, 0.03], [0.001, 0.003, 0.01, 0.03]);
    for (const start of starts)
      for (const kind of kinds) all[tuningName(kind, start)] = { base: base(scale, kind, start), grid, by: 'loss' };
    return all;
  },
  runs: (scale, rates) => scale.seeds.flatMap((seed) => starts.flatMap((start) => kinds.map((k) => spec(scale, rates, k, start, seed)))),
  analyse: (scale, rates, results, tuned) => {
    const of = (kind: Kind, start: Start): TrainResult[] => scale.seeds.map((seed) => results(spec(scale, rates, kind, start, seed)));
    const losses = (kind: Kind, start: Start): number[] => of(kind, start).map((r) => last(r).loss);
    const gain = (kind: Kind): number[] => minus(losses(kind, 'cold'), losses(kind, 'warm'));
    const rows = starts.flatMap((start) => kinds.map((k) => ({ k, start, name: `${k.name}${start === 'warm' ? '' : ', no warm-up'}` })));
    const claims: Claim[] = [
      claim({
        statement: 'A post-LN transformer needs a warm-up more than a pre-LN one.',
        source: 'Xiong et al. 2020, section 3 and figure 2',
        metric: 'what warm-up gains in test loss, post-LN minus pre-LN (claimed: above 0)',
        unit: 'nats',
        direction: 'above',
        margin,
        differences: minus(gain(post), gain(pre)),
        holds: 'Although each has its own rate with and without warm-up.',
        fails:
          'Each combination has its own learning rate here, and one without warm-up can take a smaller one; the paper compares at given rates. And instability grows with depth, of which there is little.',
      }),
      claim({
        statement: 'A pre-LN transformer needs no warm-up.',
        source: 'Xiong et al. 2020, section 4',
        metric: `test loss, pre-LN without warm-up minus with (claimed: within ${margin} nats)`,
        unit: 'nats',
        direction: 'within',
        margin,
        differences: gain(pre),
        holds: 'Warm-up can be left out.',
        fails:
          'Warm-up also changes how much of the run is spent at a high rate, and Adam’s second moments are poor in its first steps whatever is normalized.',
      }),
      claim({
        statement: 'RMSNorm does as well as LayerNorm.',
        source: 'Zhang and Sennrich 2019, section 6',
        metric: `test loss, RMSNorm minus LayerNorm, both before and with warm-up (claimed: within ${margin} nats)`,
        unit: 'nats',
        direction: 'within',
        margin,
        differences: minus(losses(rms, 'warm'), losses(pre, 'warm')),
        holds: 'Removing the mean, and the shift, is not needed.',
        fails: 'Their networks are trained until they stop improving; after a short training a difference in speed shows as one in loss.',
      }),
      claim({
        statement: 'BatchNorm is worse than LayerNorm in a transformer.',
        source: 'Shen et al. 2020, sections 1 and 3',
        metric: 'test loss, BatchNorm minus LayerNorm, both before and with warm-up (claimed: above 0)',
        unit: 'nats',
        direction: 'above',
        margin,
        differences: minus(losses(batch, 'warm'), losses(pre, 'warm')),
        holds:
          'Statistics of text vary from batch to batch, as they say; and in training each position learns something of what comes later through them.',
        fails:
          'They find statistics of words to vary much from batch to batch. Characters are few and every batch holds all of the common ones, so that its statistics are nearly those of the text.',
      }),
      claim({
        statement: 'A pre-LN transformer is better than one without normalization.',
        source: 'common practice; Xiong et al. 2020, section 1',
        metric: 'test loss, pre-LN minus none, with warm-up (claimed: below 0)',
        unit: 'nats',
        direction: 'below',
        margin,
        differences: minus(losses(pre, 'warm'), losses(none, 'warm')),
        holds: 'Even in so shallow a network.',
        fails:
          'So few layers add up to a stream whose size hardly grows: what normalization keeps in check in deep transformers does not arise. In so short a run a normalized stream may also be a handicap: it bounds the scores, which can grow only as fast as the weights of the head.',
      }),
    ];
    return {
      claims,
      figures: [
        ...starts.map((start) => ({
          kind: 'lines' as const,
          title: start === 'warm' ? 'With warm-up' : 'Without warm-up',
          caption: 'Loss on held-out text, evaluation mode. Line: mean over seeds; band: lowest to highest.',
          x: { label: 'windows seen', log: false },
          y: { label: 'loss, nats for each character', log: false },
          series: kinds.map((k) => ({
            name: k.name,
            style: k.style,
            points: points(
              of(k, start)[0]!.checks.map((c) => c.samples),
              (i) => of(k, start).map((r) => r.checks[i]!.loss),
            ),
          })),
        })),
        ...starts.map((start) => ({
          kind: 'lines' as const,
          title: `Validation loss against the learning rate, ${start === 'warm' ? 'with' : 'without'} warm-up`,
          caption: 'Mean over the seeds that the rate was chosen with.',
          x: { label: 'learning rate', log: true },
          y: { label: 'loss, nats for each character', log: false },
          series: kinds.map((k) => ({
            name: k.name,
            style: k.style,
            points: tuned(tuningName(k, start)).map(({ rate, value }) => ({ x: rate, y: value, low: value, high: value })),
          })),
        })),
      ],
      tables: [
        {
          caption: 'Mean over seeds (range)',
          head: ['arm', 'learning rate', 'test loss, nats', 'runs that diverged'],
          rows: rows.map(({ k, start, name }) => [
            name,
            String(rates(tuningName(k, start))),
            summaryOf(losses(k, start), (x) => x.toFixed(3)),
            String(of(k, start).filter((r) => r.diverged).length),
          ]),
        },
      ],
      remarks: [
        'BatchNorm computes its statistics over all positions of a batch: in training each position sees something of what comes after it. Only evaluation mode, which is what is reported, is an honest prediction.',
      ],
    };
  },
};
