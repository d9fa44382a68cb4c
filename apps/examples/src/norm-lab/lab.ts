import { LabError } from '../errors.ts';
import type { Analysis } from './analysis.ts';
import { estimate, foresee, unique } from './estimate.ts';
import type { Experiment, Results, Tuning } from './experiments/experiment.ts';
import type { Journal } from './journal.ts';
import type { Done } from './pool.ts';
import type { Scale } from './scale.ts';
import { keyOf, type RunResult, type RunSpec, type TrainResult } from './spec.ts';
import { average } from './stats.ts';

/** What the lab tells while it works. */
export interface Watcher {
  /** What is known to be needed, in estimated seconds; it grows when the best rate is at an end of its grid. */
  expected(seconds: number): void;
  /** Estimated seconds that were done. */
  advanced(seconds: number): void;
  finished(spec: RunSpec, done: Done, estimated: number): void;
}

/** A learning rate that was chosen. */
interface ChosenRate {
  readonly tuning: string;
  readonly rate: number;
  /** The rates tried, in order, and what each gave. */
  readonly tried: readonly { readonly rate: number; readonly value: number }[];
  /** The best is the smallest or the largest tried: a better one may lie beyond. */
  readonly atEdge: boolean;
}

/** An experiment that was done. */
export interface Outcome {
  readonly experiment: Experiment;
  readonly chosen: readonly ChosenRate[];
  readonly analysis: Analysis;
  /** Everything it used. */
  readonly specs: readonly RunSpec[];
}

/** What does a run when there is room for it; those of higher priority first. */
type Execute = (spec: RunSpec, priority: number, onShare: (share: number) => void) => Promise<Done>;

/** How often a grid grows at an end where its best rate lies. */
const growths = 2;

/** Does experiments: chooses learning rates, runs, and analyses. Equal runs of several experiments are done once. */
export class Lab {
  readonly #scale: Scale;
  readonly #journal: Journal;
  readonly #execute: Execute;
  readonly #watcher: Watcher;
  readonly #asked = new Map<string, Promise<RunResult>>();
  readonly #results = new Map<string, RunResult>();

  constructor(scale: Scale, journal: Journal, execute: Execute, watcher: Watcher) {
    this.#scale = scale;
    this.#journal = journal;
    this.#execute = execute;
    this.#watcher = watcher;
  }

  #ask(spec: RunSpec, priority: number): Promise<RunResult> {
    const key = keyOf(spec);
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = this.#do(spec, key, priority);
      this.#asked.set(key, asked);
    }
    return asked;
  }

  async #do(spec: RunSpec, key: string, priority: number): Promise<RunResult> {
    const known = this.#journal.get(spec);
    const seconds = estimate(spec);
    let done = known;
    if (done === undefined) {
      let told = 0;
      // Long runs first: a long one at the end would leave the other processes idle.
      done = await this.#execute(spec, priority + seconds, (share) => {
        const more = Math.min(share, 1 - told);
        told += more;
        this.#watcher.advanced(more * seconds);
      });
      this.#journal.add(spec, done.result, done.cpuSeconds);
      this.#watcher.advanced((1 - told) * seconds);
      this.#watcher.finished(spec, done, seconds);
    }
    this.#results.set(key, done.result);
    return done.result;
  }

  async #tune(name: string, { base, grid, by }: Tuning): Promise<ChosenRate> {
    const values = new Map<number, number>();
    const measure = async (rate: number): Promise<void> => {
      const runs = this.#scale.tuneSeeds.map((seed) => this.#ask({ ...base, lr: rate, seed, part: 'tune' }, 1e6));
      const results = (await Promise.all(runs)) as TrainResult[];
      values.set(rate, average(results.map((r) => scoreOf(r, by))));
    };
    await Promise.all(grid.map(measure));
    const tried = (): { rate: number; value: number }[] =>
      [...values].map(([rate, value]) => ({ rate, value })).sort((a, b) => a.rate - b.rate);
    // Of equal values the smaller rate, so that the choice is always the same one.
    const best = (): number => tried().reduce((a, b) => (b.value < a.value ? b : a)).rate;
    const edge = (): -1 | 0 | 1 => {
      const all = tried();
      return best() === all[0]!.rate ? -1 : best() === all.at(-1)!.rate ? 1 : 0;
    };
    for (let i = 0; i < growths && grid.length > 1 && edge() !== 0; i++) {
      const all = tried();
      const [a, b] = edge() < 0 ? [all[0]!.rate, all[1]!.rate] : [all.at(-1)!.rate, all.at(-2)!.rate];
      await measure(Number(((a * a) / b).toPrecision(2)));
    }
    return { tuning: name, rate: best(), tried: tried(), atEdge: edge() !== 0 };
  }

  async #experiment(experiment: Experiment): Promise<Outcome> {
    const scale = this.#scale;
    const tunings = Object.entries(experiment.tunings(scale));
    const chosen = await Promise.all(tunings.map(([name, t]) => this.#tune(name, t)));
    const rateOf = (name: string): number => {
      const found = chosen.find((c) => c.tuning === name);
      if (found === undefined) throw new LabError(`${experiment.name} has no tuning ${name}`);
      return found.rate;
    };
    const runs = unique(experiment.runs(scale, rateOf));
    for (const spec of experiment.timing === true ? runs : []) await this.#ask(spec, 0);
    await Promise.all(runs.map((spec) => this.#ask(spec, 0)));
    const results: Results = (spec) => {
      const result = this.#results.get(keyOf(spec));
      if (result === undefined) throw new LabError(`${experiment.name} uses a run that it did not ask for: ${keyOf(spec)}`);
      return result as never;
    };
    const analysis = experiment.analyse(scale, rateOf, results, (name) => chosen.find((c) => c.tuning === name)!.tried);
    const tuning = tunings.flatMap(([name, { base }]) =>
      chosen
        .find((c) => c.tuning === name)!
        .tried.flatMap(({ rate }) => scale.tuneSeeds.map((seed): RunSpec => ({ ...base, lr: rate, seed, part: 'tune' }))),
    );
    return { experiment, chosen, analysis, specs: unique([...tuning, ...runs]) };
  }

  /** Does all of these experiments; those that measure time at the end, when nothing else runs. */
  async run(experiments: readonly Experiment[]): Promise<Outcome[]> {
    const needed = unique(experiments.flatMap((e) => foresee(e, this.#scale)));
    this.#watcher.expected(needed.filter((s) => this.#journal.get(s) === undefined).reduce((sum, s) => sum + estimate(s), 0));
    const outcomes = new Map<Experiment, Outcome>();
    const note = async (e: Experiment): Promise<void> => void outcomes.set(e, await this.#experiment(e));
    await Promise.all(experiments.filter((e) => e.timing !== true).map(note));
    for (const e of experiments.filter((e) => e.timing === true)) await note(e);
    return experiments.map((e) => outcomes.get(e)!);
  }

  /** What a run gave that experiments have used. */
  result(spec: RunSpec): RunResult {
    return this.#results.get(keyOf(spec))!;
  }
}

function scoreOf(r: TrainResult, by: Tuning['by']): number {
  const end = r.checks.at(-1)!;
  return by === 'error' ? end.error : by === 'loss' ? end.loss : average(r.checks.map((c) => c.error));
}
