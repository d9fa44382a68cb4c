import { elementwise } from '../elementwise.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { checkFloating } from '../parts/losses.ts';
import type { Generator } from '../random/generator.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { leakyRelu, sigmoid } from './activation.ts';
import { mul } from './arithmetic.ts';
import { gt } from './compare.ts';
import { rand } from './random.ts';
import { where } from './where.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link prelu} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html */
    prelu<A extends Shape>(this: Tensor<A>, weight: Tensor): Tensor<A>;
  }
}

const gate = elementwise('glu', (a, b) => mul(a, sigmoid(b)));

/**
 * The gated linear unit: the first half of a dimension times the sigmoid of the second half.
 *
 * @param x of an even size along `dim`
 * @param dim default -1
 * @returns half as large along `dim`
 * @throws ShapeError when the size along `dim` is odd, or `x` is a scalar
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * glu(tensor([1, 2, 0, 0])); // [0.5, 1]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
 * @see Dauphin et al., Language Modeling with Gated Convolutional Networks, 2017
 */
export function glu(x: Tensor, dim: number = -1): Tensor {
  checkFloating('glu', 'input', x);
  if (x.ndim === 0) throw new ShapeError('glu: the input is a scalar, expected at least one dimension');
  const d = normalizeDim('glu', dim, x.shape);
  const size = x.shape[d]!;
  if (size % 2 !== 0) throw new ShapeError(`glu: dimension ${dim} of ${show(x.shape)} has size ${size}, which is not even`);
  return gate(x.narrow(d, 0, size / 2), x.narrow(d, size / 2, size / 2));
}

const sloped = elementwise('prelu', (x, w) => where(gt(x, 0), x, mul(w, x)));

/**
 * x where it is positive, else weight · x, with one weight for all or one per channel (dimension 1). At 0 the derivative
 * is the weight.
 *
 * @param x any shape; [N, C, ...] with a weight per channel
 * @param weight [], [1] or [C]
 * @throws ShapeError when the weight has another shape
 * @throws DTypeError when the dtypes differ or are not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
 * @see He et al., Delving Deep into Rectifiers, 2015
 */
export function prelu<A extends Shape>(x: Tensor<A>, weight: Tensor): Tensor<A> {
  const t = x as unknown as Tensor;
  checkFloating('prelu', 'input', t);
  if (weight.dtype !== t.dtype)
    throw new DTypeError(`prelu: the input is ${t.dtype} but the weight is ${weight.dtype}; convert one with to()`);
  const channels = t.ndim < 2 ? 1 : t.shape[1]!;
  if (weight.ndim > 1 || (weight.size !== 1 && weight.size !== channels) || (t.ndim === 0 && weight.size !== 1)) {
    throw new ShapeError(`prelu: the weight has shape ${show(weight.shape)}, expected [1] or [${channels}] for the input ${show(t.shape)}`);
  }
  const w =
    weight.size === 1 && t.ndim < 2 ? weight.reshape([]) : weight.reshape(t.shape.slice(1).map((_, d) => (d === 0 ? weight.size : 1)));
  return sloped(t, w as Tensor) as unknown as Tensor<A>;
}

/** Options of {@link rrelu}. */
export interface RReluOptions {
  /** Least slope. Default 1/8. */
  lower?: number;
  /** Largest slope. Default 1/3. */
  upper?: number;
  /** Whether to draw slopes; otherwise they are the mean of the bounds. Default false. */
  training?: boolean;
  /** Where the random numbers come from; the default generator if omitted. */
  generator?: Generator;
}

/**
 * x where it is positive, else x times a slope: in training one drawn evenly from [lower, upper] for each element,
 * otherwise their mean.
 *
 * @throws ValueError when the bounds are not finite or out of order
 * @throws DTypeError when the input is not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html
 * @see Xu et al., Empirical Evaluation of Rectified Activations in Convolutional Network, 2015
 */
export function rrelu<A extends Shape>(x: Tensor<A>, options: RReluOptions = {}): Tensor<A> {
  const { lower = 1 / 8, upper = 1 / 3, training = false } = options;
  const t = x as unknown as Tensor;
  checkFloating('rrelu', 'input', t);
  if (!(Number.isFinite(lower) && Number.isFinite(upper) && lower <= upper))
    throw new ValueError(`rrelu: the bounds must be finite and in order, got ${lower} and ${upper}`);
  if (!training) return leakyRelu(t, { negativeSlope: (lower + upper) / 2 }) as unknown as Tensor<A>;
  const drawn = rand(t.shape, { dtype: t.dtype, device: t.device, ...(options.generator ? { generator: options.generator } : {}) });
  return sloped(t, drawn.mul(upper - lower).add(lower) as Tensor) as unknown as Tensor<A>;
}

addMethod('prelu', function (this: Tensor, weight: Tensor) {
  return prelu(this, weight);
});
