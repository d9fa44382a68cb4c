import type { Tensor } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, nextStep, variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { checkBetas, nonNegative, withDefaults } from './options.ts';

/** Options of {@link RAdam}. */
export interface RAdamOptions {
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
}

/**
 * New parameter, mean and mean square. Arguments: 1, weight decay, β₁, 1 - β₁, β₂, 1 - β₂, 1 - β₁ᵗ, the learning rate, ε,
 * √(1 - β₂ᵗ), the rectification. Not `rectified`: the first steps, which are those of momentum.
 */
const updateOf = variants<{ decay: boolean; rectified: boolean }>((k) => {
  const g = decayedGradient(k.decay);
  const mean = input(2)
    .mul(param(2))
    .add(g.mul(param(3)));
  const square = input(3)
    .mul(param(4))
    .add(g.mul(g).mul(param(5)));
  const plain = mean.div(param(6)).mul(param(7));
  const adapted = plain.mul(param(9).div(square.sqrt().add(param(8)))).mul(param(10));
  return [input(0).sub(k.rectified ? adapted : plain), mean, square];
});

/**
 * RAdam: Adam whose adaptive step waits until the variance of its denominator is bounded (Liu et al. 2020).
 *
 * With ρ∞ = 2/(1 - β₂) - 1 and ρₜ = ρ∞ - 2tβ₂ᵗ/(1 - β₂ᵗ): p ← p - lr · m̂ · r · √(1 - β₂ᵗ)/(√v + ε) where ρₜ > 5, with
 * r = √((ρₜ - 4)(ρₜ - 2)ρ∞ / ((ρ∞ - 4)(ρ∞ - 2)ρₜ)), and p ← p - lr · m̂ before.
 *
 * State: `step`, `exp_avg`, `exp_avg_sq`.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new RAdam(model.parameters(), { lr: 1e-3 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 */
export class RAdam extends Optimizer<Required<RAdamOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<RAdamOptions>>>, options: RAdamOptions = {}) {
    const defaults: Required<RAdamOptions> = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };
    super(params, withDefaults('RAdam', defaults, options));
  }

  protected override check(o: Required<RAdamOptions>): void {
    nonNegative('learning rate', o.lr);
    nonNegative('epsilon value', o.eps);
    checkBetas(o.betas);
    nonNegative('weightDecay value', o.weightDecay);
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<RAdamOptions>, state: ParamState): void {
    const t = nextStep(state);
    const [beta1, beta2] = o.betas;
    const targets = [p, zeroState(state, 'expAvg', p), zeroState(state, 'expAvgSq', p)];
    const correction = 1 - beta2 ** t;
    const most = 2 / (1 - beta2) - 1;
    const length = most - (2 * t * beta2 ** t) / correction;
    const rectified = length > 5;
    const rectification = rectified ? Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length)) : 1;
    const numbers = [
      1,
      o.weightDecay,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      1 - beta1 ** t,
      o.lr,
      o.eps,
      Math.sqrt(correction),
      rectification,
    ];
    updateInPlace('rAdam', updateOf({ decay: o.weightDecay !== 0, rectified }), targets, [p, grad, ...targets.slice(1)], numbers);
  }
}
