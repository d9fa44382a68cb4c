import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../src/norm-lab/experiments/experiment.ts';
import { experiments } from '../src/norm-lab/experiments/index.ts';
import { Journal, journalName } from '../src/norm-lab/journal.ts';
import { Lab, type Outcome } from '../src/norm-lab/lab.ts';
import { reportHtml } from '../src/norm-lab/report/html.ts';
import { reportMarkdown } from '../src/norm-lab/report/markdown.ts';
import type { Report } from '../src/norm-lab/report/text.ts';
import { resultsJson } from '../src/norm-lab/results.ts';
import { type ProfileName, Scale } from '../src/norm-lab/scale.ts';
import { type Arm, keyOf, type RunResult, type RunSpec } from '../src/norm-lab/spec.ts';
import { folder } from './files.ts';

/** A number between 0 and 1 that a name always gives. */
function drawn(name: string): number {
  let h = 2166136261;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 16777619);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

const probes = ['eval', 'biased', 'population', 'train', 'large'].flatMap((n) => [`${n}Error`, `${n}Loss`]);
const others = ['trainShift', 'evalShift', 'trainFlips', 'mixedError', 'sortedError', 'variation', 'predictiveness', 'smoothness', 'shift'];

/** Results as they might be, without training. */
function invented(spec: RunSpec): RunResult {
  const key = keyOf(spec);
  switch (spec.kind) {
    case 'single':
      return { kind: 'single', error: spec.arm === 'batch' ? { name: 'ValueError', message: 'one value' } : null };
    case 'cost': {
      const times = (arm: Arm): number[] => Array.from({ length: spec.rounds }, (_, i) => 1 + drawn(`${key}${arm}${i}`));
      return { kind: 'cost', milliseconds: Object.fromEntries(spec.arms.map((arm) => [arm, times(arm)])) };
    }
    case 'train': {
      const checks = Array.from({ length: spec.checks }, (_, i) => {
        const error = (0.1 + 0.8 * drawn(`${key}${i}`)) / (i + 1);
        return { samples: Math.round((spec.samples * (i + 1)) / spec.checks), loss: 2 * error, error };
      });
      const probe = spec.probe === undefined ? {} : Object.fromEntries([...probes, ...others].map((n) => [n, 0.01 + drawn(key + n)]));
      return { kind: 'train', checks, losses: checks.map((c) => c.loss), diverged: false, probe };
    }
  }
}

interface Made {
  readonly outcomes: Outcome[];
  readonly asked: RunSpec[];
  readonly lab: Lab;
}

async function make(
  some: readonly Experiment[],
  result: (spec: RunSpec) => RunResult,
  dir: string = folder(),
  profile: ProfileName = 'quick',
): Promise<Made> {
  const asked: RunSpec[] = [];
  const execute = async (spec: RunSpec) => {
    asked.push(spec);
    return { result: result(spec), cpuSeconds: 0.1 };
  };
  const silent = { expected: () => {}, advanced: () => {}, finished: () => {} };
  const lab = new Lab(new Scale(profile, 1, null), new Journal(dir, 'test'), execute, silent);
  return { outcomes: await lab.run(some), asked, lab };
}

const protocol = { profile: 'quick', images: 'images', text: 'a <text>', seeds: [1, 2, 3, 4, 5], tuneSeeds: [1000001], device: 'the CPU' };

