import type { GraphNode } from './node.ts';

/** Nodes that wait for their turn, the newest first: a binary heap. */
export class NodeQueue {
  readonly #heap: GraphNode[] = [];

  push(node: GraphNode): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(node);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up]!;
      if (parent.id > node.id) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = node;
  }

  /** The node with the largest id; undefined when none is left. */
  pop(): GraphNode | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === last || last === undefined) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && heap[down + 1]!.id > heap[down]!.id) down++;
      const child = heap[down]!;
      if (child.id < last.id) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
    return top;
  }
}
