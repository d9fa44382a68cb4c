import { defaultGenerator, Generator, isTensor, manualSeed, randn, randperm, type Tensor } from '@nabla/core';
import { BatchNorm1d, Dropout, Linear, type Module, ReLU, Sequential } from '@nabla/nn';
import { Adam, LinearLR } from '@nabla/optim';

export type Pair = readonly [Tensor, Tensor];

/** Everything that a run is made of, the same from the same seed: dropout, batch norm, Adam, a schedule. */
export function setup(seed: number): { model: Module; optimizer: Adam; schedule: LinearLR } {
  manualSeed(seed);
  const model = new Sequential(new Linear(3, 8), new BatchNorm1d(8), new ReLU(), new Dropout(0.3), new Linear(8, 2));
  const optimizer = new Adam(model.parameters(), { lr: 0.05, weightDecay: 0.01 });
  return { model, optimizer, schedule: new LinearLR(optimizer, { startFactor: 1, endFactor: 0.2, totalIters: 11 }) };
}

/** Batches [x, y] of these sizes. */
export function batchesOf(seed: number, sizes: readonly number[]): Pair[] {
  const generator = new Generator(seed);
  return sizes.map((n) => {
    const x = randn([n, 3], { generator }) as Tensor;
    return [x, x.sum(1).gt(0).to('int64') as Tensor] as const;
  });
}

/** Every parameter and buffer of a model. */
export function weightsOf(model: Module): number[][] {
  return [...model.stateDict().values()].map((t) => Array.from(t.dataSync()));
}

/** A state as text, with the elements of its tensors. */
export function textOf(state: unknown): string {
  return JSON.stringify(state, (_, value: unknown) => (isTensor(value) ? Array.from(value.dataSync()) : value));
}

/** Batches in another order in every epoch, drawn from the default generator; it does not know where it is. */
export class Shuffled {
  readonly length: number;
  readonly #batches: readonly Pair[];

  constructor(batches: readonly Pair[]) {
    this.#batches = batches;
    this.length = batches.length;
  }

  *[Symbol.iterator](): IterableIterator<Pair> {
    const order = randperm(this.#batches.length, { generator: defaultGenerator() }).dataSync();
    for (const i of order) yield this.#batches[Number(i)]!;
  }
}

/**
 * As {@link Shuffled}, asynchronous, with a generator of its own and a position that can be saved. After the last batch that is
 * the end of the epoch, or the start of the next one if it `wraps`.
 */
export class Resumable {
  readonly length: number | null;
  readonly #batches: readonly Pair[];
  readonly #generator: Generator;
  readonly #wraps: boolean;
  #order: readonly number[] = [];
  #at = 0;

  constructor(batches: readonly Pair[], seed: number, length: number | null = batches.length, wraps = false) {
    this.#batches = batches;
    this.#generator = new Generator(seed);
    this.length = length;
    this.#wraps = wraps;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Pair> {
    if (this.#at === 0) this.#order = Array.from(randperm(this.#batches.length, { generator: this.#generator }).dataSync(), Number);
    for (let at = this.#at; at < this.#order.length; at++) {
      await Promise.resolve();
      this.#at = this.#wraps && at + 1 === this.#order.length ? 0 : at + 1;
      yield this.#batches[this.#order[at]!]!;
    }
    this.#at = 0;
  }

  stateDict(): { order: readonly number[]; at: number; generator: { seed: number; offset: number } } {
    return { order: this.#order, at: this.#at, generator: { ...this.#generator.getState() } };
  }

  loadStateDict(state: ReturnType<Resumable['stateDict']>): void {
    this.#order = state.order;
    this.#at = state.at;
    this.#generator.setState(state.generator);
  }
}
