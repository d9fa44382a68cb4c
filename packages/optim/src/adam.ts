import type { Tensor } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, nextStep, variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { checkBetas, nonNegative, withDefaults } from './options.ts';

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** Default 0; 1e-2 for AdamW. */
  weightDecay?: number;
  /** Divide by the largest mean square so far (Reddi et al. 2018). Default false. */
  amsgrad?: boolean;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/**
 * New parameter, mean, mean square and, for AMSGrad, largest mean square; inputs are the same with the gradient in
 * second place. Arguments of the kernel: 1 or -1, weight decay (or the factor 1 - lr·λ), β₁, 1 - β₁, β₂, 1 - β₂,
 * √(1 - β₂ᵗ), ε, lr / (1 - β₁ᵗ).
 */
const updateOf = variants<{ decay: 'none' | 'gradient' | 'parameter'; amsgrad: boolean }>((k) => {
  const g = decayedGradient(k.decay === 'gradient');
  const p = k.decay === 'parameter' ? input(0).mul(param(1)) : input(0);
  const mean = input(2)
    .mul(param(2))
    .add(g.mul(param(3)));
  const square = input(3)
    .mul(param(4))
    .add(g.mul(g).mul(param(5)));
  const largest = k.amsgrad ? input(4).maximum(square) : square;
  const denominator = largest.sqrt().div(param(6)).add(param(7));
  const next = p.sub(mean.div(denominator).mul(param(8)));
  return k.amsgrad ? [next, mean, square, largest] : [next, mean, square];
});

/** What Adam and AdamW share: everything but where weight decay goes. */
abstract class AdamBase extends Optimizer<Required<AdamOptions>> {
  protected override check(o: Required<AdamOptions>): void {
    nonNegative('learning rate', o.lr);
    nonNegative('epsilon value', o.eps);
    checkBetas(o.betas);
    nonNegative('weightDecay value', o.weightDecay);
  }

  protected step_(p: Tensor, grad: Tensor, o: Required<AdamOptions>, state: ParamState, decoupled: boolean): void {
    const t = nextStep(state);
    const mean = zeroState(state, 'expAvg', p);
    const square = zeroState(state, 'expAvgSq', p);
    const targets = [p, mean, square];
    const inputs = [p, grad, mean, square];
    if (o.amsgrad) {
      const largest = zeroState(state, 'maxExpAvgSq', p);
      targets.push(largest);
      inputs.push(largest);
    }
    const [beta1, beta2] = o.betas;
    const decay = o.weightDecay === 0 ? 'none' : decoupled ? 'parameter' : 'gradient';
    updateInPlace(decoupled ? 'adamW' : 'adam', updateOf({ decay, amsgrad: o.amsgrad }), targets, inputs, [
      o.maximize ? -1 : 1,
      decoupled ? 1 - o.lr * o.weightDecay : o.weightDecay,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      Math.sqrt(1 - beta2 ** t),
      o.eps,
      o.lr / (1 - beta1 ** t),
    ]);
  }
}

/** Parameters or groups of them, as {@link Adam} and {@link AdamW} take them. */
export type AdamParams = Iterable<Tensor> | Iterable<ParamGroupInput<Required<AdamOptions>>>;

function complete(of: string, options: AdamOptions, weightDecay: number): Required<AdamOptions> {
  const defaults: Required<AdamOptions> = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay, amsgrad: false, maximize: false };
  return withDefaults(of, defaults, options);
}

/**
 * Adam (Kingma and Ba 2015), with weight decay as an L2 penalty added to the gradient.
 *
 * m ← β₁m + (1 - β₁)g, v ← β₂v + (1 - β₂)g², p ← p - lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + ε).
 *
 * State: `step`, `exp_avg`, `exp_avg_sq` and, with AMSGrad, `max_exp_avg_sq`.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new Adam(model.parameters(), { lr: 3e-4 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 */
export class Adam extends AdamBase {
  constructor(params: AdamParams, options: AdamOptions = {}) {
    super(params, complete('Adam', options, 0));
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<AdamOptions>, state: ParamState): void {
    this.step_(p, grad, o, state, false);
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): p ← p · (1 - lr·λ) before the step of
 * {@link Adam}. State as there.
 *
 * @throws ValueError for an invalid or unknown option
 * @example
 * ```ts
 * const optimizer = new AdamW(model.parameters(), { lr: 3e-4, weightDecay: 0.1 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export class AdamW extends AdamBase {
  constructor(params: AdamParams, options: AdamOptions = {}) {
    super(params, complete('AdamW', options, 1e-2));
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<AdamOptions>, state: ParamState): void {
    this.step_(p, grad, o, state, true);
  }
}
