import { cat, type Tensor, zeros } from '@nabla/core';
import { Buffer, functional as F, init, LayerNorm, Linear, Module, Parameter } from '@nabla/nn';
import type { Arm, Variant } from '../spec.ts';
import { type Design, type Geometry, scaleWeights } from './mlp.ts';

/** Sequences [N, T, features], longest first, and how many of them have a step t. */
export interface Sequences {
  readonly x: Tensor;
  readonly running: readonly number[];
}

/**
 * BatchNorm inside of a recurrence (Cooijmans et al. 2017): every step of the sequence has running statistics of its own,
 * or all share one set; scale and shift are shared by all steps. The scale starts at 0.1, which they found necessary.
 */
class StepBatchNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly means: readonly Buffer[];
  readonly variances: readonly Buffer[];

  constructor(features: number, sets: number) {
    super();
    this.weight = new Parameter(init.constant_(zeros([features]), 0.1));
    this.bias = new Parameter(zeros([features]));
    this.means = Array.from({ length: sets }, () => new Buffer(zeros([features])));
    this.variances = Array.from({ length: sets }, () => new Buffer(init.ones_(zeros([features]))));
  }

  forward(x: Tensor, t: number): Tensor {
    const set = Math.min(t, this.means.length - 1);
    // The longest sequence of a batch may be alone at its last steps, and one value has no variance.
    const own = this.training && x.shape[0]! > 1;
    return F.batchNorm(x, this.means[set]!, this.variances[set]!, this.weight, this.bias, own);
  }
}

class StepLayerNorm extends Module {
  readonly norm: LayerNorm<number>;

  constructor(features: number) {
    super();
    this.norm = new LayerNorm(features);
  }

  forward(x: Tensor, _t: number): Tensor {
    return this.norm.call(x);
  }
}

class StepBias extends Module {
  readonly bias: Parameter;

  constructor(features: number) {
    super();
    this.bias = new Parameter(zeros([features]));
  }

  forward(x: Tensor, _t: number): Tensor {
    return x.add(this.bias);
  }
}

class StepIdentity extends Module {
  forward(x: Tensor, _t: number): Tensor {
    return x;
  }
}

interface StepNorm extends Module {
  forward(x: Tensor, t: number): Tensor;
}

/** Without normalization one bias is left where normalizations have their shift. */
function stepNorm(arm: Arm, variant: Variant | undefined, features: number, steps: number, shifted: boolean): StepNorm {
  if (arm === 'batch') return new StepBatchNorm(features, variant === 'shared' ? 1 : steps);
  if (arm === 'layer') return new StepLayerNorm(features);
  return shifted ? new StepBias(features) : new StepIdentity();
}

/**
 * A recurrent network over sequences of different lengths, and a linear layer that reads the last state of each.
 *
 * RNN: h = tanh(norm(W x) + norm(U h)). LSTM: the four gates are norm(W x) + norm(U h), and the memory is normalized before
 * it is read: Cooijmans et al. (2017, equations 6 to 8) with BatchNorm, Ba et al. (2016, equations 20 to 22) with LayerNorm.
 */
export class Recurrent extends Module {
  readonly hidden: number;
  readonly input: Linear<number, number>;
  readonly recurrent: Linear<number, number>;
  readonly normInput: StepNorm;
  readonly normRecurrent: StepNorm;
  readonly normMemory: StepNorm;
  readonly head: Linear<number, number>;
  readonly #lstm: boolean;

  /** The height of the geometry is the number of steps of the longest sequence. */
  constructor({ model, arm, variant, weightScale }: Design<'rnn' | 'lstm'>, { height: steps, width: features, classes }: Geometry) {
    super();
    const { hidden } = model;
    this.#lstm = model.kind === 'lstm';
    this.hidden = hidden;
    const wide = this.#lstm ? 4 * hidden : hidden;
    this.input = new Linear(features, wide, { bias: false });
    this.recurrent = new Linear(hidden, wide, { bias: false });
    this.head = new Linear(hidden, classes);
    init.xavierNormal_(this.input.weight);
    // Orthogonal: powers of the matrix neither explode nor vanish (Saxe et al. 2014), which helps most without normalization.
    init.orthogonal_(this.recurrent.weight);
    if (weightScale !== 1) for (const layer of [this.input, this.recurrent]) scaleWeights(layer.weight, weightScale);
    this.normInput = stepNorm(arm, variant, wide, steps, true);
    this.normRecurrent = stepNorm(arm, variant, wide, steps, false);
    this.normMemory = this.#lstm ? stepNorm(arm, variant, hidden, steps, false) : new StepIdentity();
  }

  /** The state after a step, and the memory: that of the RNN is its state. */
  #step(fromInput: Tensor, h: Tensor, c: Tensor, t: number): [Tensor, Tensor] {
    const sum = (this.normInput.call(fromInput, t) as Tensor).add(this.normRecurrent.call(this.recurrent.call(h), t) as Tensor);
    if (!this.#lstm) {
      const next = sum.tanh();
      return [next, next];
    }
    const [i, f, g, o] = sum.chunk(4, 1) as [Tensor, Tensor, Tensor, Tensor];
    // One more on the gate that remembers: a cell should start out keeping what it holds (Jozefowicz et al. 2015).
    const memory = f.add(1).sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
    return [o.sigmoid().mul((this.normMemory.call(memory, t) as Tensor).tanh()), memory];
  }

  /** The scores [N, classes] of each sequence, read where it ends. */
  forward({ x, running }: Sequences): Tensor {
    const n = x.shape[0]!;
    const inputs = this.input.call(x) as Tensor;
    const blank = (): Tensor => zeros([n, this.hidden], { device: x.device });
    let [h, c] = [blank(), blank()];
    running.forEach((active, t) => {
      const top = (s: Tensor): Tensor => (active === n ? s : (s.narrow(0, 0, active) as Tensor));
      const whole = (next: Tensor, before: Tensor): Tensor =>
        active === n ? next : (cat([next, before.narrow(0, active, n - active)], 0) as Tensor);
      const [nextH, nextC] = this.#step(top(inputs.select(1, t) as Tensor), top(h), top(c), t);
      h = whole(nextH, h);
      c = this.#lstm ? whole(nextC, c) : h;
    });
    return this.head.call(h) as Tensor;
  }
}
