import { allocate, type DType, isFloating, type TypedArray } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { hostCompute, wrap } from '../kernels.ts';
import { sizeOf } from '../layout.ts';
import { drawBernoulli, drawIntegers, drawNormal, drawPermutation, drawUniform } from '../random/draw.ts';
import { overwrite, type RandomOptions, source, upload } from '../random/fill.ts';
import type { Generator } from '../random/generator.ts';
import { checkWeights, type Sampler, sampler } from '../random/multinomial.ts';
import { broadcastShapes, checkSizes, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import { type CreationOptions, checkDevice, defaultBackend, finish } from './full.ts';

export type { RandomOptions } from '../random/fill.ts';

/** Options of functions that make random tensors. */
export interface RandomCreationOptions extends CreationOptions, RandomOptions {}

/** Options of {@link multinomial}. */
export interface MultinomialOptions extends RandomOptions {
  /** Whether an index may be drawn more than once. Default false. */
  replacement?: boolean;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Overwrites the elements by numbers drawn evenly from [from, to). @see https://pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html */
    uniform_<A extends Shape>(this: Tensor<A>, from?: number, to?: number, options?: RandomOptions): Tensor<A>;
    /** Overwrites the elements by normally distributed numbers. @see https://pytorch.org/docs/stable/generated/torch.Tensor.normal_.html */
    normal_<A extends Shape>(this: Tensor<A>, mean?: number, std?: number, options?: RandomOptions): Tensor<A>;
    /** Overwrites the elements by ones with probability `p` (a number, or one per element) and else zeros. @see https://pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html */
    bernoulli_<A extends Shape>(this: Tensor<A>, p?: number | Tensor, options?: RandomOptions): Tensor<A>;
    /** Ones with probability `this` (or `p` for every element) and else zeros. @see https://pytorch.org/docs/stable/generated/torch.bernoulli.html */
    bernoulli<A extends Shape>(this: Tensor<A>, p?: number, options?: RandomOptions): Tensor<A>;
    /** Indices drawn with these weights, per row; see {@link multinomial}. */
    multinomial(numSamples: number, options?: MultinomialOptions): Tensor;
  }
}

/** Draws on the host and uploads: the same bits on every backend. */
function create<S extends Shape>(
  op: string,
  shape: S,
  options: RandomCreationOptions,
  fallback: DType,
  draw: (g: Generator, n: number, dtype: DType) => TypedArray,
): Tensor<S> {
  checkSizes(op, shape);
  const dtype = options.dtype ?? fallback;
  const device = options.device ?? defaultBackend();
  checkDevice(op, device, dtype);
  if (options.requiresGrad === true && !isFloating(dtype)) {
    throw new DTypeError(`${op}: only floating tensors can require gradients, not ${dtype}`);
  }
  return finish(upload(device, draw(source(options), sizeOf(shape), dtype), dtype, [...shape]), options) as unknown as Tensor<S>;
}

/**
 * Numbers drawn evenly from [0, 1): multiples of 2^-24 for float32, of 2^-53 for float64.
 *
 * @param options dtype (float32), device, requiresGrad, generator
 * @throws DTypeError for dtypes that are not floating
 * @example
 * ```ts
 * rand([2, 3], { generator: new Generator(1) });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.rand.html
 */
export function rand<const S extends Shape>(shape: S, options: RandomCreationOptions = {}): Tensor<S> {
  return create('rand', shape, options, 'float32', (g, n, dtype) => drawUniform('rand', g, n, dtype));
}

/**
 * Numbers with the standard normal distribution.
 *
 * @param options dtype (float32), device, requiresGrad, generator
 * @throws DTypeError for dtypes that are not floating
 * @see https://pytorch.org/docs/stable/generated/torch.randn.html
 */
export function randn<const S extends Shape>(shape: S, options: RandomCreationOptions = {}): Tensor<S> {
  return create('randn', shape, options, 'float32', (g, n, dtype) => drawNormal('randn', g, n, dtype));
}

/**
 * Normally distributed numbers: of one mean and standard deviation, or of a mean or a deviation for each element, which
 * are broadcast. No gradient flows into them.
 *
 * @throws ValueError for a negative deviation (where the device can be read at once); DTypeError for integer tensors;
 * ShapeError when shapes do not broadcast
 * @example
 * ```ts
 * normal(0, 2, [3]);
 * normal(tensor([0, 10, 20]), 0.1);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.normal.html
 */
export function normal<const S extends Shape>(mean: number, std: number, shape: S, options?: RandomCreationOptions): Tensor<S>;
export function normal(mean: Tensor, std?: number | Tensor, options?: RandomOptions): Tensor;
export function normal(mean: number, std: Tensor, options?: RandomOptions): Tensor;
export function normal(
  mean: number | Tensor,
  std: number | Tensor = 1,
  third?: Shape | RandomOptions,
  fourth: RandomCreationOptions = {},
): Tensor {
  if (isTensor(mean) || isTensor(std)) return normalEach(mean, std, (third ?? {}) as RandomOptions);
  checkStd('normal', std);
  if (!Array.isArray(third)) throw new ValueError('normal: a shape must be given beside a number as mean and one as deviation');
  return create('normal', third, fourth, 'float32', (g, n, dtype) => drawNormal('normal', g, n, dtype, mean, std));
}

