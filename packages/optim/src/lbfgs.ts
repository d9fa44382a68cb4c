import { cat, DeviceError, enableGrad, isTensor, keep, noGrad, scope, type Tensor, ValueError, zeros } from '@nabla/core';
import { sameShape } from '@nabla/core/internals';
import { strongWolfe } from './line-search.ts';
import { type Closure, checkUpdate, copied, Optimizer, type ParamGroupInput, type ParamState, type StateValue } from './optimizer.ts';
import { withDefaults } from './options.ts';

/** Options of {@link LBFGS}. */
export interface LBFGSOptions {
  /** Learning rate: the length of steps, or where the line search starts. Default 1. */
  lr?: number;
  /** Most iterations per step. Default 20. */
  maxIter?: number;
  /** Most evaluations of the closure per step, where a line search begun is finished. Default null: 5/4 of `maxIter`. */
  maxEval?: number | null;
  /** Stop where no element of the gradient is larger. Default 1e-7. */
  toleranceGrad?: number;
  /** Stop where the loss and every parameter change by no more. Default 1e-9. */
  toleranceChange?: number;
  /** How many updates are remembered. Default 100. */
  historySize?: number;
  /** `strong_wolfe` for a line search; null for steps of length `lr`. Default null. */
  lineSearchFn?: 'strong_wolfe' | null;
}

/** What an iteration starts from. */
interface Memory {
  direction: Tensor | null;
  t: number;
  oldDirs: Tensor[];
  oldStps: Tensor[];
  ro: number[];
  hDiag: number;
  previousGradient: Tensor | null;
  previousLoss: number;
  iterations: number;
  evaluations: number;
}

const identity = (x: number): number => x;

/**
 * L-BFGS (Liu and Nocedal 1989): steps along the negative gradient, multiplied by an approximation of the inverse Hessian
 * from the last `historySize` changes of the gradient. For whole batches: a step evaluates the closure several times.
 *
 * The algorithm decides by values: it reads the loss and dot products at every iteration. A step on a device that cannot be
 * read at once throws a DeviceError: move the model to the CPU for it, `model.to(cpu)`.
 *
 * There is one group of parameters. State (of the first parameter, as in PyTorch): `func_evals`, `n_iter`, `d`, `t`,
 * `old_dirs`, `old_stps`, `ro`, `H_diag`, `prev_flat_grad`, `prev_loss`.
 *
 * @throws ValueError for several groups, or an invalid or unknown option; at a step, without a closure; DeviceError at a step
 *   on a device that cannot be read at once. Nothing was changed then
 * @example
 * ```ts
 * const optimizer = new LBFGS(model.parameters(), { lineSearchFn: 'strong_wolfe' });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = lossFn.call(model.call(x), y);
 *   loss.backward();
 *   return loss;
 * });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
 */
