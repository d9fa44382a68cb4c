import { type Backend, Generator, rand, type Tensor, tensor } from '@nabla/core';
import { type LabData, thin } from './data.ts';
import type { LabelledImages } from './idx.ts';
import type { Geometry } from './models/mlp.ts';
import type { Sequences } from './models/recurrent.ts';
import type { DataSize, Task, TrainSpec } from './spec.ts';

/** Some samples, as the network of the task takes them, and the right answers. */
interface Batch {
  readonly input: Tensor | Sequences;
  readonly target: Tensor;
}

/** One part of a task's samples. */
export interface Part {
  readonly count: number;
  /** The right answers, one for each sample; for text the first character of each. */
  readonly labels: Uint8Array;
  /** The samples of these numbers. A recurrent network's come sorted by length, and their answers with them. */
  batch(numbers: readonly number[]): Batch;
}

/** What a run trains on and is measured on. */
export interface TaskData {
  readonly geometry: Geometry;
  readonly train: Part;
  readonly held: Part;
}

/** Halves images by averaging 2 x 2 pixels until they are no larger than `side`. */
export function shrink(part: LabelledImages, side: number): LabelledImages {
  if (Math.max(part.height, part.width) <= side || Math.min(part.height, part.width) < 4) return part;
  const [height, width] = [part.height >> 1, part.width >> 1];
  const images = new Uint8Array(part.count * height * width);
  let at = 0;
  for (let n = 0; n < part.count; n++) {
    for (let y = 0; y < height; y++) {
      const upper = (n * part.height + 2 * y) * part.width;
      const lower = upper + part.width;
      for (let x = 0; x < width; x++) {
        const [p, q] = [upper + 2 * x, lower + 2 * x];
        images[at++] = (part.images[p]! + part.images[p + 1]! + part.images[q]! + part.images[q + 1]!) >> 2;
      }
    }
  }
  return shrink({ ...part, height, width, images }, side);
}

function slice(part: LabelledImages, from: number, to: number): LabelledImages {
  const size = part.height * part.width;
  return { ...part, count: to - from, images: part.images.subarray(from * size, to * size), labels: part.labels.subarray(from, to) };
}

/** Mean and deviation of all pixels of the training images. */
function spread({ images }: LabelledImages): { mean: number; std: number } {
  let [sum, squares] = [0, 0];
  for (const v of images) {
    sum += v;
    squares += v * v;
  }
  const mean = sum / images.length;
  return { mean, std: Math.sqrt(Math.max(squares / images.length - mean * mean, 1)) };
}

/** Training images and those to measure on: validation images are training images that are not trained on. */
function imageParts({ images }: LabData, part: TrainSpec['part'], { train, held, side }: DataSize): [LabelledImages, LabelledImages] {
  const all = thin(images.train, train + held);
  const cut = Math.floor((all.count * train) / (train + held));
  const seen = shrink(slice(all, 0, cut), side);
  return [seen, shrink(part === 'tune' ? slice(all, cut, all.count) : thin(images.test, held), side)];
}

const int64 = (values: readonly number[], device: Backend): Tensor => tensor([...values], { dtype: 'int64', device });

function digits(part: LabelledImages, { mean, std }: { mean: number; std: number }, device: Backend): Part {
  const shape = [part.count, 1, part.height, part.width];
  const x = tensor(
    Float32Array.from(part.images, (v) => (v - mean) / std),
    { shape, device },
  );
  const y = tensor(part.labels, { dtype: 'int64', device });
  return {
    count: part.count,
    labels: part.labels,
    batch: (numbers) => {
      const at = int64(numbers, device);
      return { input: x.indexSelect(0, at) as Tensor, target: y.indexSelect(0, at) as Tensor };
    },
  };
}

/** Rows of noise behind a digit at most: how long its reader has to remember. */
const longestTail = 6;

/**
 * Digits read row by row, from the first row with ink to the last, then up to six rows of faint noise: sequences of many
 * lengths, whose end says nothing.
 */
