import { describe, expect, it } from 'vitest';
import type { Cell } from '../src/competitor.ts';
import type { Contender } from '../src/contenders.ts';
import type { Row } from '../src/driver.ts';
import type { Entrant } from '../src/entrant.ts';
import { isBusy, machine } from '../src/machine.ts';
import { facts, header, memoryTable, type Report, showTime, timeRow, toJson, toMarkdown } from '../src/report.ts';
import { summarize } from '../src/statistics.ts';

function entrant(id: string, label: string, reason: string | null = null, threads: number = 1): Entrant {
  const contender: Contender = { id, label, command: () => ({ file: '', args: [], env: {} }) };
  const about = reason === 'cannot be started' ? null : { version: '1.2.3', threads, details: ['BLAS: some'], refusal: reason };
  return { contender, command: contender.command({ threads: 1, backend: 'cpu', python: '' }), about, reason };
}

function measured(...values: number[]): Cell {
  return { threads: 1, time: summarize(values), loss: null, memory: { baseline: 100e6, peak: 112.5e6 } };
}

const row: Row = {
  workload: 'exp 1e6',
  shapes: '1000000',
  cells: {
    own: measured(8, 10, 12),
    peer: measured(20, 20, 20),
    other: { reason: 'no kernel | none' },
    gone: { reason: 'cannot be started' },
  },
  ratios: { peer: 0.5 },
  disagreements: [],
};

const report: Report = {
  machine: machine(),
  settings: { threads: 2, backend: 'cpu', quick: true },
  entrants: [
    entrant('own', 'Nabla', null, 2),
    entrant('peer', 'Peer'),
    entrant('other', 'Other'),
    entrant('gone', 'Gone', 'cannot be started'),
    entrant('bad', 'Bad', 'a bad BLAS'),
  ],
  rows: [row],
};

describe('showTime', () => {
  it.each([
    [1234, '1.23 s'],
    [123.4, '123 ms'],
    [1, '1.00 ms'],
    [0.0123, '12.3 µs'],
    [0.000456, '456 ns'],
  ])('%f ms is %s', (milliseconds, text) => {
    expect(showTime(milliseconds)).toBe(text);
  });
});

describe('tables', () => {
  it('have a column for each contender that takes part', () => {
    expect(header(report)).toBe('| workload | Nabla | Peer | Other |\n| --- | --- | --- | --- |');
  });

  it('show median, spread and ratio, and reasons in place of numbers', () => {
    expect(timeRow(report, row)).toBe('| exp 1e6 | 10.0 ms ±10% | 20.0 ms ±0% (0.500×) | none: no kernel \\| none |');
  });

  it('tell where there were few rounds', () => {
    const few = { ...row, cells: { ...row.cells, peer: measured(20) } };
    expect(timeRow(report, few)).toContain('20.0 ms ±0%, 1 round (0.500×)');
  });

  it('show both numbers of a void row, and no times', () => {
    const disagreements = [{ peer: 'peer', what: 'loss of round 2', own: 0.5, theirs: 0.75 }];
    expect(timeRow(report, { ...row, ratios: {}, disagreements })).toBe('| exp 1e6 | void: loss of round 2: Nabla 0.5, Peer 0.75 |  |  |');
  });

  it('show memory above the baseline, and all of it', () => {
    expect(memoryTable(report).split('\n').at(-1)).toBe('| exp 1e6 | 12.5 MB (113 MB) | 12.5 MB (113 MB) |  |');
  });

  it('are in the Markdown file, after the facts', () => {
    const text = toMarkdown(report);
    for (const part of [...facts(report).map((fact) => `- ${fact}`), header(report), timeRow(report, row), memoryTable(report)])
      expect(text).toContain(part);
  });
});

describe('facts', () => {
  it('name the machine, versions, threads, and why somebody takes no part', () => {
    const [where, ...contenders] = facts(report);
    expect(where).toContain(`Node ${process.versions.node}`);
    expect(contenders).toEqual([
      'Nabla 1.2.3; 2 threads; BLAS: some',
      'Peer 1.2.3; 1 thread (2 were asked for); BLAS: some',
      'Other 1.2.3; 1 thread (2 were asked for); BLAS: some',
      'Gone takes no part: cannot be started',
      'Bad 1.2.3; 1 thread (2 were asked for); BLAS: some; takes no part: a bad BLAS',
    ]);
  });

  it('warn of a busy machine', () => {
    expect(isBusy({ ...report.machine, loadBefore: 1.5 })).toBe(true);
    expect(isBusy({ ...report.machine, loadBefore: 0.1 })).toBe(false);
    expect(isBusy({ ...report.machine, loadBefore: null })).toBe(false);
  });
});

describe('toJson', () => {
  it('holds one row a workload, with every contender', () => {
    const json = JSON.parse(toJson(report)) as { rows: unknown[]; contenders: { id: string; reason: string | null }[] };
    expect(json.rows).toEqual(JSON.parse(JSON.stringify([row])));
    expect(json.contenders.map(({ id, reason }) => [id, reason])).toEqual([
      ['own', null],
      ['peer', null],
      ['other', null],
      ['gone', 'cannot be started'],
      ['bad', 'a bad BLAS'],
    ]);
  });
});
