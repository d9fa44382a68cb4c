import type { Tensor } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, nextStep, variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { nonNegative, withDefaults } from './options.ts';

/** Options of {@link RMSprop}. */
export interface RMSpropOptions {
  /** Learning rate. Default 1e-2. */
  lr?: number;
  /** Decay of the running mean of the squared gradient. Default 0.99. */
  alpha?: number;
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
  /** Default 0. */
  momentum?: number;
  /** Divide by the standard deviation of the gradient instead of its root mean square. Default false. */
  centered?: boolean;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/**
 * New parameter, mean square, then the momentum buffer and the mean, where there are any. Arguments: 1 or -1, weight
 * decay, α, 1 - α, ε, momentum, the learning rate.
 */
const updateOf = variants<{ decay: boolean; momentum: boolean; centered: boolean }>((k) => {
  const g = decayedGradient(k.decay);
  const square = input(2)
    .mul(param(2))
    .add(g.mul(g).mul(param(3)));
  const mean = input(k.momentum ? 4 : 3)
    .mul(param(2))
    .add(g.mul(param(3)));
  const spread = (k.centered ? square.sub(mean.mul(mean)) : square).sqrt().add(param(4));
  const scaled = g.div(spread);
  const direction = k.momentum ? input(3).mul(param(5)).add(scaled) : scaled;
  const next = input(0).sub(direction.mul(param(6)));
  return [next, square, ...(k.momentum ? [direction] : []), ...(k.centered ? [mean] : [])];
});

/**
 * RMSprop (Hinton 2012, lecture 6e; centered: Graves 2013).
 *
 * v ← αv + (1 - α)g²; d = g / (√v + ε), where centered v is less the square of the running mean of g; with momentum μ,
 * b ← μb + d and p ← p - lr·b; without, p ← p - lr·d.
 *
 * State: `step`, `square_avg`, with momentum `momentum_buffer`, centered `grad_avg`.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new RMSprop(model.parameters(), { lr: 1e-3, momentum: 0.9 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
export class RMSprop extends Optimizer<Required<RMSpropOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<RMSpropOptions>>>, options: RMSpropOptions = {}) {
    const defaults = { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false };
    super(params, withDefaults('RMSprop', defaults, options));
  }

  protected override check(o: Required<RMSpropOptions>): void {
    nonNegative('learning rate', o.lr);
    nonNegative('epsilon value', o.eps);
    nonNegative('momentum value', o.momentum);
    nonNegative('weightDecay value', o.weightDecay);
    nonNegative('alpha value', o.alpha);
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<RMSpropOptions>, state: ParamState): void {
    nextStep(state);
    const momentum = o.momentum > 0;
    const targets = [p, zeroState(state, 'squareAvg', p)];
    if (momentum) targets.push(zeroState(state, 'momentumBuffer', p));
    if (o.centered) targets.push(zeroState(state, 'gradAvg', p));
    const exprs = updateOf({ decay: o.weightDecay !== 0, momentum, centered: o.centered });
    const numbers = [o.maximize ? -1 : 1, o.weightDecay, o.alpha, 1 - o.alpha, o.eps, o.momentum, o.lr];
    updateInPlace('rmsProp', exprs, targets, [p, grad, ...targets.slice(1)], numbers);
  }
}
