import { isGradEnabled, isInferenceMode } from './autograd/modes.ts';
import { type GraphNode, setNodeListener } from './autograd/node.ts';
import { baseOf, checkRecordable, fillsStorage, needsGrad, rebase, wouldNeedGrad } from './autograd/views.ts';
import type { Backend, Handle } from './backend.ts';
import { type Observer, observer } from './debug.ts';
import { type DType, isFloating } from './dtype.ts';
import { DTypeError, InPlaceError, ShapeError } from './errors.ts';
import { spreadAll } from './evaluate.ts';
import type { Expr } from './expr/node.ts';
import { backendOf, copyData, mapKernel, wrap, writeData } from './kernels.ts';
import { overlaps, sameShape } from './layout.ts';
import { keepWith } from './scope.ts';
import { show } from './shape.ts';
import { storagesMade } from './storage.ts';
import type { Tensor } from './tensor.ts';

/** Refuses writes that would corrupt data or a graph. */
export function checkWritable(name: string, self: Tensor): void {
  if (overlaps(self.shape, self.strides)) {
    throw new InPlaceError(
      `${name}: several elements of this ${show(self.shape)} tensor share one place in memory (it was expanded); clone() it before writing`,
    );
  }
  if (self.storage.inference && !isInferenceMode()) {
    throw new InPlaceError(`${name}: a tensor made in inference mode cannot be written outside of it; clone() gives one that can`);
  }
  if (!isGradEnabled()) return;
  const base = baseOf(self);
  if (base !== null && base.meta?.node == null && wouldNeedGrad(self)) {
    throw new InPlaceError(`${name}: a view of a leaf that requires gradients cannot be written in place; use noGrad() or clone()`);
  }
  checkRecordable(name, self, false);
  if (self.meta?.requiresGrad === true && self.meta.node === null) {
    throw new InPlaceError(`${name}: a leaf that requires gradients cannot be written in place; use noGrad() or clone()`);
  }
}

/**
 * Writes the result of an op into `self` and gives `self` the history of the result. The op runs out of place first; what
 * it saves of `self` for its own gradient is copied before the write, as in PyTorch.
 */
export function inPlace(name: string, self: Tensor, compute: () => Tensor): Tensor {
  checkWritable(name, self);
  const made: GraphNode[] = [];
  const outer = setNodeListener((node) => {
    made.push(node);
    outer?.(node);
  });
  const since = storagesMade();
  let value: Tensor;
  let cast: Tensor;
  try {
    value = compute();
    cast = value.dtype === self.dtype ? value : value.to(self.dtype);
  } finally {
    setNodeListener(outer);
  }
  if (isGradEnabled()) checkRecordable(name, self, needsGrad(cast));
  for (const node of made) for (const slot of node.saved) slot?.preserve(self.storage);
  writeData(self, cast);
  if (isGradEnabled()) {
    rebase(self, cast);
    // What was born outside of a scope keeps the history that it got inside.
    const base = baseOf(self) ?? self;
    if (base.meta?.node != null) keepWith(base, base);
  }
  // Nobody has these. Outside of a scope a device, or the memory of WebAssembly, would hold them until they are collected.
  if (value.storage.id >= since) value.dispose();
  if (cast.storage.id >= since) cast.dispose();
  return self;
}

/** Whether a kernel can write where it reads. Of integers it cannot: an overflow in the middle must leave nothing written. */
const direct = (backend: Backend, compute: DType): boolean => backend.caps.inPlace && (isFloating(compute) || compute === 'bool');

// Requests are written out below: an object spread (`{ ...request, into }`) costs 2 µs, more than a small kernel.

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
  if (observer === null) return writeNow(name, self, expr, tensors, params, compute);
  return observedWrite(name, self, expr, tensors, params, compute, observer);
}

function observedWrite(
  name: string,
  self: Tensor,
  expr: Expr,
  tensors: readonly Tensor[],
  params: readonly number[],
  compute: DType,
  by: Observer,
): Tensor {
  return by.op(name, tensors, params, () => writeNow(name, self, expr, tensors, params, compute));
}

