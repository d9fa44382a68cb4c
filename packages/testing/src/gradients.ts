import { grad, noGrad, type Tensor } from '@nabla/core';
import { cpu } from '@nabla/core/internals';
import { type Case, isEmpty, isReal, nameOf, outputsOf } from './cases.ts';
import { argumentOf, type CaseInput, leafOf } from './inputs.ts';
import { type Draw, drawFor } from './random.ts';

/** A gradient that does not agree with differences of the function, or is missing. */
export class GradientError extends Error {
  override readonly name = 'GradientError';
}

/**
 * Finite differences: a step of 2^-9 and a fourth-order rule, whose error is of the order of step^4. Values and
 * directions have few bits, so `value + step * direction` is exact even in float32.
 */
const step = 2 ** -9;

/** Directions in which every derivative is compared. */
const projections = 2;

/** A point in the space of the floating leaves, one array per leaf. */
type Point = readonly (readonly number[])[];

/** Values of several tensors, one array per tensor. */
type Values = readonly ArrayLike<number>[];

/** A function of the leaves, its analytic vector-Jacobian product, and names for messages. */
interface Differentiable {
  readonly at: Point;
  /** Values at a point. */
  value(at: Point): Values;
  /** Gradients of sum(v * value) in each leaf. */
  vjp(v: Values): Values;
}

/**
 * Compares the derivatives of a case with finite differences, in float64, along random directions: for random v and u,
 * `<vjp(v), u>` against the difference of `<v, f(x + t u)>`. Each input is compared on its own, and outputs both
 * together and one at a time.
 *
 * Order 2 does the same to the gradient function itself, as a function of the inputs and of the incoming gradients.
 *
 * @throws GradientError naming the op, the sample, the variant, the order, the input and both numbers
 */
export function checkGradients(c: Case, order: 1 | 2): void {
  if (!c.differentiable) {
    checkFlat(c);
    return;
  }
  const leaves = c.inputs.filter((x) => isReal(x.dtype));
  if (leaves.length === 0) throw fail(c, order, 'no input is floating; say differentiable: false');
  if (isEmpty(c)) {
    checkShapes(c, order);
    return;
  }
  if (order === 1) {
    const f = firstOrder(c);
    const outputs = f.value(f.at);
    compare(c, 1, f, outputs, ['together', ...(outputs.length > 1 ? outputs.keys() : [])]);
  } else {
    const f = secondOrder(c);
    compare(c, 2, f, f.value(f.at), ['together']);
  }
}

function fail(c: Case, order: number, what: string): GradientError {
  return new GradientError(`${nameOf(c)}, order ${order}: ${what}`);
}

/** The tensors of one evaluation. */
interface Run {
  /** The floating leaves, in order. */
  readonly leaves: Tensor[];
  /** The outputs of floating dtype. */
  readonly outputs: readonly Tensor[];
}

function run(c: Case, at: Point | null, requiresGrad: boolean): Run {
  const leaves: Tensor[] = [];
  const args = c.inputs.map((x) => {
    const real = isReal(x.dtype);
    const values = at !== null && real ? at[leaves.length]! : x.values;
    const leaf = leafOf(x, { device: cpu, requiresGrad: requiresGrad && real, values });
    if (real) leaves.push(leaf);
    return argumentOf(x, leaf);
  });
  const outputs = outputsOf(c.run(...args)).filter((t) => isReal(t.dtype));
  return { leaves, outputs };
}

const valuesOf = (tensors: readonly Tensor[]): Values => tensors.map((t) => t.dataSync());

function pointOf(inputs: readonly CaseInput[]): Point {
  return inputs.filter((x) => isReal(x.dtype)).map((x) => x.values);
}

/** Tensors like `like` with the given values. */
function tensorsOf(values: Values, like: readonly Tensor[], requiresGrad = false): Tensor[] {
  return like.map((t, i) => {
    const { shape, dtype } = t;
    return leafOf({ dtype, shape, leafShape: shape, values: [], layout: 'contiguous' }, { device: cpu, values: values[i]!, requiresGrad });
  });
}

