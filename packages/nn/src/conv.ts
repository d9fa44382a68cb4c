import type { Shape } from '@nabla/core';
import type { ConvDim } from '@nabla/core/internals';
import { type ConvLayerOptions, ConvNd } from './conv-base.ts';
import type { PairLike } from './layer.ts';
import type { Parameter } from './parameter.ts';
import type { Fail, In, Same, ShapeFn, Show, Side } from './shape-fn.ts';

/** Zeros around the image, or none, or as many as keep its size. */
export type ConvPadding = PairLike | 'same' | 'valid';

/** One number, also in a list. */
export type SingleLike = number | readonly [number];

/** A size per dimension of a volume, or one for all. */
export type TripleLike = number | readonly [number, number, number];

/** [N, Ci, H, W] to [N, Co, OH, OW]; exact for small literal windows without dilation. */
interface Conv2dFn<Ci extends number, Co extends number, K extends PairLike, St extends PairLike, P extends ConvPadding, D extends PairLike>
  extends ShapeFn {
  readonly out: Conv2dOut<In<this['in']>, Ci, Co, K, St, P, D>;
}

type Conv2dOut<
  S extends Shape,
  Ci extends number,
  Co extends number,
  K extends PairLike,
  St extends PairLike,
  P extends ConvPadding,
  D extends PairLike,
> = number extends S['length']
  ? readonly [number, Co, number, number]
  : S extends readonly [infer N extends number, infer C extends number, infer H extends number, infer W extends number]
    ? Same<C, Ci> extends true
      ? readonly [N, Co, Size<H, K, St, P, D, 0>, Size<W, K, St, P, D, 1>]
      : Fail<`Conv2d(${Ci}, ${Co}) expects [N, ${Ci}, H, W] but the input is ${Show<S>}`>
    : S extends readonly [infer C extends number, infer H extends number, infer W extends number]
      ? Same<C, Ci> extends true
        ? readonly [Co, Size<H, K, St, P, D, 0>, Size<W, K, St, P, D, 1>]
        : Fail<`Conv2d(${Ci}, ${Co}) expects [${Ci}, H, W] but the input is ${Show<S>}`>
      : Fail<`Conv2d(${Ci}, ${Co}) expects [N, ${Ci}, H, W] or [${Ci}, H, W] but the input is ${Show<S>}`>;

/** One side of the image after the window has passed; `number` under dilation. */
type Size<
  N extends number,
  K extends PairLike,
  St extends PairLike,
  P extends ConvPadding,
  D extends PairLike,
  I extends 0 | 1,
> = P extends 'same'
  ? N
  : number extends Side<D, I>
    ? number
    : Side<D, I> extends 1
      ? ConvDim<N, Side<K, I>, Side<St, I>, P extends PairLike ? Side<P, I> : 0>
      : number;

/** Options of {@link Conv2d}. */
export type Conv2dLayerOptions<
  St extends PairLike = PairLike,
  P extends ConvPadding = ConvPadding,
  D extends PairLike = PairLike,
> = ConvLayerOptions<St, P> & { /** How far apart the elements of the window lie. Default 1. */ dilation?: D };

/**
 * Cross-correlation of images [N, inChannels, H, W] (or one image [inChannels, H, W]) with outChannels kernels.
 *
 * Weight [outChannels, inChannels / groups, KH, KW] and bias start as U(-1/√fan, 1/√fan), fan = inChannels / groups · KH · KW.
 *
 * @throws ValueError when groups do not divide the channels, or a size makes no sense; ShapeError at the call when
 * the channels differ or the window does not fit
 * @example
 * ```ts
 * new Conv2d(3, 16, 3, { padding: 1 }).call(zeros([8, 3, 32, 32])); // [8, 16, 32, 32]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 */
export class Conv2d<
  const Ci extends number,
  const Co extends number,
  const K extends PairLike,
  const St extends PairLike = 1,
  const P extends ConvPadding = 0,
  const D extends PairLike = 1,
> extends ConvNd<Conv2dFn<Ci, Co, K, St, P, D>> {
  declare readonly inChannels: Ci;
  declare readonly outChannels: Co;
  declare readonly kernelSize: readonly [number, number];
  declare readonly stride: readonly [number, number];
  declare readonly padding: readonly [number, number] | 'same' | 'valid';
  declare readonly dilation: readonly [number, number];
  declare readonly weight: Parameter<readonly [Co, number, Side<K, 0>, Side<K, 1>]>;
  declare readonly bias: Parameter<readonly [Co]> | null;

  constructor(inChannels: Ci, outChannels: Co, kernelSize: K, options: Conv2dLayerOptions<St, P, D> = {}) {
    super('Conv2d', 2, [inChannels, outChannels], kernelSize, options);
  }
}

/** [N, Ci, L] to [N, Co, OL]; exact for small literal windows without dilation. */
interface Conv1dFn<
  Ci extends number,
  Co extends number,
  K extends SingleLike,
  St extends SingleLike,
  P extends SingleLike | 'same' | 'valid',
  D extends SingleLike,
> extends ShapeFn {
  readonly out: Conv1dOut<In<this['in']>, Ci, Co, Length<One<K>, One<St>, P extends SingleLike ? One<P> : P, One<D>>>;
}

/** The number itself. */
type One<T extends SingleLike> = T extends readonly [infer N extends number] ? N : T extends number ? T : number;

