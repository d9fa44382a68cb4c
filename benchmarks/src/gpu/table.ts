import type { Disagreement } from '../agreement.ts';
import { line, showRatio } from '../report.ts';
import type { Summary } from '../statistics.ts';

/** A contender of the page, and what it runs on. */
export interface GpuContender {
  readonly id: string;
  readonly label: string;
  readonly version: string;
  /** The renderer's own name, not the one that a browser shows to every page. */
  readonly renderer: string;
  /** How it computes there: mode and kernel class. */
  readonly details: readonly string[];
  /** Why it takes no part; null if it does. */
  readonly reason: string | null;
}

/** What a contender did, or why it did not. Times are in milliseconds. */
export type GpuCell = { readonly time: Summary } | { readonly reason: string };

/** A row of the table: one workload. */
export interface GpuRow {
  readonly workload: string;
  readonly shapes: string;
  /** By id of the contender. */
  readonly cells: Readonly<Record<string, GpuCell>>;
  /** Where a peer's results are not ours. */
  readonly disagreements: readonly Disagreement[];
  /** Work of ours that ran on the CPU instead of the device, or by other kernels than the mode's. */
  readonly elsewhere: readonly string[];
}

/** The machine, where the command knows it: a page does not. */
export interface Host {
  readonly name: string;
  /** Processes that wanted to run in the minute before, when they were so many that times mean little; null: all was quiet. */
  readonly load: number | null;
}

/** Everything that a run finds out. */
export interface GpuReport {
  readonly host: Host | null;
  readonly browser: string;
  readonly quick: boolean;
  /** The first one is what the others are compared with. */
  readonly contenders: readonly GpuContender[];
  readonly rows: readonly GpuRow[];
}

/** Names of renderers that compute on the processor. */
const software = /swiftshader|llvmpipe|softpipe|lavapipe|software|basic render/i;

/** Whether a renderer is a program on the processor, and no graphics card. */
export function isSoftware(renderer: string): boolean {
  return software.test(renderer);
}

/** Why a row says nothing; null when it does. */
export function voidReason(row: GpuRow, contenders: readonly GpuContender[]): string | null {
  if (row.elsewhere.length > 0) return `not all ran on the device: ${row.elsewhere.join('; ')}`;
  const [own] = contenders;
  const found = row.disagreements.map(({ peer, what, own: ours, theirs }) => {
    const label = contenders.find((c) => c.id === peer)?.label ?? peer;
    return `${what}: ${own!.label} ${ours}, ${label} ${theirs}`;
  });
  return found.length === 0 ? null : found.join('; ');
}

/** Our median as a part of each peer's: below 1, Nabla on the device is faster. Empty in a void row. */
export function ratiosOf(row: GpuRow, contenders: readonly GpuContender[]): Readonly<Record<string, number>> {
  const own = row.cells[contenders[0]!.id];
  if (voidReason(row, contenders) !== null || own === undefined || !('time' in own)) return {};
  const peers = contenders.slice(1).flatMap(({ id }) => {
    const cell = row.cells[id];
    return cell !== undefined && 'time' in cell ? [[id, own.time.median / cell.time.median] as const] : [];
  });
  return Object.fromEntries(peers);
}

/** The columns of the table of ratios. */
export function gpuColumns([own, ...peers]: readonly GpuContender[]): readonly string[] {
  return ['workload', ...peers.map((p) => `${own!.label} / ${p.label}`)];
}

/** A row of the table of ratios, or why there are none. */
export function gpuCells(row: GpuRow, contenders: readonly GpuContender[]): readonly string[] {
  const [own, ...peers] = contenders;
  const reasonOf = (id: string): string | null => {
    const cell = row.cells[id];
    return cell === undefined ? 'takes no part' : 'reason' in cell ? cell.reason : null;
  };
  const nothing = voidReason(row, contenders);
  const missing = reasonOf(own!.id);
  const note = nothing !== null ? `void: ${nothing}` : missing !== null ? `none: ${missing}` : null;
  if (note !== null) return [row.workload, note, ...peers.slice(1).map(() => '')];
  const ratios = ratiosOf(row, contenders);
  return [row.workload, ...peers.map(({ id }) => (ratios[id] === undefined ? `none: ${reasonOf(id)}` : showRatio(ratios[id])))];
}

/** The first two lines of the table. */
export function gpuHeader(contenders: readonly GpuContender[]): string {
  const columns = gpuColumns(contenders);
  return `${line(columns)}\n${line(columns.map(() => '---'))}`;
}

/** Who took part and on what, a fact a line. */
export function gpuFacts({ host, browser, contenders }: GpuReport): readonly string[] {
  return [
    ...(host === null ? [] : [host.name]),
    browser,
    ...contenders.map((c) => {
      const facts = [`${c.label} ${c.version}`.trim(), c.renderer, ...c.details].join('; ');
      return c.reason === null ? facts : `${c.label} takes no part: ${c.reason}`;
    }),
  ];
}

/** What has to be said of the figures: that no graphics card was measured, that renderers differ, that the machine was busy. */
export function gpuWarnings({ host, contenders }: GpuReport): readonly string[] {
  const drawn = contenders.filter((c) => c.reason === null && c.renderer !== cpuRenderer);
  const names = [...new Set(drawn.filter((c) => isSoftware(c.renderer)).map((c) => c.renderer))];
  const warnings: string[] = [];
  if (names.length > 0) {
    warnings.push(
      `The renderer is a program on the processor (${names.join('; ')}). No graphics card was measured: these figures say nothing about one, only that everything runs and agrees.`,
    );
  }
  if (new Set(drawn.map((c) => isSoftware(c.renderer))).size > 1) {
    warnings.push('Not all contenders ran on the same kind of renderer: do not compare them.');
  }
  if (host !== null && host.load !== null) {
    warnings.push(`The machine was busy (load ${host.load.toFixed(1)}): the ratios change from run to run; do not trust them.`);
  }
  return warnings;
}

/** What contenders without a renderer have in its place. */
export const cpuRenderer = 'no renderer';

/** The ratios as Markdown, under who took part and what has to be said. */
export function gpuMarkdown(report: GpuReport): string {
  const rows = report.rows.map((row) => line(gpuCells(row, report.contenders)));
  return [
    ...gpuFacts(report).map((fact) => `- ${fact}`),
    '',
    ...gpuWarnings(report).flatMap((w) => [`**${w}**`, '']),
    `Medians of interleaved rounds, divided by each other: below 1×, Nabla on the device is faster.${report.quick ? ' Few and short rounds (`--quick`).' : ''}`,
    '',
    gpuHeader(report.contenders),
    ...rows,
    '',
  ].join('\n');
}

/** What the JSON file holds, times and ratios. */
export function gpuJson(report: GpuReport): string {
  const rows = report.rows.map((row) => ({ ...row, ratios: ratiosOf(row, report.contenders), void: voidReason(row, report.contenders) }));
  return `${JSON.stringify({ ...report, warnings: gpuWarnings(report), rows }, null, 2)}\n`;
}
