import type { FunctionBuilder, Value } from './module.ts';

/** Named numbers that a kernel finds in memory, for kernels that take too many for a call. */
export class JobForm<Name extends string> {
  readonly #names: readonly Name[];

  constructor(...names: readonly Name[]) {
    this.#names = names;
  }

  /** Bytes that a job takes. */
  get bytes(): number {
    return this.#names.length * 4;
  }

  /** Lays a job at an address. */
  write(i32: Int32Array, address: number, job: Readonly<Record<Name, number>>): void {
    this.#names.forEach((name, i) => {
      i32[address / 4 + i] = job[name];
    });
  }

  /** The numbers of a job, as values of a kernel's code. */
  read(f: FunctionBuilder, address: Value): Readonly<Record<Name, Value>> {
    return Object.fromEntries(this.#names.map((name, i) => [name, f.load('i32.load', address, i * 4)])) as Record<Name, Value>;
  }
}
