import { grad } from '../autograd/engine.ts';
import { isGradEnabled } from '../autograd/modes.ts';
import { needsGrad } from '../autograd/views.ts';
import type { View } from '../backend.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { fuseMap } from '../fuse.ts';
import { backendOf, contiguousData, fullData, wrap } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { type BackwardContext, defineOp, type Meta, type OpFunction } from '../op.ts';
import { cat } from '../ops/join.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloating } from './losses.ts';
import { type RecurrentKind, recurrentCells, stepForms } from './recurrent-cells.ts';

// One direction of a recurrent layer over all steps: a sweep forward and a sweep backward where a backend has them, and
// else a composition of its steps. What does not depend on the state, the product of all inputs with their weight and the
// gradient of the recurrent weight, is one matrix product outside of the sweeps.

/** The steps of a sequence, whose rows follow one another. */
export interface RecurrentSteps {
  /** Rows of each step: all N, or (packed sequences) never more than in the step before. At least one step. */
  readonly sizes: readonly number[];
  /** From the last step to the first. Default false. */
  readonly reverse?: boolean;
}

/** Outputs of all steps [rows, H], and the last states [N, H]. */
export interface RecurrentOutcome {
  readonly output: Tensor;
  readonly states: readonly Tensor[];
}

/** What a layer computes with. */
interface Weights {
  /** [gates · H, H] */
  readonly weight: Tensor;
  /** [gates · H], of a GRU's product. */
  readonly bias: Tensor | null;
  /** [P, H]; of an LSTM whose output is projected to size P, which its weight [4H, P] then takes. */
  readonly projection: Tensor | null;
}

/** The states after a step, from what the input contributes, the product h · weightᵀ, and the states before. */
type StepFunction = (x: Tensor, product: Tensor, states: readonly Tensor[]) => Tensor[];

const steps: Readonly<Record<RecurrentKind, StepFunction>> = {
  lstm: (x, product, [, c]) => {
    const [i, f, g, o] = x.add(product).chunk(4, -1) as [Tensor, Tensor, Tensor, Tensor];
    const next = fuseMap('lstmState', stepForms.lstmState, [i, f, g, c!]);
    return [fuseMap('lstmOutput', stepForms.lstmOutput, [o, next]), next];
  },
  gru: (x, product, [h]) => {
    const [xr, xz, xn] = x.chunk(3, -1) as [Tensor, Tensor, Tensor];
    const [hr, hz, hn] = product.chunk(3, -1) as [Tensor, Tensor, Tensor];
    return [fuseMap('gruStep', stepForms.gru, [xr, hr, xz, hz, xn, hn, h!])];
  },
  rnnTanh: (x, product) => [fuseMap('rnnStep', stepForms.rnnTanh, [x, product])],
  rnnRelu: (x, product) => [fuseMap('rnnStep', stepForms.rnnRelu, [x, product])],
};

/** The states after a step from what the input contributes and the states before, of differentiable ops. */
function composeStep(kind: RecurrentKind, { weight, bias, projection }: Weights): (x: Tensor, states: readonly Tensor[]) => Tensor[] {
  // Transposed once: gradients of all steps then meet before they are transposed back.
  const recurrent = weight.mT as Tensor;
  const projected = projection === null ? null : (projection.mT as Tensor);
  return (x, states) => {
    const product = states[0]!.matmul(recurrent) as Tensor;
    const next = steps[kind](x, bias === null ? product : (product.add(bias) as Tensor), states);
    if (projected !== null) next[0] = next[0]!.matmul(projected) as Tensor;
    return next;
  };
}

/** The rows of each step. */
function stepsOf(gates: Tensor, sizes: readonly number[]): Tensor[] {
  // The gradient of unbind is one stack; parts of a split each pad theirs.
  if (sizes.every((n) => n === sizes[0])) return (gates.reshape([sizes.length, sizes[0]!, gates.shape[1]!]) as Tensor).unbind(0);
  return gates.split([...sizes]);
}

