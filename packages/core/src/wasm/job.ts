import type { FunctionBuilder, Value } from './module.ts';

/** Named numbers that a kernel finds in memory, for kernels that take too many for a call. */
export class JobForm<Name extends string> {
  readonly #places: ReadonlyMap<string, number>;

  constructor(...names: readonly Name[]) {
    this.#places = new Map(names.map((name, i) => [name, i]));
  }

  /** Bytes that a job takes. */
  get bytes(): number {
    return this.#places.size * 4;
  }

  /**
   * Lays a job at an address. `shared` are those of its numbers that other kinds of jobs have as well. Not one object with those spread
   * into it: with so many properties it would be a hash table, of kilobytes for each call.
   */
  write<Shared extends Name>(
    i32: Int32Array,
    address: number,
    shared: Readonly<Record<Shared, number>>,
    own: Readonly<Record<Exclude<Name, Shared>, number>>,
  ): void {
    this.#lay(i32, address / 4, shared);
    this.#lay(i32, address / 4, own);
  }

  #lay(i32: Int32Array, at: number, numbers: Readonly<Record<string, number>>): void {
    for (const name in numbers) i32[at + this.#places.get(name)!] = numbers[name]!;
  }

  /** The numbers of a job, as values of a kernel's code. */
  read(f: FunctionBuilder, address: Value): Readonly<Record<Name, Value>> {
    return Object.fromEntries([...this.#places].map(([name, i]) => [name, f.load('i32.load', address, i * 4)])) as Record<Name, Value>;
  }
}
