import { keep, noGrad, scope, type Tensor, ValueError } from '@nabla/core';
import type { StateValue } from '@nabla/io';
import type { Module } from '@nabla/nn';
import { checkNames, withDefaults } from './options.ts';

/** Ends a run when nothing improves any more. */
export interface EarlyStoppingOptions<K extends string = string> {
  /** What is watched. Default: `valLoss`, or `loss` without validation. */
  monitor?: K;
  /** After how many epochs without an improvement, one after another, the run ends. Default 3. */
  patience?: number;
  /** An improvement has to be larger than this. Default 0. */
  minDelta?: number;
  /** Whether a smaller or a larger value is better. Default `min`, and `max` for a metric that says `higherIsBetter`. */
  mode?: 'min' | 'max';
  /** Give the model the weights of its best epoch when the run ends, unless it was aborted. Default false. */
  restoreBest?: boolean;
}

/** Every option, filled in. */
export type EarlyStoppingSettings = Required<EarlyStoppingOptions>;

/**
 * Fills the options in.
 *
 * @param names what can be watched
 * @param higherIsBetter whether a larger value of a name is better
 * @throws ValueError for an option that is unknown or makes no sense
 */
export function earlyStoppingSettings(
  options: EarlyStoppingOptions,
  names: readonly string[],
  higherIsBetter: (name: string) => boolean,
): EarlyStoppingSettings {
  const of = 'fit: earlyStopping';
  checkNames(of, options, ['monitor', 'patience', 'minDelta', 'mode', 'restoreBest']);
  const monitor = checkMonitor(of, options.monitor ?? (names.includes('valLoss') ? 'valLoss' : 'loss'), names);
  const defaults: EarlyStoppingSettings = {
    monitor,
    patience: 3,
    minDelta: 0,
    mode: higherIsBetter(monitor) ? 'max' : 'min',
    restoreBest: false,
  };
  const o = withDefaults(of, defaults, options);
  if (!Number.isInteger(o.patience) || o.patience < 1)
    throw new ValueError(`${of}: patience must be a positive integer, got ${o.patience}`);
  if (!(o.minDelta >= 0)) throw new ValueError(`${of}: minDelta must not be negative, got ${o.minDelta}`);
  if (o.mode !== 'min' && o.mode !== 'max') throw new ValueError(`${of}: mode must be 'min' or 'max', got '${String(o.mode)}'`);
  return o;
}

/** Gives a name back that there will be a value for. */
export function checkMonitor(of: string, monitor: string, names: readonly string[]): string {
  if (!names.includes(monitor)) throw new ValueError(`${of}: nothing is called '${monitor}'; there are ${names.join(', ')}`);
  return monitor;
}

/** Watches a value over the epochs, and keeps the best weights if asked to. */
export class EarlyStopping {
  readonly #settings: EarlyStoppingSettings;
  readonly #model: Module;
  #best: { readonly epoch: number; readonly value: number } | null = null;
  #waited = 0;
  #weights: Map<string, Tensor> | null = null;

  constructor(settings: EarlyStoppingSettings, model: Module) {
    this.#settings = settings;
    this.#model = model;
  }

  /** The best epoch so far. */
  get best(): { readonly epoch: number; readonly value: number } | null {
    return this.#best;
  }

  /** Whether it is time to stop. */
  get exhausted(): boolean {
    return this.#waited >= this.#settings.patience;
  }

  /** Takes the values of an epoch. One that is NaN is no improvement. */
  update(epoch: number, values: Readonly<Record<string, number>>): void {
    const { monitor, minDelta, mode, restoreBest } = this.#settings;
    const value = values[monitor]!;
    const gain = this.#best === null ? Infinity : mode === 'min' ? this.#best.value - value : value - this.#best.value;
    if (Number.isNaN(value) || !(gain > minDelta)) {
      this.#waited++;
      return;
    }
    this.#best = { epoch, value };
    this.#waited = 0;
    if (restoreBest) scope(() => this.#keepWeights(this.#model.stateDict()));
  }

  #keepWeights(weights: ReadonlyMap<string, Tensor> | null): void {
    const before = this.#weights;
    this.#weights = weights && noGrad(() => scope(() => new Map([...weights].map(([k, t]) => [k, keep(t.clone() as Tensor)]))));
    if (before !== null) for (const t of before.values()) t.dispose();
  }

  /** Gives the model the weights of its best epoch, if they were kept, and lets go of them. */
  restoreBest(): void {
    const weights = this.#weights;
    if (weights !== null) scope(() => this.#model.loadStateDict(weights));
    this.#keepWeights(null);
  }

  /** Where it stands, with the best weights. */
  stateDict(): StateValue {
    return { best: this.#best, waited: this.#waited, weights: this.#weights };
  }

  /** Goes on from there. */
  loadStateDict(state: StateValue): void {
    const { best, waited, weights } = state as { best: EarlyStopping['best']; waited: number; weights: Map<string, Tensor> | null };
    this.#best = best;
    this.#waited = waited;
    this.#keepWeights(this.#settings.restoreBest ? weights : null);
  }
}
