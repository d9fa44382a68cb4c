import { scope, type Tensor, ValueError } from '@nabla/core';
import { input, param, updateInPlace } from '@nabla/core/internals';
import { variants, zeroState } from './kernel.ts';
import { Optimizer, type ParamGroupInput, type ParamState } from './optimizer.ts';
import { nonNegative, withDefaults } from './options.ts';

/** Options of {@link Muon}. */
export interface MuonOptions {
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Decoupled weight decay. Default 0.1. */
  weightDecay?: number;
  /** Default 0.95. */
  momentum?: number;
  /** Nesterov momentum. Default true. */
  nesterov?: boolean;
  /** a, b and c of a Newton-Schulz step aX + b(XXᵀ)X + c(XXᵀ)²X. Default [3.4445, -4.775, 2.0315]. */
  nsCoefficients?: readonly [number, number, number];
  /** The norm of the momentum is taken as at least this. Default 1e-7. */
  eps?: number;
  /** Number of Newton-Schulz steps, below 100. Default 5. */
  nsSteps?: number;
  /**
   * How the learning rate follows the shape [m, n]: `original` multiplies it with √max(1, m/n), `match_rms_adamw` with
   * 0.2·√max(m, n), so that AdamW's learning rates fit. Default null, which is `original`.
   */
  adjustLrFn?: 'original' | 'match_rms_adamw' | null;
}

/** The new momentum and the matrix to orthogonalize. Inputs: momentum, gradient. Arguments: momentum, 1 - momentum. */
const directionOf = variants<{ nesterov: boolean }>((k) => {
  const momentum = input(0)
    .mul(param(0))
    .add(input(1).mul(param(1)));
  const direction = k.nesterov
    ? input(1)
        .mul(param(1))
        .add(momentum.mul(param(0)))
    : momentum;
  return [momentum, direction];
});

/** The new parameter. Inputs: parameter, step. Arguments: 1 - lr·λ, the adjusted learning rate. */
const next = [
  input(0)
    .mul(param(0))
    .sub(input(1).mul(param(1))),
];

/**
 * A matrix with about the singular vectors of `x` and singular values near 1 (with the usual coefficients, of about 0.7 to
 * 1.2): some steps of a Newton-Schulz iteration from x / |x|, on the side with fewer rows.
 *
 * @param steps number of iterations
 * @throws ValueError for other than a matrix
 * @example
 * ```ts
 * newtonSchulz(gradient, [3.4445, -4.775, 2.0315], 5);
 * ```
 * @see https://kellerjordan.github.io/posts/muon/
 */
export function newtonSchulz(x: Tensor, coefficients: readonly [number, number, number], steps: number, eps: number = 1e-7): Tensor {
  if (x.ndim !== 2) throw new ValueError(`newtonSchulz: expects a matrix, got a tensor of shape [${x.shape.join(', ')}]`);
  const [a, b, c] = coefficients;
  const tall = x.shape[0]! > x.shape[1]!;
  let y: Tensor = tall ? x.transpose(0, 1) : x;
  y = y.div(y.norm().clampMin(eps));
  for (let i = 0; i < steps; i++) {
    const gram = y.matmul(y.transpose(0, 1)) as Tensor;
    const polynomial = gram.mul(b).add(gram.matmul(gram).mul(c)) as Tensor;
    y = y.mul(a).add(polynomial.matmul(y)) as Tensor;
  }
  return tall ? y.transpose(0, 1) : y;
}

/**
 * Muon (Jordan et al. 2024): momentum whose matrix is orthogonalized by Newton-Schulz iterations, for the weight matrices
 * of hidden layers; embeddings, heads, biases and gains are better left to {@link AdamW}.
 *
 * B ← μB + (1 - μ)g, U = (1 - μ)g + μB (Nesterov) or B, p ← p · (1 - lr·λ) - lr · √max(1, m/n) · NewtonSchulz(U). Defaults,
 * coefficients (Jordan's 3.4445, -4.775, 2.0315) and state are those of `torch.optim.Muon`; the iterations run in the dtype
 * of the parameter, not in bfloat16.
 *
 * State: `momentum_buffer`.
 *
 * @throws ValueError for a parameter that is no matrix, or an invalid or unknown option
 * @example
 * ```ts
 * const matrices = model.parameters().filter((p) => p.ndim === 2);
 * const optimizer = new Muon(matrices, { lr: 0.02 });
 * ```
 * @see https://kellerjordan.github.io/posts/muon/
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html
 */
export class Muon extends Optimizer<Required<MuonOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<MuonOptions>>>, options: MuonOptions = {}) {
    const defaults: Required<MuonOptions> = {
      lr: 1e-3,
      weightDecay: 0.1,
      momentum: 0.95,
      nesterov: true,
      nsCoefficients: [3.4445, -4.775, 2.0315],
      eps: 1e-7,
      nsSteps: 5,
      adjustLrFn: null,
    };
    super(params, withDefaults('Muon', defaults, options));
  }

  protected override check(o: Required<MuonOptions>): void {
    nonNegative('learning rate', o.lr);
    nonNegative('momentum value', o.momentum);
    nonNegative('weightDecay value', o.weightDecay);
    nonNegative('epsilon value', o.eps);
    if (o.nsCoefficients.length !== 3) throw new ValueError(`nsCoefficients must be three numbers, got ${o.nsCoefficients.length}`);
    if (!Number.isInteger(o.nsSteps) || o.nsSteps < 0 || o.nsSteps >= 100) {
      throw new ValueError(`nsSteps must be an integer from 0 to 99, got ${o.nsSteps}`);
    }
    if (o.adjustLrFn !== null && o.adjustLrFn !== 'original' && o.adjustLrFn !== 'match_rms_adamw') {
      throw new ValueError(`adjustLrFn must be 'original' or 'match_rms_adamw', got '${String(o.adjustLrFn)}'`);
    }
  }

  protected override checkParameter(p: Tensor): void {
    if (p.ndim !== 2)
      throw new ValueError(`Muon updates matrices, but one of the params has shape [${p.shape.join(', ')}]; use AdamW for it`);
  }

  protected override update(p: Tensor, grad: Tensor, o: Required<MuonOptions>, state: ParamState): void {
    const [rows, columns] = p.shape as readonly [number, number];
    const ratio = o.adjustLrFn === 'match_rms_adamw' ? 0.2 * Math.sqrt(Math.max(rows, columns)) : Math.sqrt(Math.max(1, rows / columns));
    const buffer = zeroState(state, 'momentumBuffer', p);
    scope(() => {
      const direction = grad.clone();
      updateInPlace('muon', directionOf({ nesterov: o.nesterov }), [buffer, direction], [buffer, grad], [o.momentum, 1 - o.momentum]);
      const step = newtonSchulz(direction, o.nsCoefficients, o.nsSteps, o.eps);
      updateInPlace('muon', next, [p], [p, step], [1 - o.lr * o.weightDecay, o.lr * ratio]);
    });
  }
}
