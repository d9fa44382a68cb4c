import { arange, bincount, cdist, randint, randn, stack, type Tensor } from '@nabla/core';

// The distribution to learn: eight narrow normal distributions on a circle, and how well points fit it.

const modes = 8;
const radius = 2;
const sigma = 0.1;

const angles = arange(modes).mul((2 * Math.PI) / modes);
/** The middles of the modes, [8, 2]. */
const middles: Tensor = stack([angles.cos(), angles.sin()], 1).mul(radius);

/** Draws points [n, 2]. */
export function sampleRing(n: number): Tensor {
  return middles.indexSelect(0, randint(0, modes, [n])).add(randn([n, 2]).mul(sigma));
}

/**
 * Which share of the points lies within three sigma of a mode, where no mode counts for more than an eighth: leaving one out, or
 * piling up at another, costs as much as missing. True points reach about 0.97.
 */
export function fit(points: Tensor): number {
  const { values, indices } = cdist(points, middles).min(1);
  const hits = bincount(indices.maskedSelect(values.lt(3 * sigma)), { minlength: modes });
  return hits
    .div(points.shape[0]!)
    .clamp(0, 1 / modes)
    .sum()
    .item() as number;
}

/** The points as text: the more there are in a place, the darker the character. */
export function sketch(points: Tensor): string {
  const [columns, rows] = [51, 25];
  const limit = 2.5;
  const cell = (axis: number, cells: number): Tensor =>
    points
      .select(1, axis)
      .add(limit)
      .mul(cells / (2 * limit))
      .floor()
      .clamp(0, cells - 1)
      .to('int64');
  const cells = cell(1, rows).mul(columns).add(cell(0, columns));
  const counts = bincount(cells, { minlength: rows * columns })
    .reshape([rows, columns])
    .flip(0)
    .toArray() as number[][];
  const shade = (n: number): string => (n === 0 ? ' ' : n < 10 ? '.' : n < 40 ? 'o' : '@');
  return counts.map((line) => line.map(shade).join('').trimEnd()).join('\n');
}
