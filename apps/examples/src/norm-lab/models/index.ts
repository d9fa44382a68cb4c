import { manualSeed, type Tensor } from '@nabla/core';
import type { Module } from '@nabla/nn';
import { Convnet } from './convnet.ts';
import { type Design, type Geometry, Mlp } from './mlp.ts';
import { Recurrent, type Sequences } from './recurrent.ts';
import { Transformer } from './transformer.ts';

/** The network of a run. Normalizations draw no random numbers, so one seed gives every arm the same weights. */
export function buildModel(design: Design, geometry: Geometry): Module {
  manualSeed(design.seed);
  const { model } = design;
  switch (model.kind) {
    case 'mlp':
      return new Mlp({ ...design, model }, geometry);
    case 'convnet':
      return new Convnet({ ...design, model }, geometry);
    case 'transformer':
      return new Transformer({ ...design, model }, geometry);
    default:
      return new Recurrent({ ...design, model }, geometry);
  }
}

/** The scores of a network for samples of its task. */
export function scoresOf(model: Module, input: Tensor | Sequences): Tensor {
  // Which network takes which input is the task's business: a module in general is known to take tensors.
  return model.call(input as Tensor) as Tensor;
}
