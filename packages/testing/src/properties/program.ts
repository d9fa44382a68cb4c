import type { Domain, Rule } from './rule.ts';
import { ruleOf } from './rules.ts';

/** A node of a random expression; arguments are indices of earlier nodes. */
type Node = { readonly kind: 'input'; readonly index: number } | { readonly kind: 'number'; readonly value: number } | Call;

/** A function of earlier nodes. */
export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly number[];
}

/** An expression as a list of nodes, arguments before the calls that use them; the last node is its value. */
export interface Program {
  readonly nodes: readonly Node[];
  /** Number of inputs; every one is used. */
  readonly inputs: number;
}

/** One step of a random program: a function, and random numbers that pick its arguments. */
export interface Step {
  readonly name: string;
  /** One per argument at least. */
  readonly picks: readonly Choice[];
  /** Which argument takes the step before. */
  readonly main: number;
}

/** The random numbers of one argument. */
interface Choice {
  /** Chooses among the nodes or numbers that fit. */
  readonly choice: number;
  /** Chooses among the functions that bring an argument into its domain. */
  readonly adapter: number;
}

/** Numbers that stand in expressions. */
const numbers = [0, 1, -1, 0.5, 2, -2, 3, 1.5, -0.5, 0.25, 10, -0, 20, 0.1];
const positiveNumbers = [0.5, 1, 2, 1.5, 3, 0.25, 4.25, 7];
/** Parameters by function and argument, where a number of {@link numbers} would leave the function without sense. */
const parameters: Readonly<Record<string, readonly number[]>> = {
  logitEps: [1e-6, 0.1, 0.25],
  powScalar: [2, 3, 0.5, -0.5, -1, -2, 1, 0, 1.7, -2.5, 4],
  softplus: [20, 1, 0.5],
  softplusGrad: [20, 1, 0.5],
};

/** Functions that bring any number into a domain, as chains of calls from the inside out. */
type Chain = readonly (readonly [name: string, ...numbers: number[]])[];
const adapters: Partial<Readonly<Record<Domain, readonly Chain[]>>> = {
  moderate: [[['tanh']], [['clamp', -4, 4]], [['softsign'], ['mul', 3]], [['sin']], [['atan']], [['hardtanh', -2, 3]]],
  positive: [
    [['abs']],
    [['square']],
    [['softplus', 1, 20]],
    [['sigmoid']],
    [['clampMin', 0.125]],
    [['hypot', 0.5]],
    [['relu'], ['add', 0.5]],
  ],
  unit: [[['sin']], [['tanh']], [['erf']], [['softsign']], [['cos']], [['hardtanh', -1, 1]]],
  probability: [[['sigmoid']], [['ndtr']], [['hardsigmoid']], [['sin'], ['square']], [['clamp', 0, 1]]],
  beyond1: [[['abs'], ['add', 1]], [['square'], ['add', 1]], [['hypot', 1]]],
  integer: [
    [['nanToNum', 0, 5, -5], ['round'], ['clamp', -8, 8]],
    [['nanToNum', 1, 8, -3], ['trunc'], ['clamp', -7, 9]],
    [['nanToNum', 2, 6, -6], ['mul', 3], ['floor'], ['clamp', -12, 12]],
  ],
  count: [
    [['nanToNum', 0, 5, 1], ['ceil'], ['clamp', 0, 5]],
    [['nanToNum', 2, 3, 0], ['abs'], ['floor'], ['clampMax', 4]],
  ],
};

/** What always has to be adapted, since the function takes nothing else. */
const strict: readonly Domain[] = ['integer', 'count'];

