import { type MaxPoolResult, type Shape, ShapeError, type Tensor } from '@nabla/core';
import type { ConvDim } from '@nabla/core/internals';
import * as F from './functional.ts';
import { bool, checkSize, type PairLike, pair, showPair } from './layer.ts';
import { Module } from './module.ts';
import type { Fail, In, ShapeFn, Show, Side } from './shape-fn.ts';

/** [N, C, H, W] to [N, C, OH, OW]; exact for small literal windows without dilation or ceilMode (`E` says so). */
interface PoolFn<Name extends string, K extends PairLike, St extends PairLike, P extends PairLike, E extends boolean> extends ShapeFn {
  readonly out: PoolOut<In<this['in']>, Name, K, St, P, E>;
}

type PoolOut<
  S extends Shape,
  Name extends string,
  K extends PairLike,
  St extends PairLike,
  P extends PairLike,
  E extends boolean,
> = number extends S['length']
  ? Shape
  : S extends readonly [...infer B extends Shape, infer C extends number, infer H extends number, infer W extends number]
    ? B extends readonly [] | readonly [number]
      ? readonly [...B, C, PoolSize<H, K, St, P, E, 0>, PoolSize<W, K, St, P, E, 1>]
      : WrongPoolInput<S, Name>
    : WrongPoolInput<S, Name>;
type WrongPoolInput<S extends Shape, Name extends string> = Fail<`${Name} expects [N, C, H, W] or [C, H, W] but the input is ${Show<S>}`>;
type PoolSize<
  N extends number,
  K extends PairLike,
  St extends PairLike,
  P extends PairLike,
  E extends boolean,
  I extends 0 | 1,
> = E extends true ? ConvDim<N, Side<K, I>, Side<St, I>, Side<P, I>> : number;

function checkRank(name: string, x: Tensor): void {
  if (x.ndim !== 3 && x.ndim !== 4)
    throw new ShapeError(`${name} expects [N, C, H, W] or [C, H, W] but the input is [${x.shape.join(', ')}]`);
}

function checkedPair(name: string, what: string, value: PairLike, least: number): readonly [number, number] {
  const both = pair(value);
  for (const n of both) checkSize(name, what, n, least);
  return both;
}

/** A pair as PyTorch prints it where it keeps what it was given: one number for two equal ones. */
function shown([a, b]: readonly [number, number]): string {
  return a === b ? String(a) : showPair([a, b]);
}

/** Options of {@link MaxPool2d}. */
export interface MaxPool2dLayerOptions<
  St extends PairLike = PairLike,
  P extends PairLike = PairLike,
  D extends PairLike = PairLike,
  C extends boolean = boolean,
  R extends boolean = boolean,
> {
  /** How far apart windows lie. Default: the kernel, so that they do not overlap. */
  stride?: St;
  /** Border that never wins; at most half of the kernel. Default 0. */
  padding?: P;
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: D;
  /** Also take windows that start inside the image but reach beyond it. Default false. */
  ceilMode?: C;
  /** Give `{ values, indices }` instead of the values alone. Default false. */
  returnIndices?: R;
}

/**
 * The maximum of every window.
 *
 * @throws ShapeError at the call when the input is no image or a window does not fit; ValueError for options that make no sense
 * @example
 * ```ts
 * new MaxPool2d(2).call(zeros([8, 16, 28, 28])); // [8, 16, 14, 14]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 */
export class MaxPool2d<
  const K extends PairLike,
  const St extends PairLike = K,
  const P extends PairLike = 0,
  const D extends PairLike = 1,
  const C extends boolean = false,
  const R extends boolean = false,
> extends Module<R extends false ? PoolFn<'MaxPool2d', K, St, P, [D, C] extends [1, false] ? true : false> : ShapeFn> {
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly ceilMode: boolean;
  readonly returnIndices: boolean;

  constructor(kernelSize: K, options: MaxPool2dLayerOptions<St, P, D, C, R> = {}) {
    super();
    this.kernelSize = checkedPair('MaxPool2d', 'kernelSize', kernelSize, 1);
    this.stride = checkedPair('MaxPool2d', 'stride', options.stride ?? kernelSize, 1);
    this.padding = checkedPair('MaxPool2d', 'padding', options.padding ?? 0, 0);
    this.dilation = checkedPair('MaxPool2d', 'dilation', options.dilation ?? 1, 1);
    this.ceilMode = options.ceilMode ?? false;
    this.returnIndices = options.returnIndices ?? false;
  }

  /** [N, C, H, W] (or [C, H, W]) to [N, C, OH, OW] */
  forward(x: Tensor): R extends false ? Tensor : MaxPoolResult {
    checkRank('MaxPool2d', x);
    const { stride, padding, dilation, ceilMode } = this;
    const options = { stride, padding, dilation, ceilMode };
    const y = this.returnIndices
      ? F.maxPool2d(x, this.kernelSize, { ...options, returnIndices: true })
      : F.maxPool2d(x, this.kernelSize, options);
    return y as R extends false ? Tensor : MaxPoolResult;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation } = this;
    return `kernel_size=${shown(kernelSize)}, stride=${shown(stride)}, padding=${shown(padding)}, dilation=${shown(dilation)}, ceil_mode=${bool(this.ceilMode)}`;
  }
}

