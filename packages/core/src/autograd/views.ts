import type { View } from '../backend.ts';
import { InPlaceError } from '../errors.ts';
import { computeKernel, contiguousData, copyData, extent, fullData, wrap, writeData } from '../kernels.ts';
import { contiguousStrides, isContiguous, overlaps, sizeOf } from '../layout.ts';
import { Tensor, type ViewKind } from '../tensor.ts';
import { attach, infoOf, metaOf } from './meta.ts';
import { isGradEnabled, isInferenceMode } from './modes.ts';
import { type Edge, GraphNode } from './node.ts';

/**
 * Views and in-place writes. A differentiable view remembers its base; a recorded write to either of them gives the
 * base a new history, and views of the base rebuild theirs from it when they are next used.
 */

/** Where the gradient of `t` goes, or null when it needs none. */
export function edgeOf(t: Tensor): Edge | null {
  if (t.viewOf !== null) followBase(t);
  const meta = t.meta;
  if (meta === null || !meta.requiresGrad) return null;
  if (meta.node !== null) return meta.index === 0 ? meta.node : { node: meta.node, index: meta.index };
  if (meta.accumulator === null) meta.accumulator = new GraphNode('accumulateGrad', [], [], [infoOf(t)], () => [], t);
  return meta.accumulator;
}

/** Whether gradients flow to `t`, whose history is brought up to date first. */
export function needsGrad(t: Tensor): boolean {
  if (t.viewOf !== null) followBase(t);
  return t.meta?.requiresGrad === true;
}

/** Brings a view up to date with its base. One that was not recorded is a leaf that needs a gradient when its base does. */
function followBase(view: Tensor): void {
  const base = baseOf(view);
  if (base === null) return;
  if (isStale(view, base)) {
    if (view.viewKind === 'plain') refreshView(view, base);
    else if (needsGrad(base)) throw new InPlaceError(lost(view.viewKind, 'its base or another view of it was written'));
  }
  if ((view.meta === null || !view.meta.requiresGrad) && needsGrad(base)) metaOf(view).requiresGrad = true;
}

/** Whether elements were written since a view was made: with a history, for one that can follow, and at all for others. */
function isStale(view: Tensor, base: Tensor): boolean {
  return view.epoch !== (view.viewKind === 'plain' ? base.epoch : view.storage.version);
}

/** The tensor that `t` is a view of; null when it is none, or when that tensor was given other elements since. */
export function baseOf(t: Tensor): Tensor | null {
  const base = t.viewOf;
  if (base === null || base.storage === t.storage) return base;
  // What was recorded of the view leads to the old elements, which nobody rewrites any more.
  t.viewOf = null;
  return null;
}

/** {@link needsGrad} of a view that has lost its history to a write, without the error that using it would be. */
export function wouldNeedGrad(t: Tensor): boolean {
  const base = baseOf(t);
  if (base === null || t.viewKind === 'plain' || !isStale(t, base)) return needsGrad(t);
  return t.meta?.requiresGrad === true || wouldNeedGrad(base);
}

/** Why a view of this kind has no history of its own. */
function lost(kind: ViewKind, what: string): string {
  const rules: Readonly<Record<ViewKind, string>> = {
    plain: '',
    several: `this view is one of several that one op gave (unbind, split, chunk), and ${what}; gradients of such views cannot follow a write: write select(), narrow() or slice(), or use the op without the trailing underscore`,
    noGrad: `this view was made under noGrad, and ${what} where gradients are recorded; make the view and the write either both inside of noGrad or both outside`,
    inference: `this view was made in inference mode, and ${what} outside of it; make the view and the write either both inside of inferenceMode or both outside`,
    hook: `this tensor was handed to or by a module that has backward hooks, and ${what}; use the op without the trailing underscore, or clone() first`,
  };
  return rules[kind];
}

/** Says how a view was made. One that cannot follow its base keeps the version in the place of the epoch. */
export function setKind(view: Tensor, kind: ViewKind): void {
  view.viewKind = kind;
  if (kind !== 'plain') view.epoch = view.storage.version;
}

/** Marks views that one op gave together. */
export function severalViews<T extends Tensor>(views: readonly T[]): T[] {
  for (const v of views) if (v.viewOf !== null && v.viewKind === 'plain') setKind(v, 'several');
  return [...views];
}

