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

  /** There will be one more {@link drop} of it. */
  hold(g: Tensor | null | undefined): void {
    if (g == null || g.size < debug.giveBackFrom || g.storage.id < this.#since) return;
    this.#uses.set(g, (this.#uses.get(g) ?? 0) + 1);
  }

  /** Whether nobody else may keep it, and nothing but its next use is to come: it can be written to. */
  owns(g: Tensor): boolean {
    return this.#uses.get(g) === 1 && g.storage.refs === 1 && g.isContiguous && !this.#shared.has(g.storage);
  }

  /** Somebody else may keep it. */
  share(g: Tensor | null | undefined): void {
    if (g != null) this.#shared.add(g.storage);
  }

  /** A use is over. */
  drop(g: Tensor | null | undefined): void {
    if (g == null || this.#uses.size === 0) return;
    const uses = this.#uses.get(g);
    if (uses === undefined) return;
    if (uses > 1) {
      this.#uses.set(g, uses - 1);
      return;
    }
    this.#uses.delete(g);
    if (!this.#shared.has(g.storage)) g.dispose();
  }
}

/** Whether a gradient is among them whose buffer is worth giving back. */
export function anyLarge(gradients: readonly (Tensor | null)[]): boolean {
  for (let i = 0; i < gradients.length; i++) if (gradients[i] !== null && gradients[i]!.size >= debug.giveBackFrom) return true;
  return false;
}
