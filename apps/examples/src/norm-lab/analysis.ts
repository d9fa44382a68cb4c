import type { Interval } from './stats.ts';
import { type Direction, judge, type Verdict } from './verdict.ts';

/** A statement of the literature, and what was measured of it. */
export interface Claim {
  readonly statement: string;
  /** Paper and place. */
  readonly source: string;
  /** What the differences are of, in words, with the side that the claim is on. */
  readonly metric: string;
  readonly unit: Unit;
  readonly direction: Direction;
  readonly margin: number;
  /** One for each seed, in their order, where both were measured. */
  readonly differences: readonly number[];
  readonly interval: Interval;
  readonly verdict: Verdict;
  /** What that means; chosen by the verdict. */
  readonly reading: string;
}

/** How numbers of a claim are written. */
export type Unit = 'points' | 'nats' | 'decades' | 'factor' | 'log' | 'cosine';

/** What a claim needs before it is judged. */
interface ClaimInput {
  readonly statement: string;
  readonly source: string;
  readonly metric: string;
  readonly unit: Unit;
  readonly direction: Direction;
  /** Differences up to that do not matter; in the unit of the differences. */
  readonly margin: number;
  readonly differences: readonly number[];
  /** What to say when it holds, and what when it does not: why that may be. */
  readonly holds: string;
  readonly fails: string;
}

/** Judges a claim on the pairs that could be measured: one with a run that diverged may have no difference. */
export function claim({ holds, fails, differences: all, ...rest }: ClaimInput): Claim {
  const differences = all.filter(Number.isFinite);
  const { verdict, interval } = judge(differences, rest.direction, rest.margin);
  return { ...rest, differences, verdict, interval, reading: readingOf(verdict, rest, interval, holds, fails) };
}

/** The opposite of the claim was measured, or only that nothing matters here. */
function readingOf(
  verdict: Verdict,
  { direction, margin }: Pick<ClaimInput, 'direction' | 'margin'>,
  { low, high }: Interval,
  holds: string,
  fails: string,
): string {
  switch (verdict) {
    case 'holds':
      return holds;
    case 'too few seeds':
      return 'Fewer than five pairs were measured, and no verdict is given: it needs the full profile, or more seeds.';
    case 'inconclusive':
      return direction === 'within'
        ? 'The interval crosses the margin: the two may differ by more than matters, or not. More seeds would narrow it.'
        : 'The interval has zero in it and differences that would matter as well: these seeds do not decide. More of them would narrow it.';
    case 'does not hold': {
      if (direction === 'within' || direction === 'exactly') return fails;
      const small = low >= -margin && high <= margin;
      return `${small ? 'Whatever difference there is, it is too small to matter here.' : 'The opposite was measured.'} ${fails}`;
    }
  }
}

/** One line of a chart, with the range of its values over seeds. */
export interface Series {
  readonly name: string;
  /** CSS classes that give the colour and the dash pattern. */
  readonly style: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly low: number; readonly high: number }[];
}

/** Lines over a number. */
export interface LineFigure {
  readonly kind: 'lines';
  readonly title: string;
  readonly caption: string;
  readonly x: { readonly label: string; readonly log: boolean };
  readonly y: { readonly label: string; readonly log: boolean };
  readonly series: readonly Series[];
}

/** One row of points for each arm. */
export interface DotFigure {
  readonly kind: 'dots';
  readonly title: string;
  readonly caption: string;
  readonly x: { readonly label: string; readonly log: boolean };
  readonly rows: readonly { readonly name: string; readonly style: string; readonly values: readonly number[] }[];
}

/** A figure of the report, as data. */
export type Figure = LineFigure | DotFigure;

/** A table of the report. */
export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What an experiment found. */
export interface Analysis {
  readonly claims: readonly Claim[];
  readonly figures: readonly Figure[];
  readonly tables: readonly Table[];
  /** What the reader should know about these numbers. */
  readonly remarks: readonly string[];
}
