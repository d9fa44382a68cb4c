import { type Tensor, ValueError } from '@nabla/core';
import type { SingleLike, TripleLike } from './conv.ts';
import { checkChannels, checkInput } from './conv-base.ts';
import * as F from './functional.ts';
import {
  bool,
  type LayerOptions,
  type PairLike,
  parameter,
  resetWeightAndBias,
  type SizeLike,
  showShape,
  showTuple,
  sizes,
} from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

/** Options of the transposed convolutions. */
export interface ConvTransposeLayerOptions<Size> extends LayerOptions {
  /** How far apart the windows that input elements are spread over lie. Default 1. */
  stride?: Size;
  /** What is cut off on every side: the padding of the convolution that this transposes. Default 0. */
  padding?: Size;
  /** Elements added at the end of each dimension; less than the stride or the dilation. Default 0. */
  outputPadding?: Size;
  /** Groups of channels that do not see each other. Default 1. */
  groups?: number;
  /** Add a learned bias. Default true. */
  bias?: boolean;
  /** How far apart the elements of the window lie. Default 1. */
  dilation?: Size;
  /** Only `'zeros'`, the default. */
  paddingMode?: 'zeros';
}

type Options = { stride: SizeLike; padding: SizeLike; outputPadding: SizeLike; dilation: SizeLike; groups: number };
const convolutions = { 1: F.convTranspose1d, 2: F.convTranspose2d, 3: F.convTranspose3d } as unknown as Readonly<
  Record<number, (x: Tensor, w: Tensor, b: Tensor | null, o: Options) => Tensor>
>;

abstract class ConvTransposeNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(spatial: number, channels: readonly [number, number], kernelSize: SizeLike, options: ConvTransposeLayerOptions<SizeLike>) {
    super();
    const name = `ConvTranspose${spatial}d`;
    const { groups = 1, paddingMode = 'zeros' } = options;
    const [inChannels, outChannels] = channels;
    checkChannels(name, inChannels, outChannels, groups);
    if (paddingMode !== 'zeros') throw new ValueError(`${name}: paddingMode must be 'zeros', got '${String(paddingMode)}'`);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, spatial, 1);
    this.stride = sizes(name, 'stride', options.stride ?? 1, spatial, 1);
    this.padding = sizes(name, 'padding', options.padding ?? 0, spatial, 0);
    this.outputPadding = sizes(name, 'outputPadding', options.outputPadding ?? 0, spatial, 0);
    this.dilation = sizes(name, 'dilation', options.dilation ?? 1, spatial, 1);
    this.groups = groups;
    this.weight = parameter(name, [inChannels, outChannels / groups, ...this.kernelSize], options);
    this.bias = (options.bias ?? true) ? parameter(name, [outChannels], options) : null;
    this.resetParameters();
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    resetWeightAndBias(this.weight, this.bias);
  }

  /**
   * @param x [N, inChannels, ...], or the same without N
   * @param outputSize the wanted spatial sizes (or the whole shape), which decide the output padding
   * @throws ValueError for sizes that no output padding gives
   */
  forward(x: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const spatial = this.kernelSize.length;
    checkInput(this, `ConvTranspose${spatial}d`, spatial, x.shape);
    const { stride, padding, dilation, groups } = this;
    const outputPadding = outputSize === null ? this.outputPadding : this.#paddingFor(x.shape, outputSize);
    return convolutions[spatial]!(x, this.weight, this.bias, { stride, padding, outputPadding, dilation, groups });
  }

  #paddingFor(shape: readonly number[], wanted: readonly number[]): number[] {
    const spatial = this.kernelSize.length;
    const lead = shape.length - spatial;
    const name = `ConvTranspose${spatial}d`;
    const size = wanted.length === lead + spatial ? wanted.slice(lead) : wanted;
    if (size.length !== spatial)
      throw new ValueError(`${name}: outputSize must have ${spatial} or ${lead + spatial} elements, got ${showShape(wanted)}`);
    return size.map((n, d) => {
      const least = (shape[lead + d]! - 1) * this.stride[d]! - 2 * this.padding[d]! + this.dilation[d]! * (this.kernelSize[d]! - 1) + 1;
      const most = least + this.stride[d]! - 1;
      if (!Number.isInteger(n) || n < least || n > most) {
        throw new ValueError(
          `${name}: outputSize ${showShape(wanted)} cannot be reached from the input ${showShape(shape)}: dimension ${d} must lie in ${least} to ${most}`,
        );
      }
      return n - least;
    });
  }

  override extraRepr(): string {
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel_size=${showTuple(this.kernelSize)}, stride=${showTuple(this.stride)}`];
    if (this.padding.some((n) => n !== 0)) parts.push(`padding=${showTuple(this.padding)}`);
    if (this.dilation.some((n) => n !== 1)) parts.push(`dilation=${showTuple(this.dilation)}`);
    if (this.outputPadding.some((n) => n !== 0)) parts.push(`output_padding=${showTuple(this.outputPadding)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push(`bias=${bool(false)}`);
    return parts.join(', ');
  }
}

/**
 * The transpose of {@link Conv1d}, which takes the shape of its results to that of its inputs: every element of the
 * sequences [N, inChannels, L] (or one sequence [inChannels, L]) spreads a kernel.
 *
 * Weight [inChannels, outChannels / groups, K] and bias start as U(-1/√fan, 1/√fan), where fan is the size of
 * weight[0].
 *
 * @throws ValueError when groups do not divide the channels, or a size makes no sense; ShapeError at the call when
 * the channels differ
 * @example
 * ```ts
 * new ConvTranspose1d(4, 8, 3, { stride: 2 }).call(zeros([2, 4, 10])); // [2, 8, 21]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 */
export class ConvTranspose1d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: SingleLike, options: ConvTransposeLayerOptions<SingleLike> = {}) {
    super(1, [inChannels, outChannels], kernelSize, options);
  }
}

/**
 * The transpose of {@link Conv2d}, which takes the shape of its results to that of its inputs: every element of the
 * images [N, inChannels, H, W] (or one image [inChannels, H, W]) spreads a kernel.
 *
 * Weight [inChannels, outChannels / groups, KH, KW] and bias start as U(-1/√fan, 1/√fan), where fan is the size of
 * weight[0].
 *
 * @throws ValueError when groups do not divide the channels, or a size makes no sense; ShapeError at the call when
 * the channels differ
 * @example
 * ```ts
 * new ConvTranspose2d(4, 8, 3, { stride: 2 }).call(zeros([2, 4, 10, 10])); // [2, 8, 21, 21]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 */
export class ConvTranspose2d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: PairLike, options: ConvTransposeLayerOptions<PairLike> = {}) {
    super(2, [inChannels, outChannels], kernelSize, options);
  }
}

/**
 * The transpose of {@link Conv3d}, which takes the shape of its results to that of its inputs: every element of the
 * volumes [N, inChannels, D, H, W] (or one volume [inChannels, D, H, W]) spreads a kernel.
 *
 * Weight [inChannels, outChannels / groups, KD, KH, KW] and bias start as U(-1/√fan, 1/√fan), where fan is the size of
 * weight[0].
 *
 * @throws ValueError when groups do not divide the channels, or a size makes no sense; ShapeError at the call when
 * the channels differ
 * @example
 * ```ts
 * new ConvTranspose3d(4, 8, 3, { stride: 2 }).call(zeros([2, 4, 5, 5, 5])); // [2, 8, 11, 11, 11]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
 */
export class ConvTranspose3d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: TripleLike, options: ConvTransposeLayerOptions<TripleLike> = {}) {
    super(3, [inChannels, outChannels], kernelSize, options);
  }
}
