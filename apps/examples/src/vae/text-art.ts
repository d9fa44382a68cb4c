import type { Tensor } from '@nabla/core';
import { functional as F } from '@nabla/nn';

/** From black to white. */
const shades = ' .:-=+*#%@';

/** Images [n, 28, 28] between 0 and 1 as text, one beside the other. */
export function sideBySide(images: Tensor): string {
  // Characters are twice as high as wide, so one stands for two pixels, one above the other.
  const halved = F.avgPool2d(images, [2, 1]);
  const [n, rows, columns] = halved.shape as readonly [number, number, number];
  // [rows, n, columns]: a line of text goes through all images.
  const lines = halved
    .transpose(0, 1)
    .reshape([rows, n * columns])
    .toArray() as number[][];
  const shade = (v: number): string => shades[Math.min(Math.floor(v * shades.length), shades.length - 1)]!;
  return lines.map((line) => line.map(shade).join('').trimEnd()).join('\n');
}
