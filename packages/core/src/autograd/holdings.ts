import { debug } from '../debug.ts';
import type { Storage } from '../storage.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Gradients that nobody but a backward pass holds. Their buffers are given back after the last use, so that a pass needs room for the
 * gradients of a few ops, not for those of all.
 */
export class Holdings {
  /** Storages with smaller ids were there before the pass. */
  readonly #since: number;
  /** How many uses are to come. */
  readonly #uses = new Map<Tensor, number>();
  /** Storages that somebody else may know. */
  readonly #shared: Set<Storage>;

  constructor(since: number, shared: Set<Storage>) {
    this.#since = since;
    this.#shared = shared;
  }

  /** There will be one more {@link drop} of each. */
  hold(...gradients: readonly (Tensor | null | undefined)[]): void {
    for (const g of gradients) {
      if (g == null || g.size < debug.giveBackFrom || g.storage.id < this.#since) continue;
      this.#uses.set(g, (this.#uses.get(g) ?? 0) + 1);
    }
  }

  /** Somebody else may keep them. */
  share(...gradients: readonly (Tensor | null | undefined)[]): void {
    for (const g of gradients) if (g != null) this.#shared.add(g.storage);
  }

  /** A use is over. */
  drop(...gradients: readonly (Tensor | null | undefined)[]): void {
    for (const g of gradients) {
      const uses = g == null ? undefined : this.#uses.get(g);
      if (uses === undefined) continue;
      if (uses > 1) {
        this.#uses.set(g!, uses - 1);
        continue;
      }
      this.#uses.delete(g!);
      if (!this.#shared.has(g!.storage)) g!.dispose();
    }
  }
}
