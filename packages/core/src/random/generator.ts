import { ValueError } from '../errors.ts';

/** Everything a {@link Generator} is: plain numbers, ready for a checkpoint. */
export interface GeneratorState {
  readonly seed: number;
  /** 32-bit words used so far. */
  readonly offset: number;
}

/** The seed of a fresh {@link Generator}, as in PyTorch. */
const defaultSeed = 67280421310721;

function checkSeed(op: string, seed: number): number {
  if (!Number.isSafeInteger(seed)) throw new ValueError(`${op}: a seed is an integer of magnitude at most 2^53 - 1, got ${seed}`);
  return seed;
}

/** Told of a generator before its position changes. */
type DrawListener = (g: Generator) => void;
let listener: DrawListener | null = null;

/** Sets who is told before a generator is drawn from or set, and gives who was. */
export function setDrawListener(next: DrawListener | null): DrawListener | null {
  const before = listener;
  listener = next;
  return before;
}

/**
 * A source of random numbers: a position in the stream that a seed names. The stream is Philox4x32-10, which is the same
 * on every machine, engine and backend, so equal seeds give equal bits everywhere.
 *
 * @example
 * ```ts
 * const g = new Generator(42);
 * const w = randn([3, 4], { generator: g });
 * const state = g.getState(); // { seed: 42, offset: 24 }
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.Generator.html
 * @see Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011)
 */
export class Generator {
  #seed: number;
  #offset = 0;

  /** @param seed any safe integer; PyTorch's default seed if omitted */
  constructor(seed: number = defaultSeed) {
    this.#seed = checkSeed('Generator', seed);
  }

  /** Starts the stream of `seed` from its beginning. @throws ValueError when the seed is not a safe integer */
  manualSeed(seed: number): this {
    checkSeed('manualSeed', seed);
    if (listener !== null) listener(this);
    this.#seed = seed;
    this.#offset = 0;
    return this;
  }

  /** Starts a stream that cannot be foreseen, and gives its seed. */
  seed(): number {
    const [high, low] = globalThis.crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
    this.manualSeed((high & 0x1fffff) * 0x100000000 + low);
    return this.#seed;
  }

  /** The seed of the current stream. */
  initialSeed(): number {
    return this.#seed;
  }

  /** Position in the stream: 32-bit words used so far. */
  get offset(): number {
    return this.#offset;
  }

  /** A copy of the state, for {@link Generator.setState} and checkpoints. */
  getState(): GeneratorState {
    return { seed: this.#seed, offset: this.#offset };
  }

  /** Goes on from a state that {@link Generator.getState} gave. @throws ValueError when it is not one */
  setState(state: GeneratorState): this {
    const seed = checkSeed('setState', state.seed);
    if (!Number.isSafeInteger(state.offset) || state.offset < 0) {
      throw new ValueError(`setState: offset must be a non-negative integer, got ${state.offset}`);
    }
    if (listener !== null) listener(this);
    this.#seed = seed;
    this.#offset = state.offset;
    return this;
  }

  /** @internal Takes `count` words, the first at a multiple of `align`, and gives its position. */
  reserve(count: number, align: number): number {
    if (count === 0) return this.#offset;
    if (listener !== null) listener(this);
    const start = Math.ceil(this.#offset / align) * align;
    this.#offset = start + count;
    return start;
  }
}

let shared: Generator | null = null;

/** The generator of every draw that names none. Its seed cannot be foreseen until {@link manualSeed} sets it. */
export function defaultGenerator(): Generator {
  if (shared === null) {
    shared = new Generator();
    shared.seed();
  }
  return shared;
}

/**
 * Seeds the default generator, and gives it.
 *
 * @throws ValueError when the seed is not a safe integer
 * @example
 * ```ts
 * manualSeed(0);
 * const a = rand([2]);
 * manualSeed(0);
 * const b = rand([2]); // the same numbers
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.manual_seed.html
 */
export function manualSeed(seed: number): Generator {
  checkSeed('manualSeed', seed);
  shared ??= new Generator();
  return shared.manualSeed(seed);
}
