import { join } from 'node:path';
import { argv } from 'node:process';
import { manualSeed, randint, type Tensor } from '@nabla/core';
import { saveSafetensors } from '@nabla/io/node';
import { BatchNorm1d, Conv1d, Embedding, LayerNorm, Linear, LSTM, Module, MultiheadAttention, Sequential } from '@nabla/nn';
import { Adam } from '@nabla/optim';

/** The model of packages/testing/scripts/record-files.py, line by line. */
export class Model extends Module {
  embedding = new Embedding(5, 4);
  conv = new Conv1d(4, 4, 3, { padding: 1 });
  norm = new BatchNorm1d(4);
  lstm = new LSTM(4, 3, { numLayers: 2, bidirectional: true, batchFirst: true });
  attention = new MultiheadAttention(6, 2, { batchFirst: true });
  head = new Sequential(new LayerNorm(6), new Linear(6, 2));

  forward(tokens: Tensor): Tensor {
    const x = this.norm.call(this.conv.call(this.embedding.call(tokens).transpose(1, 2)) as Tensor).transpose(1, 2) as Tensor;
    const [h] = this.lstm.call(x);
    const [y] = this.attention.call(h, h, h);
    return this.head.call(y) as Tensor;
  }
}

/** A model after some steps of training, so that running statistics are not what they were at first, and what it computes. */
export function trained(): { model: Model; input: Tensor; output: Tensor } {
  manualSeed(5);
  const model = new Model();
  const optimizer = new Adam(model.parameters(), { lr: 0.05 });
  const draw = (): Tensor => randint(0, 5, [8, 6]) as unknown as Tensor;
  for (let step = 0; step < 20; step++) {
    optimizer.zeroGrad();
    const tokens = draw();
    const wanted = tokens.unsqueeze(-1).to('float32') as Tensor;
    (model.call(tokens) as Tensor)
      .sub(wanted as never)
      .square()
      .mean()
      .backward();
    optimizer.step();
  }
  const input = draw();
  return { model: model.eval(), input, output: (model.call(input) as Tensor).detach() as Tensor };
}

/** What packages/testing/scripts/check-files.py calls: writes the state of a model, an input and its output into a folder. */
async function main(folder: string): Promise<void> {
  const { model, input, output } = trained();
  await saveSafetensors(join(folder, 'model.safetensors'), model.stateDict(), { metadata: { format: 'pt' } });
  await saveSafetensors(join(folder, 'run.safetensors'), { input, output });
}

if (argv[1] === import.meta.filename && argv[2] !== undefined) await main(argv[2]);