export class LBFGS extends Optimizer<Required<LBFGSOptions>> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroupInput<Required<LBFGSOptions>>>, options: LBFGSOptions = {}) {
    const defaults: Required<LBFGSOptions> = {
      lr: 1,
      maxIter: 20,
      maxEval: null,
      toleranceGrad: 1e-7,
      toleranceChange: 1e-9,
      historySize: 100,
      lineSearchFn: null,
    };
    const full = withDefaults('LBFGS', defaults, options);
    super(params, { ...full, maxEval: full.maxEval ?? Math.floor((full.maxIter * 5) / 4) });
    if (this.paramGroups.length !== 1) throw onlyOne();
  }

  /** @throws ValueError: there is one group */
  override addParamGroup(): never {
    throw onlyOne();
  }

  protected override check(o: Required<LBFGSOptions>): void {
    if (!Number.isFinite(o.lr)) throw new ValueError(`Invalid learning rate: ${o.lr}`);
    for (const [name, least] of [
      ['maxIter', 0],
      ['maxEval', 0],
      ['historySize', 1],
    ] as const) {
      const value = o[name];
      if (value !== null && (!Number.isInteger(value) || value < least)) {
        throw new ValueError(`${name} must be an integer of at least ${least}, got ${value}`);
      }
    }
    if (o.lineSearchFn !== null && o.lineSearchFn !== 'strong_wolfe') {
      throw new ValueError(`lineSearchFn must be 'strong_wolfe' or null, got '${String(o.lineSearchFn)}'`);
    }
  }

  /** Never: the closure is needed, see the other form. */
  override step(): never;
  /**
   * Several iterations, each of which evaluates the closure again.
   *
   * @param closure clears gradients, computes the loss, runs backward and gives the loss
   * @returns the loss before the step
   */
  override step(closure: Closure): Tensor;
  override step(closure?: Closure): Tensor {
    if (closure === undefined) throw new ValueError('LBFGS: step needs a closure that computes the loss again');
    const group = this.paramGroups[0]!;
    for (const p of group.params) {
      if (!p.device.caps.syncRead) {
        throw new DeviceError(
          `LBFGS: every iteration decides by the loss and dot products, and the '${p.device.name}' backend cannot be read at once; move the model to the CPU for this optimizer, model.to(cpu)`,
        );
      }
      checkUpdate(p, p.detach());
    }
    const state = this.stateOf(group.params[0]!);
    const made = new Set<Tensor>();
    const own = (fn: () => Tensor): Tensor => {
      const t = keep(noGrad(() => scope(fn)));
      made.add(t);
      return t;
    };
    try {
      return noGrad(() => minimize(group, state, closure, own));
    } finally {
      const kept = new Set(Object.values(state).flat());
      for (const t of made) if (!kept.has(t)) t.dispose();
    }
  }

  protected override adopt(p: Tensor, name: string, value: StateValue, key: string): StateValue | null {
    // PyTorch's scratch space.
    if (name === 'al') return null;
    const length = this.paramGroups[0]!.params.reduce((n, q) => n + q.size, 0);
    const vector = (v: Tensor | number): Tensor => {
      if (isTensor(v) && sameShape(v.shape, [length])) return copied(v, p);
      const found = isTensor(v) ? `shape [${v.shape.join(', ')}]` : 'a number';
      throw new ValueError(`the state '${name}' of parameter ${key} has ${found}, expected shape [${length}]`);
    };
    const number = (v: Tensor | number): number => (isTensor(v) ? v.item() : v);
    if (Array.isArray(value)) return (value as readonly (Tensor | number)[]).map((v) => (name === 'ro' ? number(v) : vector(v)));
    const single = value as Tensor | number;
    return name === 'd' || name === 'prevFlatGrad' ? vector(single) : number(single);
  }
}

function onlyOne(): ValueError {
  return new ValueError("LBFGS doesn't support per-parameter options (parameter groups)");
}

function recall(state: ParamState): Memory {
  return {
    direction: (state['d'] as Tensor | undefined) ?? null,
    t: (state['t'] as number | undefined) ?? 0,
    oldDirs: [...((state['oldDirs'] as readonly Tensor[] | undefined) ?? [])],
    oldStps: [...((state['oldStps'] as readonly Tensor[] | undefined) ?? [])],
    ro: [...((state['ro'] as readonly number[] | undefined) ?? [])],
    hDiag: (state['H_diag'] as number | undefined) ?? 1,
    previousGradient: (state['prevFlatGrad'] as Tensor | undefined) ?? null,
    previousLoss: (state['prevLoss'] as number | undefined) ?? 0,
    iterations: (state['nIter'] as number | undefined) ?? 0,
    evaluations: (state['funcEvals'] as number | undefined) ?? 0,
  };
}

/** Notes what the next step starts from; tensors that it does not need are freed. */
function remember(state: ParamState, m: Memory): void {
  const before = Object.values(state).flat();
  state['funcEvals'] = m.evaluations;
  state['nIter'] = m.iterations;
  if (m.direction !== null && m.previousGradient !== null) {
    state['d'] = m.direction;
    state['t'] = m.t;
    state['oldDirs'] = m.oldDirs;
    state['oldStps'] = m.oldStps;
    state['ro'] = m.ro;
    state['H_diag'] = m.hDiag;
    state['prevFlatGrad'] = m.previousGradient;
    state['prevLoss'] = m.previousLoss;
  }
  const now = new Set(Object.values(state).flat());
  for (const t of before) if (isTensor(t) && !now.has(t)) t.dispose();
}

const dot = (a: Tensor, b: Tensor): number => scope(() => (a.dot(b) as Tensor).item());
const largest = (t: Tensor): number => scope(() => t.abs().amax().item());

/** Adds `length` times the parts of `direction` to the parameters. */
function move(params: readonly Tensor[], length: number, direction: Tensor): void {
  scope(() => {
    let at = 0;
    for (const p of params) {
      p.add_((direction.narrow(0, at, p.size) as Tensor).reshape(p.shape) as Tensor, { alpha: length });
      at += p.size;
    }
  });
}

