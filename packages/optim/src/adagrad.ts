import { fullLike, keep, type Tensor } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, nextStep, variants } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { nonNegative, withDefaults } from './options.ts';

/** Options of {@link Adagrad}. */
export interface AdagradOptions {
  /** Learning rate. Default 1e-2. */
  lr?: number;
  /** How fast the learning rate falls: it is divided by 1 + (t - 1) · lrDecay. Default 0. */
  lrDecay?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
  /** Where the sum of squared gradients starts. One of a group has no effect, as in PyTorch. Default 0. */
  initialAccumulatorValue?: number;
  /** Added to the denominator. Default 1e-10. */
  eps?: number;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/** New parameter and sum of squares. Arguments: 1 or -1, weight decay, ε, lr / (1 + (t - 1) · lrDecay). */
const updateOf = variants<{ decay: boolean }>((k) => {
  const g = decayedGradient(k.decay);
  const sum = input(2).add(g.mul(g));
  return [input(0).sub(g.div(sum.sqrt().add(param(2))).mul(param(3))), sum];
});

/**
 * Adagrad (Duchi, Hazan and Singer 2011): s ← s + g², p ← p - lr / (1 + (t - 1) · lrDecay) · g / (√s + ε).
 *
 * State, made at once for every parameter: `step`, `sum`.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new Adagrad(model.parameters(), { lr: 0.01 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 */
export class Adagrad extends Optimizer<Required<AdagradOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<AdagradOptions>>>, options: AdagradOptions = {}) {
    const defaults = { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false };
    super(params, withDefaults('Adagrad', defaults, options));
    this.#prepare();
  }

  override addParamGroup(group: ParamGroupInput<Required<AdagradOptions>>): void {
    super.addParamGroup(group);
    this.#prepare();
  }

  #prepare(): void {
    for (const { params } of this.paramGroups) for (const p of params) this.#begin(p, this.stateOf(p));
  }

  #begin(p: Tensor, state: ParamState): void {
    if (state['sum'] !== undefined) return;
    state['step'] = 0;
    state['sum'] = keep(fullLike(p.detach(), this.defaults.initialAccumulatorValue)) as Tensor;
  }

  protected override check(o: Required<AdagradOptions>): void {
    nonNegative('learning rate', o.lr);
    nonNegative('lrDecay value', o.lrDecay);
    nonNegative('weightDecay value', o.weightDecay);
    nonNegative('initialAccumulatorValue value', o.initialAccumulatorValue);
    nonNegative('epsilon value', o.eps);
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<AdagradOptions>, state: ParamState): void {
    // A loaded state dict may lack parameters that had no gradient.
    this.#begin(p, state);
    const t = nextStep(state);
    const targets = [p, state['sum'] as Tensor];
    const numbers = [o.maximize ? -1 : 1, o.weightDecay, o.eps, o.lr / (1 + (t - 1) * o.lrDecay)];
    updateInPlace('adagrad', updateOf({ decay: o.weightDecay !== 0 }), targets, [p, grad, targets[1]!], numbers);
  }
}
