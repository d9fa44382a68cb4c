import type { Tensor } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { checkBetas, nonNegative, withDefaults } from './options.ts';

/** Options of {@link Lion}. */
export interface LionOptions {
  /** Learning rate; 3 to 10 times smaller than AdamW's. Default 1e-4. */
  lr?: number;
  /** How much the momentum counts in the step, and how fast it decays. Default [0.9, 0.99]. */
  betas?: readonly [number, number];
  /** Decoupled weight decay; 3 to 10 times larger than AdamW's. Default 0. */
  weightDecay?: number;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/** New parameter and momentum. Arguments: 1 or -1, 1 - lr·λ, β₁, 1 - β₁, β₂, 1 - β₂, the learning rate. */
const updateOf = variants<Record<never, never>>(() => {
  const g = input(1).mul(param(0));
  const m = input(2);
  const direction = m
    .mul(param(2))
    .add(g.mul(param(3)))
    .sign();
  const next = input(0)
    .mul(param(1))
    .sub(direction.mul(param(6)));
  return [next, m.mul(param(4)).add(g.mul(param(5)))];
});

/**
 * Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2): every element moves by the
 * learning rate, in the direction of the sign of an interpolation of gradient and momentum.
 *
 * u = sign(β₁m + (1 - β₁)g), p ← p - lr · (u + λp), m ← β₂m + (1 - β₂)g.
 *
 * State: `exp_avg`, the momentum.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new Lion(model.parameters(), { lr: 1e-4, weightDecay: 0.1 });
 * ```
 * @see https://arxiv.org/abs/2302.06675
 */
export class Lion extends Optimizer<Required<LionOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<LionOptions>>>, options: LionOptions = {}) {
    const defaults: Required<LionOptions> = { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false };
    super(params, withDefaults('Lion', defaults, options));
  }

  protected override check(o: Required<LionOptions>): void {
    nonNegative('learning rate', o.lr);
    checkBetas(o.betas);
    nonNegative('weightDecay value', o.weightDecay);
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<LionOptions>, state: ParamState): void {
    const [beta1, beta2] = o.betas;
    const momentum = zeroState(state, 'expAvg', p);
    const numbers = [o.maximize ? -1 : 1, 1 - o.lr * o.weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, o.lr];
    updateInPlace('lion', updateOf({}), [p, momentum], [p, grad, momentum], numbers);
  }
}