/** Builds a program; whatever the random numbers are, it is one that core takes. */
export function build(inputs: number, steps: readonly Step[]): Program {
  const nodes: Node[] = Array.from({ length: inputs }, (_, index) => ({ kind: 'input', index }));
  const add = (node: Node): number => nodes.push(node) - 1;
  const number = (value: number): number => add({ kind: 'number', value });
  const call = (name: string, args: readonly number[]): number => add({ kind: 'call', name, args });
  const pick = <T>(list: readonly T[], choice: number): T => list[choice % list.length]!;

  const adapted = (node: number, domain: Domain, choice: number): number => {
    const chains = adapters[domain];
    if (chains === undefined || (!strict.includes(domain) && choice % 5 === 0)) return node;
    const chain = pick(chains, Math.floor(choice / 5));
    return chain.reduce((x, [name, ...rest]) => call(name, [x, ...rest.map(number)]), node);
  };
  const fixed = ({ choice, adapter }: Choice): number => {
    const value = number(pick(positiveNumbers, choice));
    if (adapter % 2 === 0) return value;
    // A condition has no gradient, so neither has the choice between two numbers.
    const condition = call(pick(['isnan', 'signbit', 'isfinite'], adapter), [choice % nodes.length]);
    return call('where', [condition, value, number(pick(positiveNumbers, choice + adapter))]);
  };
  const argument = (name: string, domain: Domain, given: Choice): number => {
    if (domain === 'order') return number(given.choice % 4);
    if (domain === 'number') return number(pick(parameters[name] ?? numbers, given.choice));
    if (domain === 'fixed') return fixed(given);
    if (given.choice % 4 === 0 && !strict.includes(domain))
      return number(pick(domain === 'any' || domain === 'factor' ? numbers : positiveNumbers, given.adapter));
    const open = nodes.flatMap((n, k) => (n.kind === 'number' ? [] : [k]));
    return adapted(pick(open, given.choice), domain, given.adapter);
  };

  const joined = (path: number, other: number, choice: number): number =>
    choice % 2 === 0
      ? call('where', [other, path, choice % nodes.length])
      : call(pick(['add', 'sub', 'mul', 'maximum'], choice >> 1), [path, other]);

  let last = 0;
  for (const { name, picks, main } of steps) {
    const rule: Rule = ruleOf(name);
    const open = rule.domains.flatMap((d, i) => (d === 'order' || d === 'number' || d === 'fixed' ? [] : [i]));
    const spine = pick(open, main);
    const args = rule.domains.map((domain, i) =>
      i === spine ? adapted(last, domain, picks[i]!.adapter) : argument(name, domain, picks[i]!),
    );
    const made = call(name, args);
    // Without a gradient it would end all paths, so it joins the step before instead.
    last = rule.grads.some((g) => typeof g === 'function') || main % 4 === 0 ? made : joined(last, made, main);
  }
  return trimmed(nodes, last);
}

/** Leaves out the nodes that `root` does not need, and counts the inputs anew. */
function trimmed(nodes: readonly Node[], root: number): Program {
  const used = new Set<number>([root]);
  for (let k = root; k >= 0; k--) {
    const node = nodes[k]!;
    if (used.has(k) && node.kind === 'call') for (const a of node.args) used.add(a);
  }
  const places = new Map<number, number>();
  const kept: Node[] = [];
  let inputs = 0;
  for (let k = 0; k <= root; k++) {
    if (!used.has(k)) continue;
    const node = nodes[k]!;
    places.set(k, kept.length);
    if (node.kind === 'input') kept.push({ kind: 'input', index: inputs++ });
    else kept.push(node.kind === 'call' ? { ...node, args: node.args.map((a) => places.get(a)!) } : node);
  }
  return { nodes: kept, inputs };
}

/** The names of the functions in a program. */
export function functionsOf(program: Program): ReadonlySet<string> {
  return new Set(program.nodes.flatMap((n) => (n.kind === 'call' ? [n.name] : [])));
}

/** The length of the longest chain of calls. */
export function depthOf(program: Program): number {
  const depths: number[] = [];
  for (const n of program.nodes) depths.push(n.kind === 'call' ? 1 + Math.max(...n.args.map((a) => depths[a]!)) : 0);
  return depths.at(-1)!;
}

/** Whether a gradient reaches a node from one of the inputs that want one, for every node. */
export function gradientPaths(program: Program, wanted: readonly boolean[]): boolean[] {
  const paths: boolean[] = [];
  for (const n of program.nodes) {
    if (n.kind === 'call') paths.push(n.args.some((a, i) => paths[a]! && ruleOf(n.name).grads[i] !== null));
    else paths.push(n.kind === 'input' && wanted[n.index] === true);
  }
  return paths;
}

/** The program as text, one line per call. */
export function show(program: Program): string {
  const names: string[] = [];
  const lines: string[] = [];
  program.nodes.forEach((n) => {
    if (n.kind === 'input') names.push(`x${n.index}`);
    else if (n.kind === 'number') names.push(Object.is(n.value, -0) ? '-0' : String(n.value));
    else {
      names.push(`t${lines.length}`);
      lines.push(`t${lines.length} = ${n.name}(${n.args.map((a) => names[a]!).join(', ')})`);
    }
  });
  return lines.join('; ');
}
