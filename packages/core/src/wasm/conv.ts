import type { View } from '../backend.ts';
import { convolutionFunctions, correlation, quadStep } from './conv-code.ts';
import { weightGradientFunctions } from './conv-grad-code.ts';
import { type Axis, boxes, copiesOf, copyingOf, type Frame, frameInPlace, frameOf, tapsOf } from './frame.ts';
import type { FunctionBuilder } from './module.ts';
import { poolingFunctions } from './pool-code.ts';
import { type Exports, partFrom, type Runtime } from './runtime.ts';
import { argumentsAt, Staging } from './staging.ts';
import { split } from './threads.ts';

/** Weights as a correlation takes them: in elements, from the view's first on. */
export interface Weights {
  readonly origin: number;
  /** From a group to the next, and from an output channel to the next. */
  readonly group: number;
  readonly line: number;
  /** The taps, outermost first: how many and how far apart. The first counts channels. */
  readonly taps: readonly [Steps, Steps, Steps];
}

interface Steps {
  readonly count: number;
  readonly step: number;
}

/** out[n, group * lines + m, ...] = Σ over taps of weights[group, m, tap] * source[n, channel of the group and tap, ...]. */
export interface Correlation {
  readonly weights: Weights;
  readonly groups: number;
  /** Output channels of a group. */
  readonly lines: number;
  readonly vertical: Axis;
  readonly horizontal: Axis;
}

/** A rectangle of outputs, and the tables that its kernel reads. */
interface Box {
  readonly frame: Frame;
  /** Where the frame begins in a source that needs no copy; null when it does. */
  readonly origin: number | null;
  readonly outputs: number;
  readonly taps: Int32Array;
  readonly quads: Int32Array;
  readonly copies: Int32Array;
}

/** A correlation of sources of some strides into planes of some size, with all that does not depend on their contents. */
export interface CorrelationPlan extends Correlation {
  readonly strides: readonly number[];
  readonly depth: number;
  readonly channels: number;
  /** Bytes of a plane of the result. */
  readonly plane: number;
  readonly boxes: readonly Box[];
}

/** Where quads of columns are read in a frame and written in a plane that is `width` wide, in bytes; the last ones are repeated. */
function quadsOf({ vertical, horizontal, pitch }: Frame, width: number): Int32Array {
  const { count, first, step } = horizontal;
  const perRow = Math.ceil(count / 4);
  const total = vertical.count * perRow;
  const out = new Int32Array(Math.ceil(total / quadStep) * quadStep * 2);
  let at = 0;
  for (let r = 0; r < vertical.count; r++) {
    const row = (vertical.first + r * vertical.step) * width + first;
    for (let q = 0; q < perRow; q++) {
      // The last quad of a row may overlap the one before: it computes the same again.
      const column = Math.max(0, Math.min(q * 4, count - 4));
      out[at++] = (r * pitch + column) * 4;
      out[at++] = (row + column * step) * 4;
    }
  }
  for (; at < out.length; at++) out[at] = out[at - 2]!;
  return out;
}

/** @param strides of the source [N, C, H, W], @param shape [N, C, H, W] of the result */
export function planCorrelation(c: Correlation, strides: readonly number[], shape: readonly number[]): CorrelationPlan {
  const depth = c.weights.taps.reduce((n, t) => n * t.count, 1);
  const channels = c.weights.taps[0].count;
  const fits = (f: Frame): boolean => channels * f.channel * 4 <= frameBytes;
  const all = boxes(c.vertical, c.horizontal, fits).map(([vertical, horizontal]): Box => {
    const there = frameInPlace(vertical, horizontal, strides);
    const frame = there?.frame ?? frameOf(vertical, horizontal);
    return {
      frame,
      origin: there?.origin ?? null,
      outputs: vertical.count * horizontal.count,
      taps: tapsOf(frame, channels),
      quads: quadsOf(frame, shape[3]!),
      copies: there === null ? copiesOf(frame, strides) : new Int32Array(0),
    };
  });
  return { ...c, strides, depth, channels, plane: shape[2]! * shape[3]! * 4, boxes: all };
}

