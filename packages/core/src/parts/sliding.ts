import { fullData } from '../kernels.ts';
import { fromBuffer } from '../ops/create.ts';
import type { Tensor } from '../tensor.ts';
import { scatterAddAlong, spreadIndex } from './gathering.ts';

/** Sliding windows along one dimension: how many elements, how far apart those and the windows themselves lie. */
export interface Sliding {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Elements from the first to the last of a window. */
export function reachOf({ size, dilation }: Sliding): number {
  return (size - 1) * dilation + 1;
}

/** The windows along `dim` as a view: [.., n, ..] to [.., windows, .., size]. Differentiable. */
export function slidingWindows(t: Tensor, dim: number, w: Sliding): Tensor {
  const windows = t.unfold(dim, reachOf(w), w.stride);
  return w.dilation === 1 ? windows : (windows.slice(-1, 0, undefined, w.dilation) as Tensor);
}

/**
 * The transpose of {@link slidingWindows}: the windows in dimension `dim` and their elements in the next one are added up where
 * they overlap: [.., windows, size, ..] to [.., (windows - 1) * stride + reach, ..]. Differentiable.
 */
export function overlapAdd(op: string, t: Tensor, dim: number, w: Sliding): Tensor {
  const windows = t.shape[dim]!;
  const length = windows === 0 ? 0 : (windows - 1) * w.stride + reachOf(w);
  const at = (n: number): number[] => [...t.shape.slice(0, dim), n, ...t.shape.slice(dim + 2)];
  const index = new Float64Array(windows * w.size);
  for (let i = 0; i < windows; i++) for (let k = 0; k < w.size; k++) index[i * w.size + k] = i * w.stride + k * w.dilation;
  const flat = t.reshape(at(index.length)) as Tensor;
  const places = spreadIndex(fromBuffer(index, 'int64', [index.length], { device: t.device }), dim, flat.shape);
  return scatterAddAlong(fullData(t.device, 0, t.dtype, at(length)), dim, places, flat, op);
}

/** `t`, copied when it is a view of `source`: rearranging functions give data of their own. */
export function apart(t: Tensor, source: Tensor): Tensor {
  return t.storage === source.storage ? (t.clone() as Tensor) : t;
}