function normalEach(mean: number | Tensor, std: number | Tensor, options: RandomOptions): Tensor {
  const given = [mean, std].filter(isTensor);
  for (const t of given) if (!isFloating(t.dtype)) throw new DTypeError(`normal: means and deviations must be floating, got ${t.dtype}`);
  if (!isTensor(std)) checkStd('normal', std);
  else if (std.device.caps.syncRead) for (const s of std.dataSync()) checkStd('normal', s);
  const { dtype } = given[0]!;
  const shape = broadcastShapes(
    'normal',
    given.map((t) => t.shape),
  );
  const n = sizeOf(shape);
  const noise = drawNormal('normal', source(options), n, dtype);
  const inputs = given.map((t) => t.detach().expand(shape) as Tensor);
  return hostCompute('normal', inputs, [{ shape, dtype }], (values) => {
    const out = allocate(dtype, n);
    const means = isTensor(mean) ? values[0]! : null;
    const stds = isTensor(std) ? values[values.length - 1]! : null;
    for (let i = 0; i < n; i++)
      out[i] = noise[i]! * (stds === null ? (std as number) : stds[i]!) + (means === null ? (mean as number) : means[i]!);
    return [out];
  })[0]!;
}

/** {@link rand} with the shape, dtype and device of `t`. @see https://pytorch.org/docs/stable/generated/torch.rand_like.html */
export function randLike<S extends Shape>(t: Tensor<S>, options: RandomCreationOptions = {}): Tensor<S> {
  return rand(t.shape as never, { dtype: t.dtype, device: t.device, ...options }) as unknown as Tensor<S>;
}

/** {@link randn} with the shape, dtype and device of `t`. @see https://pytorch.org/docs/stable/generated/torch.randn_like.html */
export function randnLike<S extends Shape>(t: Tensor<S>, options: RandomCreationOptions = {}): Tensor<S> {
  return randn(t.shape as never, { dtype: t.dtype, device: t.device, ...options }) as unknown as Tensor<S>;
}

/**
 * Integers drawn evenly from `low` (default 0) up to but not including `high`.
 *
 * @param options dtype (int64), device, generator
 * @throws ValueError when `low < high` does not hold, or the bounds are not safe integers
 * @example
 * ```ts
 * randint(6, [10]);     // 0..5
 * randint(1, 7, [10]);  // 1..6
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.randint.html
 */
export function randint<const S extends Shape>(high: number, shape: S, options?: RandomCreationOptions): Tensor<S>;
export function randint<const S extends Shape>(low: number, high: number, shape: S, options?: RandomCreationOptions): Tensor<S>;
export function randint(...args: (number | Shape | RandomCreationOptions | undefined)[]): Tensor {
  const [low, high, shape, options] = (typeof args[1] === 'number' ? args : [0, ...args]) as [
    number,
    number,
    Shape,
    RandomCreationOptions?,
  ];
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || !Number.isSafeInteger(high - low)) {
    throw new ValueError(`randint: the bounds must be integers within 2^53 of zero and of each other, got ${low} and ${high}`);
  }
  if (low >= high) throw new ValueError(`randint: low must be less than high, got ${low} and ${high}`);
  return create('randint', shape, options ?? {}, 'int64', (g, n, dtype) => drawIntegers(g, n, low, high, dtype));
}

/** {@link randint} with the shape, dtype and device of `t`. @see https://pytorch.org/docs/stable/generated/torch.randint_like.html */
export function randintLike<S extends Shape>(t: Tensor<S>, high: number, options?: RandomCreationOptions): Tensor<S>;
export function randintLike<S extends Shape>(t: Tensor<S>, low: number, high: number, options?: RandomCreationOptions): Tensor<S>;
export function randintLike(t: Tensor, first: number, second?: number | RandomCreationOptions, third?: RandomCreationOptions): Tensor {
  const [low, high, options] = typeof second === 'number' ? [first, second, third] : [0, first, second];
  return randint(low, high, t.shape, { dtype: t.dtype, device: t.device, ...options });
}

/** A random order of 0..n-1, int64. @throws ValueError for a negative or fractional `n` @see https://pytorch.org/docs/stable/generated/torch.randperm.html */
export function randperm(n: number, options: RandomCreationOptions = {}): Tensor<readonly [number]> {
  if (!Number.isInteger(n) || n < 0) throw new ValueError(`randperm: n must be a non-negative integer, got ${n}`);
  return create('randperm', [n], options, 'int64', (g, count, dtype) => drawPermutation(g, count, dtype));
}

function checkProbability(op: string, p: number | Tensor): void {
  if (typeof p === 'number') {
    if (!(p >= 0 && p <= 1)) throw new ValueError(`${op}: a probability must lie in [0, 1], got ${p}`);
    return;
  }
  if (!isFloating(p.dtype)) throw new DTypeError(`${op}: probabilities must be floating, got ${p.dtype}`);
  if (!p.device.caps.syncRead) return; // not known yet: there, what is below 0 counts as 0 and what is above 1 as 1
  const bad = p.dataSync().find((x) => !(x >= 0 && x <= 1));
  if (bad !== undefined) throw new ValueError(`${op}: a probability must lie in [0, 1], got ${bad}`);
}

