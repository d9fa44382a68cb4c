import { elementwise, isTensor, NablaError, noGrad, stack, type Tensor, ValueError, zeros } from '@nabla/core';

/** Options of {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** Which norm: a number, or Infinity for the largest magnitude; 0 counts the elements that are not 0. Default 2. */
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

/** As PyTorch: the largest magnitude of no elements does not exist, while other norms of none are 0. */
function norm(t: Tensor, p: number): Tensor {
  return (p === Infinity ? t.abs().amax() : t.norm(p)) as Tensor;
}

/**
 * Scales the gradients of `params` down, in place, so that the norm of all of them together is at most `maxNorm`.
 *
 * @param params one or several parameters; those without a gradient do not count
 * @returns the norm before, a 0-d tensor: on a device nothing is read back
 * @throws ValueError for a norm or limit that is NaN; IndexError for the largest magnitude of a gradient without elements;
 *   NonFiniteGradientError if asked for. No gradient was changed then
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
  if (Number.isNaN(normType) || Number.isNaN(maxNorm)) {
    throw new ValueError(`clipGradNorm_: maxNorm and normType must be numbers, got ${maxNorm} and ${normType}`);
  }
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
