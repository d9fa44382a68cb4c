import type { Cell } from './competitor.ts';
import { isMeasured, type Row } from './driver.ts';
import type { Entrant } from './entrant.ts';
import type { Machine } from './machine.ts';
import { spread } from './statistics.ts';

/** Everything that a run finds out. */
export interface Report {
  readonly machine: Machine;
  readonly settings: { readonly threads: number; readonly backend: string; readonly quick: boolean };
  /** The first one is what the others are compared with. */
  readonly entrants: readonly Entrant[];
  readonly rows: readonly Row[];
}

/** Three significant digits, without an exponent. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A time in the unit that suits it. */
export function showTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${digits(milliseconds / 1000)} s`;
  if (milliseconds >= 1) return `${digits(milliseconds)} ms`;
  return milliseconds >= 1e-3 ? `${digits(milliseconds * 1e3)} µs` : `${digits(milliseconds * 1e6)} ns`;
}

/** Factors far below 1 would get many zeros. */
export const showRatio = (ratio: number): string => `${ratio < 0.1 ? ratio.toPrecision(2) : digits(ratio)}×`;

const megabytes = (bytes: number): string => `${digits(bytes / 1e6)} MB`;

/** A line of a table. */
export function line(cells: readonly string[]): string {
  return `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Those that take part: each has a column. */
function present({ entrants }: Report): readonly Entrant[] {
  return entrants.filter((e) => e.reason === null);
}

/** The first two lines of a table. */
export function header(report: Report): string {
  const labels = present(report).map((e) => e.contender.label);
  return `${line(['workload', ...labels])}\n${line(['---', ...labels.map(() => '---')])}`;
}

function timeCell(cell: Cell, ratio: number | undefined): string {
  if (!isMeasured(cell)) return `none: ${cell.reason}`;
  const { time } = cell;
  const few = time.rounds < 3 ? `, ${time.rounds} round${time.rounds === 1 ? '' : 's'}` : '';
  return `${showTime(time.median)} ±${(100 * spread(time)).toFixed(0)}%${few}${ratio === undefined ? '' : ` (${showRatio(ratio)})`}`;
}

/** A row of times. A void one says what differs instead. */
export function timeRow(report: Report, row: Row): string {
  const columns = present(report).map((e) => e.contender);
  if (row.disagreements.length === 0) {
    return line([row.workload, ...columns.map(({ id }) => timeCell(row.cells[id]!, row.ratios[id]))]);
  }
  const [own, ...peers] = columns;
  const found = row.disagreements.map(({ peer, what, own: ours, theirs }) => {
    const label = peers.find(({ id }) => id === peer)!.label;
    return `${what}: ${own!.label} ${ours}, ${label} ${theirs}`;
  });
  return line([row.workload, `void: ${found.join('; ')}`, ...peers.map(() => '')]);
}

function memoryCell(cell: Cell): string {
  if (!isMeasured(cell)) return '';
  const { baseline, peak } = cell.memory;
  return `${megabytes(Math.max(peak - baseline, 0))} (${megabytes(peak)})`;
}

/** Peak memory above what each process had before its first step, and all of it. */
export function memoryTable(report: Report): string {
  const columns = present(report).map((e) => e.contender);
  const rows = report.rows.map((row) => line([row.workload, ...columns.map(({ id }) => memoryCell(row.cells[id]!))]));
  return [header(report), ...rows].join('\n');
}

/** The machine and the contenders, a fact a line. */
export function facts({ machine: m, settings, entrants }: Report): readonly string[] {
  return [
    `${m.cpu}, ${m.cores} cores, ${digits(m.memoryBytes / 1e9)} GB, ${m.system}, Node ${m.node}`,
    ...entrants.map(({ contender, about, reason }) => {
      if (about === null) return `${contender.label} takes no part: ${reason}`;
      const fewer = about.threads < settings.threads ? ` (${settings.threads} were asked for)` : '';
      const threads = `${about.threads} thread${about.threads === 1 ? '' : 's'}${fewer}`;
      const facts = [`${contender.label} ${about.version}`, threads, ...about.details].join('; ');
      return reason === null ? facts : `${facts}; takes no part: ${reason}`;
    }),
  ];
}

/** What the JSON file holds: one row a workload. */
export function toJson({ machine, settings, entrants, rows }: Report): string {
  const contenders = entrants.map(({ contender: { id, label }, about, reason }) => {
    const { version, threads, details } = about ?? { version: null, threads: null, details: [] };
    return { id, label, version, threads, details, reason };
  });
  return `${JSON.stringify({ machine, settings, contenders, rows }, null, 2)}\n`;
}

export function toMarkdown(report: Report): string {
  return [
    ...facts(report).map((fact) => `- ${fact}`),
    '',
    'Median time, half the distance between the quartiles, and in parentheses the ratio: Nabla divided by the peer.',
    '',
    header(report),
    ...report.rows.map((row) => timeRow(report, row)),
    '',
    'Peak memory above what the process had before its first step, and in parentheses all of it.',
    '',
    memoryTable(report),
    '',
  ].join('\n');
}
