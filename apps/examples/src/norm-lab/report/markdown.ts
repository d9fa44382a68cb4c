import type { Table } from '../analysis.ts';
import type { Outcome } from '../lab.ts';
import { howMeasured, measured, type Report, rateRemark, tally } from './text.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const titled = ({ caption, head, rows }: Table): string => `${caption}:\n\n${tableOf(head, rows)}`;

function section(outcome: Outcome, protocol: string): string {
  const { experiment: e, analysis } = outcome;
  const claims = analysis.claims.map((c) => `- **${c.verdict}**: ${c.statement} (${c.source}) ${c.metric}: ${measured(c)}. ${c.reading}`);
  const remarks = [...analysis.remarks, rateRemark(outcome)].filter((r) => r !== null);
  return [
    `## ${e.title}`,
    e.question,
    protocol,
    claims.join('\n'),
    ...analysis.tables.map(titled),
    ...remarks,
    `Sources: ${e.sources.join('; ')}.`,
  ].join('\n\n');
}

/** The report as Markdown, without figures. */
export function reportMarkdown(report: Report, protocolOf: (o: Outcome) => string): string {
  const rows = report.outcomes.flatMap(({ experiment, analysis }) =>
    analysis.claims.map((c) => [experiment.name, c.statement, c.verdict, measured(c)]),
  );
  return `${[
    '# Normalization lab',
    `${tally(report.outcomes)
      .map(([v, n]) => `${v} ${n}`)
      .join(', ')}.`,
    tableOf(['experiment', 'claim', 'verdict', 'measured'], rows),
    ...howMeasured(report),
    ...report.outcomes.map((o) => section(o, protocolOf(o))),
  ].join('\n\n')}\n`;
}
