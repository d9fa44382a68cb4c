import { elementwise, isTensor, NablaError, noGrad, stack, type Tensor, ValueError, zeros } from '@nabla/core';

/** Options of {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** Which norm: a positive number, or Infinity for the largest magnitude. Default 2. */
  normType?: number;
  /** Throw when the norm is NaN or infinite; this reads the norm, which not every device can do at once. Default false. */
  errorIfNonfinite?: boolean;
}

/** The total norm of the gradients is NaN or infinite. */
export class NonFiniteGradientError extends NablaError {
  override readonly name = 'NonFiniteGradientError';
}

/** max / (norm + ε), at most 1: no branch, so that a device need not be asked for the norm. */
const clipFactor = elementwise('clipFactor', (total, max, eps) => max.div(total.add(eps)).clampMax(1));

function gradients(params: Tensor | Iterable<Tensor>): Tensor[] {
  const list = isTensor(params) ? [params] : [...params];
  return list.flatMap((p) => (p.grad === null ? [] : [p.grad]));
}

function norm(t: Tensor, p: number): Tensor {
  if (p === Infinity) return t.abs().amax();
  if (p === 2) return t.square().sum().sqrt();
  return p === 1
    ? t.abs().sum()
    : t
        .abs()
        .pow(p)
        .sum()
        .pow(1 / p);
}

/**
 * Scales the gradients of `params` down, in place, so that the norm of all of them together is at most `maxNorm`.
 *
 * @param params one or several parameters; those without a gradient do not count
 * @returns the norm before, a 0-d tensor: on a device nothing is read back
 * @throws ValueError for a norm that is not positive; NonFiniteGradientError if asked for
 * @example
 * ```ts
 * loss.backward();
 * clipGradNorm_(model.parameters(), 1);
 * optimizer.step();
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 */
export function clipGradNorm_(params: Tensor | Iterable<Tensor>, maxNorm: number, options: ClipGradNormOptions = {}): Tensor {
  const { normType = 2, errorIfNonfinite = false } = options;
  if (!(normType > 0)) throw new ValueError(`clipGradNorm_: normType must be positive, got ${normType}`);
  const grads = gradients(params);
  if (grads.length === 0) return zeros([]);
  return noGrad(() => {
    const { device } = grads[0]!;
    const total = norm(stack(grads.map((g) => norm(g, normType).to(device))) as Tensor, normType);
    if (errorIfNonfinite && !Number.isFinite(total.item())) {
      throw new NonFiniteGradientError(
        `clipGradNorm_: the total norm of order ${normType} of the gradients is ${total.item()}, so it cannot be clipped`,
      );
    }
    const factor = clipFactor(total, maxNorm, 1e-6);
    for (const g of grads) g.mul_(factor.to(g.device));
    return total;
  });
}

/**
 * Limits every element of the gradients of `params` to [-clipValue, clipValue], in place.
 *
 * @throws ValueError for a negative value
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 */
export function clipGradValue_(params: Tensor | Iterable<Tensor>, clipValue: number): void {
  if (!(clipValue >= 0)) throw new ValueError(`clipGradValue_: clipValue must not be negative, got ${clipValue}`);
  noGrad(() => {
    for (const g of gradients(params)) g.clamp_(-clipValue, clipValue);
  });
}