/** The layer step by step, of differentiable ops. */
export function composeRecurrent(
  kind: RecurrentKind,
  gates: Tensor,
  weights: Weights,
  initial: readonly Tensor[],
  { sizes, reverse = false }: RecurrentSteps,
): RecurrentOutcome {
  const advance = composeStep(kind, weights);
  const parts = stepsOf(gates, sizes);
  const outputs = new Array<Tensor>(sizes.length);
  const ended: (readonly Tensor[])[] = [];
  const take = (from: readonly Tensor[], start: number, end: number): Tensor[] => from.map((t) => t.narrow(0, start, end - start));
  let rows = reverse ? sizes[sizes.length - 1]! : sizes[0]!;
  let states = reverse && rows < sizes[0]! ? take(initial, 0, rows) : initial;
  for (let i = 0; i < parts.length; i++) {
    const t = reverse ? parts.length - 1 - i : i;
    const wanted = sizes[t]!;
    if (wanted < rows) {
      ended.push(take(states, wanted, rows));
      states = take(states, 0, wanted);
    } else if (wanted > rows) {
      const joining = take(initial, rows, wanted);
      states = states.map((s, k) => cat([s, joining[k]!], 0));
    }
    rows = wanted;
    states = advance(parts[t]!, states);
    outputs[t] = states[0]!;
  }
  const output = cat(outputs, 0);
  if (ended.length === 0) return { output, states };
  ended.reverse();
  return { output, states: states.map((s, k) => cat([s, ...ended.map((e) => e[k]!)], 0)) };
}

interface Attributes extends Required<RecurrentSteps> {
  /** Whether backward will need what the cell keeps; an output of the op that only backward sees. */
  readonly keep: boolean;
}

/** Inputs of the ops: gates, weight, the bias of a cell that has one, the initial states. */
function inferRecurrent(kind: RecurrentKind, [gates, weight, ...rest]: readonly Tensor[], { sizes, keep }: Attributes): Meta[] {
  const cell = recurrentCells[kind];
  checkFloating(kind, 'input', gates!);
  const { dtype } = gates!;
  const width = weight!.shape[1] ?? 0;
  const states = rest.slice(cell.bias ? 1 : 0);
  const rows = sizes.reduce((a, b) => a + b, 0);
  const expect = (what: string, t: Tensor, shape: readonly number[]): void => {
    if (!sameShape(t.shape, shape)) throw new ShapeError(`${kind}: ${what} has shape ${show(t.shape)}, expected ${show(shape)}`);
    if (t.dtype !== dtype) throw new DTypeError(`${kind}: the input is ${dtype} but ${what} is ${t.dtype}; convert one with to()`);
  };
  expect('the recurrent weight', weight!, [cell.gates * width, width]);
  expect('the input', gates!, [rows, cell.gates * width]);
  if (cell.bias) expect('the recurrent bias', rest[0]!, [cell.gates * width]);
  for (const s of states) expect('an initial state', s, [sizes[0] ?? 0, width]);
  if (sizes.length === 0 || sizes.some((n, t) => t > 0 && n > sizes[t - 1]!))
    throw new ShapeError(`${kind}: steps of ${show(sizes)} rows; expected at least one step, and none of more rows than the one before`);
  const meta = (n: number, blocks: number): Meta => ({ shape: [n, blocks * width], dtype });
  const visible = [meta(rows, 1), ...states.map(() => meta(sizes[0]!, 1))];
  return keep ? [...visible, meta(rows, cell.forward.kept.length)] : visible;
}

/** Gradients where the pass itself is recorded: those of the composition, computed again from the inputs. */
function composedGradients(
  kind: RecurrentKind,
  { attrs, saved, needs }: BackwardContext<Attributes>,
  grads: readonly (Tensor | null)[],
): (Tensor | null)[] {
  // Views: gradients stop there, also where one input was computed from another.
  const inputs = needs.map((need, i) => (need ? (saved[i]!.view(saved[i]!.shape) as Tensor) : saved[i]!));
  const [gates, weight, ...rest] = inputs as [Tensor, Tensor, ...Tensor[]];
  const bias = recurrentCells[kind].bias ? rest.shift()! : null;
  const { output, states } = composeRecurrent(kind, gates, { weight, bias, projection: null }, rest, attrs);
  const used = [output, ...states].map((t, i) => ({ t, g: grads[i]! })).filter(({ g }) => g !== null);
  const found = grad(
    used.map(({ t }) => t),
    inputs.filter((_, i) => needs[i]),
    { gradOutputs: used.map(({ g }) => g), createGraph: true, allowUnused: true },
  );
  return needs.map((need) => (need ? found.shift()! : null));
}

