import { Command, CommanderError, Option } from 'commander';
import { contenders } from './contenders.ts';
import { UsageError } from './errors.ts';
import { workloads } from './workloads/index.ts';
import type { Workload } from './workloads/workload.ts';

/** What the command line asks for. */
export interface BenchOptions {
  readonly json: string | null;
  readonly markdown: string | null;
  readonly workloads: readonly Workload[];
  /** Ids of the contenders; Nabla is always the first. */
  readonly contenders: readonly string[];
  readonly quick: boolean;
  readonly threads: number;
  readonly backend: string;
  readonly python: string;
  /** Only the names of the workloads are wanted. */
  readonly list: boolean;
}

interface Values {
  json?: string;
  markdown?: string;
  only?: string[];
  peers?: string;
  quick: boolean;
  threads: string;
  backend: string;
  python: string;
  list: boolean;
}

/**
 * Reads the command line.
 *
 * @returns null when only help was asked for, which has then been printed
 * @throws UsageError for anything it does not understand
 */
export function parseOptions(argv: readonly string[]): BenchOptions | null {
  const peers = contenders.slice(1).map((c) => c.id);
  const program = new Command('npm run bench --')
    .description('Times Nabla and its peers side by side, each in its own process, and compares what they compute.')
    .option('--json <file>', 'write the results as JSON')
    .option('--markdown <file>', 'write the tables as Markdown')
    .option('--only <text>', 'only workloads whose name contains this; may be given again', (text, all: string[] = []) => [...all, text])
    .option('--peers <ids>', `only these peers, separated by commas (${peers.join(', ')}), or none`)
    .option('--quick', 'fewer workloads, fewer and shorter rounds', false)
    .addOption(new Option('--threads <n>', 'threads of those that have more than one').choices(['1', '2']).default('1'))
    .addOption(new Option('--backend <name>', "Nabla's backend").choices(['cpu', 'native']).default('cpu'))
    .option('--python <file>', 'the interpreter that has PyTorch', '/usr/bin/python3')
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
  const o = program.opts<Values>();
  return {
    json: o.json ?? null,
    markdown: o.markdown ?? null,
    workloads: chosenWorkloads(o.only ?? [], o.quick),
    contenders: [contenders[0].id, ...chosenPeers(o.peers, peers)],
    quick: o.quick,
    threads: Number(o.threads),
    backend: o.backend,
    python: o.python,
    list: o.list,
  };
}

/** A workload that is asked for by its whole name runs under `--quick` too. */
function chosenWorkloads(only: readonly string[], quick: boolean): readonly Workload[] {
  const has = (w: Workload, text: string): boolean => w.name.toLowerCase().includes(text.toLowerCase());
  const unknown = only.find((text) => !workloads.some((w) => has(w, text)));
  if (unknown !== undefined) throw new UsageError(`no workload has '${unknown}' in its name; --list prints them`);
  const chosen = workloads.filter(
    (w) => only.includes(w.name) || ((w.quick || !quick) && (only.length === 0 || only.some((text) => has(w, text)))),
  );
  if (chosen.length === 0) throw new UsageError(`--quick leaves out every workload with '${only.join("' or '")}' in its name`);
  return chosen;
}

function chosenPeers(text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known;
  if (text === 'none') return [];
  const ids = text.split(',');
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new UsageError(`--peers: there is no '${unknown}'; there are ${known.join(', ')}`);
  return known.filter((id) => ids.includes(id));
}
