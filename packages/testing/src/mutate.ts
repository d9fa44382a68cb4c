import { AutogradError, type Tensor } from '@nabla/core';
import {
  call,
  clearFormulas,
  constant,
  debug,
  type Expr,
  type FunctionRow,
  functions,
  type GraphNode,
  input,
  ops,
} from '@nabla/core/internals';
import { type Case, isEmpty, nameOf } from './cases.ts';
import { checkGradients, GradientError } from './gradients.ts';

/** By how much a derivative is wrong under mutation. */
const factor = 1.01;

/** One wrong derivative. */
interface Mutant {
  /** Such as `row mul, operand 0` or `backward of matmul, input 1`. */
  readonly name: string;
  /** Makes the derivative wrong; gives what makes it right again. */
  apply(): () => void;
}

/** A gradient check and what it costs. */
interface Check {
  readonly of: Case;
  readonly order: 1 | 2;
  readonly ms: number;
}

/** What a mutation run found. */
export interface MutationReport {
  readonly mutants: number;
  readonly killed: number;
  /** Mutants that every check passed, or that no check reaches. */
  readonly survivors: readonly string[];
  /** For each mutant, the check that failed. */
  readonly kills: ReadonlyMap<string, string>;
}

/** Options of {@link mutationTest}. */
export interface MutationOptions {
  /** Only mutants whose name matches. */
  readonly only?: RegExp;
  /** Called with a line now and then. */
  readonly log?: (line: string) => void;
}

/**
 * Makes every derivative wrong by 1%, one at a time, and runs the gradient checks that reach it: each row's derivative in
 * each operand, and each input's gradient of every op's backward (elementwise kernels and views included). A mutant that
 * no check notices survives, and so does a derivative that no check reaches.
 *
 * @throws GradientError when a check fails without any mutation
 */
export function mutationTest(cases: readonly Case[], options: MutationOptions = {}): MutationReport {
  const { reach, sloping } = trace(
    cases.filter((c) => c.differentiable && !isEmpty(c)),
    options.log,
  );
  const names = [...new Set([...allRowMutants(), ...reach.keys(), ...registeredBackwards(reach)])];
  const wanted = names.filter((n) => options.only?.test(n) !== false).sort();
  const survivors: string[] = [];
  const kills = new Map<string, string>();
  for (const name of wanted) {
    const checks = [...(reach.get(name) ?? [])].sort((a, b) => a.ms - b.ms);
    const by = checks.length === 0 ? null : firstFailure(mutantOf(name, !sloping.has(name)), checks);
    if (by === null) survivors.push(checks.length === 0 ? `${name} (no check reaches it)` : name);
    else kills.set(name, by);
  }
  return { mutants: wanted.length, killed: kills.size, survivors, kills };
}

function firstFailure(mutant: Mutant, checks: readonly Check[]): string | null {
  const undo = mutant.apply();
  try {
    for (const { of, order } of checks) {
      try {
        checkGradients(of, order);
      } catch (error) {
        if (error instanceof GradientError) return error.message;
        throw error;
      }
    }
    return null;
  } finally {
    undo();
  }
}

const rowName = (row: string, i: number): string => `row ${row}, operand ${i}`;
const backwardName = (node: string, i: number): string => `backward of ${node}, input ${i}`;

/** Whether a derivative is no more than an error that says there is none. */
function refuses(derivative: () => unknown): boolean {
  try {
    derivative();
    return false;
  } catch (error) {
    return error instanceof AutogradError;
  }
}

function allRowMutants(): string[] {
  return [...functions.values()].flatMap((row) => {
    const args = Array.from({ length: row.arity }, (_, i) => input(i));
    const given = (row.grad ?? []).map((rule) => rule !== null && !refuses(() => rule(...args, call(row, args))));
    return given.flatMap((g, i) => (g ? [rowName(row.name, i)] : []));
  });
}

/** Ops whose backward no traced check ran, under a name that {@link mutantOf} is never asked for. */
function registeredBackwards(reach: ReadonlyMap<string, unknown>): string[] {
  const run = new Set([...reach.keys()].map((name) => name.replace(/, input \d+$/, '')));
  return [...ops.values()]
    .filter((o) => o.backward !== undefined && !run.has(`backward of ${o.name}`) && !refuses(() => o.backward!({} as never, [])))
    .map((o) => `backward of ${o.name}`);
}