/** All steps of a recurrent layer in one direction. */
function define(kind: RecurrentKind): OpFunction<Attributes> {
  const cell = recurrentCells[kind];
  const firstState = cell.bias ? 3 : 2;
  return defineOp<Attributes>({
    name: kind,
    infer: (inputs, attrs) => inferRecurrent(kind, inputs, attrs),
    forward: (inputs, { sizes, reverse, keep }, metas) => {
      const backend = backendOf(kind, inputs);
      const views = inputs.map((t): View => contiguousData(t));
      const request = { gates: views[0]!, weight: views[1]!, bias: cell.bias ? views[2]! : null, states: views.slice(firstState) };
      const { output, states, kept } = backend.fused.recurrent!({ cell, ...request, sizes, reverse, keep });
      const handles = [output, ...states, ...(kept === null ? [] : [kept])];
      return handles.map((h, i) => wrap(backend, h, metas[i]!.dtype, metas[i]!.shape));
    },
    save: (inputs, outputs, { keep }) => (keep ? [...inputs, outputs[outputs.length - 1]!] : inputs),
    backward: (ctx, grads) => {
      if (isGradEnabled()) return composedGradients(kind, ctx, grads);
      const { attrs, saved, inputs, needs } = ctx;
      const kept = saved[saved.length - 1]!;
      const weight = saved[1]!;
      const width = weight.shape[1]!;
      const backend = kept.storage.backend;
      const incoming = (i: number, rows: number): View => contiguousData(grads[i] ?? fullData(backend, 0, kept.dtype, [rows, width]));
      const rows = kept.shape[0]!;
      const states = inputs.slice(firstState).map(({ shape }, i) => incoming(i + 1, shape[0]!));
      const { sizes, reverse } = attrs;
      const request = { cell, kept, weight: contiguousData(weight), grad: incoming(0, rows), states, sizes, reverse };
      const found = backend.fused.recurrentGrad!(request);
      const gates = wrap(backend, found.inputs, kept.dtype, inputs[0]!.shape);
      const products = found.products === null ? gates : wrap(backend, found.products, kept.dtype, inputs[0]!.shape);
      const before = kept.narrow(1, kept.shape[1]! - width, width);
      const out = [
        gates,
        needs[1] ? (products.mT.matmul(before) as Tensor) : null,
        ...(cell.bias ? [needs[2] ? (products.sum(0) as Tensor) : null] : []),
        ...found.states.map((h, i) => wrap(backend, h, kept.dtype, inputs[firstState + i]!.shape)),
      ];
      if (products !== gates) products.dispose();
      return out;
    },
  });
}

const recurrentOps: Readonly<Record<RecurrentKind, OpFunction<Attributes>>> = {
  lstm: define('lstm'),
  gru: define('gru'),
  rnnTanh: define('rnnTanh'),
  rnnRelu: define('rnnRelu'),
};

/** What a layer computes with, as callers give it. */
interface GivenWeights {
  readonly weight: Tensor;
  readonly bias?: Tensor | null;
  readonly projection?: Tensor | null;
}

const given = ({ weight, bias = null, projection = null }: GivenWeights): Weights => ({ weight, bias, projection });

/** The op that computes all steps; null where the backend has no sweeps, or none does what is asked for. */
function fusedRecurrent(
  kind: RecurrentKind,
  gates: Tensor,
  { weight, bias, projection }: Weights,
  initial: readonly Tensor[],
  { sizes, reverse = false }: RecurrentSteps,
): RecurrentOutcome | null {
  const { recurrent: forward, recurrentGrad: backward } = gates.device.fused;
  if (projection !== null || forward === undefined || backward === undefined) return null;
  const biases = recurrentCells[kind].bias ? [bias ?? fullData(gates.device, 0, weight.dtype, [weight.shape[0]!])] : [];
  const inputs = [gates, weight, ...biases, ...initial];
  const keep = isGradEnabled() && inputs.some(needsGrad);
  const made = recurrentOps[kind](inputs, { sizes, reverse, keep });
  return { output: made[0]!, states: made.slice(1, 1 + initial.length) };
}

/**
 * One direction of a recurrent layer over all steps. Differentiable.
 *
 * @param gates what the inputs contribute, [rows, gates · H]: their product with their weight, and every bias but the GRU's recurrent one
 * @param weights the recurrent weight [gates · H, H], a GRU's bias [3H] of the product, an LSTM's projection
 * @param initial the states before the first step, [N, H] each
 */
export function recurrent(
  kind: RecurrentKind,
  gates: Tensor,
  weights: GivenWeights,
  initial: readonly Tensor[],
  along: RecurrentSteps,
): RecurrentOutcome {
  const w = given(weights);
  return fusedRecurrent(kind, gates, w, initial, along) ?? composeRecurrent(kind, gates, w, initial, along);
}

/** The states after one step of {@link recurrent}, with gates [N, gates · H]. */
export function recurrentStep(kind: RecurrentKind, gates: Tensor, weights: GivenWeights, states: readonly Tensor[]): readonly Tensor[] {
  const w = given(weights);
  return fusedRecurrent(kind, gates, w, states, { sizes: [gates.shape[0]!] })?.states ?? composeStep(kind, w)(gates, states);
}