/** Zeros where no gradient arrives. */
function orZero(grads: readonly (Tensor | null)[], like: readonly Tensor[]): Values {
  return grads.map((g, i) => (g === null ? new Float64Array(like[i]!.size) : g.dataSync()));
}

function firstOrder(c: Case): Differentiable {
  return {
    at: pointOf(c.inputs),
    value: (at) => noGrad(() => valuesOf(run(c, at, false).outputs)),
    vjp(v) {
      const { leaves, outputs } = run(c, null, true);
      const wanted = recorded(c, 1, outputs, v);
      const grads = grad(
        wanted.map((o) => o.output),
        leaves,
        { gradOutputs: wanted.map((o) => o.seed), allowUnused: true },
      );
      checkGiven(c, 1, grads, leaves);
      return orZero(grads, leaves);
    },
  };
}

/** The outputs that take part, with their incoming gradients; those of weight zero are left out of the graph altogether. */
function recorded(c: Case, order: number, outputs: readonly Tensor[], v: Values): { output: Tensor; seed: Tensor }[] {
  if (!outputs.some((t) => t.requiresGrad)) throw fail(c, order, 'no output requires gradients; say differentiable: false');
  const seeds = tensorsOf(v, outputs);
  return outputs
    .map((output, i) => ({ output, seed: seeds[i]!, used: Array.from(v[i]!).some((x) => x !== 0) }))
    .filter(({ output, used }) => used && output.requiresGrad);
}

function checkGiven(c: Case, order: number, grads: readonly (Tensor | null)[], leaves: readonly Tensor[]): void {
  grads.forEach((g, i) => {
    if (g === null) return;
    const want = leaves[i]!;
    if (g.shape.join() !== want.shape.join()) throw fail(c, order, `gradient ${i} has shape [${g.shape}], the input [${want.shape}]`);
    if (g.dtype !== want.dtype) throw fail(c, order, `gradient ${i} is ${g.dtype}, the input ${want.dtype}`);
  });
}

/** The gradient as a function of the leaves and of the incoming gradients. */
function secondOrder(c: Case): Differentiable {
  const like = noGrad(() => run(c, null, false).outputs);
  const draw = drawFor(`${nameOf(c)}/seeds`);
  const seeds = like.map((t) => direction(t.size, draw));
  const leafCount = pointOf(c.inputs).length;
  const gradients = (at: Point): { wrt: Tensor[]; leaves: Tensor[]; grads: (Tensor | null)[] } => {
    const { leaves, outputs } = run(c, at.slice(0, leafCount), true);
    const incoming = tensorsOf(at.slice(leafCount), outputs, true);
    const used = outputs.map((_, i) => i).filter((i) => outputs[i]!.requiresGrad);
    const grads = grad(
      used.map((i) => outputs[i]!),
      leaves,
      { gradOutputs: used.map((i) => incoming[i]!), allowUnused: true, createGraph: true },
    );
    return { wrt: [...leaves, ...incoming], leaves, grads };
  };
  const at = [...pointOf(c.inputs), ...seeds];
  return {
    at,
    value(point) {
      const { leaves, grads } = gradients(point);
      return orZero(grads, leaves);
    },
    vjp(v) {
      const { wrt, leaves, grads } = gradients(at);
      const weights = tensorsOf(v, leaves);
      const used = grads.map((_, i) => i).filter((i) => grads[i] !== null && grads[i]!.requiresGrad);
      if (used.length === 0) return wrt.map((t) => new Float64Array(t.size));
      const second = grad(
        used.map((i) => grads[i]!),
        wrt,
        { gradOutputs: used.map((i) => weights[i]!), allowUnused: true },
      );
      checkGiven(c, 2, second, wrt);
      return orZero(second, wrt);
    },
  };
}

