import { elementValue } from '../dtype.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { fullData } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { scatterAddAlong, spreadIndex, takeEntries } from '../parts/gathering.ts';
import { placeEntries } from '../parts/scattering.ts';
import { type FlatIndex, flatten, type Index, resolve } from '../parts/subscript.ts';
import { broadcastShapes, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';

export { type Index, type IndexArray, Slice, slice } from '../parts/subscript.ts';

/** Options of {@link Tensor.indexPut_}. */
export interface IndexPutOptions {
  /** Add to the elements instead of replacing them; where indices repeat everything is added. Default false. */
  accumulate?: boolean;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * Python's `t[...]`. Entries, ranges, `'...'` and null give a view. Integer tensors, arrays and masks pick elements,
     * which are copied: several of them broadcast together, and their common shape takes the place of the dimensions
     * that they index, or comes first where those are not adjacent. Negative indices count from the end.
     *
     * @throws IndexError when an index is out of range, a mask does not fit or there are more indices than dimensions;
     * DTypeError for an index tensor that is not int64, int32 or bool; DeviceError for a mask on a device that cannot be read
     * at once (see {@link nonzeroAsync})
     * @example
     * ```ts
     * t.index(0, slice(1, -1, 2), '...', null); // t[0, 1:-1:2, ..., None]
     * t.index(tensor([0n, 2n]), '...', mask);   // t[torch.tensor([0, 2]), ..., mask]
     * ```
     * @see https://pytorch.org/docs/stable/tensor_view.html
     */
    index(...indices: Index[]): Tensor;
    /**
     * Python's `t[...] = value`, in place. The value is broadcast to the shape of `t.index(...indices)`. Where index
     * tensors repeat a place the last one counts.
     *
     * @param value a tensor, or one number for every place; beside index tensors of the same dtype as this tensor, but for a
     * 0-d one under a single mask
     * @throws ShapeError when the value does not broadcast; the errors of {@link Tensor.index}; InPlaceError where a tensor cannot
     * be written to. Nothing is written then.
     * @example
     * ```ts
     * t.indexPut_([slice(0, 2), '...', -1], 0); // t[0:2, ..., -1] = 0
     * t.indexPut_([rows, columns], values, { accumulate: true });
     * ```
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
     */
    indexPut_<A extends Shape>(
      this: Tensor<A>,
      indices: readonly Index[],
      value: Tensor | number | boolean,
      options?: IndexPutOptions,
    ): Tensor<A>;
    /** {@link Tensor.indexPut_} on a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html */
    indexPut<A extends Shape>(
      this: Tensor<A>,
      indices: readonly Index[],
      value: Tensor | number | boolean,
      options?: IndexPutOptions,
    ): Tensor<A>;
  }
}

/** The shape of what a flat index picks. */
function picked({ flat, dim, common }: FlatIndex): number[] {
  return [...flat.shape.slice(0, dim), ...common, ...flat.shape.slice(dim + 1)];
}

addMethod('index', function (this: Tensor, ...indices: Index[]) {
  const subscript = resolve('index', this, indices, false);
  if (subscript.tensors.length === 0) return subscript.view;
  const f = flatten('index', subscript);
  return takeEntries(f.flat, f.dim, f.index, 'index').reshape(picked(f));
});

/** `value` as a tensor of this shape. */
function fitted(value: Tensor, shape: readonly number[]): Tensor {
  // As in PyTorch, leading dimensions of size 1 may be too many.
  let extra = 0;
  while (value.ndim - extra > shape.length && value.shape[extra] === 1) extra++;
  const trimmed = extra === 0 ? value : (value.reshape(value.shape.slice(extra)) as Tensor);
  try {
    if (sameShape(broadcastShapes('indexPut_', [shape, trimmed.shape]), shape)) return trimmed.expand(shape);
  } catch {
    // The message below names what was indexed.
  }
  throw new ShapeError(`indexPut_: a value of shape ${show(value.shape)} does not broadcast to the indexed shape ${show(shape)}`);
}

/** `f.flat` with `value`, of the shape that is picked, put or added where the index points. */
function put(f: FlatIndex, value: Tensor, accumulate: boolean): Tensor {
  const { flat, dim, index } = f;
  const entries = value.reshape(flat.shape.map((n, d) => (d === dim ? index.size : n))) as Tensor;
  if (!accumulate) return placeEntries('indexPut_', flat, dim, index, entries);
  return scatterAddAlong(flat, dim, spreadIndex(index, dim, flat.shape), entries, 'indexPut_');
}

function putInto(t: Tensor, indices: readonly Index[], value: Tensor | number | boolean, options: IndexPutOptions): Tensor {
  const accumulate = options.accumulate ?? false;
  const [only] = indices;
  const single = !isTensor(value) || value.ndim === 0;
  if (indices.length === 1 && isTensor(only) && only.dtype === 'bool' && only.ndim > 0 && single && !accumulate) {
    const fits = only.ndim <= t.ndim && only.shape.every((n, d) => n === t.shape[d]);
    if (fits) return fillMask(t, only, value);
  }
  const subscript = resolve('indexPut_', t, indices, true);
  const { view } = subscript;
  const source = isTensor(value) ? value.to(t.device) : fullData(t.device, elementValue('indexPut_', Number(value), t.dtype), t.dtype, []);
  if (subscript.tensors.length === 0) {
    const entries = fitted(source, view.shape);
    if (accumulate) view.add_(entries);
    else view.copy_(entries);
    return t;
  }
  if (source.dtype !== t.dtype) throw new DTypeError(`indexPut_: the value is ${source.dtype} but the tensor is ${t.dtype}`);
  inPlace('indexPut_', view, () => {
    const f = flatten('indexPut_', subscript);
    return f.restore(put(f, fitted(source, picked(f)), accumulate));
  });
  return t;
}

/** A mask and one value need no index: nothing has to be read. */
function fillMask(t: Tensor, mask: Tensor, value: Tensor | number | boolean): Tensor {
  const wide = mask.to(t.device).reshape([...mask.shape, ...new Array<number>(t.ndim - mask.ndim).fill(1)]) as Tensor;
  return t.maskedFill_(wide, isTensor(value) ? value.to(t.device) : value);
}

/**
 * {@link Tensor.indexPut_} on a copy of `t`.
 *
 * @throws the errors of {@link Tensor.indexPut_}
 * @example
 * ```ts
 * indexPut(zeros([3]), [tensor([0n, 2n])], tensor([1, 2])); // [1, 0, 2]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
 */
export function indexPut<A extends Shape>(
  t: Tensor<A>,
  indices: readonly Index[],
  value: Tensor | number | boolean,
  options?: IndexPutOptions,
): Tensor<A>;
export function indexPut(t: Tensor, indices: readonly Index[], value: Tensor | number | boolean, options: IndexPutOptions = {}): Tensor {
  return putInto(t.clone(), indices, value, options);
}

addMethod('indexPut_', function (this: Tensor, indices: readonly Index[], value: Tensor | number | boolean, options: IndexPutOptions = {}) {
  return putInto(this, indices, value, options);
});
addMethod('indexPut', function (this: Tensor, indices: readonly Index[], value: Tensor | number | boolean, options?: IndexPutOptions) {
  return indexPut(this, indices, value, options);
});
