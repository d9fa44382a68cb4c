import { randn, type Tensor, zeros } from '@nabla/core';
import {
  Linear,
  Module,
  MultiheadAttention,
  Parameter,
  registerParametrization,
  removeParametrizations,
  TransformerEncoder,
  TransformerEncoderLayer,
} from '@nabla/nn';

/** Reads an image [n, 28, 28] as 14 tokens of two rows each. Field for field the class in scripts/make-lora-model.py. */
export class DigitReader extends Module {
  readonly embed = new Linear(56, 64);
  readonly position = new Parameter(zeros([14, 64]));
  readonly encoder = new TransformerEncoder(new TransformerEncoderLayer(64, 4, { dimFeedforward: 128, dropout: 0, batchFirst: true }), 2);
  readonly head = new Linear(64, 10);

  forward(images: Tensor): Tensor {
    const tokens = this.embed.call(images.reshape([-1, 14, 56])).add(this.position);
    return this.head.call(this.encoder.call(tokens).mean(1));
  }
}

/** W + B A: a change of rank `rank` to a weight (Hu et al. 2021). B starts at zero, so that at first nothing is changed. */
class LowRank extends Module {
  readonly a: Parameter;
  readonly b: Parameter;

  constructor(weight: Tensor, rank: number) {
    super();
    const [rows, columns] = weight.shape as readonly [number, number];
    this.a = new Parameter(randn([rank, columns]).div(Math.sqrt(columns)));
    this.b = new Parameter(zeros([rows, rank]));
  }

  forward(weight: Tensor): Tensor {
    return weight.add(this.b.matmul(this.a));
  }
}

/** A weight of a layer. */
export type Place = readonly [layer: Module, name: string];

/** Freezes a model and gives every weight of its linear maps and attentions an adapter. */
export function addAdapters(model: Module, rank: number): readonly Place[] {
  model.requiresGrad_(false);
  const places: Place[] = [];
  for (const layer of model.modules()) {
    if (layer instanceof Linear) places.push([layer, 'weight']);
    // Queries, keys and values come from one matrix, which is no layer of its own: a parametrization reaches it all the same.
    if (layer instanceof MultiheadAttention) places.push([layer, 'inProjWeight']);
  }
  for (const [layer, name] of places) {
    const weight = (layer as unknown as Record<string, Tensor>)[name]!;
    registerParametrization(layer, name, new LowRank(weight, rank));
  }
  return places;
}

/** Puts what the adapters learned into the weights: the model has the layers and the keys that it had before. */
export function mergeAdapters(places: readonly Place[]): void {
  for (const [layer, name] of places) removeParametrizations(layer, name);
}
