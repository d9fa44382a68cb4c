import type { View } from '../backend.ts';
import { convolutionExports, filled, images, imagesAtOnce } from './conv.ts';
import { type Axis, boxes, copiesOf, copyingOf, type Frame, frameInPlace, frameOf, tapsOf } from './frame.ts';
import { poolGradient, pooling, quadBytes, quadColumnsAt } from './pool-code.ts';
import { partFrom, type Runtime } from './runtime.ts';
import { argumentsAt, Staging } from './staging.ts';
import { split } from './threads.ts';

/** Two numbers (32 bits each) that a kernel needs about an output: its row and column give them. */
export type Describe = (row: number, column: number) => readonly [first: number, second: number];

/** A rectangle of outputs, and the tables that its kernel reads. */
interface Box {
  readonly frame: Frame;
  /** Where the frame begins in a source that needs no copy; null when it does. */
  readonly origin: number | null;
  readonly taps: Int32Array;
  readonly quads: Int32Array;
  readonly copies: Int32Array;
}

/** A pooling of sources of some strides, with all that does not depend on their contents. */
export interface PoolPlan {
  readonly vertical: Axis;
  readonly horizontal: Axis;
  readonly strides: readonly number[];
  readonly boxes: readonly Box[];
}

/** Frames of this many bytes stay in the second-level cache. */
const frameBytes = 2 ** 18;
/** Elements that windows hold together, at least, in the part of a thread. */
const leastOfPooling = 2 ** 18;

function quadsOf({ vertical, horizontal, pitch }: Frame, width: number, describe: Describe): Int32Array {
  const { count } = horizontal;
  const perRow = Math.ceil(count / 4);
  const fields = quadBytes / 4;
  const columns = quadColumnsAt / 4;
  const out = new Int32Array(vertical.count * perRow * fields);
  let at = 0;
  for (let r = 0; r < vertical.count; r++) {
    for (let q = 0; q < perRow; q++, at += fields) {
      // The last quad of a row may overlap the one before: it computes the same again.
      const column = Math.max(0, Math.min(q * 4, count - 4));
      out[at] = (r * pitch + column) * 4;
      out[at + 1] = (vertical.first + r) * width + horizontal.first + column;
      for (let lane = 0; lane < Math.min(4, count); lane++) {
        const [first, second] = describe(vertical.first + r, horizontal.first + column + lane);
        out[at + columns + lane] = first;
        out[at + columns + 4 + lane] = second;
      }
    }
  }
  return out;
}

/** @param strides of the source [N, C, H, W] */
export function planPooling(vertical: Axis, horizontal: Axis, strides: readonly number[], describe: Describe): PoolPlan {
  const distances = vertical.offsets.flatMap((v) => horizontal.offsets.map((h) => v * horizontal.size + h));
  const all = boxes(vertical, horizontal, (f) => f.channel * 4 <= frameBytes).map(([v, h]): Box => {
    const there = frameInPlace(v, h, strides);
    const frame = there?.frame ?? frameOf(v, h);
    return {
      frame,
      origin: there?.origin ?? null,
      taps: Int32Array.from([...tapsOf(frame, 1)].flatMap((t, i) => [t, distances[i]!])),
      quads: quadsOf(frame, horizontal.count, describe),
      copies: there === null ? copiesOf(frame, strides) : new Int32Array(0),
    };
  });
  return { vertical, horizontal, strides, boxes: all };
}

/**
 * Pools `source` [N, C, H, W] into the contiguous `out`: maxima and, into `indices`, where they lie; without `indices`, means.
 *
 * @returns false when operands are too large to be copied to where kernels find them
 */
export function wasmPool(runtime: Runtime, p: PoolPlan, source: View, out: View, indices: View | null): boolean {
  const total = source.shape[0]!;
  const step = imagesAtOnce(runtime, 2 ** 22, ...(indices === null ? [source, out] : [source, out, indices]));
  for (let n = 0; n < total; n += step) {
    const [some, target, where] = [source, out, indices].map((v) => (v === null ? null : images(v, n, Math.min(n + step, total))));
    if (!poolImages(runtime, p, some!, target!, where!)) return false;
  }
  return true;
}

