/**
 * A bounded map in two generations: what is used stays, what is not used for `capacity` insertions is forgotten.
 * A hit in the young generation costs one look-up and no bookkeeping.
 */
export class BoundedCache<V> {
  readonly capacity: number;
  #young: Map<string, V> = new Map();
  #old: Map<string, V> = new Map();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): V | undefined {
    const hit = this.#young.get(key);
    if (hit !== undefined) return hit;
    const aged = this.#old.get(key);
    if (aged !== undefined) {
      this.#old.delete(key);
      this.set(key, aged);
    }
    return aged;
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.capacity / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