/** A direction with few bits per entry, none of them near zero. */
function direction(n: number, draw: Draw): number[] {
  return Array.from({ length: n }, () => ((draw.below(2) * 2 - 1) * (4 + draw.below(12))) / 16);
}

function compare(c: Case, order: 1 | 2, f: Differentiable, outputs: Values, which: readonly ('together' | number)[]): void {
  const draw = drawFor(`${nameOf(c)}/${order}`);
  for (let p = 0; p < projections; p++) {
    for (const only of which) {
      const v = outputs.map((o, i) =>
        only === 'together' || only === i ? direction(o.length, draw) : new Array<number>(o.length).fill(0),
      );
      const analytic = f.vjp(v);
      f.at.forEach((x, i) => {
        const u = direction(x.length, draw);
        const scale = dot(analytic[i]!, u);
        const numeric = difference((t) => along(f, i, u, t), v);
        const bound = c.tolerance * Math.max(1, Math.abs(scale), Math.abs(numeric));
        if (Math.abs(scale - numeric) <= bound) return;
        const output = only === 'together' ? '' : `, output ${only} alone`;
        const input = order === 2 && i >= pointOf(c.inputs).length ? `incoming gradient ${i - pointOf(c.inputs).length}` : `input ${i}`;
        throw fail(
          c,
          order,
          `${input}${output}: backward gives ${scale}, differences give ${numeric} (tolerance ${bound.toExponential(1)})`,
        );
      });
    }
  }
}

/** The value at a step along direction `u` in leaf `i`. */
function along(f: Differentiable, i: number, u: readonly number[], t: number): Values {
  return f.value(f.at.map((x, k) => (k === i ? x.map((a, e) => a + t * u[e]!) : x)));
}

/** Derivative at 0 of <v, value(t)> by a central difference of fourth order. Differences are formed per element, before they are summed. */
function difference(value: (t: number) => Values, v: Values): number {
  const [a, b, c, d] = [value(-2 * step), value(-step), value(step), value(2 * step)];
  let sum = 0;
  v.forEach((weights, i) => {
    for (let e = 0; e < weights.length; e++) {
      if (weights[e] === 0) continue;
      sum += weights[e]! * (8 * (c![i]![e]! - b![i]![e]!) - (d![i]![e]! - a![i]![e]!));
    }
  });
  return sum / (12 * step);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** With no elements there is nothing to compare but shapes, and that both orders run. */
function checkShapes(c: Case, order: 1 | 2): void {
  const { leaves, outputs } = run(c, null, true);
  const used = outputs.filter((t) => t.requiresGrad);
  if (used.length === 0) throw fail(c, order, 'no output requires gradients; say differentiable: false');
  const ones = (list: readonly Tensor[]): Tensor[] =>
    tensorsOf(
      list.map((t) => new Float64Array(t.size).fill(1)),
      list,
      true,
    );
  const grads = grad(used, leaves, { gradOutputs: ones(used), allowUnused: true, createGraph: order === 2 });
  if (grads.every((g) => g === null)) throw fail(c, order, 'no gradient arrived');
  checkGiven(c, order, grads, leaves);
  if (order === 1) return;
  const again = grads.filter((g): g is Tensor => g?.requiresGrad === true);
  if (again.length > 0) checkGiven(c, 2, grad(again, leaves, { gradOutputs: ones(again), allowUnused: true }), leaves);
}

/** What is declared flat must not claim a gradient that is not zero. */
function checkFlat(c: Case): void {
  const { leaves, outputs } = run(c, null, true);
  const used = outputs.filter((t) => t.requiresGrad);
  if (used.length === 0 || leaves.length === 0) return;
  const seeds = tensorsOf(
    used.map((t) => new Float64Array(t.size).fill(1)),
    used,
  );
  const grads = grad(used, leaves, { gradOutputs: seeds, allowUnused: true });
  if (grads.some((g) => g?.dataSync().some((x) => x !== 0))) {
    throw fail(c, 1, 'the sample says that the op is not differentiable, but a gradient that is not zero arrived');
  }
}
