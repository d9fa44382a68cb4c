import { type Tensor, ValueError } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, nextStep, variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { nonNegative, withDefaults } from './options.ts';

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions {
  /** Factor of the step. Default 1. */
  lr?: number;
  /** Decay of the running means of squared gradients and squared steps. Default 0.9. */
  rho?: number;
  /** Added under the roots. Default 1e-6. */
  eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/** New parameter, mean square of gradients and of steps. Arguments: 1 or -1, weight decay, ρ, 1 - ρ, ε, the learning rate. */
const updateOf = variants<{ decay: boolean }>((k) => {
  const g = decayedGradient(k.decay);
  const square = input(2)
    .mul(param(2))
    .add(g.mul(g).mul(param(3)));
  const step = input(3)
    .add(param(4))
    .sqrt()
    .div(square.add(param(4)).sqrt())
    .mul(g);
  const steps = input(3)
    .mul(param(2))
    .add(step.mul(step).mul(param(3)));
  return [input(0).sub(step.mul(param(5))), square, steps];
});

/**
 * Adadelta (Zeiler 2012): v ← ρv + (1 - ρ)g², d = √(u + ε) / √(v + ε) · g, u ← ρu + (1 - ρ)d², p ← p - lr·d.
 *
 * State: `step`, `square_avg`, `acc_delta`.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new Adadelta(model.parameters());
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 */
export class Adadelta extends Optimizer<Required<AdadeltaOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<AdadeltaOptions>>>, options: AdadeltaOptions = {}) {
    super(
      params,
      withDefaults<Required<AdadeltaOptions>>('Adadelta', { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false }, options),
    );
  }

  protected override check(o: Required<AdadeltaOptions>): void {
    nonNegative('learning rate', o.lr);
    if (!(o.rho >= 0 && o.rho <= 1)) throw new ValueError(`Invalid rho value: ${o.rho}`);
    nonNegative('epsilon value', o.eps);
    nonNegative('weightDecay value', o.weightDecay);
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<AdadeltaOptions>, state: ParamState): void {
    nextStep(state);
    const targets = [p, zeroState(state, 'squareAvg', p), zeroState(state, 'accDelta', p)];
    const numbers = [o.maximize ? -1 : 1, o.weightDecay, o.rho, 1 - o.rho, o.eps, o.lr];
    updateInPlace('adadelta', updateOf({ decay: o.weightDecay !== 0 }), targets, [p, grad, ...targets.slice(1)], numbers);
  }
}