function writeNow(name: string, self: Tensor, expr: Expr, tensors: readonly Tensor[], params: readonly number[], compute: DType): Tensor {
  const backend = backendOf(name, tensors);
  const { shape, dtype } = self;
  if (direct(backend, compute)) {
    const inputs = spreadAll(apart(tensors, [self]), shape);
    const [handle] = mapKernel(backend, name, { exprs: [expr], inputs, params, shape, compute, outputs: [dtype], into: [self] });
    settle(self, handle!);
    return self;
  }
  const inputs = spreadAll(tensors, shape);
  const [handle] = mapKernel(backend, name, { exprs: [expr], inputs, params, shape, compute, outputs: [dtype] }) as [object];
  take(self, handle);
  return self;
}

/** Counts what was written into the buffer of `self`, or takes the new buffer that came where the backend declined to. */
function settle(self: Tensor, handle: Handle): void {
  if (handle === self.handle) self.storage.version++;
  else take(self, handle);
}

/** Makes a fresh contiguous buffer the contents of `self`: by exchange where `self` is all of its storage, else by a copy. */
function take(self: Tensor, handle: Handle): void {
  if (fillsStorage(self)) {
    self.storage.written(handle);
    return;
  }
  const temporary = wrap(self.storage.backend, handle, self.dtype, self.shape);
  writeData(self, temporary);
  temporary.dispose();
}

/** Whether writing `self` element by element could overwrite an element of `t` before it is read. */
function collides(self: Tensor, t: Tensor): boolean {
  if (t.storage !== self.storage || t === self) return false;
  const same = t.offset === self.offset && sameShape(t.shape, self.shape) && t.strides.every((s, d) => s === self.strides[d]);
  return !same;
}

/**
 * Evaluates one expression per target in a single kernel and overwrites the targets, without recording: how an
 * optimizer updates a parameter together with its state. Expressions see every input as it was before the update, so
 * targets may be inputs too.
 *
 * @param name names the update in messages and reports
 * @param exprs one per target, over `inputs` (broadcast to the targets' shape) and `params`
 * @param targets tensors of one shape and dtype
 */
export function updateInPlace(
  name: string,
  exprs: readonly Expr[],
  targets: readonly Tensor[],
  inputs: readonly Tensor[],
  params: readonly number[],
): void {
  const { shape, dtype } = targets[0]!;
  for (const t of targets) {
    checkWritable(name, t);
    if (!sameShape(t.shape, shape)) throw new ShapeError(`${name}: the targets have shapes ${show(shape)} and ${show(t.shape)}`);
    if (t.dtype !== dtype) throw new DTypeError(`${name}: the targets have dtypes ${dtype} and ${t.dtype}`);
  }
  if (observer === null) updateNow(name, exprs, targets, inputs, params);
  else observedUpdate(name, exprs, targets, inputs, params, observer);
}

// A function of its own: one that holds a closure makes room for what it captures at every call.
function observedUpdate(
  name: string,
  exprs: readonly Expr[],
  targets: readonly Tensor[],
  inputs: readonly Tensor[],
  params: readonly number[],
  by: Observer,
): void {
  by.op(name, [...targets, ...inputs], params, () => updateNow(name, exprs, targets, inputs, params));
}

function updateNow(
  name: string,
  exprs: readonly Expr[],
  targets: readonly Tensor[],
  inputs: readonly Tensor[],
  params: readonly number[],
): readonly Tensor[] {
  const { shape, dtype } = targets[0]!;
  const backend = backendOf(name, targets, inputs);
  const outputs: DType[] = [];
  for (let i = 0; i < targets.length; i++) outputs.push(dtype);
  if (direct(backend, dtype)) {
    const views = spreadAll(apart(inputs, targets), shape);
    const handles = mapKernel(backend, name, { exprs, inputs: views, params, shape, compute: dtype, outputs, into: targets });
    for (let i = 0; i < targets.length; i++) settle(targets[i]!, handles[i]!);
    return targets;
  }
  const handles = mapKernel(backend, name, { exprs, inputs: spreadAll(inputs, shape), params, shape, compute: dtype, outputs });
  targets.forEach((t, i) => {
    take(t, handles[i]!);
  });
  return targets;
}

/** The inputs, with a copy in the place of each that an update of the targets could overwrite before it is read. */
function apart(inputs: readonly Tensor[], targets: readonly Tensor[]): readonly Tensor[] {
  for (const t of inputs) {
    for (const to of targets) {
      if (collides(to, t)) return inputs.map((x) => (targets.some((y) => collides(y, x)) ? copyData(x) : x));
    }
  }
  return inputs;
}
