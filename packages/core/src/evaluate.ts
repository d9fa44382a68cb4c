import { isGradEnabled } from './autograd/modes.ts';
import type { TensorInfo } from './autograd/node.ts';
import { recordNode } from './autograd/record.ts';
import { needsGrad } from './autograd/views.ts';
import type { View } from './backend.ts';
import { type Observer, observer } from './debug.ts';
import type { DType } from './dtype.ts';
import { isFloating } from './dtype.ts';
import { vectorJacobian, weighted } from './expr/derivative.ts';
import { functions } from './expr/function.ts';
import { call, type Expr, input, param, substitute, topological } from './expr/node.ts';
import { backendOf, mapKernel, reduceKernel, wrap } from './kernels.ts';
import { broadcastStrides, sameShape } from './layout.ts';
import { reducedShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * The one differentiable primitive behind elementwise ops, sums and means: an expression evaluated over `shape`, with
 * `dims` summed away and divided by `divisor`. Its gradients are evaluations again, so every order is fused.
 */
export interface Evaluation {
  /** Names the op in graphs, messages and reports. */
  readonly name: string;
  readonly expr: Expr;
  readonly inputs: readonly Tensor[];
  readonly params: readonly number[];
  /** The shape that the inputs broadcast to. */
  readonly shape: readonly number[];
  /** Dimensions of `shape` to sum, ascending; empty for an elementwise op. */
  readonly dims: readonly number[];
  /** Shape of the result (kept dimensions, possibly with ones). */
  readonly result: readonly number[];
  readonly divisor: number;
  readonly compute: DType;
  readonly output: DType;
}

/** A view of `t` under a broadcast shape. */
export function spread(t: Tensor, shape: readonly number[]): View {
  if (sameShape(t.shape, shape)) return t;
  const strides = broadcastStrides(t.shape, t.strides, shape);
  return { handle: t.handle, dtype: t.dtype, shape, strides, offset: t.offset };
}

/** Views of all these tensors under a broadcast shape; the tensors themselves where they have it already, as most do. */
export function spreadAll(tensors: readonly Tensor[], shape: readonly number[]): readonly View[] {
  for (let i = 0; i < tensors.length; i++) if (!sameShape(tensors[i]!.shape, shape)) return tensors.map((t) => spread(t, shape));
  return tensors;
}

/** A gradient formula over the inputs, the output y and the incoming gradient, reduced to the inputs that it uses. */
interface Formula {
  readonly expr: Expr;
  /** For each input of `expr`: which it is; n stands for y and n + 1 for the gradient. */
  readonly sources: readonly number[];
}

/** The gradients of one expression that are wanted together. */
interface Wanted {
  /** A formula for each input that needs one and has one. */
  readonly formulas: readonly (Formula | null)[];
  /** For each input, then the output: whether a formula mentions it. */
  readonly reads: readonly boolean[];
  /** Formulas that were run in one kernel, by {@link bitsOf} of their inputs. */
  readonly merged: Map<number | string, Merged>;
}

// They depend on the expression alone. The key is weak: they go when the expression goes.
let gradientsOf = new WeakMap<Expr, Map<number | string, Wanted | null>>();

/** Forgets derived gradients (tests that change a function's rows need it). */
export function clearFormulas(): void {
  gradientsOf = new WeakMap();
}

/** A set of inputs as a number, which is a faster key than a text; as a text where there are too many of them. */
function bitsOf(which: readonly number[]): number | string {
  let bits = 0;
  for (let i = 0; i < which.length; i++) {
    if (which[i]! > 29) return which.join();
    bits |= 1 << which[i]!;
  }
  return bits;
}

/** The gradients of an expression of `n` inputs in those that `needs` lists; null when there are none. */
function wantedOf(expr: Expr, n: number, needs: readonly number[], summed: boolean, divisor: number): Wanted | null {
  let known = gradientsOf.get(expr);
  if (known === undefined) {
    known = new Map();
    gradientsOf.set(expr, known);
  }
  const bits = bitsOf(needs);
  const sum = summed ? divisor + 2 : 0;
  const key = typeof bits === 'number' ? sum * 2 ** 30 + bits : `${sum}/${bits}`;
  let wanted = known.get(key);
  if (wanted === undefined) {
    const formulas = Array.from({ length: n }, (_, i) => (needs.includes(i) ? derive(expr, n, i, summed, divisor) : null));
    const reads = Array.from({ length: n + 1 }, (_, i) => formulas.some((f) => f?.sources.includes(i) === true));
    wanted = formulas.every((f) => f === null) ? null : { formulas, reads, merged: new Map() };
    known.set(key, wanted);
  }
  return wanted;
}

/** The gradient with respect to input i. A sum does not know y; `divisor` is the index of the parameter to divide by. */
function derive(expr: Expr, inputs: number, i: number, summed: boolean, divisor: number): Formula | null {
  let g: Expr | null;
  if (summed) {
    const incoming = input(inputs + 1);
    const part = divisor < 0 ? incoming : call(functions.get('div')!, [incoming, param(divisor)]);
    g = weighted(expr, input(i), part);
  } else g = vectorJacobian(expr, inputs, i);
  if (g === null) return null;
  const sources = topological([g])
    .filter((e) => e.kind === 'input')
    .map((e) => e.value)
    .sort((a, b) => a - b);
  const renamed = new Map(sources.map((s, k) => [input(s), input(k)]));
  return { expr: substitute([g], renamed)[0]!, sources };
}

/** Runs an evaluation without recording it. */
function run(e: Evaluation): Tensor {
  const { name, expr, params, shape, dims, divisor, compute, output } = e;
  const backend = backendOf(name, e.inputs);
  const inputs = spreadAll(e.inputs, shape);
  const handle =
    dims.length === 0 && divisor === 1
      ? mapKernel(backend, name, { exprs: [expr], inputs, params, shape, compute, outputs: [output] })[0]!
      : reduceKernel(backend, name, { kind: 'sum', expr, inputs, params, shape, dims, compute, output, divisor });
  return wrap(backend, handle, output, e.result);
}

// Functions of their own: one that holds a closure makes room for what it captures at every call.
const observed = (e: Evaluation, by: Observer): Tensor => by.op(e.name, e.inputs, e.params, () => run(e));

/** Evaluates and, when gradients are wanted, records. */
export function evaluate(e: Evaluation): Tensor {
  const out = observer === null ? run(e) : observed(e, observer);
  if (!isGradEnabled() || !isFloating(e.output)) return out;
  let needs: number[] | null = null;
  for (let i = 0; i < e.inputs.length; i++) {
    const t = e.inputs[i]!;
    if (!needsGrad(t) || !isFloating(t.dtype)) continue;
    if (needs === null) needs = [i];
    else needs.push(i);
  }
  if (needs !== null) record(e, needs, out);
  return out;
}

function record(e: Evaluation, needs: readonly number[], out: Tensor): void {
  const { name, expr, inputs, params, shape, dims, divisor, compute } = e;
  const summed = dims.length > 0 || divisor !== 1;
  const place = divisor === 1 ? -1 : params.length;
  const wanted = wantedOf(expr, inputs.length, needs, summed, place);
  if (wanted === null) return;
  const { reads } = wanted;
  const kept: (Tensor | null)[] = [];
  for (let i = 0; i < inputs.length; i++) kept.push(reads[i] ? inputs[i]! : null);
  kept.push(reads[inputs.length] ? out : null);
  const form: Form = { name, params: place < 0 ? params : [...params, divisor], shape, dims, compute, wanted };
  recordNode(name, inputs, [out], kept, backwardOf, form, true);
}

/** What backward needs of an evaluation: everything but its tensors, which only their saved slots may keep alive. */
interface Form extends Pick<Evaluation, 'name' | 'params' | 'shape' | 'dims' | 'compute'> {
  /** A gradient formula for each input that needs one. */
  readonly wanted: Wanted;
}

/** The name of the evaluations that make up a gradient. */
const nameOf = (form: Form): string => `${form.name}Backward`;

function backwardOf(
  form: Form,
  saved: readonly (Tensor | null)[],
  grads: readonly (Tensor | null)[],
  inputs: readonly TensorInfo[],
): (Tensor | null)[] {
  const g = grads[0];
  if (g === null || g === undefined) return inputs.map(() => null);
  return gradients(form, inputs, [...saved, widen(g, form)]);
}

/** The incoming gradient under the shape that was walked: dimensions that were summed away repeat it. */
function widen(g: Tensor, form: Form): Tensor {
  if (form.dims.length === 0) return g;
  const kept = reducedShape(form.shape, form.dims, true);
  return sameShape(g.shape, kept) ? g : g.reshape(kept);
}

function gradients(form: Form, inputs: readonly TensorInfo[], sources: readonly (Tensor | null)[]): (Tensor | null)[] {
  const { formulas } = form.wanted;
  const out: (Tensor | null)[] = [];
  const together: number[] = [];
  for (let i = 0; i < formulas.length; i++) {
    const f = formulas[i]!;
    let g: Tensor | null = null;
    if (f !== null) {
      g = handedOn(form, f, inputs[i]!, sources);
      if (g === null) {
        if (isGradEnabled() || !sameShape(inputs[i]!.shape, form.shape)) g = single(form, f, inputs[i]!, sources);
        else together.push(i);
      }
    }
    out.push(g);
  }
  if (together.length === 1) out[together[0]!] = single(form, formulas[together[0]!]!, inputs[together[0]!]!, sources);
  else if (together.length > 1) {
    fused(form, inputs, together, sources).forEach((t, k) => {
      out[together[k]!] = t;
    });
  }
  return out;
}

const identity = input(0);

/** The incoming gradient itself, where a formula does not change it (sums, differences). */
function handedOn(form: Form, f: Formula, { shape, dtype }: TensorInfo, sources: readonly (Tensor | null)[]): Tensor | null {
  if (f.expr !== identity) return null;
  const g = sources[f.sources[0]!]!;
  return g.dtype === dtype && sameShape(g.shape, form.shape) && sameShape(shape, form.shape) ? g : null;
}

/** One input's gradient, summed over the dimensions along which the input was broadcast. */
function single(form: Form, f: Formula, { shape, dtype }: TensorInfo, sources: readonly (Tensor | null)[]): Tensor {
  const dims: number[] = [];
  if (!sameShape(shape, form.shape)) {
    const lead = form.shape.length - shape.length;
    for (let d = 0; d < form.shape.length; d++) if (d < lead || (shape[d - lead] === 1 && form.shape[d] !== 1)) dims.push(d);
  }
  return evaluate({
    name: nameOf(form),
    expr: f.expr,
    inputs: f.sources.map((s) => sources[s]!),
    params: form.params,
    shape: form.shape,
    dims,
    result: shape,
    divisor: 1,
    compute: form.compute,
    output: dtype,
  });
}

/** Several formulas renamed to one common list of sources. */
interface Merged {
  readonly exprs: readonly Expr[];
  readonly sources: readonly number[];
}

function merge({ formulas, merged }: Wanted, which: readonly number[]): Merged {
  const key = bitsOf(which);
  let known = merged.get(key);
  if (known === undefined) {
    const chosen = which.map((i) => formulas[i]!);
    const sources = [...new Set(chosen.flatMap((f) => f.sources))].sort((a, b) => a - b);
    const rename = (f: Formula): Expr => substitute([f.expr], new Map(f.sources.map((s, k) => [input(k), input(sources.indexOf(s))])))[0]!;
    known = { exprs: chosen.map(rename), sources };
    merged.set(key, known);
  }
  return known;
}

/** Several gradients of the same shape in one kernel; only when nothing is recorded. */
function fused(form: Form, infos: readonly TensorInfo[], which: readonly number[], sources: readonly (Tensor | null)[]): Tensor[] {
  const { exprs, sources: read } = merge(form.wanted, which);
  const name = nameOf(form);
  const inputs = read.map((s) => sources[s]!);
  const backend = backendOf(name, inputs);
  const outputs = which.map((i) => infos[i]!.dtype);
  const { params, shape, compute } = form;
  const compiled = (): Tensor[] => {
    const handles = mapKernel(backend, name, { exprs, inputs: spreadAll(inputs, shape), params, shape, compute, outputs });
    return handles.map((h, k) => wrap(backend, h, outputs[k]!, shape));
  };
  return observer === null ? compiled() : observer.op(name, inputs, params, compiled);
}
