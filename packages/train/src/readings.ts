import { keep, noGrad, scope, stack, type Tensor } from '@nabla/core';

/** How many numbers are read at once. */
const together = 32;

interface Reading {
  readonly value: Tensor;
  readonly use: (value: number) => void;
}

/**
 * Numbers that a device computes, read without waiting for it: some are put together and fetched in one transfer while the
 * device goes on. They are used in the order in which they were given. Where values are at hand (on the CPU), that is at once.
 */
export class Readings {
  #waiting: Reading[] = [];
  readonly #underway: Promise<void>[] = [];
  #last: Promise<void> = Promise.resolve();

  /** Lets `use` have the number in a tensor of one element, which the caller may free afterwards. */
  push(value: Tensor, use: (value: number) => void): void {
    const { collected, syncRead } = value.device.caps;
    if (collected && syncRead) {
      use(value.item());
      return;
    }
    this.#waiting.push({ value: noGrad(() => scope(() => keep(value.detach().reshape([])))) as Tensor, use });
    if (this.#waiting.length >= together) this.flush();
  }

  /** Starts to read what waits. */
  flush(): void {
    const taken = this.#waiting;
    if (taken.length === 0) return;
    this.#waiting = [];
    const { device, dtype } = taken[0]!.value;
    const all = noGrad(() => scope(() => keep(stack(taken.map((r) => r.value.to(device, dtype) as Tensor)) as Tensor)));
    for (const r of taken) r.value.dispose();
    const read = all.data().finally(() => {
      all.dispose();
    });
    const used = Promise.all([read, this.#last]).then(([values]) => {
      taken.forEach((r, i) => {
        r.use(values[i]!);
      });
    });
    const done = used.finally(() => {
      this.#underway.shift();
    });
    // An error is met by whoever waits; nobody may be waiting yet.
    done.catch(() => {});
    this.#last = done;
    this.#underway.push(done);
  }

  /** What to wait for before the host runs too far ahead of the device; null when it does not. */
  get behind(): Promise<void> | null {
    return this.#underway.length > 1 ? this.#underway[0]! : null;
  }

  /** Lets go of what was not read yet, and of what reading it failed with. */
  discard(): void {
    for (const r of this.#waiting) r.value.dispose();
    this.#waiting = [];
    this.#last = Promise.resolve();
  }

  /** Waits until everything was used. Throws what reading or a `use` threw. */
  async settle(): Promise<void> {
    this.flush();
    await this.#last;
  }
}
