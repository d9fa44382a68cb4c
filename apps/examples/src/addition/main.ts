import { arange, noGrad, rand, randint, randperm, scope, stack, type Tensor } from '@nabla/core';
import { MSELoss, type PackedSequence, packPaddedSequence } from '@nabla/nn';
import { Adam, clipGradNorm_, OneCycleLR } from '@nabla/optim';
import { main, type Program, type ProgramOptions } from '../program.ts';
import { type Adder, GruAdder, LstmAdder } from './models.ts';

// The adding problem (Hochreiter and Schmidhuber 1997): sequences of numbers, two of which are marked; the answer is the sum
// of those two, so a network has to carry one number over many steps. Here every sequence has a length of its own.

const SHORTEST = 10;
const LONGEST = 30;
const BATCH = 64;

/** Sequences [N, LONGEST, 2] of numbers and marks, filled up behind their lengths [N], and the sums [N, 1]. */
interface Sequences {
  readonly inputs: Tensor;
  readonly lengths: Tensor;
  readonly sums: Tensor;
}

function makeSequences(count: number): Sequences {
  const numbers = rand([count, LONGEST]);
  const lengths = randint(SHORTEST, LONGEST + 1, [count]);
  // One mark in the first half of each sequence and one in the second.
  const half = lengths.div(2);
  const first = rand([count]).mul(half).floor();
  const second = rand([count]).mul(half).add(half).floor();
  const at = arange(LONGEST);
  const marks = at
    .eq(first.unsqueeze(1))
    .logicalOr(at.eq(second.unsqueeze(1)))
    .to('float32');
  return { inputs: stack([numbers, marks], 2), lengths, sums: numbers.mul(marks).sum(1, { keepdim: true }) };
}

/** Some of the sequences without what they were filled up with: no network ever sees it. */
function pack({ inputs, lengths }: Sequences, rows: Tensor): PackedSequence {
  const options = { batchFirst: true, enforceSorted: false };
  return packPaddedSequence(inputs.indexSelect(0, rows), lengths.indexSelect(0, rows), options);
}

const criterion = new MSELoss();

function testError(model: Adder, test: Sequences): number {
  const everything = arange(test.lengths.shape[0]!, { dtype: 'int64' });
  model.eval();
  return noGrad(() => scope(() => criterion.call(model.call(pack(test, everything)), test.sums).item() as number));
}

/** Trains a model and gives its mean squared error on the test sequences. */
function train(name: string, model: Adder, epochs: number, data: Sequences, test: Sequences): number {
  const count = data.lengths.shape[0]!;
  const stepsPerEpoch = Math.floor(count / BATCH);
  const optimizer = new Adam(model.parameters());
  const scheduler = epochs === 0 ? null : new OneCycleLR(optimizer, 0.01, { epochs, stepsPerEpoch });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    const order = randperm(count);
    for (let step = 0; step < stepsPerEpoch; step++) {
      scope(() => {
        const rows = order.narrow(0, step * BATCH, BATCH);
        optimizer.zeroGrad();
        const answers = model.call(pack(data, rows));
        criterion.call(answers, data.sums.indexSelect(0, rows)).backward();
        clipGradNorm_(model.parameters(), 1);
        optimizer.step();
      });
      scheduler?.step();
    }
    console.log(`${name}, epoch ${epoch}: test error ${testError(model, test).toFixed(5)}`);
  }
  return testError(model, test);
}

export const addition: Program<ProgramOptions> = {
  name: 'addition',
  description: 'Teaches recurrent networks to add two marked numbers in sequences of different lengths.',
  epochs: 6,
  run({ epochs }) {
    const data = makeSequences(4096);
    const test = makeSequences(1024);
    const gru = train('GRU', new GruAdder(32), epochs, data, test);
    const lstm = train('LSTM with LayerNorm', new LstmAdder(32), epochs, data, test);
    console.log(`GRU ${gru.toFixed(5)}, LSTM with LayerNorm ${lstm.toFixed(5)}`);
    const guesses = data.sums.mean().expandAs(test.sums);
    return {
      metric: `mean squared error of the ${gru <= lstm ? 'GRU' : 'LSTM'} on test sequences`,
      value: Math.min(gru, lstm),
      target: 0.01,
      better: 'lower',
      baseline: { name: 'the mean of the training sums', value: criterion.call(guesses, test.sums).item() as number },
    };
  },
};

await main(import.meta.url, addition);