/** What decides about the length of the result. */
interface Length<K extends number, St extends number, P, D extends number> {
  readonly kernel: K;
  readonly stride: St;
  readonly padding: P;
  readonly dilation: D;
}

type LengthOf<N extends number, G extends Length<number, number, unknown, number>> = G['padding'] extends 'same'
  ? N
  : number extends G['dilation']
    ? number
    : G['dilation'] extends 1
      ? ConvDim<N, G['kernel'], G['stride'], G['padding'] extends number ? G['padding'] : 0>
      : number;

type Conv1dOut<
  S extends Shape,
  Ci extends number,
  Co extends number,
  G extends Length<number, number, unknown, number>,
> = number extends S['length']
  ? readonly [number, Co, number]
  : S extends readonly [...infer B extends Shape, infer C extends number, infer L extends number]
    ? B extends readonly [] | readonly [number]
      ? Same<C, Ci> extends true
        ? readonly [...B, Co, LengthOf<L, G>]
        : Fail<`Conv1d(${Ci}, ${Co}) expects ${B extends readonly [] ? '[' : '[N, '}${Ci}, L] but the input is ${Show<S>}`>
      : Wrong1d<S, Ci, Co>
    : Wrong1d<S, Ci, Co>;
type Wrong1d<
  S extends Shape,
  Ci extends number,
  Co extends number,
> = Fail<`Conv1d(${Ci}, ${Co}) expects [N, ${Ci}, L] or [${Ci}, L] but the input is ${Show<S>}`>;

/** Options of {@link Conv1d}. */
export type Conv1dLayerOptions<
  St extends SingleLike = SingleLike,
  P extends SingleLike | 'same' | 'valid' = SingleLike | 'same' | 'valid',
  D extends SingleLike = SingleLike,
> = ConvLayerOptions<St, P> & { /** How far apart the elements of the window lie. Default 1. */ dilation?: D };

/**
 * Cross-correlation of sequences [N, inChannels, L] (or one sequence [inChannels, L]) with outChannels kernels.
 *
 * Weight [outChannels, inChannels / groups, K] and bias start as U(-1/√fan, 1/√fan), fan = inChannels / groups · K.
 *
 * @throws ValueError when groups do not divide the channels, or a size makes no sense; ShapeError at the call when
 * the channels differ or the window does not fit
 * @example
 * ```ts
 * new Conv1d(4, 8, 3, { padding: 'same' }).call(zeros([2, 4, 100])); // [2, 8, 100]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 */
export class Conv1d<
  const Ci extends number,
  const Co extends number,
  const K extends SingleLike,
  const St extends SingleLike = 1,
  const P extends SingleLike | 'same' | 'valid' = 0,
  const D extends SingleLike = 1,
> extends ConvNd<Conv1dFn<Ci, Co, K, St, P, D>> {
  declare readonly inChannels: Ci;
  declare readonly outChannels: Co;
  declare readonly bias: Parameter<readonly [Co]> | null;

  constructor(inChannels: Ci, outChannels: Co, kernelSize: K, options: Conv1dLayerOptions<St, P, D> = {}) {
    super('Conv1d', 1, [inChannels, outChannels], kernelSize, options);
  }
}

/** [N, Ci, D, H, W] to [N, Co, OD, OH, OW]. */
interface Conv3dFn<Ci extends number, Co extends number> extends ShapeFn {
  readonly out: Conv3dOut<In<this['in']>, Ci, Co>;
}

type Conv3dOut<S extends Shape, Ci extends number, Co extends number> = number extends S['length']
  ? Shape
  : S extends readonly [...infer B extends Shape, infer C extends number, number, number, number]
    ? B extends readonly [] | readonly [number]
      ? Same<C, Ci> extends true
        ? readonly [...B, Co, number, number, number]
        : Wrong3d<S, Ci, Co>
      : Wrong3d<S, Ci, Co>
    : Wrong3d<S, Ci, Co>;
type Wrong3d<
  S extends Shape,
  Ci extends number,
  Co extends number,
> = Fail<`Conv3d(${Ci}, ${Co}) expects [N, ${Ci}, D, H, W] or [${Ci}, D, H, W] but the input is ${Show<S>}`>;

/** Options of {@link Conv3d}. */
export type Conv3dLayerOptions = ConvLayerOptions<TripleLike, TripleLike | 'same' | 'valid'>;

/**
 * Cross-correlation of volumes [N, inChannels, D, H, W] (or one volume [inChannels, D, H, W]) with outChannels kernels.
 *
 * Weight [outChannels, inChannels / groups, KD, KH, KW] and bias start as U(-1/√fan, 1/√fan),
 * fan = inChannels / groups · KD · KH · KW.
 *
 * @throws ValueError when groups do not divide the channels, or a size makes no sense; ShapeError at the call when
 * the channels differ or the window does not fit
 * @example
 * ```ts
 * new Conv3d(1, 4, 3).call(zeros([2, 1, 8, 8, 8])); // [2, 4, 6, 6, 6]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
 */
export class Conv3d<const Ci extends number, const Co extends number> extends ConvNd<Conv3dFn<Ci, Co>> {
  declare readonly inChannels: Ci;
  declare readonly outChannels: Co;
  declare readonly bias: Parameter<readonly [Co]> | null;

  constructor(inChannels: Ci, outChannels: Co, kernelSize: TripleLike, options: Conv3dLayerOptions = {}) {
    super('Conv3d', 3, [inChannels, outChannels], kernelSize, options);
  }
}
