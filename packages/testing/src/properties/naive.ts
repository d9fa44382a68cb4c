import { applied, double, type Flow, type Precision, Sum, single, slopeAt, times } from './bounds.ts';
import { type Call, gradientPaths, type Program } from './program.ts';
import { none } from './rule.ts';
import { ruleOf } from './rules.ts';

/** Numbers with bounds for what an implementation may be off by; an infinite bound says that nothing is known. */
export interface Bounded {
  readonly values: Float64Array;
  readonly bounds: Float64Array;
}

/** Values of every node at one element. */
export function forward(program: Program, inputs: readonly number[], precision: Precision = double): Bounded {
  const values = new Float64Array(program.nodes.length);
  const bounds = new Float64Array(program.nodes.length);
  program.nodes.forEach((node, k) => {
    if (node.kind === 'number') values[k] = precision === single ? Math.fround(node.value) : node.value;
    else if (node.kind === 'input') values[k] = inputs[node.index]!;
    else {
      const rule = ruleOf(node.name);
      const x = node.args.map((a) => values[a]!);
      const e = node.args.map((a) => bounds[a]!);
      const y = applied(rule.value, x, e, rule.off, precision);
      values[k] = y.value;
      bounds[k] = y.bound;
    }
  });
  return { values, bounds };
}

/** The derivative of a call in one argument at one element. */
function slope({ name, args }: Call, i: number, { values, bounds }: Bounded, y: number): Flow | typeof none {
  const rule = ruleOf(name);
  const partial = rule.grads[i];
  if (typeof partial !== 'function') throw new RangeError(`${name} has no derivative in argument ${i}`);
  const x = args.map((a) => values[a]!);
  const e = args.map((a) => bounds[a]!);
  return slopeAt((...point) => partial(...point, rule.value(...point)), partial(...x, y), x, e, rule.gradOff);
}

/** Whether a call has the number 0 as a factor. */
function hasZeroFactor({ nodes }: Program, call: Call): boolean {
  const { domains } = ruleOf(call.name);
  return call.args.some((a, i) => {
    const arg = nodes[a]!;
    return domains[i] === 'factor' && arg.kind === 'number' && arg.value === 0;
  });
}

/**
 * How gradients flow where PyTorch's would be zeros.
 * - `stepwise`, op by op, is PyTorch's way: the zeros that a rounding or a branch not taken hands down are numbers, which an
 *   infinite derivative further down makes NaN. Every node has the shape of its own operands, and every op sums what it
 *   broadcast.
 * - `fused` is the derivative of one expression, in which such a path contributes nothing at all: 0 where PyTorch has NaN, and
 *   nowhere else a difference. Every node has the shape of the result, and an input that was broadcast sums in the end.
 */
export type Semantics = 'fused' | 'stepwise';

/** What surrounds the nodes: shapes, and the elements of the arguments that an element of a call is made from. */
export interface Frame {
  readonly semantics: Semantics;
  /** Number of elements of every node. */
  readonly sizes: readonly number[];
  /** For node k, its i-th argument and element j: the element of the argument. */
  readonly from: (k: number, i: number, j: number) => number;
  /** The values of all nodes where node k has its element j. */
  readonly state: (k: number, j: number) => Bounded;
}

/**
 * Gradients of Σ seed·y by reverse accumulation: for every input, one sum per element; null where no gradient is recorded.
 *
 * @param wanted which inputs want a gradient
 */
export function backward(program: Program, frame: Frame, seeds: readonly number[], wanted: readonly boolean[]): (Bounded | null)[] {
  const { nodes } = program;
  const paths = gradientPaths(program, wanted);
  const sums = nodes.map((_, k) => Array.from({ length: paths[k] ? frame.sizes[k]! : 0 }, () => new Sum()));
  sums.at(-1)!.forEach((sum, j) => {
    sum.add({ value: seeds[j]!, bound: 0 });
  });
  // What only leads to conditions is not reached; a sum over no elements is, with 0.
  const reached = new Set([nodes.length - 1]);
  for (let k = nodes.length - 1; k >= 0; k--) {
    const node = nodes[k]!;
    if (node.kind !== 'call' || !reached.has(k)) continue;
    node.args.forEach((a, i) => {
      if (!paths[a] || ruleOf(node.name).grads[i] === null) return;
      reached.add(a);
      passOn(program, frame, k, node, i, sums);
    });
  }
  const out = new Array<Bounded | null>(program.inputs).fill(null);
  nodes.forEach((node, k) => {
    if (node.kind !== 'input' || !paths[k] || !paths.at(-1)) return;
    const flows = sums[k]!.map((sum) => sum.flow);
    out[node.index] = { values: Float64Array.from(flows, (f) => f.value), bounds: Float64Array.from(flows, (f) => f.bound) };
  });
  return out;
}

const zero: Flow = { value: 0, bound: 0 };

/** The gradient of node k to its i-th argument. */
function passOn(program: Program, frame: Frame, k: number, node: Call, i: number, sums: readonly (readonly Sum[])[]): void {
  const targets = sums[node.args[i]!]!;
  const fused = frame.semantics === 'fused';
  if (ruleOf(node.name).grads[i] === 'flat') {
    if (!fused) for (const target of targets) target.add(zero);
    return;
  }
  // A factor of the number 0 makes the derivative of an expression a constant, flat like that of a rounding.
  const zeroFactor = fused && hasZeroFactor(program, node);
  sums[k]!.forEach((sum, j) => {
    if (fused && sum.isEmpty) return;
    const state = frame.state(k, j);
    const d = slope(node, i, state, state.values[k]!);
    const target = targets[frame.from(k, i, j)]!;
    if (d === none) {
      if (!fused) target.add(zero);
    } else if (!(zeroFactor && d.value === 0 && d.bound === 0)) target.add(times(sum.flow, d));
  });
}
