import { arange, type Tensor } from '@nabla/core';
import { Embedding, functional as F, init, Linear, Module, ModuleList } from '@nabla/nn';
import { featureNorm, type Norm } from '../norms.ts';
import type { Arm } from '../spec.ts';
import { type Design, type Geometry, scaleWeights } from './mlp.ts';

/** A normalization of the features of every position of [N, T, features]; BatchNorm's statistics are over samples and positions. */
class PositionNorm extends Module {
  readonly norm: Norm;

  constructor(arm: Arm, features: number) {
    super();
    this.norm = featureNorm(arm, features);
  }

  forward(x: Tensor): Tensor {
    const [n, t, features] = x.shape as unknown as [number, number, number];
    return (this.norm.call(x.reshape([n * t, features])) as Tensor).reshape([n, t, features]) as Tensor;
  }
}

/** Attention to what came before, then a small network at every position; both add to a stream. */
class Block extends Module {
  readonly heads: number;
  readonly qkv: Linear<number, number>;
  readonly projection: Linear<number, number>;
  readonly up: Linear<number, number>;
  readonly down: Linear<number, number>;
  readonly norm1: PositionNorm;
  readonly norm2: PositionNorm;
  readonly #post: boolean;

  constructor(arm: Arm, post: boolean, width: number, heads: number) {
    super();
    this.#post = post;
    this.heads = heads;
    this.qkv = new Linear(width, 3 * width);
    this.projection = new Linear(width, width);
    this.up = new Linear(width, 4 * width);
    this.down = new Linear(4 * width, width);
    this.norm1 = new PositionNorm(arm, width);
    this.norm2 = new PositionNorm(arm, width);
  }

  #attend(x: Tensor): Tensor {
    const [n, t, width] = x.shape as unknown as [number, number, number];
    const split = (y: Tensor): Tensor => y.reshape([n, t, this.heads, width / this.heads]).transpose(1, 2) as Tensor;
    const [q, k, v] = (this.qkv.call(x) as Tensor).chunk(3, -1).map((y) => split(y as Tensor)) as [Tensor, Tensor, Tensor];
    const mixed = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    return this.projection.call(mixed.transpose(1, 2).reshape([n, t, width])) as Tensor;
  }

  #think(x: Tensor): Tensor {
    return this.down.call((this.up.call(x) as Tensor).relu()) as Tensor;
  }

  forward(x: Tensor): Tensor {
    if (this.#post) {
      const h = this.norm1.call(x.add(this.#attend(x)));
      return this.norm2.call(h.add(this.#think(h)));
    }
    const h = x.add(this.#attend(this.norm1.call(x)));
    return h.add(this.#think(this.norm2.call(h)));
  }
}

/**
 * A transformer that predicts the next character. With `post` each sum is normalized (Vaswani et al. 2017); else each branch
 * normalizes what it reads, and the stream is normalized once before the head (Xiong et al. 2020, figure 1).
 */
export class Transformer extends Module {
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly blocks: ModuleList;
  readonly final: PositionNorm;
  readonly head: Linear<number, number>;

  constructor({ model, arm, variant, weightScale }: Design<'transformer'>, { classes }: Geometry) {
    super();
    const { width, layers, heads, context } = model;
    const post = variant === 'post';
    this.tokens = new Embedding(classes, width);
    this.positions = new Embedding(context, width);
    this.blocks = new ModuleList(Array.from({ length: layers }, () => new Block(arm, post, width, heads)));
    this.final = new PositionNorm(post ? 'none' : arm, width);
    this.head = new Linear(width, classes);
    // Glorot's weights, as Xiong et al. (2020) assume, and embeddings with a deviation of width^(-1/2).
    for (const m of this.modules() as unknown[]) {
      if (m instanceof Linear) {
        init.xavierNormal_(m.weight);
        init.zeros_(m.bias!);
        if (weightScale !== 1 && m !== this.head) scaleWeights(m.weight, weightScale);
      }
      if (m instanceof Embedding) init.normal_(m.weight, 0, width ** -0.5);
    }
  }

  /** Codes [N, T] to scores of the next ones, [N * T, classes]. */
  forward(codes: Tensor): Tensor {
    const places = arange(codes.shape[1]!, { dtype: 'int64', device: codes.device });
    let h = (this.tokens.call(codes) as Tensor).add(this.positions.call(places) as Tensor) as Tensor;
    for (const block of this.blocks) h = (block as Block).call(h);
    return this.head.call(this.final.call(h).flatten(0, 1)) as Tensor;
  }
}