/** Options of {@link AvgPool2d}. */
export interface AvgPool2dLayerOptions<St extends PairLike = PairLike, P extends PairLike = PairLike, C extends boolean = boolean> {
  /** How far apart windows lie. Default: the kernel, so that they do not overlap. */
  stride?: St;
  /** Zeros around the image; at most half of the kernel. Default 0. */
  padding?: P;
  /** Also take windows that start inside the image but reach beyond it. Default false. */
  ceilMode?: C;
  /** Whether padding counts as elements. Default true. */
  countIncludePad?: boolean;
  /** Divide by this instead of the number of elements. */
  divisorOverride?: number | null;
}

/**
 * The mean of every window.
 *
 * @throws ShapeError at the call when the input is no image or a window does not fit; ValueError for options that make no sense
 * @example
 * ```ts
 * new AvgPool2d(2).call(zeros([8, 16, 28, 28])); // [8, 16, 14, 14]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 */
export class AvgPool2d<
  const K extends PairLike,
  const St extends PairLike = K,
  const P extends PairLike = 0,
  const C extends boolean = false,
> extends Module<PoolFn<'AvgPool2d', K, St, P, C extends false ? true : false>> {
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  constructor(kernelSize: K, options: AvgPool2dLayerOptions<St, P, C> = {}) {
    super();
    this.kernelSize = checkedPair('AvgPool2d', 'kernelSize', kernelSize, 1);
    this.stride = checkedPair('AvgPool2d', 'stride', options.stride ?? kernelSize, 1);
    this.padding = checkedPair('AvgPool2d', 'padding', options.padding ?? 0, 0);
    this.ceilMode = options.ceilMode ?? false;
    this.countIncludePad = options.countIncludePad ?? true;
    this.divisorOverride = options.divisorOverride ?? null;
  }

  /** [N, C, H, W] (or [C, H, W]) to [N, C, OH, OW] */
  forward(x: Tensor): Tensor {
    checkRank('AvgPool2d', x);
    const { stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return F.avgPool2d(x, this.kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride });
  }

  override extraRepr(): string {
    return `kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, padding=${shown(this.padding)}`;
  }
}

/** [N, C, H, W] to [N, C, *size] */
interface AdaptiveFn<O extends AdaptiveSize> extends ShapeFn {
  readonly out: AdaptiveOut<In<this['in']>, O>;
}

type AdaptiveOut<S extends Shape, O extends AdaptiveSize> = number extends S['length']
  ? Shape
  : S extends readonly [...infer B extends Shape, infer C extends number, infer H extends number, infer W extends number]
    ? B extends readonly [] | readonly [number]
      ? readonly [...B, C, AdaptiveSide<O, H, 0>, AdaptiveSide<O, W, 1>]
      : WrongPoolInput<S, 'AdaptiveAvgPool2d'>
    : WrongPoolInput<S, 'AdaptiveAvgPool2d'>;
type AdaptiveSide<O extends AdaptiveSize, N extends number, I extends 0 | 1> = O extends number
  ? O
  : O extends readonly [number | null, number | null]
    ? O[I] extends number
      ? O[I]
      : N
    : number;

/** Height and width of the result, one number for both, or null for the input's. */
export type AdaptiveSize = number | readonly [number | null, number | null];

/**
 * The mean of windows that are chosen so that the result has a given size.
 *
 * @throws ShapeError at the call when the input is no image
 * @example
 * ```ts
 * new AdaptiveAvgPool2d(1).call(zeros([8, 16, 7, 7])); // [8, 16, 1, 1]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 */
export class AdaptiveAvgPool2d<const O extends AdaptiveSize> extends Module<AdaptiveFn<O>> {
  readonly outputSize: O;

  constructor(outputSize: O) {
    super();
    const sizes: readonly (number | null)[] = typeof outputSize === 'number' ? [outputSize] : (outputSize as readonly (number | null)[]);
    for (const n of sizes) if (n !== null) checkSize('AdaptiveAvgPool2d', 'outputSize', n, 1);
    this.outputSize = outputSize;
  }

  /** [N, C, H, W] (or [C, H, W]) to [N, C, *outputSize] */
  forward(x: Tensor): Tensor {
    checkRank('AdaptiveAvgPool2d', x);
    return F.adaptiveAvgPool2d(x, this.outputSize);
  }

  override extraRepr(): string {
    const size: AdaptiveSize = this.outputSize;
    return `output_size=${typeof size === 'number' ? size : `(${size.map((n) => n ?? 'None').join(', ')})`}`;
  }
}
