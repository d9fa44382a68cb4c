import { rand, type Tensor } from '@nabla/core';
import type { Dataset } from '@nabla/train';

/** Draws that name no generator. */
export function createDataset(n: number): Dataset<Tensor> {
  return { length: n, get: () => rand([2]) };
}
