import type { copying } from './conv-code.ts';

// A frame is a padded copy of part of an image, from which every tap of a convolution reads columns that lie side by side: rows and
// columns are sorted by their residue modulo the stride ("phases"), and those of one phase lie together.

/** One spatial dimension of a correlation: output i reads the elements i * stride + offsets[k] - before of the source. */
export interface Axis {
  /** Elements of the source. What is read outside of them is 0. */
  readonly size: number;
  readonly before: number;
  readonly stride: number;
  /** For each tap, how far it reads from the first; none is negative. */
  readonly offsets: readonly number[];
  /** Outputs, where the first of them lands, and how far apart they land. */
  readonly count: number;
  readonly first: number;
  readonly step: number;
}

/** Outputs [from, to) of an axis. */
function part(a: Axis, from: number, to: number): Axis {
  return { ...a, before: a.before - from * a.stride, count: to - from, first: a.first + from * a.step };
}

/** Residues of an axis that taps read. */
function phasesOf(a: Axis): number[] {
  return [...new Set(a.offsets.map((o) => o % a.stride))];
}

/** Elements of one phase that all outputs read together. */
function extent(a: Axis): number {
  return a.count + Math.max(...a.offsets.map((o) => Math.floor(o / a.stride)));
}

/** Those elements of a phase that exist in the source: [first, end). */
function present(a: Axis, phase: number): readonly [number, number] {
  const first = Math.max(0, Math.ceil((a.before - phase) / a.stride));
  const end = Math.min(extent(a), Math.floor((a.size - 1 + a.before - phase) / a.stride) + 1);
  return [first, Math.max(first, end)];
}

/** How a rectangle of outputs finds its source, for one channel after the other. All in elements. */
export interface Frame {
  readonly vertical: Axis;
  readonly horizontal: Axis;
  /** From a row to the next, from one phase's plane to the next, from a channel to the next. */
  readonly pitch: number;
  readonly plane: number;
  readonly channel: number;
  /** Vertical phases, and horizontal ones in each of them, in the order of their planes. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

export function frameOf(vertical: Axis, horizontal: Axis): Frame {
  const [rows, columns] = [phasesOf(vertical), phasesOf(horizontal)];
  const wide = extent(horizontal);
  // Zeros at the end of a row are those at the beginning of the next; places of outputs stay apart.
  const margins = columns
    .map((phase) => present(horizontal, phase))
    .filter(([first, end]) => end > first)
    .map(([first, end]) => Math.min(first, wide - end));
  const shared = margins.length === 0 ? 0 : Math.min(...margins, wide - horizontal.count);
  const pitch = wide - shared;
  const plane = extent(vertical) * pitch + shared;
  return { vertical, horizontal, pitch, plane, channel: plane * rows.length * columns.length, rows, columns };
}

/** The frame that a source of these strides is by itself, from element `origin` on; null when it has to be copied. */
export function frameInPlace(
  vertical: Axis,
  horizontal: Axis,
  strides: readonly number[],
): { readonly frame: Frame; readonly origin: number } | null {
  const [, cs, hs, ws] = strides as readonly [number, number, number, number];
  const inside = (a: Axis): boolean => a.stride === 1 && a.before <= 0 && extent(a) - a.before <= a.size;
  if (ws !== 1 || !inside(vertical) || !inside(horizontal)) return null;
  const frame = { vertical, horizontal, pitch: hs, plane: cs, channel: cs, rows: [0], columns: [0] };
  return { frame, origin: -vertical.before * hs - horizontal.before };
}

/** Where each tap reads from the place of an output, channel by channel, in bytes. */
export function tapsOf(f: Frame, channels: number): Int32Array {
  const { vertical, horizontal } = f;
  const across = horizontal.offsets.map((o) => f.columns.indexOf(o % horizontal.stride) * f.plane + Math.floor(o / horizontal.stride));
  const down = vertical.offsets.map(
    (o) => f.rows.indexOf(o % vertical.stride) * f.columns.length * f.plane + Math.floor(o / vertical.stride) * f.pitch,
  );
  const out = new Int32Array(channels * down.length * across.length);
  let at = 0;
  for (let c = 0; c < channels; c++) for (const d of down) for (const a of across) out[at++] = (c * f.channel + d + a) * 4;
  return out;
}

/** Numbers that describe the copy of one phase: rows, columns, and from where to where in bytes. */
const copyFields = 4;

/** The copies that fill a frame, for one channel after the other, from an image of these strides whose first element is at 0. */
export function copiesOf(f: Frame, strides: readonly number[]): Int32Array {
  const [, , hs, ws] = strides as readonly [number, number, number, number];
  const out: number[] = [];
  f.rows.forEach((v, i) => {
    f.columns.forEach((h, j) => {
      const [top, bottom] = present(f.vertical, v);
      const [left, right] = present(f.horizontal, h);
      if (top === bottom || left === right) return;
      const y = v + top * f.vertical.stride - f.vertical.before;
      const x = h + left * f.horizontal.stride - f.horizontal.before;
      const to = (i * f.columns.length + j) * f.plane + top * f.pitch + left;
      out.push(bottom - top, right - left, (y * hs + x * ws) * 4, to * 4);
    });
  });
  return Int32Array.from(out);
}

/** The fields of a job that say how an image of these strides is copied into a frame: the table of {@link copiesOf} lies at `address`. */
export function copyingOf(
  f: Frame,
  copies: Int32Array,
  address: number,
  channels: number,
  strides: readonly number[],
): Readonly<Record<(typeof copying)[number], number>> {
  const [, cs, hs, ws] = strides as readonly [number, number, number, number];
  return {
    phases: copies.length / copyFields,
    copies: address,
    channels,
    srcChannel: cs * 4,
    srcRow: hs * f.vertical.stride * 4,
    srcStep: ws * f.horizontal.stride * 4,
    frameChannel: f.channel * 4,
    frameRow: f.pitch * 4,
  };
}

/** Rectangles of outputs whose frames `fit`, as far as eight columns of one row do. Rows are split first. */
export function boxes(vertical: Axis, horizontal: Axis, fit: (f: Frame) => boolean): (readonly [Axis, Axis])[] {
  let rows = vertical.count;
  let columns = horizontal.count;
  const large = (): boolean => !fit(frameOf(part(vertical, 0, rows), part(horizontal, 0, columns)));
  while (rows > 1 && large()) rows = Math.ceil(rows / 2);
  while (columns > 8 && large()) columns = Math.ceil(columns / 16) * 8;
  const out: (readonly [Axis, Axis])[] = [];
  for (let r = 0; r < vertical.count; r += rows) {
    const v = part(vertical, r, Math.min(r + rows, vertical.count));
    for (let c = 0; c < horizontal.count; c += columns) out.push([v, part(horizontal, c, Math.min(c + columns, horizontal.count))]);
  }
  return out;
}