/** Rebuilds a view's history when its base was written to after the view was made or last refreshed. */
function refreshView(view: Tensor, base: Tensor): void {
  const edge = edgeOf(base);
  view.epoch = base.epoch;
  if (edge === null) {
    // The base was overwritten by what has no history, and so were these elements.
    if (view.meta?.node != null) detachHistory(view);
    return;
  }
  const window = windowOf(view, base);
  const node = new GraphNode('asStrided', [edge], [infoOf(base)], [infoOf(view)], ([g]) => [g == null ? null : scatterWindow(g, window)]);
  attach(view, node, 0);
}

/** Where elements lie in a buffer. */
export interface Geometry {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A view and the tensor that it is a view of, in the shortest buffer that holds the elements of both. */
export interface Window {
  readonly base: Geometry;
  readonly view: Geometry;
  readonly length: number;
}

/** The window through which `view` shows elements of the storage of `base`. */
export function windowOf(view: Geometry, base: Geometry): Window {
  // Where an empty window begins says nothing.
  const from = sizeOf(view.shape) === 0 ? base.offset : Math.min(view.offset, base.offset);
  const length = Math.max(extent(view), extent(base), from) - from;
  const at = ({ shape, strides, offset }: Geometry): Geometry => ({ shape, strides, offset: offset - from });
  return { base: at(base), view: at(view), length };
}

/** Whether elements that lie like this are a whole buffer in row-major order. */
function isWhole({ shape, strides, offset }: Geometry, length: number): boolean {
  return offset === 0 && sizeOf(shape) === length && isContiguous(shape, strides);
}

// Tensors on these buffers are not tracked: they are gone when the function returns and must not keep the buffer alive.

/** The elements of such a buffer that lie as `at` says. */
function windowIn(buffer: Tensor, at: Geometry): Tensor {
  return new Tensor(buffer.storage, at.shape, at.strides, buffer.offset + at.offset, false);
}

/**
 * A buffer of zeros with the elements of `g` where `at` says; one that is reached more than once gets the sum. It may be
 * `g` itself, unless asked for a fresh one.
 */
function spread(g: Tensor, at: Geometry, length: number, fresh: boolean): Tensor {
  if (!fresh && isWhole(at, length)) return contiguousData(g);
  const buffer = fullData(g.device, 0, g.dtype, [length]);
  if (overlaps(at.shape, at.strides)) return added(buffer, g, at);
  writeData(windowIn(buffer, at), g);
  return buffer;
}

/** Such a buffer, which is used up, with `g` added where `at` says. */
function added(buffer: Tensor, g: Tensor, at: Geometry): Tensor {
  const { device, dtype, size } = buffer;
  const places = placesOf(at);
  const index = wrap(device, device.upload(places, 'int64', places.length), 'int64', [places.length]);
  const values = contiguousData(g);
  const line = (t: Tensor, length: number): View => ({ handle: t.handle, dtype: t.dtype, shape: [length], strides: [1], offset: t.offset });
  const views = [line(buffer, size), index, line(values, places.length)];
  const handle = computeKernel(device, 'asStridedBackward', views, dtype, size, (b, [base, index, src]) =>
    b.scatterAdd({ base: base!, dim: 0, index: index!, src: src! }),
  );
  const out = wrap(device, handle, dtype, buffer.shape);
  for (const t of [buffer, index]) t.dispose();
  if (values !== g) values.dispose();
  return out;
}

/** Where in the buffer elements lie, in row-major order. */
export function placesOf({ shape, strides, offset }: Geometry): Float64Array {
  let places = Float64Array.of(offset);
  shape.forEach((n, d) => {
    const before = places;
    places = new Float64Array(before.length * n);
    for (let i = 0; i < places.length; i++) places[i] = before[Math.floor(i / n)]! + (i % n) * strides[d]!;
  });
  return places;
}

/** The elements of a buffer, which is used up unless it is `g`, as a tensor of their own. */
function collect(buffer: Tensor, at: Geometry, g: Tensor): Tensor {
  const whole = buffer !== g && isWhole(at, buffer.size);
  const out = whole ? new Tensor(buffer.storage, at.shape, contiguousStrides(at.shape), buffer.offset) : copyData(windowIn(buffer, at));
  if (buffer !== g) buffer.dispose();
  return out;
}

/**
 * Elements laid into a buffer of zeros as `from` says and read as `to` says; what is laid in one place adds up. The
 * adjoint of this map goes the other way.
 */
function carry(g: Tensor, from: Geometry, to: Geometry, length: number, name: string, back: string): Tensor {
  const out = collect(spread(g, from, length, false), to, g);
  link(out, g, name, (gg) => carry(gg, to, from, length, back, name));
  return out;
}

/** Zeros of the base's shape with `g` in the window; an element that the window reaches more than once gets the sum. */
export function scatterWindow(g: Tensor, w: Window): Tensor {
  return carry(g, w.view, w.base, w.length, 'asStridedBackward', 'asStrided');
}

/** The window of a gradient of the base, as a tensor of its own. */
function gatherWindow(g: Tensor, w: Window): Tensor {
  return carry(g, w.base, w.view, w.length, 'asStrided', 'asStridedBackward');
}

/** `g` with zeros in the window: what is left for the base's old values after the window was overwritten. */
function clearWindow(g: Tensor, w: Window): Tensor {
  const buffer = spread(g, w.base, w.length, true);
  const zeros = fullData(g.device, 0, g.dtype, w.view.shape);
  writeData(windowIn(buffer, w.view), zeros);
  zeros.dispose();
  const out = collect(buffer, w.base, g);
  link(out, g, 'clearWindow', (gg) => clearWindow(gg, w));
  return out;
}

/** Records a linear map whose adjoint is given. */
function link(out: Tensor, from: Tensor, name: string, adjoint: (g: Tensor) => Tensor): void {
  const edge = isGradEnabled() ? edgeOf(from) : null;
  if (edge === null) return;
  attach(out, new GraphNode(name, [edge], [infoOf(from)], [infoOf(out)], ([g]) => [g == null ? null : adjoint(g)]), 0);
}

/** Refuses a write to a view whose history could not be recorded; `needs` says whether what is written has one. */
export function checkRecordable(name: string, target: Tensor, needs: boolean): void {
  const base = baseOf(target);
  if (base === null) return;
  const baseNeeds = wouldNeedGrad(base);
  // The result of an op may be the last of its temporaries in another shape, of which nobody else knows.
  const whole = target.viewKind === 'noGrad' && !baseNeeds && target.size === base.size;
  if (target.viewKind !== 'plain' && !whole && (needs || baseNeeds)) {
    throw new InPlaceError(`${name}: ${lost(target.viewKind, 'it is written')}`);
  }
  if (base.isContiguous || !overlaps(base.shape, base.strides)) return;
  if (needs || baseNeeds) {
    throw new InPlaceError(`${name}: the tensor that this is a view of repeats its elements in memory; clone() it first`);
  }
}

/**
 * Gives `target`, whose elements were just overwritten by those of `value`, the history of `value`. When the target is a
 * view, the base gets it too, with the gradient of its other elements passing through.
 */
export function rebase(target: Tensor, value: Tensor): void {
  const base = baseOf(target);
  const edge = edgeOf(value);
  if (base === null) {
    target.epoch++;
    if (edge === null) {
      if (target.meta !== null && target.meta.node !== null) detachHistory(target);
    } else attach(target, edge.node, edge.index);
    return;
  }
  const w = windowOf(target, base);
  const old = edgeOf(base);
  if (edge === null && old === null) return;
  const node = new GraphNode('copySlices', [old, edge], [infoOf(base), infoOf(value)], [infoOf(base)], ([g]) => [
    old === null || g == null ? null : clearWindow(g, w),
    edge === null || g == null ? null : gatherWindow(g, w),
  ]);
  attach(base, node, 0);
  base.epoch++;
  target.viewKind = 'plain';
  refreshView(target, base);
}

/** A non-leaf that was overwritten by values without history no longer depends on anything. */
function detachHistory(t: Tensor): void {
  const meta = t.meta!;
  meta.node = null;
  meta.index = 0;
  meta.requiresGrad = false;
}

/** A tensor on the same storage under another window, as a view of `t`'s base. No gradient is recorded. */
export function viewData(t: Tensor, shape: readonly number[], strides: readonly number[], offset: number): Tensor {
  const view = new Tensor(t.storage, shape, strides, offset);
  view.viewOf = baseOf(t) ?? t;
  view.epoch = view.viewOf.epoch;
  setKind(view, t.viewKind !== 'plain' ? t.viewKind : isInferenceMode() ? 'inference' : isGradEnabled() ? 'plain' : 'noGrad');
  return view;
}

/** Whether a tensor fills its storage in row-major order. */
export function fillsStorage(t: Tensor): boolean {
  if (t.offset !== 0 || sizeOf(t.shape) !== t.storage.length) return false;
  const strides = contiguousStrides(t.shape);
  return strides.every((s, d) => t.shape[d] === 1 || s === t.strides[d]);
}
