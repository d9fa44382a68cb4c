import type { GpuMode } from '@nabla/backend-gpu';
import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { Workload } from '../workloads/workload.ts';
import { gpuWorkloads } from './workloads.ts';

/** What the command line asks for. */
export interface GpuBenchOptions {
  readonly mode: GpuMode | 'auto';
  readonly json: string | null;
  readonly markdown: string | null;
  readonly only: readonly string[];
  readonly workloads: readonly Workload[];
  readonly quick: boolean;
  readonly headed: boolean;
  /** The browser's executable; null: a well-known place. */
  readonly chromium: string | null;
  /** Only the page is wanted, for a browser of the user's. */
  readonly serve: boolean;
  readonly list: boolean;
}

interface Values {
  mode: GpuMode | 'auto';
  json?: string;
  markdown?: string;
  only?: string[];
  quick: boolean;
  headed: boolean;
  chromium?: string;
  serve: boolean;
  list: boolean;
}

/**
 * Reads the command line.
 *
 * @returns null when only help was asked for, which has then been printed
 * @throws UsageError for anything it does not understand
 */
export function parseGpuOptions(argv: readonly string[]): GpuBenchOptions | null {
  const program = new Command('npm run bench:gpu --')
    .description('Times Nabla on a graphics device beside Nabla on the CPU and tfjs on WebGL, in a page of Chromium.')
    .addOption(new Option('--mode <name>', 'graphics mode of Nabla').choices(['auto', 'webgl2', 'webgl', 'webgpu']).default('auto'))
    .option('--json <file>', 'write the results as JSON')
    .option('--markdown <file>', 'write the table as Markdown')
    .option('--only <text>', 'only workloads whose name contains this; may be given again', (text, all: string[] = []) => [...all, text])
    .option('--quick', 'fewer workloads, fewer and shorter rounds', false)
    .option('--headed', 'show the browser, which some need for the graphics card', false)
    .option('--chromium <file>', 'the executable of Chromium or Chrome')
    .option('--serve', 'serve the page for a browser of your own, and print its address', false)
    .option('--list', 'print the names of the workloads and stop', false)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  try {
    program.parse([...argv], { from: 'user' });
  } catch (e) {
    if (!(e instanceof CommanderError)) throw e;
    if (e.code === 'commander.helpDisplayed') return null;
    throw new UsageError(e.message.replace(/^error: /, '').replaceAll('\n', ' '));
  }
  const { json = null, markdown = null, only = [], chromium = null, ...rest } = program.opts<Values>();
  const workloads = gpuWorkloads(only, rest.quick);
  if (workloads.length === 0) throw new UsageError(`no workload has '${only.join("' or '")}' in its name; --list prints them`);
  return { ...rest, json, markdown, only, chromium, workloads };
}
