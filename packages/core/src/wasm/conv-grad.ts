import type { View } from '../backend.ts';
import { convolutionExports, filled, images, imagesAtOnce } from './conv.ts';
import { tapStep, weightGradient } from './conv-grad-code.ts';
import { type Axis, boxes, copiesOf, copyingOf, type Frame, frameOf, tapsOf } from './frame.ts';
import { partFrom, type Runtime } from './runtime.ts';
import { argumentsAt, Staging } from './staging.ts';
import { split } from './threads.ts';

/** The gradient of a convolution in its weights: out[group, m, tap] = Σ over positions of grad[n, group * lines + m] * what the tap reads. */
export interface WeightGradient {
  readonly groups: number;
  /** Channels of a group of the source, and of the gradient. */
  readonly channels: number;
  readonly lines: number;
  readonly vertical: Axis;
  readonly horizontal: Axis;
}

/** A rectangle of positions, and the tables that its kernel reads. */
interface Box {
  readonly frame: Frame;
  /** Vectors of positions, existing or not. */
  readonly vectors: number;
  /** Images whose sums are made together. */
  readonly chunk: number;
  readonly taps: Int32Array;
  readonly masks: Int32Array;
  readonly copies: Int32Array;
}

/** A gradient from sources of some strides, with all that does not depend on their contents. */
export interface WeightGradientPlan extends WeightGradient {
  readonly strides: readonly number[];
  readonly depth: number;
  readonly boxes: readonly Box[];
}

/** Positions that make a sum worth its end: small images are taken several at a time. */
const enoughPositions = 1024;
/** Positions whose slopes, for one strip of channels, stay in the first-level cache. */
const mostPositions = 2048;
/** The same for frames in the second-level cache, in bytes. */
const frameBytes = 2 ** 19;
/** Products that a thread should have to itself, at least. */
const leastOfGradient = 2 ** 20;

/** Positions of a rectangle of outputs, row by row, up to the last; between rows those that do not exist. */
const lengthOf = ({ vertical, horizontal, pitch }: Frame): number => (vertical.count - 1) * pitch + horizontal.count;

/** A vector of ones and zeros (all bits) for each four positions: which of them exist. */
function masksOf(f: Frame, vectors: number): Int32Array {
  const length = lengthOf(f);
  return Int32Array.from({ length: vectors * 4 }, (_, i) => (i < length && i % f.pitch < f.horizontal.count ? -1 : 0));
}

/** The taps of a frame, filled up by the first. */
function tapTable(f: Frame, channels: number): Int32Array {
  const taps = tapsOf(f, channels);
  const out = new Int32Array(Math.ceil(taps.length / tapStep) * tapStep);
  out.set(taps);
  return out;
}

/** @param strides of the source [N, C, H, W], @param total images */
export function planWeightGradient(w: WeightGradient, strides: readonly number[], total: number): WeightGradientPlan {
  const fits = (f: Frame): boolean => w.channels * f.channel * 4 <= frameBytes && lengthOf(f) <= mostPositions;
  const all = boxes(w.vertical, w.horizontal, fits).map(([vertical, horizontal]): Box => {
    const frame = frameOf(vertical, horizontal);
    const vectors = Math.ceil(lengthOf(frame) / 4);
    return {
      frame,
      vectors,
      chunk: Math.max(1, Math.min(total, Math.ceil(enoughPositions / lengthOf(frame)))),
      taps: tapTable(frame, w.channels),
      masks: masksOf(frame, vectors),
      copies: copiesOf(frame, strides),
    };
  });
  return { ...w, strides, depth: w.channels * w.vertical.offsets.length * w.horizontal.offsets.length, boxes: all };
}

/**
 * The gradient of the weights into the contiguous `out` [O, C/groups, KH, KW], of `source` [N, C, H, W] and `grad` [N, O, OH, OW].
 * Sums are made for a few images at a time, as the shapes say, and added up in order: they do not depend on where operands lie or
 * how many threads there are.
 *
 * @returns false when operands are too large to be copied to where kernels find them
 */