function rows(part: LabelledImages, { mean, std }: { mean: number; std: number }, device: Backend, seed: number): Part {
  const { count, height, width } = part;
  const steps = height + longestTail;
  const noise = rand([count, 1 + longestTail * width], { generator: new Generator(seed) }).dataSync() as Float32Array;
  const values = new Float32Array(count * steps * width);
  const lengths = new Uint16Array(count);
  for (let n = 0; n < count; n++) {
    const row = (y: number): Uint8Array => part.images.subarray((n * height + y) * width, (n * height + y + 1) * width);
    let [top, bottom] = [0, height];
    while (top < height - 1 && row(top).every((v) => v < 64)) top++;
    while (bottom > top + 1 && row(bottom - 1).every((v) => v < 64)) bottom--;
    const drawn = noise.subarray(n * (1 + longestTail * width), (n + 1) * (1 + longestTail * width));
    const tail = Math.floor(drawn[0]! * (longestTail + 1));
    lengths[n] = bottom - top + tail;
    const start = n * steps * width;
    const ink = part.images.subarray((n * height + top) * width, (n * height + bottom) * width);
    ink.forEach((v, i) => {
      values[start + i] = (v - mean) / std;
    });
    for (let i = 0; i < tail * width; i++) values[start + ink.length + i] = (64 * drawn[1 + i]! - mean) / std;
  }
  const x = tensor(values, { shape: [count, steps, width], device });
  const y = tensor(part.labels, { dtype: 'int64', device });
  return {
    count,
    labels: part.labels,
    batch: (numbers) => {
      const sorted = [...numbers].sort((a, b) => lengths[b]! - lengths[a]!);
      const at = int64(sorted, device);
      const longest = lengths[sorted[0]!]!;
      const running = Array.from({ length: longest }, (_, t) => sorted.filter((n) => lengths[n]! > t).length);
      return { input: { x: x.indexSelect(0, at).narrow(1, 0, longest) as Tensor, running }, target: y.indexSelect(0, at) as Tensor };
    },
  };
}

/** Characters that have a code of their own at most; the rarest share one. */
const largestVocabulary = 96;

/** Windows of a text, evenly spaced, at most `limit` of them. */
function windows(codes: Uint8Array, context: number, limit: number, device: Backend): Part {
  const places = codes.length - context;
  const count = Math.max(1, Math.min(limit, places));
  const start = (i: number): number => Math.floor((i * places) / count);
  return {
    count,
    labels: Uint8Array.from({ length: count }, (_, i) => codes[start(i)]!),
    batch: (numbers) => {
      const pieces = (shift: number): Tensor => {
        const all = numbers.flatMap((i) => [...codes.subarray(start(i) + shift, start(i) + shift + context)]);
        return int64(all, device).reshape([numbers.length, context]) as Tensor;
      };
      return { input: pieces(0), target: pieces(1).flatten() as Tensor };
    },
  };
}

function textTask({ text }: LabData, part: TrainSpec['part'], { train, held }: DataSize, context: number, device: Backend): TaskData {
  const counts = new Map<string, number>();
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
  const common = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, largestVocabulary - 1);
  const code = new Map(common.map(([c], i) => [c, i]));
  const codes = Uint8Array.from([...text], (c) => code.get(c) ?? common.length);
  // 80% to train on, then 10% to choose with, then 10% to measure on.
  const at = (share: number): number => Math.floor(codes.length * share);
  const heldCodes = part === 'tune' ? codes.subarray(at(0.8), at(0.9)) : codes.subarray(at(0.9));
  return {
    geometry: { height: 1, width: 1, classes: common.length + 1 },
    train: windows(codes.subarray(0, at(0.8)), context, train, device),
    held: windows(heldCodes, context, held, device),
  };
}

/** The data of a run, on a device. The same for all runs with the same arguments. */
export function taskData(
  data: LabData,
  { task, part, size, context }: { task: Task; part: TrainSpec['part']; size: DataSize; context: number },
  device: Backend,
): TaskData {
  if (task === 'text') return textTask(data, part, size, context, device);
  const [train, held] = imageParts(data, part, size);
  const standard = spread(train);
  const { height, width } = train;
  const { classes } = data.images;
  if (task === 'digits') {
    return { geometry: { height, width, classes }, train: digits(train, standard, device), held: digits(held, standard, device) };
  }
  const seed = part === 'tune' ? 2 : 3;
  return {
    geometry: { height: height + longestTail, width, classes },
    train: rows(train, standard, device, 1),
    held: rows(held, standard, device, seed),
  };
}
