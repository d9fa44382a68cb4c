import { DeviceError, ones, randn, scope, type Tensor, tensor, zeros } from '@nabla/core';
import { CpuBackend, compiledKernels } from '@nabla/core/internals';
import { describe, expect, it } from 'vitest';
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  ASGD,
  LBFGS,
  Lion,
  Muon,
  NAdam,
  newtonSchulz,
  type OptimizerStateDict,
  RAdam,
  RMSprop,
  Rprop,
  SGD,
} from '../src/index.ts';

/** What these tests need of an optimizer of any kind. */
interface AnyOptimizer {
  readonly paramGroups: ({ params: Tensor[] } & Record<string, unknown>)[];
  readonly state: ReadonlyMap<Tensor, Record<string, unknown>>;
  step(): undefined;
  zeroGrad(): void;
  addParamGroup(group: { params: Tensor[] }): void;
  stateDict(): OptimizerStateDict;
  loadStateDict(dict: OptimizerStateDict): void;
}

type Make = (params: Tensor[], options?: object) => AnyOptimizer;
const make =
  (Kind: new (params: never, options: never) => unknown, own: object = {}): Make =>
  (params, options = {}) =>
    new Kind(params as never, { ...own, ...options } as never) as AnyOptimizer;

/** Every optimizer that is stepped without a closure, with options that use all of its state. */
const all: Readonly<Record<string, Make>> = {
  SGD: make(SGD, { lr: 0.1, momentum: 0.9, weightDecay: 0.1 }),
  Adam: make(Adam, { amsgrad: true, weightDecay: 0.1 }),
  AdamW: make(AdamW),
  Adamax: make(Adamax, { weightDecay: 0.1 }),
  NAdam: make(NAdam, { weightDecay: 0.1 }),
  RAdam: make(RAdam, { betas: [0.9, 0.9] }),
  RMSprop: make(RMSprop, { momentum: 0.9, centered: true }),
  Rprop: make(Rprop),
  Adagrad: make(Adagrad, { lrDecay: 0.1 }),
  Adadelta: make(Adadelta),
  ASGD: make(ASGD, { t0: 1 }),
  Lion: make(Lion, { weightDecay: 0.1 }),
  Muon: make(Muon),
};
const names = Object.keys(all);

const start = [
  [1, -2, 3],
  [0.5, 0.25, -4],
];

function parameter(): Tensor {
  return tensor(start, { dtype: 'float64', requiresGrad: true });
}

/** The gradient of step t: an arbitrary sequence. */
function gradient(t: number): Tensor {
  return tensor(
    start.map((row, i) => row.map((v, j) => Math.sin(7 * t + 3 * i + j) + 0.1 * v)),
    { dtype: 'float64' },
  );
}

function run(o: AnyOptimizer, p: Tensor, from: number, to: number): void {
  for (let t = from; t < to; t++) {
    p.grad = gradient(t);
    o.step();
  }
}

describe.each(names)('%s', (name) => {
  const build = all[name]!;

  it('goes on bit by bit from a state dict', () => {
    const p = parameter();
    const one = build([p]);
    run(one, p, 0, 4);
    const copy = p.detach().clone().requiresGrad_() as Tensor;
    const two = build([copy], { lr: 7 });
    two.loadStateDict(structuredCloneOf(one.stateDict()));
    run(one, p, 4, 9);
    run(two, copy, 4, 9);
    expect(copy.toArray()).toEqual(p.toArray());
    expect(plain(two.stateDict())).toEqual(plain(one.stateDict()));
  });

  it('refuses options that do not exist, in the constructor and in groups', () => {
    for (const option of ['foreach', 'fused', 'capturable', 'differentiable', 'learningRate']) {
      const expected = expect.objectContaining({
        name: 'ValueError',
        message: expect.stringContaining(`${name}: unknown option '${option}'`),
      });
      expect(() => build([parameter()], { [option]: true })).toThrow(expected);
      const o = build([parameter()]);
      expect(() => o.addParamGroup({ params: [parameter()], [option]: true } as never)).toThrow(expected);
      expect(o.paramGroups).toHaveLength(1);
    }
  });

  it('compiles nothing for a thousand learning rates', () => {
    const p = parameter();
    const o = build([p]);
    // RAdam and ASGD have two kinds of steps.
    run(o, p, 0, 12);
    const before = compiledKernels();
    for (let i = 1; i <= 1000; i++) {
      o.paramGroups[0]!['lr'] = 1 / (i + 7);
      o.step();
    }
    expect(compiledKernels()).toBe(before);
  });

  it('changes nothing when one of the gradients does not fit', () => {
    const [p, q] = [parameter(), parameter()];
    const o = build([p, q]);
    run(o, p, 0, 2);
    const values = p.toArray();
    const state = plain(o.stateDict());
    p.grad = gradient(2);
    q.grad = gradient(2);
    q.grad.dispose();
    expect(() => o.step()).toThrow(expect.objectContaining({ name: 'UseAfterFreeError' }));
    expect(p.toArray()).toEqual(values);
    expect(plain(o.stateDict())).toEqual(state);
  });

  it('keeps its state and nothing else in a loop of scopes', () => {
    const backend = new CpuBackend();
    const p = (tensor(start, { dtype: 'float64' }).to(backend) as Tensor).requiresGrad_() as Tensor;
    const o = build([p]);
    const buffers: number[] = [];
    for (let t = 0; t < 12; t++) {
      scope(() => {
        p.grad = null;
        const loss = p.square().sum();
        loss.backward();
        o.step();
        o.zeroGrad();
      });
      buffers.push(backend.memory().buffers);
    }
    expect(new Set(buffers.slice(2)).size).toBe(1);
    const tensors = Object.values(o.state.get(p)!).filter((v) => typeof v === 'object') as Tensor[];
    expect(tensors.length).toBeGreaterThan(0);
    expect(tensors.some((t) => t.disposed)).toBe(false);
  });
});