export function wasmWeightGradient(runtime: Runtime, w: WeightGradientPlan, source: View, grad: View, out: View): boolean {
  const total = source.shape[0]!;
  const step = imagesAtOnce(runtime, 2 ** 22, source, grad);
  // What is computed is added to what is there.
  (out.handle as Float32Array).fill(0, out.offset, out.offset + w.groups * w.lines * w.depth);
  for (const box of w.boxes) {
    // When images are copied a few at a time, sums are still made for the same ones together.
    const few = Math.max(1, Math.floor(step / box.chunk)) * box.chunk;
    for (let n = 0; n < total; n += few) {
      const end = Math.min(n + few, total);
      if (!addImages(runtime, w, box, images(source, n, end), images(grad, n, end), out)) return false;
    }
  }
  return true;
}

function addImages(runtime: Runtime, w: WeightGradientPlan, box: Box, source: View, gradView: View, out: View): boolean {
  const { depth, channels } = w;
  const { frame, vectors, chunk } = box;
  const { vertical, horizontal } = frame;
  const staging = new Staging(runtime);
  const [from, grad, to] = [staging.input(source), staging.input(gradView), staging.output(out, false)];
  const [taps, masks, copies] = [staging.table(box.taps), staging.table(box.masks), staging.table(box.copies)];
  if (from < 0 || grad < 0 || to < 0 || taps < 0 || masks < 0 || copies < 0) return false;
  const [ns, cs] = w.strides as readonly [number, number, number, number];
  const [gn, gc, gh, gw] = gradView.strides as readonly [number, number, number, number];
  const count = source.shape[0]!;
  const calls: number[][] = [];
  for (const part of partsOf(runtime, w, count * depth * vectors * 4)) {
    const framed = channels * frame.channel;
    const sloped = part.lines * vectors * 4;
    const [frames, slopes] = [filled(runtime, staging, chunk * framed, 0), filled(runtime, staging, chunk * sloped, 0)];
    if (frames < 0 || slopes < 0) return false;
    const job = argumentsAt(calls.length);
    weightGradient.write(runtime.arena.i32, job, copyingOf(frame, box.copies, copies, channels, w.strides), {
      groups: part.groups,
      images: count,
      chunk,
      source: from + part.group * channels * cs * 4,
      sourceGroup: channels * cs * 4,
      sourceImage: ns * 4,
      frame: frames,
      frameImage: framed * 4,
      grad: grad + ((part.group * w.lines + part.line) * gc + vertical.first * gh + horizontal.first * gw) * 4,
      gradGroup: w.lines * gc * 4,
      gradImage: gn * 4,
      gradLine: gc * 4,
      gradRow: gh * 4,
      gradStep: gw * 4,
      rows: vertical.count,
      columns: horizontal.count,
      slopes,
      slopeImage: sloped * 4,
      slopeLine: vectors * 16,
      vectors,
      masks,
      lines: part.lines,
      taps,
      depth,
      out: to + (part.group * w.lines + part.line) * depth * 4,
      outGroup: w.lines * depth * 4,
      outLine: depth * 4,
    });
    calls.push([job]);
  }
  runtime.run(convolutionExports(runtime), 'differentiate', calls);
  staging.finish();
  return true;
}

interface Part {
  readonly group: number;
  readonly groups: number;
  readonly line: number;
  readonly lines: number;
}

/** Parts for threads: groups, or strips of output channels; every thread makes frames of its own. */
function partsOf(runtime: Runtime, w: WeightGradient, perLine: number): Part[] {
  const least = partFrom(leastOfGradient) / perLine;
  if (w.groups > 1) {
    return split(runtime.threads, w.groups, 1, Math.ceil(least / w.lines)).map(({ from, to }) => ({
      group: from,
      groups: to - from,
      line: 0,
      lines: w.lines,
    }));
  }
  return split(runtime.threads, w.lines, 4, Math.ceil(least)).map(({ from, to }) => ({
    group: 0,
    groups: 1,
    line: from,
    lines: to - from,
  }));
}
