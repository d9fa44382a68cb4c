import type { Tensor } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, nextStep, variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { nonNegative, withDefaults } from './options.ts';

/** Options of {@link ASGD}. */
export interface ASGDOptions {
  /** Learning rate. Default 1e-2. */
  lr?: number;
  /** How fast the step falls. Default 1e-4. */
  lambd?: number;
  /** The power with which the step falls. Default 0.75. */
  alpha?: number;
  /** The step at which averaging begins. Default 1e6. */
  t0?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/** New parameter and average. Arguments: 1 or -1, weight decay, 1 - λη, η, the weight of the parameter in the average. */
const updateOf = variants<{ decay: boolean; averaging: boolean }>((k) => {
  const g = decayedGradient(k.decay);
  const next = input(0)
    .mul(param(2))
    .sub(g.mul(param(3)));
  const average = k.averaging ? input(2).add(next.sub(input(2)).mul(param(4))) : next;
  return [next, average];
});

/**
 * Averaged stochastic gradient descent (Polyak and Juditsky 1992): p ← p · (1 - λη) - ηg with η = lr / (1 + λ·lr·t)^α,
 * and from step t0 on the average of the parameters, in the state as `ax`.
 *
 * State: `step`, `eta`, `mu`, `ax`; as in PyTorch, η and the weight of the average are rounded to float32.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new ASGD(model.parameters(), { lr: 0.05, t0: 1000 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html
 */
export class ASGD extends Optimizer<Required<ASGDOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<ASGDOptions>>>, options: ASGDOptions = {}) {
    const defaults = { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false };
    super(params, withDefaults('ASGD', defaults, options));
  }

  protected override check(o: Required<ASGDOptions>): void {
    nonNegative('learning rate', o.lr);
    nonNegative('weightDecay value', o.weightDecay);
  }

  protected override isNumber(name: string): boolean {
    return name === 'step' || name === 'eta' || name === 'mu';
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<ASGDOptions>, state: ParamState): void {
    const t = nextStep(state);
    const eta = (state['eta'] as number | undefined) ?? Math.fround(o.lr);
    const mu = (state['mu'] as number | undefined) ?? 1;
    const average = zeroState(state, 'ax', p);
    const averaging = mu !== 1;
    const inputs = averaging ? [p, grad, average] : [p, grad];
    const numbers = [o.maximize ? -1 : 1, o.weightDecay, 1 - o.lambd * eta, eta, mu];
    updateInPlace('asgd', updateOf({ decay: o.weightDecay !== 0, averaging }), [p, average], inputs, numbers);
    state['eta'] = Math.fround(o.lr / (1 + o.lambd * o.lr * t) ** o.alpha);
    state['mu'] = Math.fround(1 / Math.max(1, t - o.t0));
  }
}
