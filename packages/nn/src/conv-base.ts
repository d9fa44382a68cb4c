import { ShapeError, type Tensor, ValueError } from '@nabla/core';
import * as F from './functional.ts';
import {
  axes,
  bool,
  checkSize,
  type LayerOptions,
  parameter,
  resetWeightAndBias,
  type SizeLike,
  showShape,
  showTuple,
  sizes,
} from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import type { ShapeFn } from './shape-fn.ts';

/** What lies around the input. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

const paddingModes: readonly PaddingMode[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** Options that convolutions of all ranks share. */
export interface ConvLayerOptions<Size, Padding> extends LayerOptions {
  /** How far the window moves. Default 1. */
  stride?: Size;
  /** Entries around the input; `'same'` keeps its size (stride 1 only), `'valid'` means none. Default 0. */
  padding?: Padding;
  /** How far apart the elements of the window lie. Default 1. */
  dilation?: Size;
  /** Groups of channels that do not see each other. Default 1. */
  groups?: number;
  /** Add a learned bias. Default true. */
  bias?: boolean;
  /** Default `'zeros'`. */
  paddingMode?: PaddingMode;
}

const convolutions = { 1: F.conv1d, 2: F.conv2d, 3: F.conv3d } as unknown as Readonly<
  Record<
    number,
    (
      x: Tensor,
      w: Tensor,
      b: Tensor | null,
      o: { stride: SizeLike; padding?: SizeLike | string; dilation: SizeLike; groups: number },
    ) => Tensor
  >
>;

/** Checks the channels and groups of a convolution. */
export function checkChannels(name: string, inChannels: number, outChannels: number, groups: number): void {
  checkSize(name, 'groups', groups, 1);
  checkSize(name, 'inChannels', inChannels);
  checkSize(name, 'outChannels', outChannels);
  if (inChannels % groups !== 0) throw new ValueError(`${name}: inChannels must be divisible by groups, got ${inChannels} and ${groups}`);
  if (outChannels % groups !== 0) {
    throw new ValueError(`${name}: outChannels must be divisible by groups, got ${outChannels} and ${groups}`);
  }
}

/** Throws unless `shape` is a batch of inputs with these channels, or one of them. */
export function checkInput(
  layer: { inChannels: number; outChannels: number },
  name: string,
  spatial: number,
  shape: readonly number[],
): void {
  const { inChannels, outChannels } = layer;
  const rank = shape.length;
  if ((rank === spatial + 2 || rank === spatial + 1) && shape[rank - spatial - 1] === inChannels) return;
  const one = `[${inChannels}, ${axes[spatial]}]`;
  const batch = `[N, ${inChannels}, ${axes[spatial]}]`;
  const expected = rank === spatial + 2 ? batch : rank === spatial + 1 ? one : `${batch} or ${one}`;
  throw new ShapeError(`${name}(${inChannels}, ${outChannels}) expects ${expected} but the input is ${showShape(shape)}`);
}

/** What Conv1d, Conv2d and Conv3d share: everything but types. */
export abstract class ConvNd<Fn extends ShapeFn> extends Module<Fn> {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    name: string,
    spatial: number,
    channels: readonly [number, number],
    kernelSize: SizeLike,
    options: ConvLayerOptions<SizeLike, SizeLike | 'same' | 'valid'>,
  ) {
    super();
    const { groups = 1, paddingMode = 'zeros', padding = 0 } = options;
    const [inChannels, outChannels] = channels;
    checkChannels(name, inChannels, outChannels, groups);
    if (!paddingModes.includes(paddingMode)) {
      throw new ValueError(`${name}: paddingMode must be one of ${paddingModes.join(', ')}, got '${String(paddingMode)}'`);
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, spatial, 1);
    this.stride = sizes(name, 'stride', options.stride ?? 1, spatial, 1);
    this.dilation = sizes(name, 'dilation', options.dilation ?? 1, spatial, 1);
    if (typeof padding === 'string' && padding !== 'same' && padding !== 'valid')
      throw new ValueError(`${name}: padding must be numbers, 'same' or 'valid', got '${String(padding)}'`);
    this.padding = typeof padding === 'string' ? padding : sizes(name, 'padding', padding, spatial, 0);
    if (padding === 'same' && this.stride.some((n) => n !== 1)) {
      throw new ValueError(`${name}: padding 'same' is not supported for strided convolutions`);
    }
    this.groups = groups;
    this.paddingMode = paddingMode;
    this.weight = parameter(name, [outChannels, inChannels / groups, ...this.kernelSize], options);
    this.bias = (options.bias ?? true) ? parameter(name, [outChannels], options) : null;
    this.resetParameters();
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    resetWeightAndBias(this.weight, this.bias);
  }

  /** [N, inChannels, ...] to [N, outChannels, ...], or the same without N. */
  forward(x: Tensor): Tensor {
    const spatial = this.kernelSize.length;
    checkInput(this, `Conv${spatial}d`, spatial, x.shape);
    const { stride, dilation, groups } = this;
    const convolve = convolutions[spatial]!;
    if (this.paddingMode === 'zeros') return convolve(x, this.weight, this.bias, { stride, padding: this.padding, dilation, groups });
    const padded = F.pad(x, this.#border(), { mode: this.paddingMode });
    return convolve(padded, this.weight, this.bias, { stride, dilation, groups });
  }

  /** Amounts for `pad`, the last dimension first. `'same'` puts the odd one behind. */
  #border(): number[] {
    return this.kernelSize
      .map((k, d) => {
        if (this.padding === 'valid') return [0, 0];
        if (this.padding !== 'same') return [this.padding[d]!, this.padding[d]!];
        const total = this.dilation[d]! * (k - 1);
        return [Math.floor(total / 2), total - Math.floor(total / 2)];
      })
      .reverse()
      .flat();
  }

  override extraRepr(): string {
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel_size=${showTuple(this.kernelSize)}, stride=${showTuple(this.stride)}`];
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`);
    else if (this.padding.some((n) => n !== 0)) parts.push(`padding=${showTuple(this.padding)}`);
    if (this.dilation.some((n) => n !== 1)) parts.push(`dilation=${showTuple(this.dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push(`bias=${bool(false)}`);
    if (this.paddingMode !== 'zeros') parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(', ');
  }
}