/** Frames of this many bytes stay in the second-level cache. */
const frameBytes = 2 ** 18;
/** Packed weights of one pass. */
const weightBytes = 2 ** 22;
/** Products that a thread should have to itself, at least. */
const leastOfCorrelation = 2 ** 20;

/** One module: pooling and the gradient copy images by the function that the convolution has. */
function functions(): Record<string, FunctionBuilder> {
  const made = convolutionFunctions();
  const names = Object.keys(made);
  const copy = names.indexOf('copy');
  return { ...made, ...weightGradientFunctions(names.length, copy), ...poolingFunctions(copy) };
}

/** The functions of convolution and pooling over a runtime's memory. */
export function convolutionExports(runtime: Runtime): Exports {
  return runtime.once(functions, () => runtime.compile(functions()));
}

/** Images [from, to) of a view. */
export function images(v: View, from: number, to: number): View {
  const { handle, dtype, strides } = v;
  return { handle, dtype, strides, shape: [to - from, ...v.shape.slice(1)], offset: v.offset + from * strides[0]! };
}

/** How many images to take at a time: all of them, or as many as can be copied when a view lies outside of WebAssembly memory. */
export function imagesAtOnce(runtime: Runtime, bytes: number, ...views: readonly View[]): number {
  let count = views[0]!.shape[0]!;
  for (const v of views) {
    if (runtime.addressOf(v) >= 0) continue;
    const span = v.shape.slice(1).reduce((s, n, d) => s + (n - 1) * Math.abs(v.strides[d + 1]!), 1);
    const step = Math.max(Math.abs(v.strides[0]!), 1);
    count = Math.min(count, 1 + Math.max(0, Math.floor((bytes / 4 - span) / step)));
  }
  return count;
}

/** The groups, and lines of each, whose weights are packed at a time. */
interface Pass {
  readonly group: number;
  readonly groups: number;
  readonly line: number;
  readonly lines: number;
}

function passesOf(c: CorrelationPlan): Pass[] {
  const fit = Math.max(1, Math.floor(weightBytes / (c.depth * 4)));
  if (c.groups * c.lines <= fit) return [{ group: 0, groups: c.groups, line: 0, lines: c.lines }];
  // As many groups, or as many strips of one, as fit.
  const lines = Math.min(c.lines, Math.max(4, Math.floor(fit / 4) * 4));
  const groups = Math.max(1, Math.floor(fit / c.lines));
  const out: Pass[] = [];
  for (let g = 0; g < c.groups; g += groups) {
    for (let m = 0; m < c.lines; m += lines) {
      out.push({ group: g, groups: Math.min(groups, c.groups - g), line: m, lines: Math.min(lines, c.lines - m) });
    }
  }
  return out;
}

/**
 * Correlates `source` [N, C, H, W] into the contiguous `out`. Each result is a sum in the order of the taps: it does not depend on
 * what else is computed, where operands lie, or how many threads there are.
 *
 * @returns false when operands are too large to be copied to where kernels find them
 */
export function wasmCorrelate(runtime: Runtime, c: CorrelationPlan, source: View, weights: View, out: View): boolean {
  const total = source.shape[0]!;
  const passes = passesOf(c);
  const step = imagesAtOnce(runtime, 2 ** 22, source, out);
  for (let n = 0; n < total; n += step) {
    const [some, target] = [images(source, n, Math.min(n + step, total)), images(out, n, Math.min(n + step, total))];
    for (const pass of passes) if (!runPass(runtime, c, pass, some, weights, target)) return false;
  }
  return true;
}

