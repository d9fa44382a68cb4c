import type { Conv2dGeometry, View } from '../backend.ts';
import { Declined } from '../backend.ts';
import { composeConv2d, composeConv2dInputGrad, composeConv2dWeightGrad } from '../convolution.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { backendOf, wrap } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { padConstant } from '../padding.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { type Pair, pair, type Single, single } from '../windows.ts';

/** Options of {@link conv2d}. */
export interface Conv2dOptions {
  /** How far apart windows lie. Default 1. */
  stride?: Pair;
  /** Zeros around the image; `'same'` keeps its size (stride 1 only), `'valid'` means none. Default 0. */
  padding?: Pair | 'same' | 'valid';
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: Pair;
  /** Groups of channels that do not see each other. Default 1. */
  groups?: number;
}

/** Options of {@link conv1d}. */
export interface Conv1dOptions {
  /** How far apart windows lie. Default 1. */
  stride?: Single;
  /** Zeros at both ends; `'same'` keeps the length (stride 1 only), `'valid'` means none. Default 0. */
  padding?: Single | 'same' | 'valid';
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: Single;
  /** Groups of channels that do not see each other. Default 1. */
  groups?: number;
}

/** What messages say of a convolution: its name and how many dimensions its images have. */
interface Kind {
  readonly op: string;
  readonly spatial: 1 | 2;
}

/** Checks that operands (batched, with two spatial dimensions) fit, and gives the result's shape. */
function outputShape(kind: Kind, x: readonly number[], w: readonly number[], g: Conv2dGeometry): number[] {
  const { op } = kind;
  const shown = (s: readonly number[]): string => show(kind.spatial === 2 ? s : [...s.slice(0, 2), ...s.slice(3)]);
  const pairOf = `input ${shown(x)} and weight ${shown(w)}`;
  if (w[0]! % g.groups !== 0 || w[0] === 0) {
    throw new ShapeError(`${op}: ${pairOf}: ${w[0]} output channels do not make ${g.groups} groups (dimension 0 of the weight)`);
  }
  if (x[1] !== w[1]! * g.groups) {
    const groups = g.groups === 1 ? '' : ` (${w[1]} in each of ${g.groups} groups)`;
    throw new ShapeError(
      `${op}: input ${shown(x)} has ${x[1]} channels but weight ${shown(w)} expects ${w[1]! * g.groups}${groups} (dimension 1)`,
    );
  }
  const sizes = ([0, 1] as const).map((d) => {
    const reach = (w[2 + d]! - 1) * g.dilation[d] + 1;
    const room = x[2 + d]! + 2 * g.padding[d];
    if (w[2 + d]! < 1) throw new ShapeError(`${op}: weight ${shown(w)} has an empty window (dimension ${dimension(kind, d)})`);
    if (room < reach) {
      throw new ShapeError(
        `${op}: ${pairOf}: a window of ${reach} does not fit in ${room}, padding included (dimension ${dimension(kind, d)})`,
      );
    }
    return Math.floor((room - reach) / g.stride[d]) + 1;
  });
  return [x[0]!, w[0]!, ...sizes];
}

const dimension = (kind: Kind, d: 0 | 1): number => (kind.spatial === 2 ? 2 + d : 2);

