import { isTensor, type Tensor, zeros } from '@nabla/core';
import * as optim from '@nabla/optim';
import { camelCased, difference, type Golden, type Json, Mismatch, numberOf, type TensorRef } from '../golden.ts';
import { type RecordedError, raises } from './raises.ts';

/** A recorded run of an optimizer. */
export interface OptimCase {
  readonly id: string;
  readonly optimizer: string;
  readonly dtype?: string;
  readonly kwargs: { readonly [key: string]: Json };
  readonly mode?: 'given' | 'closure';
  readonly steps: number;
  readonly params: readonly TensorRef[];
  readonly grads: readonly TensorRef[];
  readonly grad_none?: Readonly<Record<string, readonly number[]>>;
  readonly groups?: readonly { readonly params: readonly number[]; readonly [key: string]: Json }[];
  readonly trajectory: readonly TensorRef[];
  readonly final_state?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly problem: string;
  readonly data: Readonly<Record<string, TensorRef>>;
  readonly losses: readonly Json[];
  readonly loss_noise?: number;
  readonly construct_error?: RecordedError;
}

/** What replayers need of an optimizer of any kind. */
export interface AnyOptimizer {
  readonly paramGroups: readonly ({ readonly params: readonly Tensor[] } & Record<string, unknown>)[];
  step(closure?: () => Tensor): Tensor | undefined;
  zeroGrad(): void;
  stateDict(): optim.OptimizerStateDict;
}

/** Builds the optimizer that PyTorch calls `name`. */
export function buildOptimizer(
  name: string,
  params: readonly Tensor[] | readonly Record<string, unknown>[],
  options: Readonly<Record<string, unknown>>,
): AnyOptimizer {
  const make = (optim as unknown as Record<string, unknown>)[name];
  if (typeof make !== 'function') throw new Mismatch(`there is no optimizer ${name}`);
  return new (make as new (params: unknown, options: unknown) => AnyOptimizer)(params, options);
}

/** Keyword arguments as options. Python's None is an option that is not given. */
export function optionsOf<Case>(golden: Golden<Case>, kwargs: { readonly [key: string]: Json }): Record<string, unknown> {
  return camelCased(Object.fromEntries(Object.entries(golden.decode(kwargs) as object).filter(([, v]) => v !== null)));
}

function build(golden: Golden<OptimCase>, c: OptimCase, params: readonly Tensor[]): AnyOptimizer {
  const groups = c.groups?.map(({ params: which, ...options }) => ({
    ...optionsOf(golden, options as { readonly [key: string]: Json }),
    params: which.map((i) => params[i]!),
  }));
  return buildOptimizer(c.optimizer, groups ?? params, optionsOf(golden, c.kwargs));
}

const problems: Readonly<Record<string, (p: readonly Tensor[], data: Readonly<Record<string, Tensor>>) => Tensor>> = {
  lstsq: ([p0, p1], { X, y }) => X!.matmul(p0!).add(p1!).sub(y!).square().mean(),
  // Binary cross entropy in the separate steps that PyTorch 1.13 takes: L-BFGS stops where two losses agree to the last bits.
  logreg: ([p0, p1], { X, y }) => {
    const z = X!.matmul(p0!).add(p1!);
    const shift = z.neg().clampMin(0);
    const softplus = shift.neg().exp().add(z.neg().sub(shift).exp()).log().add(shift);
    const loss = y!.neg().add(1).mul(z).add(softplus).mean();
    return loss.add(p0!.square().sum().mul(0.01)) as Tensor;
  },
  rosenbrock: ([x]) => {
    const [from, to] = [x!.narrow(0, 0, x!.size - 1), x!.narrow(0, 1, x!.size - 1)] as [Tensor, Tensor];
    return to.sub(from.square()).square().mul(100).add(from.neg().add(1).square()).sum() as Tensor;
  },
};

function differ(what: string, found: string | null): void {
  if (found !== null) throw new Mismatch(`${what}: ${found}`);
}

/** Compares numbers with the tolerance of the dtype of the case. */
function differNumber(what: string, got: number, want: number, dtype: string | undefined, noise: number = 0): void {
  const tolerance = dtype === 'f64' ? 1e-10 : 1e-5;
  if (Object.is(got, want) || Math.abs(got - want) <= 4 * noise + tolerance + tolerance * Math.abs(want)) return;
  throw new Mismatch(`${what}: ${got}, expected ${want}`);
}

function compareState(golden: Golden<OptimCase>, c: OptimCase, optimizer: AnyOptimizer): void {
  const { state } = optimizer.stateDict();
  for (const [i, values] of Object.entries(c.final_state ?? {})) {
    const own = state[i] ?? {};
    const [got, want] = [Object.keys(own).sort().join(), Object.keys(values).sort().join()];
    if (got !== want) throw new Mismatch(`state of parameter ${i}: ${got || 'nothing'}, expected ${want || 'nothing'}`);
    for (const [name, expected] of Object.entries(values)) {
      const what = `${name} of parameter ${i}`;
      const value = own[name]!;
      if (typeof expected === 'object' && expected !== null && '$t' in expected) {
        const ref = expected as unknown as TensorRef;
        if (!isTensor(value)) throw new Mismatch(`${what}: ${String(value)} is no tensor`);
        golden.compare(what, value, ref);
      } else if (isTensor(value)) golden.readNumber(value, (v) => differNumber(what, v, numberOf(expected), c.dtype));
      else differNumber(what, value as number, numberOf(expected), c.dtype);
    }
  }
}

/** Replays one run; throws {@link Mismatch}. */
export function replayOptim(golden: Golden<OptimCase>, c: OptimCase): void {
  if (c.construct_error !== undefined) {
    raises(c.construct_error, () => build(golden, c, [zeros([2], { requiresGrad: true, ...golden.placed })]));
    return;
  }
  const params = c.params.map((r) => golden.tensor(r, true));
  const optimizer = build(golden, c, params);
  const wanted = c.trajectory.map((r) => golden.load(r.$t));
  const grads = c.mode === 'given' ? c.grads.map((r) => golden.input(r.$t)) : [];
  const data = Object.fromEntries(Object.entries(c.data ?? {}).map(([k, r]) => [k, golden.input(r.$t)]));
  const problem = problems[c.problem];
  if (c.mode === 'closure' && problem === undefined) throw new Mismatch(`unknown problem '${c.problem}'`);
  for (let t = 0; t < c.steps; t++) {
    if (c.mode === 'given') {
      params.forEach((p, i) => {
        p.grad = c.grad_none?.[i]?.includes(t) ? null : (grads[i]!.select(0, t).clone() as Tensor);
      });
      optimizer.step();
    } else {
      const value = optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = problem!(params, data);
        loss.backward();
        return loss;
      })!;
      golden.readNumber(value, (v) => differNumber(`loss at step ${t}`, v, numberOf(c.losses[t]!), c.dtype, c.loss_noise));
    }
    params.forEach((p, i) => {
      const { n, nstruct } = c.trajectory[i]!;
      golden.read(p, (values) => differ(`parameter ${i} after step ${t}`, difference(values, wanted[i]!.select(0, t), n, nstruct)));
    });
  }
  compareState(golden, c, optimizer);
}
