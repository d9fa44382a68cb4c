import { noGrad, type Tensor } from '@nabla/core';
import { init, Linear, Module, ModuleList } from '@nabla/nn';
import { featureNorm, type Norm } from '../norms.ts';
import type { Model, TrainSpec } from '../spec.ts';

/** What a network has to know of the data. */
export interface Geometry {
  /** Height and width of an image, or the features of a step of a sequence. */
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/** The part of a run that decides what is built. */
export type Design<K extends Model['kind'] = Model['kind']> = Pick<TrainSpec, 'arm' | 'variant' | 'seed' | 'weightScale'> & {
  readonly model: Extract<Model, { kind: K }>;
};

/** Hidden layers, each linear, normalized, activated; then a linear layer whose scores are not normalized. */
export class Mlp extends Module {
  readonly layers: ModuleList;
  readonly norms: ModuleList;
  readonly head: Linear<number, number>;
  readonly #activation: 'relu' | 'sigmoid';

  constructor({ model, arm, variant, seed, weightScale }: Design<'mlp'>, { height, width, classes }: Geometry) {
    super();
    const { width: hidden, depth, activation } = model;
    this.#activation = activation;
    const sizes = [height * width, ...new Array<number>(depth).fill(hidden)];
    const layers = sizes.slice(1).map((size, i) => new Linear(sizes[i]!, size));
    this.head = new Linear(hidden, classes);
    for (const layer of layers) {
      initialize(layer, activation === 'relu' ? 'relu' : 'sigmoid', weightScale);
    }
    initialize(this.head, 'linear', 1);
    this.layers = new ModuleList(layers);
    this.norms = new ModuleList(layers.map((_, i) => featureNorm(arm, hidden, variant, 977 * seed + i)));
  }

  /** Images [N, 1, H, W] to scores [N, classes]. */
  forward(x: Tensor): Tensor {
    let h = x.flatten(1) as Tensor;
    const norms = [...this.norms] as unknown as Norm[];
    let i = 0;
    for (const layer of this.layers) {
      const z = norms[i++]!.call((layer as Linear<number, number>).call(h)) as Tensor;
      h = this.#activation === 'relu' ? z.relu() : z.sigmoid();
    }
    return this.head.call(h) as Tensor;
  }
}

/**
 * Weights that keep the spread of what passes (He et al. 2015 before ReLU, Glorot and Bengio 2010 else) times `scale`, and
 * biases of zero. PyTorch's own are smaller, which would be a handicap for networks without normalization alone.
 */
export function initialize(
  layer: { readonly weight: Tensor; readonly bias: Tensor | null },
  before: 'relu' | 'sigmoid' | 'linear',
  scale: number,
): void {
  if (before === 'relu') init.kaimingNormal_(layer.weight, { nonlinearity: 'relu' });
  // The slope of the sigmoid is a quarter at most: Glorot's weights times four keep the spread.
  else init.xavierNormal_(layer.weight, { gain: before === 'sigmoid' ? 4 : 1 });
  if (layer.bias !== null) init.zeros_(layer.bias);
  if (scale !== 1) scaleWeights(layer.weight, scale);
}

/** Multiplies weights that nothing has been computed with yet. */
export function scaleWeights(weight: Tensor, factor: number): void {
  noGrad(() => weight.mul_(factor));
}
