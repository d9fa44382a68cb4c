import { type Expr, type Tensor, ValueError } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { nonNegative, Optimizer, type ParamGroupInput, type ParamState, zeroState } from './optimizer.ts';

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

/** How updates differ in structure; numbers are arguments of the kernel. */
interface Kind {
  readonly decay: boolean;
  readonly momentum: boolean;
  /** The momentum buffer is new. */
  readonly first: boolean;
  readonly nesterov: boolean;
}

const kinds = new Map<string, readonly Expr[]>();

/**
 * The new parameter and, with momentum, the new buffer; inputs are the parameter, its gradient and the buffer.
 * Arguments of the kernel: the learning rate, 1 or -1, weight decay, momentum, 1 - dampening.
 */
function updateOf(k: Kind): readonly Expr[] {
  const key = `${k.decay},${k.momentum},${k.first},${k.nesterov}`;
  const known = kinds.get(key);
  if (known !== undefined) return known;
  const p = input(0);
  let g = input(1).mul(param(1));
  if (k.decay) g = g.add(p.mul(param(2)));
  const buffer = k.first
    ? g
    : input(2)
        .mul(param(3))
        .add(g.mul(param(4)));
  const direction = !k.momentum ? g : k.nesterov ? g.add(buffer.mul(param(3))) : buffer;
  const next = p.sub(direction.mul(param(0)));
  const made = k.momentum ? [next, buffer] : [next];
  kinds.set(key, made);
  return made;
}

/**
 * Stochastic gradient descent, with momentum if asked for.
 *
 * With momentum μ, dampening τ and weight decay λ: g ← g + λp; b ← μb + (1 - τ)g (b ← g at the first step);
 * p ← p - lr·b, or p - lr·(g + μb) with Nesterov momentum. As in PyTorch, the learning rate multiplies the whole step.
 *
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
    super(params, {
      lr: Number.NaN, // required: in the options or in every group
      momentum: 0,
      dampening: 0,
      weightDecay: 0,
      nesterov: false,
      maximize: false,
      ...options,
    });
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
    const exprs = updateOf({ decay: o.weightDecay !== 0, momentum, first, nesterov: o.nesterov });
    const targets = momentum ? [p, zeroState(state, 'momentumBuffer', p)] : [p];
    const inputs = momentum && !first ? [p, grad, targets[1]!] : [p, grad];
    updateInPlace('sgd', exprs, targets, inputs, [o.lr, o.maximize ? -1 : 1, o.weightDecay, o.momentum, 1 - o.dampening]);
  }
}
