import { fullLike, keep, type Tensor, ValueError, where } from '@nabla/core';
import { constant, input, param, updateInPlace } from '@nabla/core/internals';
import { nextStep, variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { nonNegative, withDefaults } from './options.ts';

/** Options of {@link Rprop}. */
export interface RpropOptions {
  /** The first step size. Default 1e-2. */
  lr?: number;
  /** Factors of a step size after a change of sign and without one. Default [0.5, 1.2]. */
  etas?: readonly [number, number];
  /** The smallest and the largest step size. Default [1e-6, 50]. */
  stepSizes?: readonly [number, number];
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/** New parameter, gradient to remember and step size. Arguments: 1 or -1, η⁻, η⁺, smallest and largest step size. */
const updateOf = variants<Record<never, never>>(() => {
  const g = input(1).mul(param(0));
  const agreement = g.mul(input(2));
  const turned = agreement.lt(0);
  const factor = where(agreement.gt(0), param(2), where(turned, param(1), constant(1)));
  const size = input(3).mul(factor).clamp(param(3), param(4));
  const used = where(turned, constant(0), g);
  return [input(0).sub(used.sign().mul(size)), used, size];
});

/**
 * Resilient backpropagation (Riedmiller and Braun 1993): every element has a step size of its own, which grows while the
 * gradient keeps its sign and shrinks when it turns; only the sign of the gradient counts. For whole batches.
 *
 * State: `step`, `prev`, `step_size`.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new Rprop(model.parameters(), { lr: 0.01 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html
 */
export class Rprop extends Optimizer<Required<RpropOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<RpropOptions>>>, options: RpropOptions = {}) {
    const defaults: Required<RpropOptions> = { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false };
    super(params, withDefaults('Rprop', defaults, options));
  }

  protected override check(o: Required<RpropOptions>): void {
    nonNegative('learning rate', o.lr);
    const [less, more] = o.etas;
    if (!(less > 0 && less < 1 && more > 1)) throw new ValueError(`Invalid eta values: ${less}, ${more}`);
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<RpropOptions>, state: ParamState): void {
    nextStep(state);
    state['stepSize'] ??= keep(fullLike(p.detach(), o.lr)) as Tensor;
    const targets = [p, zeroState(state, 'prev', p), state['stepSize'] as Tensor];
    updateInPlace('rprop', updateOf({}), targets, [p, grad, ...targets.slice(1)], [o.maximize ? -1 : 1, ...o.etas, ...o.stepSizes]);
  }
}