/** Which checks run which derivatives, and which backwards ever gave something other than zero. */
interface Trace {
  readonly reach: ReadonlyMap<string, ReadonlySet<Check>>;
  readonly sloping: ReadonlySet<string>;
}

function trace(cases: readonly Case[], log: ((line: string) => void) | undefined): Trace {
  const reach = new Map<string, Set<Check>>();
  const sloping = new Set<string>();
  let seen = new Set<string>();
  const stop = [watchRows((name) => seen.add(name)), watchBackward(sloping, (name) => seen.add(name))];
  try {
    for (const [k, c] of cases.entries()) {
      for (const order of [1, 2] as const) {
        seen = new Set();
        // Formulas are derived once and kept; a rule is seen only when it is derived from again.
        clearFormulas();
        checkGradients(c, order);
        const start = performance.now();
        checkGradients(c, order);
        const check = { of: c, order, ms: performance.now() - start };
        for (const name of seen) {
          const checks = reach.get(name);
          if (checks === undefined) reach.set(name, new Set([check]));
          else checks.add(check);
        }
      }
      if (k % 200 === 199) log?.(`traced ${k + 1} of ${cases.length} cases, at ${nameOf(c)}`);
    }
  } finally {
    for (const undo of stop) undo();
    clearFormulas();
  }
  return { reach, sloping };
}

function watchRows(saw: (name: string) => void): () => void {
  const undo = [...functions.values()].map((row) =>
    replaceRules(row, (rule, i) => (...args) => {
      saw(rowName(row.name, i));
      return rule(...args);
    }),
  );
  return () => {
    for (const u of undo) u();
  };
}

type Rule = (...argsThenY: Expr[]) => Expr;

function replaceRules(row: FunctionRow, replacement: (rule: Rule, i: number) => Rule): () => void {
  const before = row.grad;
  if (before === undefined) return () => {};
  row.grad = before.map((rule, i) => (rule === null ? null : replacement(rule, i)));
  return () => {
    row.grad = before;
  };
}

function watchBackward(sloping: Set<string>, saw: (name: string) => void): () => void {
  return onBackward((node, gradients) => {
    gradients.forEach((g, i) => {
      if (g === null || g === undefined || node.edges[i] === null) return;
      const name = backwardName(node.name, i);
      saw(name);
      if (!sloping.has(name) && g.dataSync().some((x) => x !== 0)) sloping.add(name);
    });
    return gradients;
  });
}

type Gradients = readonly (Tensor | null)[];

function onBackward(listener: (node: GraphNode, gradients: Gradients) => Gradients): () => void {
  const before = debug.afterBackward;
  debug.afterBackward = listener;
  return () => {
    debug.afterBackward = before;
  };
}

/** The mutant of a name that {@link rowName} or {@link backwardName} made. `flat`: the gradient is zero wherever it is taken. */
function mutantOf(name: string, flat: boolean): Mutant {
  const [, kind, target, index] = /^(row|backward of) (.*), (?:operand|input) (\d+)$/.exec(name)!;
  const i = Number(index);
  return { name, apply: kind === 'row' ? () => mutateRow(functions.get(target!)!, i) : () => mutateBackward(target!, i, flat) };
}

function mutateRow(row: FunctionRow, i: number): () => void {
  const mul = functions.get('mul')!;
  // 1% of nothing is nothing: a function said to be flat gets a small slope.
  const wrong = (d: Expr): Expr => (d.kind === 'const' && d.value === 0 ? constant(factor - 1) : call(mul, [d, constant(factor)]));
  const undo = replaceRules(row, (rule, k) => (k === i ? (...args) => wrong(rule(...args)) : rule));
  clearFormulas();
  return () => {
    undo();
    clearFormulas();
  };
}

function mutateBackward(target: string, i: number, flat: boolean): () => void {
  const wrong = (g: Tensor): Tensor => (flat ? g.add(factor - 1) : g.mul(factor));
  return onBackward((node, gradients) =>
    node.name === target ? gradients.map((g, k) => (k === i && g !== null && g !== undefined ? wrong(g) : g)) : gradients,
  );
}