/** A state dict with tensors as arrays. */
function plain(dict: OptimizerStateDict): unknown {
  const value = (v: unknown): unknown => (Array.isArray(v) ? v.map(value) : typeof v === 'object' ? (v as Tensor).toArray() : v);
  const state = Object.entries(dict.state).map(([k, s]) => [k, Object.fromEntries(Object.entries(s).map(([n, v]) => [n, value(v)]))]);
  return { state: Object.fromEntries(state), param_groups: dict.param_groups };
}

/** A state dict with copies of the tensors, as a file would give it. */
function structuredCloneOf(dict: OptimizerStateDict): OptimizerStateDict {
  const value = (v: unknown): unknown => (Array.isArray(v) ? v.map(value) : typeof v === 'object' ? (v as Tensor).clone() : v);
  const state = Object.entries(dict.state).map(([k, s]) => [k, Object.fromEntries(Object.entries(s).map(([n, v]) => [n, value(v)]))]);
  return { state: Object.fromEntries(state) as never, param_groups: structuredClone(dict.param_groups) };
}

describe('Lion', () => {
  it('is algorithm 2 of the paper', () => {
    const p = tensor([1, -2], { dtype: 'float64', requiresGrad: true });
    const o = new Lion([p], { lr: 0.1, betas: [0.9, 0.5], weightDecay: 0.2 });
    let [x, m] = [
      [1, -2],
      [0, 0],
    ];
    for (const g of [
      [3, -1],
      [-0.1, 0.5],
      [-9, 0.05],
    ]) {
      p.grad = tensor(g, { dtype: 'float64' });
      o.step();
      const u = g.map((v, i) => Math.sign(0.9 * m![i]! + 0.1 * v));
      x = x!.map((v, i) => v - 0.1 * (u[i]! + 0.2 * v));
      m = m!.map((v, i) => 0.5 * v + 0.5 * g[i]!);
    }
    (p.toArray() as number[]).forEach((v, i) => {
      expect(v).toBeCloseTo(x![i]!, 14);
    });
    expect(o.stateDict().state['0']!['exp_avg']).toBeDefined();
  });

  it('maximizes', () => {
    const p = tensor([0], { requiresGrad: true });
    p.grad = tensor([2]);
    new Lion([p], { lr: 0.5, maximize: true }).step();
    expect(p.item()).toBe(0.5);
  });
});

