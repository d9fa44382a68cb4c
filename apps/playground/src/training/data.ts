import { manualSeed, type Tensor } from '@nabla/core';
import type { Config } from '../config/config.ts';
import { blobs } from '../data/blobs.ts';
import { circles } from '../data/circles.ts';
import { digits } from '../data/digits.ts';
import { moons } from '../data/moons.ts';
import { spirals } from '../data/spirals.ts';

/** What a network learns from, and what it is judged by. */
export interface Data {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly heldOutX: Tensor;
  readonly heldOutY: Tensor;
}

const generators = { moons, circles, spirals, blobs };

/** Points of either part. */
const pointCount = 512;

/**
 * The data set of a configuration, with the seed set first: the network's first weights are drawn next.
 *
 * @param digitsUrl where the images are
 */
export async function loadData(config: Config, digitsUrl: string): Promise<Data> {
  if (config.data === 'digits') {
    const [x, y, heldOutX, heldOutY] = await digits(digitsUrl);
    manualSeed(config.seed);
    return { x, y, heldOutX, heldOutY };
  }
  manualSeed(config.seed);
  const generate = generators[config.data];
  const [x, y] = generate(pointCount, config.noise);
  const [heldOutX, heldOutY] = generate(pointCount, config.noise);
  return { x, y, heldOutX, heldOutY };
}
