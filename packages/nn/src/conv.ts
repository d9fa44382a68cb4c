import { type Shape, ShapeError, type Tensor, ValueError } from '@nabla/core';
import type { ConvDim } from '@nabla/core/internals';
import * as F from './functional.ts';
import { bool, checkSize, type LayerOptions, type PairLike, pair, parameter, resetWeightAndBias, showPair } from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import type { Fail, In, Same, ShapeFn, Show, Side } from './shape-fn.ts';

/** Zeros around the image, or none, or as many as keep its size. */
export type ConvPadding = PairLike | 'same' | 'valid';

/** What lies around the image. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

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
export interface Conv2dLayerOptions<St extends PairLike = PairLike, P extends ConvPadding = ConvPadding, D extends PairLike = PairLike>
  extends LayerOptions {
  /** How far the window moves. Default 1. */
  stride?: St;
  /** Entries around the image; `'same'` keeps its size (stride 1 only). Default 0. */
  padding?: P;
  /** How far apart the elements of the window lie. Default 1. */
  dilation?: D;
  /** Groups of channels that do not see each other. Default 1. */
  groups?: number;
  /** Add a learned bias. Default true. */
  bias?: boolean;
  /** Default `'zeros'`. */
  paddingMode?: PaddingMode;
}

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
> extends Module<Conv2dFn<Ci, Co, K, St, P, D>> {
  readonly inChannels: Ci;
  readonly outChannels: Co;
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number] | 'same' | 'valid';
  readonly dilation: readonly [number, number];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  readonly weight: Parameter<readonly [Co, number, Side<K, 0>, Side<K, 1>]>;
  readonly bias: Parameter<readonly [Co]> | null;

  constructor(inChannels: Ci, outChannels: Co, kernelSize: K, options: Conv2dLayerOptions<St, P, D> = {}) {
    super();
    const { groups = 1, paddingMode = 'zeros', padding = 0 } = options;
    checkSize('Conv2d', 'groups', groups, 1);
    checkSize('Conv2d', 'inChannels', inChannels);
    checkSize('Conv2d', 'outChannels', outChannels);
    if (inChannels % groups !== 0) throw new ValueError(`Conv2d: inChannels must be divisible by groups, got ${inChannels} and ${groups}`);
    if (outChannels % groups !== 0)
      throw new ValueError(`Conv2d: outChannels must be divisible by groups, got ${outChannels} and ${groups}`);
    if (!paddingModes.includes(paddingMode)) {
      throw new ValueError(`Conv2d: paddingMode must be one of ${paddingModes.join(', ')}, got '${String(paddingMode)}'`);
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = checkedPair('kernelSize', kernelSize, 1);
    this.stride = checkedPair('stride', options.stride ?? 1, 1);
    this.dilation = checkedPair('dilation', options.dilation ?? 1, 1);
    this.padding = padding === 'same' || padding === 'valid' ? padding : checkedPair('padding', padding as PairLike, 0);
    if (padding === 'same' && this.stride.some((n) => n !== 1)) {
      throw new ValueError("Conv2d: padding 'same' is not supported for strided convolutions");
    }
    this.groups = groups;
    this.paddingMode = paddingMode;
    const [kh, kw] = this.kernelSize as [Side<K, 0>, Side<K, 1>];
    this.weight = parameter('Conv2d', [outChannels, inChannels / groups, kh, kw], options);
    this.bias = (options.bias ?? true) ? parameter('Conv2d', [outChannels], options) : null;
    this.resetParameters();
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    resetWeightAndBias(this.weight, this.bias);
  }

  /** [N, inChannels, H, W] to [N, outChannels, OH, OW], or the same without N. */
  forward(x: Tensor): Tensor {
    this.#check(x.shape);
    const { stride, dilation, groups } = this;
    if (this.paddingMode === 'zeros') return F.conv2d(x, this.weight, this.bias, { stride, padding: this.padding, dilation, groups });
    const padded = F.pad(x, this.#border(), { mode: this.paddingMode });
    return F.conv2d(padded, this.weight, this.bias, { stride, dilation, groups });
  }

  #check(shape: readonly number[]): void {
    const { inChannels, outChannels } = this;
    const rank = shape.length;
    if ((rank === 4 || rank === 3) && shape[rank - 3] === inChannels) return;
    const expected =
      rank === 4 ? `[N, ${inChannels}, H, W]` : rank === 3 ? `[${inChannels}, H, W]` : `[N, ${inChannels}, H, W] or [${inChannels}, H, W]`;
    throw new ShapeError(`Conv2d(${inChannels}, ${outChannels}) expects ${expected} but the input is [${shape.join(', ')}]`);
  }

  /** Amounts for `pad`, the last dimension first. `'same'` puts the odd one behind. */
  #border(): number[] {
    return [1, 0].flatMap((d) => {
      if (this.padding === 'valid') return [0, 0];
      if (this.padding !== 'same') return [this.padding[d]!, this.padding[d]!];
      const total = this.dilation[d]! * (this.kernelSize[d]! - 1);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
  }

  override extraRepr(): string {
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel_size=${showPair(this.kernelSize)}, stride=${showPair(this.stride)}`];
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`);
    else if (this.padding.some((n) => n !== 0)) parts.push(`padding=${showPair(this.padding)}`);
    if (this.dilation.some((n) => n !== 1)) parts.push(`dilation=${showPair(this.dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push(`bias=${bool(false)}`);
    if (this.paddingMode !== 'zeros') parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(', ');
  }
}

const paddingModes: readonly PaddingMode[] = ['zeros', 'reflect', 'replicate', 'circular'];

function checkedPair(what: string, value: PairLike, least: number): readonly [number, number] {
  const both = pair(value);
  for (const n of both) checkSize('Conv2d', what, n, least);
  return both;
}
