import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { integer, understood } from '../program.ts';

/** What the command line asks for. */
export interface LabOptions {
  readonly data: string;
  /** The data set that comes with the program is used. */
  readonly embedded: boolean;
  readonly backend: 'cpu' | 'gpu';
  readonly seed: number;
  readonly seeds: number;
  /** Epochs of every experiment; null for each experiment's own number. */
  readonly epochs: number | null;
  /** Training images at most; 0 for all. */
  readonly limit: number;
  readonly workers: number;
  readonly out: string;
}

/** Where the embedded data set lies, seen from src and from dist alike. */
const embeddedData = fileURLToPath(new URL('../../data/typefaces', import.meta.url));

/**
 * Reads the command line.
 *
 * @returns null when only help was asked for, which has then been printed
 * @throws UsageError for anything it does not understand
 */
export function parseOptions(argv: readonly string[]): LabOptions | null {
  const program = new Command('norm-lab')
    .description('Trains the same networks without normalization, with BatchNorm and with LayerNorm, and reports what differs.')
    .option('--data <dir>', 'folder with MNIST-format IDX files, gzipped or not (default: the embedded typefaces)')
    .addOption(new Option('--backend <name>', 'where to compute').choices(['cpu', 'gpu']).default('cpu'))
    .option('--seed <n>', 'first seed', integer(0), 1)
    .option('--seeds <n>', 'how many seeds', integer(1), 3)
    .option('--epochs <n>', "epochs of every experiment (default: each experiment's own)", integer(1))
    .option('--limit <n>', 'use at most this many training images, 0 for all', integer(0), 4000)
    .option('--workers <n>', 'processes to train in (CPU only)', integer(1), availableParallelism())
    .option('--out <dir>', 'folder for report.html and results.json', 'norm-lab-report')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  if (!understood(program, argv)) return null;
  const o = program.opts<{
    data?: string;
    backend: 'cpu' | 'gpu';
    seed: number;
    seeds: number;
    epochs?: number;
    limit: number;
    workers: number;
    out: string;
  }>();
  return {
    data: o.data ?? embeddedData,
    embedded: o.data === undefined,
    backend: o.backend,
    seed: o.seed,
    seeds: o.seeds,
    epochs: o.epochs ?? null,
    limit: o.limit,
    workers: o.workers,
    out: o.out,
  };
}
