import { allocate, type DType, isFloating } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { drawBernoulli, drawCauchy, drawExponential, drawGeometric, drawIntegers, drawLogNormal } from '../random/draw.ts';
import { overwrite, type RandomOptions } from '../random/fill.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Overwrites the elements by exponentially distributed numbers of this rate (default 1). @see https://pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html */
    exponential_<A extends Shape>(this: Tensor<A>, lambd?: number, options?: RandomOptions): Tensor<A>;
    /** Overwrites the elements by how many trials it takes to the first success, which has probability `p`. @see https://pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html */
    geometric_<A extends Shape>(this: Tensor<A>, p: number, options?: RandomOptions): Tensor<A>;
    /** Overwrites the elements by numbers of a Cauchy distribution (default median 0, sigma 1). @see https://pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html */
    cauchy_<A extends Shape>(this: Tensor<A>, median?: number, sigma?: number, options?: RandomOptions): Tensor<A>;
    /** Overwrites the elements by numbers whose logarithm is normally distributed (default mean 1, deviation 2). @see https://pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html */
    logNormal_<A extends Shape>(this: Tensor<A>, mean?: number, std?: number, options?: RandomOptions): Tensor<A>;
    /**
     * Overwrites the elements by integers drawn evenly from `from` up to but not including `to`; with one number from 0 up to
     * it, without any from all that the dtype holds exactly (of an integer: that are not negative).
     *
     * @throws ValueError when `from < to` does not hold, or the dtype does not hold the bounds
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.random_.html
     */
    random_<A extends Shape>(this: Tensor<A>, options?: RandomOptions): Tensor<A>;
    random_<A extends Shape>(this: Tensor<A>, to: number, options?: RandomOptions): Tensor<A>;
    random_<A extends Shape>(this: Tensor<A>, from: number, to: number, options?: RandomOptions): Tensor<A>;
  }
}

function floating(op: string, t: Tensor): void {
  if (!isFloating(t.dtype)) throw new DTypeError(`${op}: not defined for ${t.dtype}, only for floating dtypes`);
}

/** The integers that a dtype holds exactly: from `low` up to and including `high`. */
const bounds: Readonly<Record<DType, readonly [low: number, high: number]>> = {
  bool: [0, 1],
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1],
  float32: [-(2 ** 24), 2 ** 24],
  float64: [-(2 ** 53) + 1, 2 ** 53 - 2],
};

addMethod('exponential_', function (this: Tensor, lambd = 1, options: RandomOptions = {}) {
  floating('exponential_', this);
  if (!(lambd > 0)) throw new ValueError(`exponential_: the rate must be positive, got ${lambd}`);
  return overwrite('exponential_', this, options, (g) => {
    const times = drawExponential(g, this.size);
    const out = allocate(this.dtype, this.size);
    for (let i = 0; i < out.length; i++) out[i] = times[i]! / lambd;
    return out;
  });
});
addMethod('geometric_', function (this: Tensor, p: number, options: RandomOptions = {}) {
  if (!(p > 0 && p < 1)) throw new ValueError(`geometric_: the probability must lie in (0, 1), got ${p}`);
  return overwrite('geometric_', this, options, (g) => drawGeometric(g, this.size, p, this.dtype));
});
addMethod('cauchy_', function (this: Tensor, median = 0, sigma = 1, options: RandomOptions = {}) {
  if (!(sigma > 0)) throw new ValueError(`cauchy_: sigma must be positive, got ${sigma}`);
  return overwrite('cauchy_', this, options, (g) => drawCauchy('cauchy_', g, this.size, this.dtype, median, sigma));
});
addMethod('logNormal_', function (this: Tensor, mean = 1, std = 2, options: RandomOptions = {}) {
  if (!(std > 0)) throw new ValueError(`logNormal_: the deviation must be positive, got ${std}`);
  return overwrite('logNormal_', this, options, (g) => drawLogNormal('logNormal_', g, this.size, this.dtype, mean, std));
});
addMethod('random_', function (this: Tensor, ...args: (number | RandomOptions | undefined)[]) {
  const numbers = args.filter((a) => typeof a === 'number');
  const options = (args.find((a) => typeof a === 'object') ?? {}) as RandomOptions;
  const [least, most] = bounds[this.dtype];
  const [from, to] = numbers.length === 0 ? [0, most + 1] : numbers.length === 1 ? [0, numbers[0]!] : [numbers[0]!, numbers[1]!];
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || !Number.isSafeInteger(to - from)) {
    throw new ValueError(`random_: the bounds must be integers within 2^53 of zero and of each other, got ${from} and ${to}`);
  }
  if (from >= to) throw new ValueError(`random_: from must be less than to, got ${from} and ${to}`);
  if (from < least || to - 1 > most) throw new ValueError(`random_: ${this.dtype} does not hold all integers from ${from} to ${to - 1}`);
  if (this.dtype === 'bool' && to - from === 2) return overwrite('random_', this, options, (g) => drawBernoulli(g, this.size, 0.5, 'bool'));
  return overwrite('random_', this, options, (g) => drawIntegers(g, this.size, from, to, this.dtype));
});