/** The gradients of all parameters in a row, zeros where there is none. */
function gather(params: readonly Tensor[]): Tensor {
  const parts = params.map((p) =>
    p.grad === null ? zeros([p.size], { dtype: p.dtype, device: p.device }) : p.grad.detach().reshape([p.size]),
  );
  return (parts.length === 1 ? parts[0]!.clone() : cat(parts as Tensor[])) as Tensor;
}

/** The next direction, from the last one and the changes remembered. */
function nextDirection(
  m: Memory,
  gradient: Tensor,
  historySize: number,
  r: (x: number) => number,
  own: (fn: () => Tensor) => Tensor,
): Tensor {
  if (m.iterations === 1) {
    m.oldDirs = [];
    m.oldStps = [];
    m.ro = [];
    m.hDiag = 1;
    return own(() => gradient.neg());
  }
  const y = own(() => gradient.sub(m.previousGradient!) as Tensor);
  const s = own(() => m.direction!.mul(m.t));
  const ys = dot(y, s);
  if (ys > 1e-10) {
    if (m.oldDirs.length === historySize) for (const list of [m.oldDirs, m.oldStps, m.ro]) list.shift();
    m.oldDirs.push(y);
    m.oldStps.push(s);
    m.ro.push(r(1 / ys));
    m.hDiag = r(ys / dot(y, y));
  }
  const alphas: number[] = [];
  const q = own(() => gradient.neg());
  for (let i = m.oldDirs.length - 1; i >= 0; i--) {
    alphas[i] = r(dot(m.oldStps[i]!, q) * m.ro[i]!);
    q.add_(m.oldDirs[i]!, { alpha: -alphas[i]! });
  }
  q.mul_(m.hDiag);
  for (let i = 0; i < m.oldDirs.length; i++) {
    const beta = r(dot(m.oldDirs[i]!, q) * m.ro[i]!);
    q.add_(m.oldStps[i]!, { alpha: r(alphas[i]! - beta) });
  }
  return q;
}

/** One step: iterations until one of the limits is reached. Gives the loss before. */
function minimize(
  o: Required<LBFGSOptions> & { readonly params: readonly Tensor[] },
  state: ParamState,
  closure: Closure,
  own: (fn: () => Tensor) => Tensor,
): Tensor {
  const { params, lr, maxIter, toleranceGrad, toleranceChange } = o;
  const maxEval = o.maxEval ?? Math.floor((maxIter * 5) / 4);
  const r = params[0]!.dtype === 'float32' ? Math.fround : identity;
  const evaluate = (): { loss: number; gradient: Tensor } => {
    const loss = enableGrad(closure).item();
    return { loss, gradient: own(() => gather(params)) };
  };

  const m = recall(state);
  const first = enableGrad(closure);
  let loss = first.item();
  let gradient = own(() => gather(params));
  let evaluations = 1;
  m.evaluations++;
  let converged = largest(gradient) <= toleranceGrad;
  for (let n = 1; !converged && n <= maxIter; n++) {
    m.iterations++;
    const direction = nextDirection(m, gradient, o.historySize, r, own);
    m.direction = direction;
    m.previousGradient = gradient;
    m.previousLoss = loss;
    if (m.iterations === 1) {
      const shortest = r(1 / scope(() => gradient.abs().sum().item()));
      m.t = shortest < 1 ? r(shortest * lr) : lr;
    } else m.t = lr;
    const slope = dot(gradient, direction);
    if (slope > -toleranceChange) break;

    let spent = 0;
    if (o.lineSearchFn !== null) {
      const start = params.map((p) => own(() => p.detach().clone()));
      const along = (t: number): { loss: number; gradient: Tensor } => {
        move(params, t, direction);
        const found = evaluate();
        for (const [i, p] of params.entries()) p.copy_(start[i]!);
        return found;
      };
      const origin = { t: 0, loss, gradient, slope };
      const found = strongWolfe(along, (g) => dot(g, direction), origin, m.t, largest(direction), r, toleranceChange);
      ({ loss, gradient, t: m.t, evaluations: spent } = found);
      move(params, m.t, direction);
      converged = largest(gradient) <= toleranceGrad;
    } else {
      move(params, m.t, direction);
      // The last point is evaluated by the next step.
      if (n !== maxIter) {
        ({ loss, gradient } = evaluate());
        converged = largest(gradient) <= toleranceGrad;
        spent = 1;
      }
    }
    evaluations += spent;
    m.evaluations += spent;
    if (evaluations >= maxEval) break;
    if (r(largest(direction) * Math.abs(m.t)) <= toleranceChange) break;
    if (Math.abs(loss - m.previousLoss) < toleranceChange) break;
  }
  remember(state, m);
  return first;
}
