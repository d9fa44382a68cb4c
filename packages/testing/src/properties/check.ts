import { grad, type Tensor, tensor } from '@nabla/core';
import { broadcast, type Case, sizeOf } from './arbitrary.ts';
import { single } from './bounds.ts';
import { type Engine, elements, fused, place, stepwise } from './engines.ts';
import { type Bounded, backward, type Frame, forward, type Semantics } from './naive.ts';
import { gradientPaths } from './program.ts';

/** What was compared, for the report. */
export interface Tally {
  /** Elements whose bound was finite. */
  compared: number;
  /** Of these, those that are numbers. */
  finite: number;
  /** Elements of which the naive evaluator knows nothing, since rounding errors decide. */
  unknown: number;
}

export const newTally = (): Tally => ({ compared: 0, finite: 0, unknown: 0 });

/** What the tests report. */
export interface Tallies {
  readonly values: Tally;
  readonly gradients: Tally;
  readonly single: Tally;
}

/** Bounds are of first order, and both sides may be off. */
const slack = 4;

function compare(what: string, got: readonly number[], want: Bounded, tally: Tally): void {
  if (got.length !== want.values.length) throw new Error(`${what}: ${got.length} elements, expected ${want.values.length}`);
  got.forEach((x, k) => {
    const y = want.values[k]!;
    const bound = want.bounds[k]!;
    if (bound === Infinity) {
      tally.unknown++;
      return;
    }
    tally.compared++;
    if (Number.isFinite(y)) tally.finite++;
    if (x === y || (Number.isNaN(x) && Number.isNaN(y)) || Math.abs(x - y) <= slack * bound) return;
    throw new Error(`${what}: element ${k} is ${x}, expected ${y} within ${slack * bound}`);
  });
}

/** Coordinates of shapes that broadcast: element j of `shape` as an element of `inner`. */
function project(shape: readonly number[], inner: readonly number[], j: number): number {
  let rest = j;
  let at = 0;
  let stride = 1;
  for (let d = shape.length - 1, e = inner.length - 1; d >= 0; d--, e--) {
    const i = rest % shape[d]!;
    rest = Math.floor(rest / shape[d]!);
    if (e < 0) break;
    if (inner[e] !== 1) at += i * stride;
    stride *= inner[e]!;
  }
  return at;
}

/** The shapes of all nodes when every call is an op of its own. */
function shapesOf({ program, inputs }: Case): number[][] {
  const shapes: number[][] = [];
  for (const n of program.nodes) {
    if (n.kind === 'call') shapes.push(broadcast(n.args.map((a) => shapes[a]!)));
    else shapes.push(n.kind === 'input' ? [...inputs[n.index]!.shape] : []);
  }
  return shapes;
}

function frameOf(c: Case, semantics: Semantics, whole: readonly number[], states: readonly Bounded[]): Frame {
  const own = shapesOf(c);
  const { nodes } = c.program;
  const shapes = semantics === 'stepwise' ? own : nodes.map((n, k) => (n.kind === 'input' ? own[k]! : c.shape));
  return {
    semantics,
    sizes: shapes.map(sizeOf),
    from: (k, i, j) => {
      const n = nodes[k]!;
      return n.kind === 'call' ? project(shapes[k]!, shapes[n.args[i]!]!, j) : 0;
    },
    // Broadcasting the other way: coordinates that the node lacks are 0.
    state: (k, j) => states[lift(shapes[k]!, whole, j)]!,
  };
}

/** An element of `whole` that element j of the smaller `shape` broadcasts to. */
function lift(shape: readonly number[], whole: readonly number[], j: number): number {
  let rest = j;
  let at = 0;
  let stride = 1;
  for (let d = whole.length - 1, e = shape.length - 1; e >= 0; d--, e--) {
    const i = rest % shape[e]!;
    rest = Math.floor(rest / shape[e]!);
    at += i * stride;
    stride *= whole[d]!;
  }
  return at;
}

/** Evaluates a case by both engines and compares with the naive evaluator. Throws at the first difference. */
export function checkCase(c: Case, tallies: Tallies): void {
  const { program, inputs } = c;
  const wanted = inputs.map((x) => x.requiresGrad);
  // A dimension of size 0 counts as 1, for nodes that do not have it; elements of inputs that do have it are never used.
  const whole = c.shape.map((n) => Math.max(n, 1));
  const stateAt = (j: number, round: (x: number) => number, precision?: typeof single): Bounded =>
    forward(
      program,
      inputs.map((x) => round(x.values[project(whole, x.shape, j)] ?? NaN)),
      precision,
    );
  const states = Array.from({ length: sizeOf(whole) }, (_, j) => stateAt(j, (x) => x));
  const result = resultOf(states, sizeOf(c.shape));
  for (const [semantics, engine] of [
    ['fused', fused],
    ['stepwise', stepwise],
  ] as const) {
    const xs = inputs.map((x) => place(x, 'float64').detach().requiresGrad_(x.requiresGrad));
    const y = run(semantics, engine, c, xs);
    compare(`${semantics} value`, elements(y), result, tallies.values);
    const want = backward(program, frameOf(c, semantics, whole, states), c.seeds, wanted);
    compareGradients(semantics, c, xs, y, want, tallies.gradients);
  }
  const rounded = Array.from({ length: sizeOf(c.shape) }, (_, j) => stateAt(j, Math.fround, single));
  const y = run(
    'float32',
    fused,
    c,
    inputs.map((x) => place(x, 'float32')),
  );
  compare('float32 value', elements(y), resultOf(rounded, rounded.length), tallies.single);
}

function resultOf(states: readonly Bounded[], n: number): Bounded {
  const kept = states.slice(0, n);
  return { values: Float64Array.from(kept, (s) => s.values.at(-1)!), bounds: Float64Array.from(kept, (s) => s.bounds.at(-1)!) };
}

function run(what: string, engine: Engine, c: Case, xs: readonly Tensor[]): Tensor {
  const y = engine(c.program, xs);
  if (y.shape.join() !== c.shape.join()) throw new Error(`${what}: the shape is [${y.shape}], expected [${c.shape}]`);
  return y;
}

function compareGradients(what: string, c: Case, xs: readonly Tensor[], y: Tensor, want: readonly (Bounded | null)[], tally: Tally): void {
  const paths = gradientPaths(
    c.program,
    c.inputs.map((x) => x.requiresGrad),
  );
  if (y.requiresGrad !== paths.at(-1)) throw new Error(`${what}: requiresGrad is ${y.requiresGrad}, expected ${paths.at(-1)}`);
  if (!y.requiresGrad) return;
  const leaves = xs.filter((x) => x.requiresGrad);
  const seed = tensor([...c.seeds], { dtype: 'float64' }).reshape([...c.shape]) as Tensor;
  const found = grad(y, leaves, { gradOutputs: seed, allowUnused: true });
  leaves.forEach((leaf, k) => {
    const i = xs.indexOf(leaf);
    const expected = want[i];
    const g = found[k] ?? null;
    if (g === null || expected === null || expected === undefined) {
      if (g !== null && elements(g).some((v) => v !== 0)) throw new Error(`${what}: x${i} has a gradient, expected none`);
      if (g === null && expected != null && expected.values.some((v) => v !== 0)) throw new Error(`${what}: x${i} has no gradient`);
      return;
    }
    if (g.shape.join() !== leaf.shape.join()) throw new Error(`${what}: the gradient of x${i} has shape [${g.shape}], not [${leaf.shape}]`);
    compare(`${what} gradient of x${i}`, elements(g), expected, tally);
  });
}