describe('Muon', () => {
  it('orthogonalizes: the singular values become about 1, the singular vectors stay', () => {
    // Diagonal, so that the iteration is one polynomial on each value.
    const d = [4, 1, 0.25];
    const [a, b, c] = [3.4445, -4.775, 2.0315];
    const norm = Math.hypot(...d);
    const want = d.map((v) => {
      let s = v / norm;
      for (let i = 0; i < 5; i++) s = a * s + b * s ** 3 + c * s ** 5;
      return s;
    });
    for (const shape of [
      [3, 4],
      [4, 3],
      [3, 3],
    ] as const) {
      const x = zeros([shape[0], shape[1]], { dtype: 'float64' });
      const [rows, columns] = shape;
      const values = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => (i === j ? (d[i] ?? 0) : 0)));
      x.copy_(tensor(values, { dtype: 'float64' }));
      const y = newtonSchulz(x, [a, b, c], 5).toArray() as number[][];
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) expect(y[i]![j]).toBeCloseTo(i === j ? (want[i] ?? 0) : 0, 12);
    }
    for (const s of want) expect(Math.abs(s - 1)).toBeLessThan(0.35);
    expect(() => newtonSchulz(ones([3]), [a, b, c], 5)).toThrow('expects a matrix');
  });

  it.each([
    [true, null, Math.sqrt(2)],
    [false, 'original', Math.sqrt(2)],
    [true, 'match_rms_adamw', 0.2 * 2],
  ] as const)('updates with Nesterov %s and learning rates %s', (nesterov, adjustLrFn, ratio) => {
    const p = tensor(
      Array.from({ length: 4 }, (_, i) => [i, 1 - i]),
      { dtype: 'float64', requiresGrad: true },
    );
    const o = new Muon([p], { lr: 0.1, weightDecay: 0.2, momentum: 0.9, nesterov, adjustLrFn });
    let x = p.detach().clone() as Tensor;
    let m = zeros([4, 2], { dtype: 'float64' }) as Tensor;
    for (let t = 0; t < 3; t++) {
      const g = tensor(
        Array.from({ length: 4 }, (_, i) => [Math.sin(t + i), Math.cos(2 * t - i)]),
        { dtype: 'float64' },
      ) as Tensor;
      p.grad = g;
      o.step();
      m = m.mul(0.9).add(g.mul(0.1)) as Tensor;
      const u = nesterov ? (g.mul(0.1).add(m.mul(0.9)) as Tensor) : m;
      x = x.mul(1 - 0.1 * 0.2).sub(newtonSchulz(u, [3.4445, -4.775, 2.0315], 5).mul(0.1 * ratio)) as Tensor;
    }
    expect(p.detach().sub(x).abs().amax().item()).toBeLessThan(1e-13);
    expect(Object.keys(o.stateDict().state['0']!)).toEqual(['momentum_buffer']);
  });

  it('takes matrices only', () => {
    const bias = tensor([1], { requiresGrad: true });
    expect(() => new Muon([bias])).toThrow('Muon updates matrices, but one of the params has shape [1]');
    const p = parameter();
    expect(() => new Muon([p], { nsSteps: 100 })).toThrow('from 0 to 99, got 100');
    expect(() => new Muon([p], { adjustLrFn: 'other' as never })).toThrow("adjustLrFn must be 'original' or 'match_rms_adamw'");
    expect(() => new Muon([p], { nsCoefficients: [1, 2] as never })).toThrow('three numbers, got 2');
  });
});

