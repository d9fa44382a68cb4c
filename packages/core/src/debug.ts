import type { GraphNode } from './autograd/node.ts';
import type { Tensor } from './tensor.ts';

/** Switches for tests and for hunting bugs. All are off by default. */
export interface DebugSwitches {
  /** Fill freed CPU buffers with NaN (-1 for integers, 255 for bytes), so that a use after free shows. */
  poison: boolean;
  /** Sees the gradients that every node's backward gives, and says what to use instead of them. */
  afterBackward: ((node: GraphNode, gradients: readonly (Tensor | null)[]) => readonly (Tensor | null)[]) | null;
}

/** The switches of this copy of the library. */
export const debug: DebugSwitches = { poison: false, afterBackward: null };