function sameDType(op: string, x: Tensor, w: Tensor): void {
  if (x.dtype !== w.dtype) throw new DTypeError(`${op}: the input is ${x.dtype} but the weight is ${w.dtype}; convert one with to()`);
  if (x.dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`);
}

/** A geometry with the size of what is computed, which strides leave open. */
interface Sized extends Conv2dGeometry {
  readonly shape: readonly number[];
}

const conv2dOp: OpFunction<Conv2dGeometry> = defineOp<Conv2dGeometry>({
  name: 'conv2d',
  doc: 'cross-correlation of images with a bank of kernels',
  infer: ([x, w], g) => {
    sameDType('conv2d', x!, w!);
    return [{ shape: outputShape({ op: 'conv2d', spatial: 2 }, x!.shape, w!.shape, g), dtype: x!.dtype }];
  },
  forward: ([x, w], g, [out]) => {
    const backend = backendOf('conv2d', [x!, w!]);
    const done = backend.fused.conv2d?.(x as View, w as View, geometry(g), out!.shape);
    if (done === undefined || done instanceof Declined) return [composeConv2d(x!, w!, g, out!.shape)];
    return [wrap(backend, done, out!.dtype, out!.shape)];
  },
  save: ([x, w]) => [x!, w!],
  backward: ({ attrs: g, saved: [x, w], needs }, [grad]) => [
    needs[0] ? inputGradOp([grad!, w!], { ...g, shape: x!.shape })[0]! : null,
    needs[1] ? weightGradOp([grad!, x!], { ...g, shape: w!.shape })[0]! : null,
  ],
});

const inputGradOp: OpFunction<Sized> = defineOp<Sized>({
  name: 'conv2dInputGrad',
  doc: 'gradient of conv2d in its input',
  infer: ([grad], { shape }) => [{ shape, dtype: grad!.dtype }],
  forward: ([grad, w], g, [out]) => {
    const backend = backendOf('conv2dInputGrad', [grad!, w!]);
    const done = backend.fused.conv2dInputGrad?.(grad as View, w as View, geometry(g), g.shape);
    if (done === undefined || done instanceof Declined) return [composeConv2dInputGrad(grad!, w!, g, g.shape)];
    return [wrap(backend, done, out!.dtype, out!.shape)];
  },
  save: ([grad, w]) => [grad!, w!],
  backward: ({ attrs: g, saved: [grad, w], needs }, [h]) => [
    needs[0] ? conv2dOp([h!, w!], geometry(g))[0]! : null,
    needs[1] ? weightGradOp([grad!, h!], { ...g, shape: w!.shape })[0]! : null,
  ],
});

const weightGradOp: OpFunction<Sized> = defineOp<Sized>({
  name: 'conv2dWeightGrad',
  doc: 'gradient of conv2d in its weight',
  infer: ([grad], { shape }) => [{ shape, dtype: grad!.dtype }],
  forward: ([grad, x], g, [out]) => {
    const backend = backendOf('conv2dWeightGrad', [grad!, x!]);
    const done = backend.fused.conv2dWeightGrad?.(grad as View, x as View, geometry(g), g.shape);
    if (done === undefined || done instanceof Declined) return [composeConv2dWeightGrad(grad!, x!, g, g.shape)];
    return [wrap(backend, done, out!.dtype, out!.shape)];
  },
  save: ([grad, x]) => [grad!, x!],
  backward: ({ attrs: g, saved: [grad, x], needs }, [h]) => [
    needs[0] ? conv2dOp([x!, h!], geometry(g))[0]! : null,
    needs[1] ? inputGradOp([grad!, h!], { ...g, shape: x!.shape })[0]! : null,
  ],
});

function geometry({ stride, padding, dilation, groups }: Conv2dGeometry): Conv2dGeometry {
  return { stride, padding, dilation, groups };
}

/** The convolution of batched images; pads unevenly first where `'same'` asks for it. */
function convolve(kind: Kind, x: Tensor, weight: Tensor, bias: Tensor | null | undefined, options: Conv2dOptions): Tensor {
  const { op } = kind;
  const stride = pair(op, 'stride', options.stride ?? 1, 1);
  const dilation = pair(op, 'dilation', options.dilation ?? 1, 1);
  const groups = options.groups ?? 1;
  if (!Number.isInteger(groups) || groups < 1) throw new ValueError(`${op}: groups must be a positive integer, got ${groups}`);
  const total = [0, 1].map((d) => dilation[d]! * (weight.shape[2 + d]! - 1));
  let padding: readonly [number, number] = [0, 0];
  if (options.padding === 'same') {
    if (stride[0] !== 1 || stride[1] !== 1) throw new ValueError(`${op}: padding 'same' needs stride 1, got ${show(stride)}`);
    padding = [Math.floor(total[0]! / 2), Math.floor(total[1]! / 2)];
  } else if (options.padding !== undefined && options.padding !== 'valid') padding = pair(op, 'padding', options.padding, 0);
  const uneven = options.padding === 'same' ? total.map((n) => n % 2) : [0, 0];
  sameDType(op, x, weight);
  const g = { stride, padding, dilation, groups };
  const extended = [x.shape[0]!, x.shape[1]!, x.shape[2]! + uneven[0]!, x.shape[3]! + uneven[1]!];
  outputShape(kind, extended, weight.shape, g);
  if (bias != null && (bias.ndim !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new ShapeError(
      `${op}: the bias has shape ${show(bias.shape)}, expected [${weight.shape[0]}], one for each output channel (dimension 0 of the weight)`,
    );
  }
  const padded = padConstant(x, [0, 0, 0, 0], [0, 0, ...uneven]);
  const [y] = conv2dOp([padded, weight], g);
  return bias == null ? y! : (y!.add(bias.reshape([bias.shape[0]!, 1, 1]) as Tensor) as Tensor);
}

/**
 * Cross-correlation of images with a bank of kernels.
 *
 * @param x [N, C, H, W], or one image [C, H, W]
 * @param weight [O, C / groups, KH, KW]
 * @param bias [O], added to each output channel
 * @returns [N, O, OH, OW] (or [O, OH, OW]) with OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1
 * @throws ShapeError when channels, groups, kernel or bias do not fit
 * @throws DTypeError when the dtypes of input and weight differ
 * @throws ValueError when an option makes no sense
 * @example
 * ```ts
 * conv2d(zeros([8, 3, 32, 32]), zeros([16, 3, 3, 3]), null, { padding: 1 }).shape; // [8, 16, 32, 32]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: Conv2dOptions = {}): Tensor {
  const kind: Kind = { op: 'conv2d', spatial: 2 };
  if (weight.ndim !== 4) throw new ShapeError(`conv2d: the weight has shape ${show(weight.shape)}, expected [O, C / groups, KH, KW]`);
  if (x.ndim === 4) return convolve(kind, x, weight, bias, options);
  if (x.ndim !== 3) throw new ShapeError(`conv2d: the input has shape ${show(x.shape)}, expected [N, C, H, W] or [C, H, W]`);
  const y = convolve(kind, x.reshape([1, ...x.shape]) as Tensor, weight, bias, options);
  return y.reshape(y.shape.slice(1)) as Tensor;
}

/**
 * Cross-correlation of sequences with a bank of kernels.
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param weight [O, C / groups, K]
 * @param bias [O], added to each output channel
 * @returns [N, O, OL] (or [O, OL]) with OL = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1
 * @throws ShapeError when channels, groups, kernel or bias do not fit
 * @throws DTypeError when the dtypes of input and weight differ
 * @throws ValueError when an option makes no sense
 * @example
 * ```ts
 * conv1d(zeros([8, 4, 100]), zeros([6, 4, 5]), null, { stride: 2 }).shape; // [8, 6, 48]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: Conv1dOptions = {}): Tensor {
  if (weight.ndim !== 3) throw new ShapeError(`conv1d: the weight has shape ${show(weight.shape)}, expected [O, C / groups, K]`);
  if (x.ndim !== 2 && x.ndim !== 3) throw new ShapeError(`conv1d: the input has shape ${show(x.shape)}, expected [N, C, L] or [C, L]`);
  const [o, c, k] = weight.shape as readonly [number, number, number];
  const length = x.shape[x.ndim - 1]!;
  const wide = x.reshape([x.ndim === 3 ? x.shape[0]! : 1, x.shape[x.ndim - 2]!, 1, length]) as Tensor;
  const across = (name: string, value: Single | undefined, rest: number, least: number): readonly [number, number] => [
    rest,
    single('conv1d', name, value ?? rest, least),
  ];
  const padding = typeof options.padding === 'string' ? options.padding : across('padding', options.padding, 0, 0);
  const stride = across('stride', options.stride, 1, 1);
  const dilation = across('dilation', options.dilation, 1, 1);
  const groups = options.groups ?? 1;
  const y = convolve({ op: 'conv1d', spatial: 1 }, wide, weight.reshape([o, c, 1, k]) as Tensor, bias, {
    stride,
    padding,
    dilation,
    groups,
  });
  return y.reshape(x.ndim === 3 ? [y.shape[0]!, o, y.shape[3]!] : [o, y.shape[3]!]) as Tensor;
}
