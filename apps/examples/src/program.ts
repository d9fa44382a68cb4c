import { pathToFileURL } from 'node:url';
import { manualSeed } from '@nabla/core';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { UsageError } from './errors.ts';

/** What every program is told on the command line. */
export interface ProgramOptions {
  /** Passes over the data, or rounds of whatever the program repeats. */
  readonly epochs: number;
  readonly seed: number;
}

/** What a program reached, beside what it has to reach. */
export interface Outcome {
  /** What was measured, such as `test accuracy`. */
  readonly metric: string;
  readonly value: number;
  /** The value has to be at least that, or at most where smaller is better. */
  readonly target: number;
  readonly better: 'higher' | 'lower';
  /** What a method that learns less, or nothing, reaches: the target lies beyond it. */
  readonly baseline: { readonly name: string; readonly value: number };
}

/** A program: its words on the command line, and what it does. */
export interface Program<O extends ProgramOptions> {
  readonly name: string;
  readonly description: string;
  /** Epochs of a whole run. */
  readonly epochs: number;
  /** Adds options of its own. */
  readonly configure?: (command: Command) => Command;
  readonly run: (options: O) => Outcome | Promise<Outcome>;
}

/** Reads a whole number from the command line. */
export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || text.trim() === '') {
      throw new InvalidArgumentError(`expected an integer of at least ${least}.`);
    }
    return value;
  };
}

/** Whether the target is reached and the baseline beaten. NaN does neither. */
export function reached({ value, target, better, baseline }: Outcome): boolean {
  return better === 'higher' ? value >= target && value > baseline.value : value <= target && value < baseline.value;
}

const shown = (value: number): string => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toFixed(4));

/** One line about an outcome. */
export function verdict(o: Outcome): string {
  const bound = o.better === 'higher' ? 'at least' : 'at most';
  const wanted = `target: ${bound} ${shown(o.target)}; ${o.baseline.name}: ${shown(o.baseline.value)}`;
  return `${o.metric} ${shown(o.value)} (${wanted}): ${reached(o) ? 'reached' : 'missed'}`;
}

/**
 * Lets a command read its arguments.
 *
 * @returns false when only help was asked for, which has then been printed
 * @throws UsageError for anything it does not understand
 */
export function understood(command: Command, argv: readonly string[]): boolean {
  try {
    command.parse([...argv], { from: 'user' });
    return true;
  } catch (e) {
    if (!(e instanceof CommanderError)) throw e;
    if (e.code === 'commander.helpDisplayed') return false;
    throw new UsageError(e.message.replace(/^error: /, '').replaceAll('\n', ' '));
  }
}

function parse<O extends ProgramOptions>(program: Program<O>, argv: readonly string[]): O | null {
  const command = new Command(program.name)
    .description(program.description)
    .option('--epochs <n>', 'how long to train', integer(0), program.epochs)
    .option('--seed <n>', 'where random numbers start', integer(0), 1)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  program.configure?.(command);
  return understood(command, argv) ? command.opts<O>() : null;
}

/**
 * Runs a program with these arguments and says how it went.
 *
 * @returns the exit code: 0 when the target was reached, 1 when it was missed, 2 for a command line that makes no sense
 */
export async function execute<O extends ProgramOptions>(program: Program<O>, argv: readonly string[]): Promise<number> {
  try {
    const options = parse(program, argv);
    if (options === null) return 0;
    manualSeed(options.seed);
    const outcome = await program.run(options);
    console.log(verdict(outcome));
    return reached(outcome) ? 0 : 1;
  } catch (e) {
    if (!(e instanceof UsageError)) throw e;
    console.error(`${program.name}: ${e.message}`);
    return 2;
  }
}

/** Runs the program of a module that Node was started with; one that is imported only exports it. */
export async function main<O extends ProgramOptions>(url: string, program: Program<O>): Promise<void> {
  if (process.argv[1] === undefined || pathToFileURL(process.argv[1]).href !== url) return;
  process.exitCode = await execute(program, process.argv.slice(2));
}