function poolImages(runtime: Runtime, p: PoolPlan, source: View, out: View, indices: View | null): boolean {
  const staging = new Staging(runtime);
  const [from, to, where] = [staging.input(source), staging.output(out, true), indices === null ? 0 : staging.output(indices, true)];
  if (from < 0 || to < 0 || where < 0) return false;
  const [count, planes] = out.shape as readonly [number, number];
  const [ns, cs] = p.strides as readonly [number, number, number, number];
  const size = p.vertical.count * p.horizontal.count;
  const mark = staging.mark;
  for (const { frame, origin, taps, quads, copies } of p.boxes) {
    staging.rewind(mark);
    const [tapsAt, quadsAt, copiesAt] = [staging.table(taps), staging.table(quads), staging.table(copies)];
    const calls: number[][] = [];
    for (const part of partsOf(runtime, count, planes, frame.vertical.count * frame.horizontal.count * (taps.length / 2))) {
      const frameAt = origin === null ? filled(runtime, staging, frame.channel, indices === null ? 0 : Number.NEGATIVE_INFINITY) : 0;
      if (tapsAt < 0 || quadsAt < 0 || copiesAt < 0 || frameAt < 0) return false;
      const job = argumentsAt(calls.length);
      const element = part.image * planes * size + part.plane * size;
      pooling.write(runtime.arena.i32, job, copyingOf(frame, copies, copiesAt, 1, p.strides), {
        images: part.images,
        planes: part.planes,
        source: from + (part.image * ns + part.plane * cs) * 4,
        sourceImage: ns * 4,
        sourcePlane: cs * 4,
        frame: frameAt,
        origin: (origin ?? 0) * 4,
        taps: tapsAt,
        depth: taps.length / 2,
        quads: quadsAt,
        count: quads.length / (quadBytes / 4),
        lanes: Math.min(4, frame.horizontal.count),
        out: to + element * 4,
        outImage: planes * size * 4,
        outPlane: size * 4,
        indices: where + element * 8,
        indexImage: planes * size * 8,
        indexPlane: size * 8,
      });
      calls.push([job]);
    }
    runtime.run(convolutionExports(runtime), indices === null ? 'averagePool' : 'maxPool', calls);
  }
  staging.finish();
  return true;
}

/** How the gradient of an average finds its windows: spans of rows and columns, and what each window is divided by. */
export interface Windows {
  readonly spans: Int32Array;
  readonly divisors: Float32Array;
}

/**
 * Adds `grad` [N, C, OH, OW] into the contiguous `out`, which is 0: at `indices`, or evenly over `windows`.
 *
 * @returns false when operands are too large to be copied to where kernels find them
 */
export function wasmPoolGrad(runtime: Runtime, grad: View, how: View | Windows, out: View): boolean {
  const indices = 'handle' in how ? how : null;
  const total = grad.shape[0]!;
  const step = imagesAtOnce(runtime, 2 ** 22, ...(indices === null ? [grad, out] : [grad, out, indices]));
  for (let n = 0; n < total; n += step) {
    const [some, target, where] = [grad, out, indices].map((v) => (v === null ? null : images(v, n, Math.min(n + step, total))));
    if (!gradImages(runtime, some!, where ?? (how as Windows), target!)) return false;
  }
  return true;
}

function gradImages(runtime: Runtime, grad: View, how: View | Windows, out: View): boolean {
  const staging = new Staging(runtime);
  const indices = 'handle' in how ? how : null;
  const [from, to] = [staging.input(grad), staging.output(out, false)];
  const where = indices === null ? 0 : staging.input(indices);
  const spans = 'handle' in how ? 0 : staging.table(how.spans);
  const divisors = 'handle' in how ? 0 : staging.table(new Int32Array(how.divisors.buffer));
  if (from < 0 || to < 0 || where < 0 || spans < 0 || divisors < 0) return false;
  const [count, planes, rows, columns] = grad.shape as readonly [number, number, number, number];
  const [, , height, width] = out.shape as readonly [number, number, number, number];
  const [gn, gc, gh, gw] = grad.strides as readonly [number, number, number, number];
  const [xn, xc, xh, xw] = (indices?.strides ?? [0, 0, 0, 0]) as readonly [number, number, number, number];
  const size = height * width;
  const calls = partsOf(runtime, count, planes, Math.max(size, rows * columns)).map((part, thread) => {
    const job = argumentsAt(thread);
    poolGradient.write(
      runtime.arena.i32,
      job,
      {},
      {
        images: part.images,
        planes: part.planes,
        rows,
        columns,
        grad: from + (part.image * gn + part.plane * gc) * 4,
        gradImage: gn * 4,
        gradPlane: gc * 4,
        gradRow: gh * 4,
        gradStep: gw * 4,
        indices: where + (part.image * xn + part.plane * xc) * 8,
        indexImage: xn * 8,
        indexPlane: xc * 8,
        indexRow: xh * 8,
        indexStep: xw * 8,
        out: to + (part.image * planes + part.plane) * size * 4,
        outImage: planes * size * 4,
        outPlane: size * 4,
        size,
        width,
        spans,
        divisors,
      },
    );
    return [job];
  });
  runtime.run(convolutionExports(runtime), indices === null ? 'averagePoolGrad' : 'maxPoolGrad', calls);
  staging.finish();
  return true;
}

interface Part {
  readonly image: number;
  readonly images: number;
  readonly plane: number;
  readonly planes: number;
}

/** Parts for threads: images, else planes. */
function partsOf(runtime: Runtime, count: number, planes: number, perPlane: number): Part[] {
  const least = partFrom(leastOfPooling) / perPlane;
  if (count >= runtime.threads) {
    return split(runtime.threads, count, 1, Math.ceil(least / planes)).map(({ from, to }) => ({
      image: from,
      images: to - from,
      plane: 0,
      planes,
    }));
  }
  return split(runtime.threads, planes, 1, Math.ceil(least / count)).map(({ from, to }) => ({
    image: 0,
    images: count,
    plane: from,
    planes: to - from,
  }));
}
