import type { Analysis } from '../analysis.ts';
import type { Choice, Scale } from '../scale.ts';
import type { RunResult, RunSpec, TrainSpec } from '../spec.ts';

/** What a learning rate is chosen for: a run without one. */
export type Untuned = Omit<TrainSpec, 'lr' | 'seed' | 'part' | 'probe' | 'probeStep'>;

/** The choice of a learning rate. */
export interface Tuning {
  readonly base: Untuned;
  /** Rates to try, in order; when the best is the first or the last, the next one beyond is tried too. */
  readonly grid: readonly number[];
  /** What the best rate has least of: the error at the end, the loss at the end, or the mean error over the run. */
  readonly by: 'error' | 'loss' | 'area';
}

/** The rate that a tuning chose. */
export type Rates = (tuning: string) => number;

/** The results of runs that were asked for. */
export type Results = <S extends RunSpec>(spec: S) => Extract<RunResult, { kind: S['kind'] }>;

/** One claim or several about one thing: what is run, and what that says. */
export interface Experiment {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** How it is measured. */
  readonly protocol: (scale: Scale) => string;
  /** What the claims are from, in full. */
  readonly sources: readonly string[];
  /** Learning rates to choose first, by name. */
  readonly tunings: (scale: Scale) => Readonly<Record<string, Tuning>>;
  /** All runs, given the rates. */
  readonly runs: (scale: Scale, rates: Rates) => readonly RunSpec[];
  readonly analyse: (scale: Scale, rates: Rates, results: Results, tuned: Tuned) => Analysis;
  /** It measures time: it runs alone, and its numbers are not the same twice. */
  readonly timing?: true;
}

/** What was measured while a rate was chosen: the values by rate, in order. */
type Tuned = (tuning: string) => readonly { readonly rate: number; readonly value: number }[];

/** The name of a tuning. */
export function tuningName({ arm, variant }: Choice, rest: string = ''): string {
  return [arm, variant, rest].filter((s) => s !== undefined && s !== '').join('/');
}

/** An arm and a variant, as fields of a run. */
export function fields({ arm, variant }: Choice): Pick<TrainSpec, 'arm' | 'variant'> {
  return variant === undefined ? { arm } : { arm, variant };
}
