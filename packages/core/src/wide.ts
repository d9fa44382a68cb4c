import { type Backend, Declined, type Handle, type MapRequest, type ReduceRequest, type View } from './backend.ts';
import type { DType } from './dtype.ts';
import { type Expr, input, substitute, topological } from './expr/node.ts';
import { contiguousStrides } from './layout.ts';

/** A kernel of its own: an expression over some of the inputs and of the earlier parts' results. */
interface Part {
  readonly exprs: readonly Expr[];
  /** For each input of the expressions: which it is. Results of parts count on after the inputs. */
  readonly sources: readonly number[];
}

/** Expressions in parts of few inputs each; the last part gives what was asked for. */
type Plan = readonly Part[];

// Kept, so that the parts' expressions stay the same objects and their kernels are found again.
const plans = new WeakMap<Expr, Map<string, Plan | null>>();

function planFor(exprs: readonly Expr[], inputs: number, most: number): Plan | null {
  let known = plans.get(exprs[0]!);
  if (known === undefined) {
    known = new Map();
    plans.set(exprs[0]!, known);
  }
  const key = `${inputs},${most},${exprs.map((e) => e.id).join()}`;
  let plan = known.get(key);
  if (plan === undefined) {
    plan = split(exprs, inputs, most);
    known.set(key, plan);
  }
  return plan;
}

/** Takes out one subexpression after the other, each time the one that leaves the fewest inputs. */
function split(exprs: readonly Expr[], inputs: number, most: number): Plan | null {
  const parts: Part[] = [];
  let rest: readonly Expr[] = exprs;
  for (let next = inputs; inputsOf(rest).length > most; next++) {
    let best: { node: Expr; after: Expr[]; left: number } | null = null;
    for (const node of topological(rest)) {
      if (node.kind !== 'call' || inputsOf([node]).length > most) continue;
      const after = substitute(rest, new Map([[node, input(next)]]));
      const left = inputsOf(after).length;
      if (best === null || left < best.left) best = { node, after, left };
    }
    if (best === null) return null; // more outputs than a kernel has inputs
    parts.push(renamed([best.node]));
    rest = best.after;
  }
  return [...parts, renamed(rest)];
}

function inputsOf(exprs: readonly Expr[]): number[] {
  return topological(exprs)
    .filter((e) => e.kind === 'input')
    .map((e) => e.value)
    .sort((a, b) => a - b);
}

function renamed(exprs: readonly Expr[]): Part {
  const sources = inputsOf(exprs);
  return { exprs: substitute(exprs, new Map(sources.map((s, k) => [input(s), input(k)]))), sources };
}

/** What the parts of a request have in common. */
interface Common {
  readonly inputs: readonly View[];
  readonly params: readonly number[];
  readonly shape: readonly number[];
  readonly compute: DType;
}

/** Evaluates all parts but the last, hands that to `finish`, and frees what was made on the way. */
function inParts<T extends object>(
  backend: Backend,
  exprs: readonly Expr[],
  { inputs, params, shape, compute }: Common,
  finish: (exprs: readonly Expr[], inputs: readonly View[]) => T | Declined,
): T | Declined {
  const most = backend.caps.maxInputs;
  const plan = backend.caps.dtypes.includes(compute) ? planFor(exprs, inputs.length, most) : null;
  if (plan === null) return new Declined(`more than ${most} inputs`);
  const views = [...inputs];
  const made: Handle[] = [];
  try {
    for (const { exprs: part, sources } of plan.slice(0, -1)) {
      const done = backend.map({ exprs: part, inputs: sources.map((s) => views[s]!), params, shape, compute, outputs: [compute] });
      if (done instanceof Declined) return done;
      made.push(done[0]!);
      views.push({ handle: done[0]!, dtype: compute, shape, strides: contiguousStrides(shape), offset: 0 });
    }
    const last = plan[plan.length - 1]!;
    return finish(
      last.exprs,
      last.sources.map((s) => views[s]!),
    );
  } finally {
    for (const handle of made) backend.free(handle, compute);
  }
}

/** A map over more inputs than a kernel of the backend takes. Every node is rounded as in one kernel, so the values are the same. */
export function wideMap(backend: Backend, r: MapRequest): readonly Handle[] | Declined {
  const done = inParts(backend, r.exprs, r, (exprs, inputs) => backend.map({ ...r, exprs, inputs }));
  return done instanceof Declined && r.exprs.length > 1 && r.into === undefined ? oneByOne(backend, r, done) : done;
}

/** Each output by a kernel of its own: together they may need more inputs than there are, whatever is taken out. */
function oneByOne(backend: Backend, r: MapRequest, declined: Declined): readonly Handle[] | Declined {
  const made: Handle[] = [];
  for (const [i, expr] of r.exprs.entries()) {
    const done = inParts(backend, [expr], r, (exprs, inputs) => backend.map({ ...r, exprs, inputs, outputs: [r.outputs[i]!] }));
    if (done instanceof Declined) {
      made.forEach((handle, k) => {
        backend.free(handle, r.outputs[k]!);
      });
      return declined;
    }
    made.push(done[0]!);
  }
  return made;
}

/** A reduction over more inputs than a kernel of the backend takes. */
export function wideReduce(backend: Backend, r: ReduceRequest): Handle | Declined {
  return inParts(backend, [r.expr], r, ([expr], inputs) => backend.reduce({ ...r, expr: expr!, inputs }));
}