function runPass(runtime: Runtime, c: CorrelationPlan, p: Pass, source: View, weightView: View, out: View): boolean {
  const { depth, channels, plane, vertical, horizontal } = c;
  const exports = convolutionExports(runtime);
  const staging = new Staging(runtime);
  const dense = p.lines * p.groups === out.shape[1] && vertical.step === 1 && horizontal.step === 1;
  const [from, weights, to] = [staging.input(source), staging.input(weightView), staging.output(out, dense)];
  const packed = staging.reserve(p.groups * p.lines * depth * 4);
  if (from < 0 || weights < 0 || to < 0 || packed < 0) return false;
  pack(exports, c, p, weights, packed);
  const [ns, cs] = c.strides as readonly [number, number, number, number];
  const target = to + (p.group * c.lines + p.line) * plane;
  const image = out.shape[1]! * plane;
  const mark = staging.mark;
  for (const { frame, origin, outputs, taps, quads, copies } of c.boxes) {
    staging.rewind(mark);
    const [tapsAt, quadsAt, copiesAt] = [staging.table(taps), staging.table(quads), staging.table(copies)];
    const calls: number[][] = [];
    for (const part of partsOf(runtime, out.shape[0]!, p, depth * outputs)) {
      const frameAt = origin === null ? filled(runtime, staging, channels * frame.channel, 0) : 0;
      if (tapsAt < 0 || quadsAt < 0 || copiesAt < 0 || frameAt < 0) return false;
      const job = argumentsAt(calls.length);
      correlation.write(runtime.arena.i32, job, copyingOf(frame, copies, copiesAt, channels, c.strides), {
        groups: p.groups,
        images: part.images,
        source: from + (p.group * channels * cs + part.image * ns) * 4,
        sourceGroup: channels * cs * 4,
        sourceImage: ns * 4,
        frame: frameAt,
        origin: (origin ?? 0) * 4,
        weights: packed + part.line * depth * 4,
        weightsGroup: p.lines * depth * 4,
        lines: part.lines,
        depth,
        taps: tapsAt,
        quads: quadsAt,
        count: quads.length / 2,
        out: target + part.image * image + part.line * plane,
        outGroup: c.lines * plane,
        outImage: image,
        plane,
        lanes: Math.min(4, frame.horizontal.count),
        step: horizontal.step * 4,
      });
      calls.push([job]);
    }
    runtime.run(exports, 'correlate', calls);
  }
  staging.finish();
  return true;
}

/** Packs the weights of a pass: group by group, the four lines of a strip side by side. */
function pack(exports: Exports, { weights: w, depth }: CorrelationPlan, p: Pass, from: number, to: number): void {
  const [t0, t1, t2] = w.taps;
  for (let g = 0; g < p.groups; g++) {
    for (let m = 0; m < p.lines; m += 4) {
      const first = from + (w.origin + (p.group + g) * w.group + (p.line + m) * w.line) * 4;
      const lines = Math.min(4, p.lines - m);
      const place = to + (g * p.lines + m) * depth * 4;
      exports['pack']!(first, lines, w.line * 4, t0.count, t0.step * 4, t1.count, t1.step * 4, t2.count, t2.step * 4, place);
    }
  }
}

/** Room for a frame of `n` elements that are `value`, and a vector behind it; -1 when there is none. */
export function filled(runtime: Runtime, staging: Staging, n: number, value: number): number {
  const at = staging.reserve(n * 4 + 16);
  if (at >= 0) runtime.arena.f32.fill(value, at / 4, at / 4 + n + 4);
  return at;
}

interface Part {
  readonly image: number;
  readonly images: number;
  readonly line: number;
  readonly lines: number;
}

/** Parts for threads: images, else strips of output channels. */
function partsOf(runtime: Runtime, count: number, p: Pass, perLine: number): Part[] {
  const least = partFrom(leastOfCorrelation) / (perLine * p.groups);
  if (count >= runtime.threads) {
    return split(runtime.threads, count, 1, Math.ceil(least / p.lines)).map(({ from, to }) => ({
      image: from,
      images: to - from,
      line: 0,
      lines: p.lines,
    }));
  }
  return split(runtime.threads, p.lines, 4, Math.ceil(least / count)).map(({ from, to }) => ({
    image: 0,
    images: count,
    line: from,
    lines: to - from,
  }));
}