describe('the report', async () => {
  const { outcomes, lab, asked } = await make(experiments, invented);
  const report: Report = { protocol, outcomes };
  const html = reportHtml(report, () => 'How it was measured.');
  const claims = outcomes.flatMap((o) => o.analysis.claims);

  it('has every experiment, with its claims, figures and tables', () => {
    expect(outcomes.map((o) => o.experiment.name)).toEqual(experiments.map((e) => e.name));
    for (const { experiment, analysis } of outcomes) {
      expect(html).toContain(`<section id="${experiment.name}">`);
      expect(analysis.claims.length, experiment.name).toBeGreaterThan(0);
      expect(analysis.figures.length, experiment.name).toBeGreaterThan(0);
      expect(experiment.protocol(new Scale('full', 1, null)).length).toBeGreaterThan(100);
    }
    const figures = outcomes.flatMap((o) => o.analysis.figures);
    expect(html.match(/<svg/g)).toHaveLength(figures.length + claims.length);
    expect(html.match(/<table>/g)).toHaveLength(outcomes.flatMap((o) => o.analysis.tables).length + 1);
  });

  it('stands alone, and has no number that is none', () => {
    expect(html).not.toMatch(/NaN|undefined|null|Infinity|∞/);
    expect(html).not.toMatch(/<script|src=|https?:|@import/);
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('@media print');
    expect(html).toContain('a &#60;text&#62;');
  });

  it('is there as Markdown too', () => {
    const markdown = reportMarkdown(report, () => 'How it was measured.');
    for (const { experiment } of outcomes) expect(markdown).toContain(`## ${experiment.title}`);
    for (const c of claims) expect(markdown).toContain(c.statement);
    expect(markdown).not.toMatch(/NaN|undefined/);
  });

  it('has at least five pairs for every claim, none of which chose a learning rate', () => {
    for (const c of claims) expect(c.differences.length, c.statement).toBeGreaterThanOrEqual(5);
    const seeds = (part: string): Set<number> => new Set(asked.flatMap((s) => (s.kind === 'train' && s.part === part ? [s.seed] : [])));
    expect([...seeds('test')].filter((s) => seeds('tune').has(s))).toEqual([]);
    expect([...seeds('test')].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('is the same text for the same results, but for times', () => {
    const timing = { seconds: 1, workers: 2, processor: 'p', runs: 3, cpuSeconds: 4, estimatedSeconds: 5 };
    const json = JSON.parse(resultsJson(report, (s) => lab.result(s), timing)) as Record<string, unknown[]>;
    expect(Object.keys(json)).toEqual(['protocol', 'experiments', 'runs', 'timing']);
    expect(json['experiments']).toHaveLength(experiments.length - 1);
    expect(json['runs']!.length).toBe(asked.filter((s) => s.kind !== 'cost').length);
    expect(json['timing']).toMatchObject({ ...timing, experiments: [{ name: 'cost' }] });
  });
});

it('a report of runs that all diverged says that nothing could be measured', async () => {
  const diverged = (spec: RunSpec): RunResult => {
    const r = invented(spec);
    return r.kind === 'train'
      ? { ...r, checks: r.checks.map((c) => ({ ...c, loss: 2, error: 0.9 })), losses: [], diverged: true, probe: {} }
      : r;
  };
  const { outcomes } = await make(experiments, diverged);
  const report: Report = { protocol, outcomes };
  for (const text of [reportHtml(report, () => ''), reportMarkdown(report, () => '')]) {
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    expect(text).toContain('no pair could be measured');
  }
  expect(outcomes.find((o) => o.experiment.name === 'smoothness')!.analysis.claims[0]!.verdict).toBe('too few seeds');
});

it.each(['smoke', 'full'] as const)('the %s profile has what its experiments ask for', async (profile) => {
  const { outcomes } = await make(experiments, invented, folder(), profile);
  const verdicts = new Set(outcomes.flatMap((o) => o.analysis.claims.map((c) => c.verdict)));
  expect(verdicts.has('too few seeds')).toBe(profile === 'smoke');
  for (const { analysis } of outcomes) {
    for (const c of analysis.claims) expect(c.differences.length, c.statement).toBe(c.interval.n);
  }
});

describe('the lab', () => {
  const affine = experiments.filter((e) => e.name === 'affine');

  it('does equal runs of several experiments once', async () => {
    const { asked } = await make(experiments, invented);
    expect(new Set(asked.map(keyOf)).size).toBe(asked.length);
  });

  it('chooses the best learning rate of an arm, and looks beyond an end of the grid', async () => {
    const rateOf = async (best: number) => {
      const result = (spec: RunSpec): RunResult => {
        const r = invented(spec);
        if (spec.kind !== 'train' || r.kind !== 'train' || spec.part !== 'tune') return r;
        return { ...r, checks: [{ samples: 1, loss: 1, error: Math.abs(Math.log(spec.lr / best)) / 100 }] };
      };
      return (await make(affine, result)).outcomes[0]!.chosen[0]!;
    };
    expect(await rateOf(0.1)).toMatchObject({ rate: 0.1, atEdge: false });
    expect((await rateOf(0.1)).tried.map((t) => t.rate)).toEqual([0.01, 0.03, 0.1, 0.3]);
    expect(await rateOf(0.9)).toMatchObject({ rate: 0.9, atEdge: false });
    expect(await rateOf(1e-6)).toMatchObject({ rate: 0.0011, atEdge: true });
  });

  it('goes on from finished runs, and forgets a line that was not written to its end', async () => {
    const dir = folder();
    const first = await make(affine, invented, dir);
    const path = join(dir, journalName);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(first.asked.length);
    appendFileSync(path, lines[0]!.slice(0, 40));
    const second = await make(affine, invented, dir);
    expect(second.asked).toEqual([]);
    expect(second.outcomes[0]!.analysis).toEqual(first.outcomes[0]!.analysis);
    expect(readFileSync(path, 'utf8')).toBe(`${lines.join('\n')}\n`);
    // What another program made is not used.
    expect(new Journal(dir, 'another')).toMatchObject({ size: 0, others: lines.length });
  });

  it('tells when a run fails', async () => {
    await expect(
      make(affine, () => {
        throw new RangeError('broken');
      }),
    ).rejects.toThrow('broken');
  });
});
