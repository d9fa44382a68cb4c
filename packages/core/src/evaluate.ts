import { isGradEnabled } from './autograd/modes.ts';
import type { TensorInfo } from './autograd/node.ts';
import { type RecordedBackward, recordNode } from './autograd/record.ts';
import { needsGrad } from './autograd/views.ts';
import type { View } from './backend.ts';
import { observer } from './debug.ts';
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
}

// They depend on the expression alone. The key is weak: they go when the expression goes.
let gradientsOf = new WeakMap<Expr, Map<string, Wanted | null>>();

/** Forgets derived gradients (tests that change a function's rows need it). */
export function clearFormulas(): void {
  gradientsOf = new WeakMap();
  merges = new WeakMap();
}

/** The gradients in the inputs that `needs` names; null when there are none. */
function wantedOf(expr: Expr, needs: readonly boolean[], summed: boolean, divisor: number): Wanted | null {
  let known = gradientsOf.get(expr);
  if (known === undefined) {
    known = new Map();
    gradientsOf.set(expr, known);
  }
  let key = summed ? `${divisor}/` : '';
  for (let i = 0; i < needs.length; i++) key += needs[i] ? '1' : '0';
  let wanted = known.get(key);
  if (wanted === undefined) {
    const n = needs.length;
    const formulas = needs.map((need, i) => (need ? derive(expr, n, i, summed, divisor) : null));
    const reads = Array.from({ length: n + 1 }, (_, i) => formulas.some((f) => f?.sources.includes(i) === true));
    wanted = formulas.every((f) => f === null) ? null : { formulas, reads };
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
  const backend = backendOf(e.name, e.inputs);
  const { name, expr, params, shape, dims, divisor, compute, output } = e;
  const inputs = e.inputs.map((t) => spread(t, shape));
  const handle =
    dims.length === 0 && divisor === 1
      ? mapKernel(backend, name, { exprs: [expr], inputs, params, shape, compute, outputs: [output] })[0]!
      : reduceKernel(backend, name, { kind: 'sum', expr, inputs, params, shape, dims, compute, output, divisor });
  return wrap(backend, handle, output, e.result);
}

/** Evaluates and, when gradients are wanted, records. */
export function evaluate(e: Evaluation): Tensor {
  const out = observer === null ? run(e) : observer.op(e.name, e.inputs, e.params, () => run(e));
  if (!isGradEnabled() || !isFloating(e.output) || !e.inputs.some(needsGrad)) return out;
  const needs = e.inputs.map((t) => needsGrad(t) && isFloating(t.dtype));
  const summed = e.dims.length > 0 || e.divisor !== 1;
  const divisor = e.divisor === 1 ? -1 : e.params.length;
  const wanted = wantedOf(e.expr, needs, summed, divisor);
  if (wanted === null) return out;
  const { reads } = wanted;
  const kept = e.inputs.map((t, i) => (reads[i] ? t : null));
  kept.push(reads[needs.length] ? out : null);
  const form: Form = {
    name: `${e.name}Backward`,
    expr: e.expr,
    params: divisor < 0 ? e.params : [...e.params, e.divisor],
    shape: e.shape,
    dims: e.dims,
    compute: e.compute,
    wanted: wanted.formulas,
  };
  recordNode(e.name, e.inputs, [out], kept, backwardOf(form));
  return out;
}

/** What backward needs of an evaluation: everything but its tensors, which only their saved slots may keep alive. */
interface Form extends Pick<Evaluation, 'name' | 'expr' | 'params' | 'shape' | 'dims' | 'compute'> {
  /** A gradient formula for each input that needs one. */
  readonly wanted: readonly (Formula | null)[];
}

// A function of its own, so that the closure holds the form and nothing else of the forward call.
function backwardOf(form: Form): RecordedBackward {
  return (saved, [g], inputs) => {
    if (g === null || g === undefined) return inputs.map(() => null);
    return gradients(form, inputs, [...saved, widen(g, form)]);
  };
}

/** The incoming gradient under the shape that was walked: dimensions that were summed away repeat it. */
function widen(g: Tensor, form: Form): Tensor {
  if (form.dims.length === 0) return g;
  const kept = reducedShape(form.shape, form.dims, true);
  return sameShape(g.shape, kept) ? g : g.reshape(kept);
}

function gradients(form: Form, inputs: readonly TensorInfo[], sources: readonly (Tensor | null)[]): (Tensor | null)[] {
  const together: number[] = [];
  const out = form.wanted.map((f, i) => {
    if (f === null) return null;
    const same = handedOn(form, f, inputs[i]!, sources);
    if (same !== null) return same;
    if (isGradEnabled() || !sameShape(inputs[i]!.shape, form.shape)) return single(form, f, inputs[i]!, sources);
    together.push(i);
    return null;
  });
  if (together.length === 1) out[together[0]!] = single(form, form.wanted[together[0]!]!, inputs[together[0]!]!, sources);
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
  const lead = form.shape.length - shape.length;
  const repeated = (d: number): boolean => d < lead || (shape[d - lead] === 1 && form.shape[d] !== 1);
  const dims = sameShape(shape, form.shape) ? [] : form.shape.map((_, d) => d).filter(repeated);
  return evaluate({
    name: form.name,
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

let merges = new WeakMap<Formula, Map<string, Merged>>();

function merge(formulas: readonly Formula[]): Merged {
  let known = merges.get(formulas[0]!);
  if (known === undefined) {
    known = new Map();
    merges.set(formulas[0]!, known);
  }
  const key = formulas.map((f) => `${f.expr.id}:${f.sources.join()}`).join(';');
  let merged = known.get(key);
  if (merged === undefined) {
    const sources = [...new Set(formulas.flatMap((f) => f.sources))].sort((a, b) => a - b);
    const rename = (f: Formula): Expr => substitute([f.expr], new Map(f.sources.map((s, k) => [input(k), input(sources.indexOf(s))])))[0]!;
    merged = { exprs: formulas.map(rename), sources };
    known.set(key, merged);
  }
  return merged;
}

/** Several gradients of the same shape in one kernel; only when nothing is recorded. */
function fused(form: Form, infos: readonly TensorInfo[], which: readonly number[], sources: readonly (Tensor | null)[]): Tensor[] {
  const merged = merge(which.map((i) => form.wanted[i]!));
  const inputs = merged.sources.map((s) => sources[s]!);
  const backend = backendOf(form.name, inputs);
  const outputs = which.map((i) => infos[i]!.dtype);
  const { params, shape, compute } = form;
  const compiled = (): Tensor[] => {
    const views = inputs.map((t) => spread(t, shape));
    const handles = mapKernel(backend, form.name, { exprs: merged.exprs, inputs: views, params, shape, compute, outputs });
    return handles.map((h, k) => wrap(backend, h, outputs[k]!, shape));
  };
  return observer === null ? compiled() : observer.op(form.name, inputs, params, compiled);
}
