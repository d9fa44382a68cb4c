import { keep, type Tensor, ValueError, zerosLike } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { decayedGradient, variants } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { nonNegative, withDefaults } from './options.ts';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate. */
  lr: number;
  /** Default 0. */
  momentum?: number;
  /** How much of a gradient the momentum ignores. Default 0. */
  dampening?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay?: number;
  /** Nesterov momentum; needs momentum and no dampening. Default false. */
  nesterov?: boolean;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

/**
 * The new parameter and, with momentum, the new buffer; inputs are the parameter, its gradient and the buffer.
 * Arguments of the kernel: 1 or -1, weight decay, the learning rate, momentum, 1 - dampening. `first`: the buffer is new.
 */
const updateOf = variants<{ decay: boolean; momentum: boolean; first: boolean; nesterov: boolean }>((k) => {
  const g = decayedGradient(k.decay);
  const buffer = k.first
    ? g
    : input(2)
        .mul(param(3))
        .add(g.mul(param(4)));
  const direction = !k.momentum ? g : k.nesterov ? g.add(buffer.mul(param(3))) : buffer;
  const next = input(0).sub(direction.mul(param(2)));
  return k.momentum ? [next, buffer] : [next];
});

/**
 * Stochastic gradient descent, with momentum if asked for.
 *
 * With momentum μ, dampening τ and weight decay λ: g ← g + λp; b ← μb + (1 - τ)g (b ← g at the first step);
 * p ← p - lr·b, or p - lr·(g + μb) with Nesterov momentum. As in PyTorch, the learning rate multiplies the whole step.
 *
 * State: `momentum_buffer`, with momentum.
 *
 * @throws ValueError for an invalid or unknown option, or no learning rate
 * @example
 * ```ts
 * const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * optimizer.zeroGrad();
 * loss.backward();
 * optimizer.step();
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 */
export class SGD extends Optimizer<Required<SGDOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<SGDOptions>>>, options: Partial<SGDOptions> = {}) {
    // The learning rate is required: in the options or in every group.
    const defaults = { lr: Number.NaN, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
    super(params, withDefaults<Required<SGDOptions>>('SGD', defaults, options));
  }

  protected override checkDefaults(o: Required<SGDOptions>): void {
    this.check(Number.isNaN(o.lr) ? { ...o, lr: 0 } : o);
  }

  protected override check(o: Required<SGDOptions>): void {
    if (Number.isNaN(o.lr)) throw new ValueError("parameter group didn't specify a value of required optimization parameter lr");
    nonNegative('learning rate', o.lr);
    nonNegative('momentum value', o.momentum);
    nonNegative('weightDecay value', o.weightDecay);
    if (o.nesterov && (o.momentum <= 0 || o.dampening !== 0)) {
      throw new ValueError('Nesterov momentum requires a momentum and zero dampening');
    }
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<SGDOptions>, state: ParamState): void {
    const momentum = o.momentum !== 0;
    const first = momentum && state['momentumBuffer'] === undefined;
    if (first) state['momentumBuffer'] = keep(zerosLike(p.detach())) as Tensor;
    const targets = momentum ? [p, state['momentumBuffer'] as Tensor] : [p];
    const exprs = updateOf({ decay: o.weightDecay !== 0, momentum, first, nesterov: momentum && o.nesterov });
    const inputs = momentum && !first ? [p, grad, targets[1]!] : [p, grad];
    updateInPlace('sgd', exprs, targets, inputs, [o.maximize ? -1 : 1, o.weightDecay, o.lr, o.momentum, 1 - o.dampening]);
  }
}
