import { AutogradError } from '../errors.ts';
import { type Generator, setDrawListener } from '../random/generator.ts';
import { show } from '../shape.ts';
import { type Storage, storagesMade } from '../storage.ts';
import type { Tensor } from '../tensor.ts';
import { connected, type Edge, freedError, type SavedSlot, SavedTensor } from './node.ts';

/** Decides what becomes of the tensors that ops save while it is the innermost. */
interface Keeper {
  /** Storages with smaller ids were there before and are none of its business. */
  readonly since: number;
  keep(t: Tensor, op: string, edge: Edge | null): SavedSlot;
}

let keepers: readonly Keeper[] = [];

function within<T>(list: readonly Keeper[], fn: () => T): T {
  const before = keepers;
  keepers = list;
  try {
    return fn();
  } finally {
    keepers = before;
  }
}

/** Keeps a tensor for the backward of an op: itself, or the way to compute it again. */
export function slotFor(t: Tensor, op: string, edge: Edge | null): SavedSlot {
  for (let k = keepers.length - 1; k >= 0; k--) if (t.storage.id >= keepers[k]!.since) return keepers[k]!.keep(t, op, edge);
  return new SavedTensor(t, op, edge);
}

/** Shape and dtype of what was saved, to see that a second run saves the same. */
const described = (t: Tensor): string => `${t.dtype} ${show(t.shape)}`;

/** A tensor that was not kept: backward computes it again. */
class DroppedTensor implements SavedSlot {
  readonly #segment: Segment;
  readonly #index: number;
  readonly #op: string;
  readonly #edge: Edge | null;
  #released = false;

  constructor(segment: Segment, index: number, op: string, edge: Edge | null) {
    this.#segment = segment;
    this.#index = index;
    this.#op = op;
    this.#edge = edge;
  }

  unpack(): Tensor {
    if (this.#released) throw freedError(this.#op);
    const saved = this.#segment.take(this.#index);
    const t = saved.unpack(null);
    // The tensor itself holds the storage from here on.
    saved.release();
    if (this.#edge === null) return t;
    const out = connected(t, this.#edge);
    t.dispose();
    return out;
  }

  preserve(_storage: Storage): void {}

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#segment.releaseOne();
  }
}

/** The tensors that ops save in a second run. */
class Collector implements Keeper {
  readonly since: number = storagesMade();
  readonly saved: SavedTensor[] = [];
  readonly kinds: string[] = [];

  keep(t: Tensor, op: string, edge: Edge | null): SavedSlot {
    const saved = new SavedTensor(t, op, edge);
    this.saved.push(saved);
    this.kinds.push(described(t));
    // The second run's own graph is thrown away; what it saved is not.
    return { unpack: () => saved.unpack(), preserve: (storage) => saved.preserve(storage), release: () => {} };
  }
}

/** Segments that hold what a second run saved. */
const filled = new Set<Segment>();

/** Lets go of what second runs saved and this backward did not need. */
export function dropRecomputed(): void {
  if (filled.size === 0) return;
  for (const segment of filled) segment.empty();
  filled.clear();
}

/** A part of a computation whose intermediate tensors are computed again by backward. */
export class Segment implements Keeper {
  readonly since: number;
  readonly #again: () => void;
  readonly #done: () => void;
  /** What was saved, in order. */
  readonly #kinds: string[] = [];
  /** What the second run saved, until it is taken. */
  #values: (SavedTensor | null)[] = [];
  #live = 0;
  #recording = false;
  /** Where each generator that was drawn from stood. */
  readonly #generators = new Map<Generator, ReturnType<Generator['getState']>>();

  /**
   * @param again runs the computation once more
   * @param done called when no backward can need it any more
   */
  constructor(again: () => void, done: () => void) {
    this.since = storagesMade();
    this.#again = again;
    this.#done = done;
  }

  keep(t: Tensor, op: string, edge: Edge | null): SavedSlot {
    this.#kinds.push(described(t));
    this.#live++;
    return new DroppedTensor(this, this.#kinds.length - 1, op, edge);
  }

  /** Runs the computation for the first time. */
  record<T>(fn: () => T): T {
    const outer = setDrawListener((g) => {
      if (!this.#generators.has(g)) this.#generators.set(g, g.getState());
      outer?.(g);
    });
    this.#recording = true;
    try {
      return within([...keepers, this], fn);
    } finally {
      this.#recording = false;
      setDrawListener(outer);
      if (this.#live === 0) this.#done();
    }
  }

  /** A tensor that was saved, computed again if need be. It is the caller's. */
  take(index: number): SavedTensor {
    if (this.#values[index] == null) this.#recompute();
    const found = this.#values[index]!;
    this.#values[index] = null;
    return found;
  }

  releaseOne(): void {
    if (--this.#live === 0) this.#done();
  }

  empty(): void {
    for (const v of this.#values) v?.release();
    this.#values = [];
  }

  #recompute(): void {
    this.empty();
    const collector = new Collector();
    const now = [...this.#generators.keys()].map((g) => [g, g.getState()] as const);
    const outer = setDrawListener(null);
    try {
      for (const [g, state] of this.#generators) g.setState(state);
      within([collector], this.#again);
      this.#compare(collector.kinds);
    } catch (error) {
      for (const s of collector.saved) s.release();
      throw error;
    } finally {
      setDrawListener(null);
      for (const [g, state] of now) g.setState(state);
      setDrawListener(outer);
    }
    this.#values = collector.saved;
    filled.add(this);
  }

  #compare(kinds: readonly string[]): void {
    const rule = 'the function must compute the same whenever it is called';
    // A first run that is not over yet (it runs a backward of its own) has saved less.
    if (kinds.length < this.#kinds.length || (kinds.length > this.#kinds.length && !this.#recording)) {
      throw new AutogradError(`checkpoint: the second run saved ${kinds.length} tensors, the first ${this.#kinds.length}; ${rule}`);
    }
    const at = this.#kinds.findIndex((k, i) => k !== kinds[i]);
    if (at < 0) return;
    throw new AutogradError(
      `checkpoint: saved tensor ${at} is ${kinds[at]} in the second run, it was ${this.#kinds[at]} in the first; ${rule}`,
    );
  }
}
