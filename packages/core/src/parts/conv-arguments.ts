import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

// What convolutions of one to three dimensions and their transposes check alike.

/** What messages say of a convolution: its name and how many dimensions its images have. */
export interface ConvKind {
  readonly op: string;
  readonly spatial: 1 | 2 | 3;
}

/** One number for every dimension, alone or in brackets, or one for each. */
export function perDimension(op: string, name: string, value: number | readonly number[], least: number, count: number): number[] {
  const list = typeof value === 'number' ? [value] : value;
  const all = list.length === 1 ? new Array<number>(count).fill(list[0]!) : [...list];
  if (typeof list === 'string' || all.length !== count || !all.every((n) => Number.isInteger(n) && n >= least)) {
    const expected = count === 1 ? '' : `, or ${['two', 'three'][count - 2]} of them`;
    throw new ValueError(`${op}: ${name} must be an integer of at least ${least}${expected}, got ${JSON.stringify(value)}`);
  }
  return all;
}

const axes = ['L', 'H, W', 'D, H, W'] as const;

/** The operands of a convolution with a batch dimension, and whether the input had none. */
export interface Batched {
  readonly x: Tensor;
  readonly single: boolean;
}

/** Checks ranks and dtypes; gives the input as a batch. */
export function batchOf({ op, spatial }: ConvKind, input: Tensor, weight: Tensor, bias: Tensor | null | undefined, lead: string): Batched {
  const image = axes[spatial - 1]!;
  if (weight.ndim !== spatial + 2) {
    const kernel = spatial === 1 ? 'K' : spatial === 2 ? 'KH, KW' : 'KD, KH, KW';
    throw new ShapeError(`${op}: the weight has shape ${show(weight.shape)}, expected [${lead}, ${kernel}]`);
  }
  const single = input.ndim === spatial + 1;
  if (!single && input.ndim !== spatial + 2) {
    throw new ShapeError(`${op}: the input has shape ${show(input.shape)}, expected [N, C, ${image}] or [C, ${image}]`);
  }
  const dtype = input.dtype;
  if (weight.dtype !== dtype) throw new DTypeError(`${op}: the input is ${dtype} but the weight is ${weight.dtype}; convert one with to()`);
  if (bias != null && bias.dtype !== dtype) {
    throw new DTypeError(`${op}: the input is ${dtype} but the bias is ${bias.dtype}; convert one with to()`);
  }
  if (dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`);
  return { x: single ? (input.unsqueeze(0) as Tensor) : input, single };
}

/** Checks `groups` against dimension 0 of the weight, and the weight's windows. */
export function checkWeight({ op, spatial }: ConvKind, input: Tensor, weight: Tensor, groups: number): void {
  if (!Number.isInteger(groups) || groups < 1) throw new ValueError(`${op}: groups must be a positive integer, got ${groups}`);
  const pair = `input ${show(input.shape)} and weight ${show(weight.shape)}`;
  if (weight.shape[0]! % groups !== 0 || weight.shape[0] === 0) {
    const what = op.startsWith('convTranspose') ? 'input' : 'output';
    throw new ShapeError(`${op}: ${pair}: ${weight.shape[0]} ${what} channels do not make ${groups} groups (dimension 0 of the weight)`);
  }
  for (let d = 2; d < spatial + 2; d++) {
    if (weight.shape[d] === 0) throw new ShapeError(`${op}: weight ${show(weight.shape)} has an empty window (dimension ${d})`);
  }
}

/** Checks that images have elements; `x` is batched. */
export function checkImages({ op, spatial }: ConvKind, input: Tensor): void {
  const lead = input.ndim - spatial;
  if (lead === 2 && input.shape[0] === 0) return;
  for (let d = lead; d < input.ndim; d++) {
    if (input.shape[d] === 0) throw new ShapeError(`${op}: input ${show(input.shape)} has empty images (dimension ${d})`);
  }
}

/** Checks that there is one bias for each of `channels` output channels. */
export function checkBias({ op }: ConvKind, bias: Tensor | null | undefined, channels: number, where: string): void {
  if (bias == null || (bias.ndim === 1 && bias.shape[0] === channels)) return;
  throw new ShapeError(`${op}: the bias has shape ${show(bias.shape)}, expected [${channels}], one for each output channel (${where})`);
}

/** The result with the bias, without the batch that the input did not have. */
export function finished({ spatial }: ConvKind, y: Tensor, bias: Tensor | null | undefined, single: boolean): Tensor {
  const sum = bias == null ? y : (y.add(bias.reshape([bias.size, ...new Array<number>(spatial).fill(1)]) as Tensor) as Tensor);
  return single ? (sum.squeeze(0) as Tensor) : sum;
}

/** The last two of the numbers for each dimension; `rest` for the height that a sequence has not. */
export function lastTwo(list: readonly number[], rest: number): readonly [number, number] {
  return [list.length === 1 ? rest : list[list.length - 2]!, list[list.length - 1]!];
}

/** Images or kernels of one dimension as planes of height 1; those of two as they are. */
export function asPlanes(t: Tensor): Tensor {
  return t.ndim === 3 ? (t.unsqueeze(2) as Tensor) : t;
}
