import { type Geometry, placesOf, scatterWindow, windowOf } from '../autograd/views.ts';
import { allocate } from '../dtype.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { extent } from '../kernels.ts';
import { overlaps } from '../layout.ts';
import { defineView, type ViewWindow } from '../op.ts';
import { checkSizes, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { fromBuffer } from './create.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link asStrided} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.as_strided.html */
    asStrided<const T extends Shape>(size: T, stride: Shape, storageOffset?: number | null): Tensor<T>;
  }
}

/** A window, and how the tensor lies whose gradient is asked for. */
interface Attrs {
  readonly window: ViewWindow;
  readonly from: Geometry;
}

/** How often each element of a tensor appears in it, where elements share a place in memory. */
function repeats(at: Geometry, like: Tensor): Tensor {
  const places = placesOf(at);
  const times = new Map<number, number>();
  for (const p of places) times.set(p, (times.get(p) ?? 0) + 1);
  const values = allocate(like.dtype, places.length);
  for (let i = 0; i < values.length; i++) values[i] = times.get(places[i]!)!;
  return fromBuffer(values, like.dtype, at.shape, { device: like.device });
}

const asStridedOp = defineView<Attrs>({
  name: 'asStrided',
  window: (_, { window }) => window,
  backward: ({ attrs: { window, from } }, g) => {
    const whole = scatterWindow(g, windowOf(window, from));
    // Elements that are one in memory share the gradient of their place.
    return overlaps(from.shape, from.strides) ? (whole.div(repeats(from, g)) as Tensor) : whole;
  },
});

/**
 * A view of any shape and strides on the storage of `t`, whatever the shape and strides of `t`: of elements beside those
 * of `t` too, whose gradient goes nowhere. An element that is reached more than once gets the sum of the gradients.
 *
 * @param stride distance between neighbours along each dimension, in elements
 * @param storageOffset place of the first element in the storage; that of `t` when omitted
 * @throws ShapeError when there is not one stride per size, or the window reaches beyond the storage; ValueError for a
 * negative stride or offset
 * @example
 * ```ts
 * asStrided(arange(6), [2, 3], [1, 2]); // [[0, 2, 4], [1, 3, 5]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.as_strided.html
 */
export function asStrided<const T extends Shape>(t: Tensor, size: T, stride: Shape, storageOffset?: number | null): Tensor<T>;
export function asStrided(t: Tensor, size: Shape, stride: Shape, storageOffset?: number | null): Tensor {
  checkSizes('asStrided', size);
  if (size.length !== stride.length) throw new ShapeError(`asStrided: ${stride.length} strides ${show(stride)} for size ${show(size)}`);
  const offset = storageOffset ?? t.offset;
  const wrong = [...stride, offset].find((n) => !Number.isInteger(n) || n < 0);
  if (wrong !== undefined) throw new ValueError(`asStrided: strides and offset must be non-negative integers, got ${wrong}`);
  const window = { shape: [...size], strides: [...stride], offset };
  const needed = extent(window);
  if (needed > t.storage.length) {
    throw new ShapeError(
      `asStrided: size ${show(size)} and strides ${show(stride)} from ${offset} reach ${needed} elements, but the storage of ${show(t.shape)} has ${t.storage.length}`,
    );
  }
  return asStridedOp(t, { window, from: { shape: t.shape, strides: t.strides, offset: t.offset } });
}

addMethod('asStrided', function (this: Tensor, size: Shape, stride: Shape, storageOffset?: number | null) {
  return asStrided(this, size, stride, storageOffset);
});