function checkStd(op: string, std: number): void {
  if (!(std >= 0)) throw new ValueError(`${op}: the standard deviation must not be negative, got ${std}`);
}

/** Zeros and ones for probabilities that are on a device: compared there, with numbers drawn here. */
function compared(p: Tensor, dtype: DType, g: Generator): Tensor {
  const u = upload(p.device, drawUniform('bernoulli', g, p.size, p.dtype), p.dtype, p.shape);
  return u.lt(p.detach()).to(dtype);
}

/**
 * Ones with probability `probs` (element by element) and else zeros, of the same dtype. No gradient flows.
 *
 * @throws ValueError for probabilities outside of [0, 1] (where the device can be read at once); DTypeError for integers
 * @see https://pytorch.org/docs/stable/generated/torch.bernoulli.html
 */
export function bernoulli<A extends Shape>(probs: Tensor<A>, options: RandomOptions = {}): Tensor<A> {
  checkProbability('bernoulli', probs);
  return compared(probs, probs.dtype, source(options)) as unknown as Tensor<A>;
}

/**
 * Indices of the last dimension, drawn with the weights in `probs` (which need not sum to 1). No gradient flows.
 * Without replacement the indices of a row are distinct, in the order in which they were drawn. The choice is made on the
 * host, so that a seed gives the same indices on every backend.
 *
 * @param probs weights, [n] or [m, n]
 * @returns int64 indices, [numSamples] or [m, numSamples]
 * @throws ShapeError for other ranks; ValueError for weights that are negative, not finite or all zero, and when there are
 * too few to draw without replacement
 * @see https://pytorch.org/docs/stable/generated/torch.multinomial.html
 */
export function multinomial(probs: Tensor, numSamples: number, options: MultinomialOptions = {}): Tensor {
  if (probs.ndim !== 1 && probs.ndim !== 2) throw new ShapeError(`multinomial: expected [n] or [m, n], got ${show(probs.shape)}`);
  if (!isFloating(probs.dtype)) throw new DTypeError(`multinomial: probabilities must be floating, got ${probs.dtype}`);
  if (!Number.isInteger(numSamples) || numSamples <= 0) {
    throw new ValueError(`multinomial: numSamples must be a positive integer, got ${numSamples}`);
  }
  const n = probs.shape[probs.ndim - 1]!;
  const replacement = options.replacement ?? false;
  if (!replacement && numSamples > n) {
    throw new ValueError(`multinomial: cannot draw ${numSamples} of ${n} without replacement`);
  }
  const rows = probs.ndim === 1 ? 1 : probs.shape[0]!;
  const shape = [...probs.shape.slice(0, -1), numSamples];
  const device = probs.device;
  checkDevice('multinomial', device, 'int64');
  const length = rows * numSamples;
  const draw = (): Sampler => sampler(source(options), rows, n, numSamples, replacement);
  if (device.caps.syncRead) {
    const values = probs.dataSync();
    checkWeights(values, rows, n, replacement ? 1 : numSamples); // before anything is drawn
    return upload(device, draw()(values), 'int64', shape);
  }
  const run = draw();
  return wrap(device, device.upload(probs.data().then(run), 'int64', length), 'int64', shape);
}

addMethod('uniform_', function (this: Tensor, from = 0, to = 1, options: RandomOptions = {}) {
  if (!(from <= to) || !Number.isFinite(to - from))
    throw new ValueError(`uniform_: expected finite bounds with from <= to, got ${from} and ${to}`);
  return overwrite('uniform_', this, options, (g) => drawUniform('uniform_', g, this.size, this.dtype, from, to));
});
addMethod('normal_', function (this: Tensor, mean = 0, std = 1, options: RandomOptions = {}) {
  checkStd('normal_', std);
  return overwrite('normal_', this, options, (g) => drawNormal('normal_', g, this.size, this.dtype, mean, std));
});
addMethod('bernoulli_', function (this: Tensor, p: number | Tensor = 0.5, options: RandomOptions = {}) {
  checkProbability('bernoulli_', p);
  if (!isTensor(p)) return overwrite('bernoulli_', this, options, (g) => drawBernoulli(g, this.size, p, this.dtype));
  const wide = p.expand(this.shape);
  return inPlace('bernoulli_', this, () => compared(wide, this.dtype, source(options)));
});
addMethod('bernoulli', function (this: Tensor, p?: number, options: RandomOptions = {}) {
  if (p === undefined) return bernoulli(this, options);
  checkProbability('bernoulli', p);
  return upload(this.device, drawBernoulli(source(options), this.size, p, this.dtype), this.dtype, this.shape);
});
addMethod('multinomial', function (this: Tensor, numSamples: number, options?: MultinomialOptions) {
  return multinomial(this, numSamples, options);
});
