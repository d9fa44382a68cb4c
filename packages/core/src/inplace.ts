import { isGradEnabled } from './autograd/modes.ts';
import { fillsStorage, rebase } from './autograd/views.ts';
import type { DType } from './dtype.ts';
import { InPlaceError } from './errors.ts';
import { spread } from './evaluate.ts';
import type { Expr } from './expr/node.ts';
import { backendOf, copyData, mapKernel, wrap, writeData } from './kernels.ts';
import { overlaps, sameShape } from './layout.ts';
import { show } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Refuses writes that would corrupt data or a graph. `recorded` writes get a history; others must not touch leaves that need gradients. */
export function checkWritable(name: string, self: Tensor): void {
  if (overlaps(self.shape, self.strides)) {
    throw new InPlaceError(
      `${name}: several elements of this ${show(self.shape)} tensor share one place in memory (it was expanded); clone() it before writing`,
    );
  }
  if (!isGradEnabled()) return;
  const base = self.viewOf;
  if (base !== null && base.meta?.requiresGrad === true && base.meta.node === null) {
    throw new InPlaceError(`${name}: a view of a leaf that requires gradients cannot be written in place; use noGrad() or clone()`);
  }
  if (base === null && self.meta?.requiresGrad === true && self.meta.node === null) {
    throw new InPlaceError(`${name}: a leaf that requires gradients cannot be written in place; use noGrad() or clone()`);
  }
}

/**
 * Writes the result of an op into `self` and gives `self` the history of the result. The op runs out of place first, so
 * whatever it saves keeps the value that it saw.
 */
export function inPlace(name: string, self: Tensor, compute: () => Tensor): Tensor {
  checkWritable(name, self);
  const value = compute();
  const cast = value.dtype === self.dtype ? value : value.to(self.dtype);
  writeData(self, cast);
  if (isGradEnabled()) rebase(self, cast);
  return self;
}

/** Evaluates straight into `self`, without recording. */
export function writeElementwise(
  name: string,
  self: Tensor,
  expr: Expr,
  tensors: readonly Tensor[],
  params: readonly number[],
  compute: DType,
): Tensor {
  checkWritable(name, self);
  const backend = backendOf(name, tensors);
  const request = { exprs: [expr], params, shape: self.shape, compute, outputs: [self.dtype] };
  if (backend.caps.inPlace) {
    const inputs = tensors.map((t) => spread(collides(self, t) ? copyData(t) : t, self.shape));
    mapKernel(backend, name, { ...request, inputs, into: [self] });
    self.storage.version++;
    return self;
  }
  const inputs = tensors.map((t) => spread(t, self.shape));
  const [handle] = mapKernel(backend, name, { ...request, inputs }) as [object];
  if (fillsStorage(self)) self.storage.written(handle);
  else {
    const temporary = wrap(backend, handle, self.dtype, self.shape);
    writeData(self, temporary);
    temporary.dispose();
  }
  return self;
}

/** Whether writing `self` element by element could overwrite an element of `t` before it is read. */
function collides(self: Tensor, t: Tensor): boolean {
  if (t.storage !== self.storage || t === self) return false;
  const same = t.offset === self.offset && sameShape(t.shape, self.shape) && t.strides.every((s, d) => s === self.strides[d]);
  return !same;
}
