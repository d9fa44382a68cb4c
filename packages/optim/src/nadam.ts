import type { Tensor } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, nextStep, variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { checkBetas, nonNegative, withDefaults } from './options.ts';

/** Options of {@link NAdam}. */
export interface NAdamOptions {
  /** Learning rate. Default 2e-3. */
  lr?: number;
  /** Decay of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
  /** How fast the momentum approaches β₁. Default 4e-3. */
  momentumDecay?: number;
}

/**
 * New parameter, mean and mean square. Arguments: 1, weight decay, β₁, 1 - β₁, β₂, 1 - β₂, 1 - β₂ᵗ, ε, the factors of the
 * gradient and of the mean.
 */
const updateOf = variants<{ decay: boolean }>((k) => {
  const g = decayedGradient(k.decay);
  const mean = input(2)
    .mul(param(2))
    .add(g.mul(param(3)));
  const square = input(3)
    .mul(param(4))
    .add(g.mul(g).mul(param(5)));
  const denominator = square.div(param(6)).sqrt().add(param(7));
  const next = input(0)
    .sub(g.div(denominator).mul(param(8)))
    .sub(mean.div(denominator).mul(param(9)));
  return [next, mean, square];
});

/**
 * NAdam: Adam with Nesterov momentum (Dozat 2016).
 *
 * μₜ = β₁(1 - ½ · 0.96^(tψ)) with the momentum decay ψ; p ← p - lr · ((1 - μₜ)/(1 - Πμ) · g + μₜ₊₁/(1 - μₜ₊₁Πμ) · m) /
 * (√(v / (1 - β₂ᵗ)) + ε), where the product of the second fraction has one factor μₜ more, as PyTorch 1.13 computes it.
 *
 * State: `step`, `mu_product` (rounded to float32, as PyTorch keeps it), `exp_avg`, `exp_avg_sq`.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new NAdam(model.parameters(), { lr: 2e-3 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 */
export class NAdam extends Optimizer<Required<NAdamOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<NAdamOptions>>>, options: NAdamOptions = {}) {
    const defaults: Required<NAdamOptions> = { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3 };
    super(params, withDefaults('NAdam', defaults, options));
  }

  protected override check(o: Required<NAdamOptions>): void {
    nonNegative('learning rate', o.lr);
    nonNegative('epsilon value', o.eps);
    checkBetas(o.betas);
    nonNegative('weightDecay value', o.weightDecay);
    nonNegative('momentumDecay value', o.momentumDecay);
  }

  protected override isNumber(name: string): boolean {
    return name === 'step' || name === 'muProduct';
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<NAdamOptions>, state: ParamState): void {
    const t = nextStep(state);
    const [beta1, beta2] = o.betas;
    const targets = [p, zeroState(state, 'expAvg', p), zeroState(state, 'expAvgSq', p)];
    const mu = beta1 * (1 - 0.5 * 0.96 ** (t * o.momentumDecay));
    const muNext = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * o.momentumDecay));
    const { fround } = Math;
    const product = fround(((state['muProduct'] as number | undefined) ?? 1) * fround(mu));
    state['muProduct'] = product;
    const productNext = fround(fround(product * fround(mu)) * fround(muNext));
    const factors = [(o.lr * (1 - mu)) / (1 - product), (o.lr * muNext) / (1 - productNext)];
    const numbers = [1, o.weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, 1 - beta2 ** t, o.eps, ...factors];
    updateInPlace('nAdam', updateOf({ decay: o.weightDecay !== 0 }), targets, [p, grad, ...targets.slice(1)], numbers);
  }
}
