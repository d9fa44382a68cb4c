import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { integer, understood } from '../program.ts';
import { type Sources, sortSources } from './data.ts';
import { experiments } from './experiments/index.ts';
import type { ProfileName } from './scale.ts';

/** What the command line asks for. */
export interface LabOptions {
  readonly profile: ProfileName;
  readonly sources: Sources;
  readonly backend: 'cpu' | 'gpu';
  readonly seed: number;
  /** How many seeds; null for the profile's own number. */
  readonly seeds: number | null;
  /** Names of experiments; all of them by default. */
  readonly only: readonly string[];
  readonly workers: number;
  readonly out: string;
  /** Forget the runs that are in the folder. */
  readonly fresh: boolean;
  /** Say what would be run, and how long that would take. */
  readonly plan: boolean;
}

const names = experiments.map((e) => e.name);

function namesOf(text: string): string[] {
  const asked = text.split(',').map((s) => s.trim());
  const unknown = asked.find((s) => !names.includes(s));
  if (unknown !== undefined) throw new UsageError(`--only: there is no experiment '${unknown}'; there are ${names.join(', ')}`);
  return asked;
}

/**
 * Reads the command line.
 *
 * @returns null when only help was asked for, which has then been printed
 * @throws UsageError for anything it does not understand
 */
export function parseOptions(argv: readonly string[]): LabOptions | null {
  const program = new Command('norm-lab')
    .description('Measures what is claimed of normalization, one experiment a claim, and writes a report.')
    .addOption(
      new Option('--profile <name>', 'how much to measure: smoke only shows that everything runs')
        .choices(['quick', 'full', 'smoke'])
        .default('quick'),
    )
    .option(
      '--data <path>',
      'folder of MNIST-format IDX files, gzipped or not, or a text file; may be given once for each (default: the embedded typefaces and tales)',
      (path: string, paths: string[]) => [...paths, path],
      [],
    )
    .addOption(new Option('--backend <name>', 'where to compute').choices(['cpu', 'gpu']).default('cpu'))
    .option('--seed <n>', 'first seed', integer(0), 1)
    .option('--seeds <n>', 'how many seeds (default: 5, with --profile full 10)', integer(1))
    .option('--only <names>', `experiments, separated by commas: ${names.join(', ')}`)
    .option('--workers <n>', 'processes to train in (CPU only)', integer(1), availableParallelism())
    .option('--out <dir>', 'folder for results.json, report.html and report.md; finished runs that are there are used', 'norm-lab-report')
    .option('--fresh', 'do all runs anew', false)
    .option('--plan', 'print what would be run and about how long it takes', false)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  if (!understood(program, argv)) return null;
  const o = program.opts<Omit<LabOptions, 'sources' | 'only' | 'seeds'> & { data: string[]; only?: string; seeds?: number }>();
  return {
    profile: o.profile,
    sources: sortSources(o.data),
    backend: o.backend,
    seed: o.seed,
    seeds: o.seeds ?? null,
    only: o.only === undefined ? names : namesOf(o.only),
    workers: o.backend === 'gpu' ? 1 : o.workers,
    out: o.out,
    fresh: o.fresh,
    plan: o.plan,
  };
}
