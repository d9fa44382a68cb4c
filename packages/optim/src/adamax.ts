import type { Tensor } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, nextStep, variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { checkBetas, nonNegative, withDefaults } from './options.ts';

/** Options of {@link Adamax}. */
export interface AdamaxOptions {
  /** Learning rate. Default 2e-3. */
  lr?: number;
  /** Decay of the running mean of the gradient and of its largest magnitude. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to magnitudes. Default 1e-8. */
  eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/** New parameter, mean and largest magnitude. Arguments: 1 or -1, weight decay, β₁, 1 - β₁, β₂, ε, lr / (1 - β₁ᵗ). */
const updateOf = variants<{ decay: boolean }>((k) => {
  const g = decayedGradient(k.decay);
  const mean = input(2)
    .mul(param(2))
    .add(g.mul(param(3)));
  const largest = input(3)
    .mul(param(4))
    .maximum(g.abs().add(param(5)));
  return [input(0).sub(mean.div(largest).mul(param(6))), mean, largest];
});

/**
 * Adamax: Adam with the infinity norm (Kingma and Ba 2015, section 7.1).
 *
 * m ← β₁m + (1 - β₁)g, u ← max(β₂u, |g| + ε), p ← p - lr / (1 - β₁ᵗ) · m / u.
 *
 * State: `step`, `exp_avg`, `exp_inf`.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new Adamax(model.parameters(), { lr: 2e-3 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 */
export class Adamax extends Optimizer<Required<AdamaxOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<AdamaxOptions>>>, options: AdamaxOptions = {}) {
    const defaults: Required<AdamaxOptions> = { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false };
    super(params, withDefaults('Adamax', defaults, options));
  }

  protected override check(o: Required<AdamaxOptions>): void {
    nonNegative('learning rate', o.lr);
    nonNegative('epsilon value', o.eps);
    checkBetas(o.betas);
    nonNegative('weightDecay value', o.weightDecay);
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<AdamaxOptions>, state: ParamState): void {
    const t = nextStep(state);
    const [beta1, beta2] = o.betas;
    const targets = [p, zeroState(state, 'expAvg', p), zeroState(state, 'expInf', p)];
    const numbers = [o.maximize ? -1 : 1, o.weightDecay, beta1, 1 - beta1, beta2, o.eps, o.lr / (1 - beta1 ** t)];
    updateInPlace('adamax', updateOf({ decay: o.weightDecay !== 0 }), targets, [p, grad, ...targets.slice(1)], numbers);
  }
}
