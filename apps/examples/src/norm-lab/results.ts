import type { Outcome } from './lab.ts';
import type { Report } from './report/text.ts';
import { keyOf, type RunResult, type RunSpec } from './spec.ts';

/** How long it took: everything of the results that is not the same twice. */
interface Timing {
  readonly seconds: number;
  readonly workers: number;
  readonly processor: string;
  /** Runs that were done now, and not found. */
  readonly runs: number;
  readonly cpuSeconds: number;
  readonly estimatedSeconds: number;
}

const part = (o: Outcome): object => ({ name: o.experiment.name, title: o.experiment.title, rates: o.chosen, ...o.analysis });

/**
 * All results as JSON: settings, what each experiment found, and every run. The same seeds and data give the same text, but
 * for `timing`, which is at the end and holds whatever was measured with a clock.
 */
export function resultsJson({ protocol, outcomes }: Report, resultOf: (spec: RunSpec) => RunResult, timing: Timing): string {
  const runsOf = (some: readonly Outcome[]): object[] => {
    const seen = new Map(some.flatMap((o) => o.specs.map((spec) => [keyOf(spec), spec] as const)));
    return [...seen.values()].map((spec) => ({ spec, result: resultOf(spec) }));
  };
  const timed = outcomes.filter((o) => o.experiment.timing === true);
  const others = outcomes.filter((o) => o.experiment.timing !== true);
  const all = {
    protocol,
    experiments: others.map(part),
    runs: runsOf(others),
    timing: { ...timing, experiments: timed.map(part), costs: runsOf(timed) },
  };
  return `${JSON.stringify(all)}\n`;
}