describe('LBFGS', () => {
  const rosenbrock = (x: Tensor): Tensor => {
    const [a, b] = [x.narrow(0, 0, 1), x.narrow(0, 1, 1)] as [Tensor, Tensor];
    return b.sub(a.square()).square().mul(100).add(a.neg().add(1).square()).sum() as Tensor;
  };
  const minimize = (o: LBFGS, p: Tensor) => (): Tensor => {
    o.zeroGrad();
    const loss = rosenbrock(p);
    loss.backward();
    return loss;
  };

  it('finds the minimum of a valley with the strong Wolfe search', () => {
    const p = tensor([-1.2, 1], { dtype: 'float64', requiresGrad: true });
    const o = new LBFGS([p], { maxIter: 100, toleranceChange: 1e-20, lineSearchFn: 'strong_wolfe' });
    o.step(minimize(o, p));
    expect(rosenbrock(p).item()).toBeLessThan(1e-15);
  });

  it('goes on bit by bit from a state dict', () => {
    const make = (p: Tensor): LBFGS => new LBFGS([p], { maxIter: 4, historySize: 3, lineSearchFn: 'strong_wolfe' });
    const p = tensor([-1.2, 1], { dtype: 'float64', requiresGrad: true });
    const one = make(p);
    for (let t = 0; t < 3; t++) one.step(minimize(one, p));
    expect(Object.keys(one.stateDict().state['0']!)).toEqual([
      'func_evals',
      'n_iter',
      'd',
      't',
      'old_dirs',
      'old_stps',
      'ro',
      'H_diag',
      'prev_flat_grad',
      'prev_loss',
    ]);
    const q = p.detach().clone().requiresGrad_() as Tensor;
    const two = make(q);
    two.loadStateDict(structuredCloneOf(one.stateDict()));
    for (let t = 0; t < 3; t++) {
      one.step(minimize(one, p));
      two.step(minimize(two, q));
    }
    expect(q.toArray()).toEqual(p.toArray());
    expect(plain(two.stateDict())).toEqual(plain(one.stateDict()));
    const wrong = one.stateDict();
    expect(() => two.loadStateDict({ ...wrong, state: { 0: { ...wrong.state['0']!, old_dirs: [ones([3])] } } })).toThrow(
      "the state 'oldDirs' of parameter 0 has shape [3], expected shape [2]",
    );
  });

  it('keeps what it needs in a loop of scopes, and no more', () => {
    const backend = new CpuBackend();
    const p = (tensor([-1.2, 1], { dtype: 'float64' }).to(backend) as Tensor).requiresGrad_() as Tensor;
    const o = new LBFGS([p], { maxIter: 5, historySize: 2, lineSearchFn: 'strong_wolfe' });
    const buffers: number[] = [];
    for (let t = 0; t < 8; t++) {
      scope(() => void o.step(minimize(o, p)));
      buffers.push(backend.memory().buffers);
    }
    expect(new Set(buffers.slice(3, 6)).size).toBe(1);
  });

  it('says what to do on a device that cannot be read at once, and changes nothing', () => {
    const backend = new CpuBackend();
    const p = (tensor([1, 2]).to(backend) as Tensor).requiresGrad_() as Tensor;
    const o = new LBFGS([p]);
    let called = 0;
    Object.defineProperty(backend, 'caps', { value: { ...backend.caps, syncRead: false } });
    const step = (): unknown =>
      o.step(() => {
        called++;
        return rosenbrock(p);
      });
    expect(step).toThrow(DeviceError);
    expect(step).toThrow(/cannot be read at once; move the model to the CPU for this optimizer, model\.to\(cpu\)$/);
    expect(called).toBe(0);
    expect(o.state.size).toBe(0);
  });

  it('needs a closure, one group and options that make sense', () => {
    const p = tensor([1, 2], { requiresGrad: true });
    expect(() => new LBFGS([p]).step()).toThrow('step needs a closure');
    expect(() => new LBFGS([{ params: [p] }, { params: [tensor([1], { requiresGrad: true })] }])).toThrow("doesn't support per-parameter");
    expect(() => (new LBFGS([p]).addParamGroup as (g: object) => void)({ params: [] })).toThrow("doesn't support per-parameter");
    expect(() => new LBFGS([p], { lineSearchFn: 'armijo' as never })).toThrow("lineSearchFn must be 'strong_wolfe' or null, got 'armijo'");
    expect(() => new LBFGS([p], { maxIter: 1.5 })).toThrow('maxIter must be an integer');
    expect(() => new LBFGS([p], { historySize: 0 })).toThrow('historySize must be an integer of at least 1, got 0');
  });

  it('takes parameters without a gradient for flat, and leaves a closure that fails alone', () => {
    const p = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    const idle = tensor([5], { dtype: 'float64', requiresGrad: true });
    const o = new LBFGS([p, idle], { lr: 0.1 });
    o.step(minimize(o, p));
    expect(idle.item()).toBe(5);
    const state = plain(o.stateDict());
    expect(() =>
      o.step(() => {
        throw new RangeError('no data');
      }),
    ).toThrow('no data');
    expect(plain(o.stateDict())).toEqual(state);
  });
});

describe('a step on a device', () => {
  it.each(names)('of %s reads nothing', (name) => {
    const backend = new CpuBackend();
    const p = (randn([2, 3]).to(backend) as Tensor).requiresGrad_() as Tensor;
    const q = p.detach().to(new CpuBackend()).requiresGrad_() as Tensor;
    const [o, reference] = [all[name]!([p]), all[name]!([q])];
    Object.defineProperty(backend, 'readSync', {
      value: () => {
        throw new DeviceError('read');
      },
      configurable: true,
    });
    for (let t = 0; t < 8; t++) {
      const g = gradient(t).to('float32');
      p.grad = g.to(backend) as Tensor;
      q.grad = g.to(q.device) as Tensor;
      o.step();
      reference.step();
    }
    Reflect.deleteProperty(backend, 'readSync');
    expect(p.toArray()).toEqual(q.toArray());
  });
});
