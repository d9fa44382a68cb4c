import { type Arm, armNames, arms, type Experiment } from './experiments.ts';
import type { JobResult } from './train.ts';

/** Accuracy of one arm of one experiment over its seeds. */
export interface ArmSummary {
  readonly experiment: string;
  readonly arm: Arm;
  readonly seeds: number;
  readonly mean: number;
  /** Standard deviation over seeds (n - 1); 0 for a single seed. */
  readonly deviation: number;
  readonly lowest: number;
  readonly highest: number;
  /** Mean loss of the last tenth of the steps. */
  readonly finalLoss: number;
  /** Median over seeds. */
  readonly stepMs: number;
}

/** One row per experiment and arm that has results. */
export function summarize(experiments: readonly Experiment[], results: readonly JobResult[]): ArmSummary[] {
  const rows: ArmSummary[] = [];
  for (const e of experiments) {
    for (const arm of arms) {
      const runs = results.filter((r) => r.experiment === e.name && r.arm === arm);
      if (runs.length > 0) rows.push(summary(e.name, arm, runs));
    }
  }
  return rows;
}

function summary(experiment: string, arm: Arm, runs: readonly JobResult[]): ArmSummary {
  const finals = runs.map((r) => r.accuracies.at(-1) ?? Number.NaN);
  const mean = average(finals);
  const variance = runs.length > 1 ? finals.reduce((s, x) => s + (x - mean) ** 2, 0) / (runs.length - 1) : 0;
  const tails = runs.map((r) => average(r.losses.slice(-Math.max(1, Math.floor(r.losses.length / 10)))));
  const times = runs.map((r) => r.stepMs).sort((a, b) => a - b);
  return {
    experiment,
    arm,
    seeds: runs.length,
    mean,
    deviation: Math.sqrt(variance),
    lowest: Math.min(...finals),
    highest: Math.max(...finals),
    finalLoss: average(tails),
    stepMs: times[Math.floor(times.length / 2)]!,
  };
}

/** Arithmetic mean; NaN of nothing. */
export function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

const percent = (x: number): string => `${(100 * x).toFixed(2)}%`;

/** The summary as an aligned text table. */
export function table(rows: readonly ArmSummary[]): string {
  const head = ['experiment', 'arm', 'test accuracy', 'spread over seeds', 'range', 'final loss', 'ms/step'];
  const cells = rows.map((r) => [
    r.experiment,
    armNames[r.arm],
    percent(r.mean),
    `± ${percent(r.deviation)} (n = ${r.seeds})`,
    `${percent(r.lowest)} to ${percent(r.highest)}`,
    r.finalLoss.toFixed(4),
    r.stepMs.toFixed(1),
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...cells.map((c) => c[i]!.length)));
  const line = (c: readonly string[]): string =>
    c
      .map((x, i) => x.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((w) => '-'.repeat(w))), ...cells.map(line)].join('\n');
}
