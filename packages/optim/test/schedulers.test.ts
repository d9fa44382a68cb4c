import { type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import {
  Adam,
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  LRScheduler,
  MultiplicativeLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  type ScheduledOptimizer,
  type SchedulerStateDict,
  SequentialLR,
  SGD,
  StepLR,
  SWALR,
} from '../src/index.ts';

function sgd(): SGD {
  const p = (): Tensor => zeros([1], { requiresGrad: true }) as Tensor;
  return new SGD([{ params: [p()] }, { params: [p()], lr: 0.5 }], { lr: 0.1, momentum: 0.9 });
}

const lrs = (o: SGD | Adam): number[] => o.paramGroups.map((g) => g.lr);
const numbers = (o: SGD): number[] => o.paramGroups.flatMap((g) => [g.lr, g.momentum]);

interface AnyScheduler {
  step(metric: number): void;
  getLastLr(): number[];
  stateDict(): SchedulerStateDict;
  loadStateDict(dict: SchedulerStateDict): void;
}

/** Every schedule, and the same with other settings, which a loaded state dict replaces. */
const all: Readonly<Record<string, readonly [(o: SGD) => AnyScheduler, (o: SGD) => AnyScheduler]>> = {
  LambdaLR: [(o) => new LambdaLR(o, (e) => 0.9 ** e), (o) => new LambdaLR(o, [(e) => 0.9 ** e, (e) => 0.9 ** e])],
  MultiplicativeLR: [(o) => new MultiplicativeLR(o, (e) => 1 - 0.01 * e), (o) => new MultiplicativeLR(o, (e) => 1 - 0.01 * e)],
  StepLR: [(o) => new StepLR(o, 3, { gamma: 0.7 }), (o) => new StepLR(o, 2)],
  MultiStepLR: [(o) => new MultiStepLR(o, [2, 6, 6, 9], { gamma: 0.7 }), (o) => new MultiStepLR(o, [1])],
  ConstantLR: [(o) => new ConstantLR(o, { factor: 0.3, totalIters: 7 }), (o) => new ConstantLR(o)],
  LinearLR: [(o) => new LinearLR(o, { startFactor: 0.3, endFactor: 0.9, totalIters: 8 }), (o) => new LinearLR(o)],
  ExponentialLR: [(o) => new ExponentialLR(o, 0.9), (o) => new ExponentialLR(o, 0.5)],
  PolynomialLR: [(o) => new PolynomialLR(o, { totalIters: 8, power: 2 }), (o) => new PolynomialLR(o)],
  CosineAnnealingLR: [(o) => new CosineAnnealingLR(o, 6, { etaMin: 0.01 }), (o) => new CosineAnnealingLR(o, 3)],
  CosineAnnealingWarmRestarts: [
    (o) => new CosineAnnealingWarmRestarts(o, 2, { tMult: 2, etaMin: 0.01 }),
    (o) => new CosineAnnealingWarmRestarts(o, 5),
  ],
  CyclicLR: [
    (o) => new CyclicLR(o, 0.01, 0.2, { stepSizeUp: 3, mode: 'exp_range', gamma: 0.9 }),
    (o) => new CyclicLR(o, 0.02, [0.1, 0.3], { stepSizeUp: 2, stepSizeDown: 5 }),
  ],
  OneCycleLR: [
    (o) => new OneCycleLR(o, 0.4, { totalSteps: 12, threePhase: true }),
    (o) => new OneCycleLR(o, 0.1, { epochs: 4, stepsPerEpoch: 9 }),
  ],
  ReduceLROnPlateau: [
    (o) => new ReduceLROnPlateau(o, { patience: 1, factor: 0.5, cooldown: 1, mode: 'max' }),
    (o) => new ReduceLROnPlateau(o, { minLr: [0.1, 0.2] }),
  ],
  SequentialLR: [
    (o) => new SequentialLR(o, [new LinearLR(o, { totalIters: 3 }), new CosineAnnealingLR(o, 4), new ExponentialLR(o, 0.8)], [4, 8]),
    (o) => new SequentialLR(o, [new LinearLR(o), new CosineAnnealingLR(o, 9), new ExponentialLR(o, 0.1)], [1, 2]),
  ],
  ChainedScheduler: [
    (o) => new ChainedScheduler([new ConstantLR(o, { totalIters: 6 }), new ExponentialLR(o, 0.9)]),
    (o) => new ChainedScheduler([new ConstantLR(o, { totalIters: 2 }), new ExponentialLR(o, 0.1)]),
  ],
  SWALR: [(o) => new SWALR(o, 0.05, { annealEpochs: 8 }), (o) => new SWALR(o, 0.9)],
};

const metric = (e: number): number => [1, 2, 2, 1, 1, 0, 3, 2, 1, 1, 1, 4][e % 12]!;

describe.each(Object.entries(all))('%s', (_, [make, other]) => {
  it('goes on bit by bit from the state dicts of schedule and optimizer, from any step', () => {
    for (let from = 0; from < 11; from++) {
      const [one, two] = [sgd(), sgd()];
      const [a, b] = [make(one), other(two)];
      for (let e = 0; e < from; e++) a.step(metric(e));
      b.loadStateDict(structuredClone(a.stateDict()));
      two.loadStateDict(one.stateDict());
      for (let e = from; e < 11; e++) {
        a.step(metric(e));
        b.step(metric(e));
        expect(numbers(two)).toEqual(numbers(one));
        expect(b.getLastLr()).toEqual(a.getLastLr());
      }
      expect(b.stateDict()).toEqual(a.stateDict());
    }
  });

  it('shares nothing with its state dict, and refuses one that does not fit before anything changes', () => {
    const o = sgd();
    const a = make(o);
    a.step(1);
    const dict = a.stateDict();
    const copy = structuredClone(dict);
    a.step(2);
    expect(dict).toEqual(copy);
    const now = a.stateDict();
    for (const name of Object.keys(dict)) {
      const { [name]: taken, ...rest } = dict;
      const wrong = expect.objectContaining({ name: 'ValueError', message: expect.stringContaining(`'${name}'`) });
      // PyTorch has no last learning rates of this one before the first step.
      if (!(a instanceof ReduceLROnPlateau && name === '_last_lr')) expect(() => a.loadStateDict(rest)).toThrow(wrong);
      const odd = typeof taken === 'object' ? 3 : { a: 1 };
      expect(() => a.loadStateDict({ ...dict, [name]: odd })).toThrow(wrong);
      if (Array.isArray(taken) && typeof taken[0] === 'number') {
        expect(() => a.loadStateDict({ ...dict, [name]: [...taken, 1] })).toThrow(wrong);
        expect(() => a.loadStateDict({ ...dict, [name]: ['1', '2'] as never })).toThrow(wrong);
      }
      expect(a.stateDict()).toEqual(now);
    }
  });
});

describe('state dicts', () => {
  it("have PyTorch's names", () => {
    const base = ['base_lrs', 'last_epoch', '_step_count', '_last_lr'];
    const names: Readonly<Record<string, readonly string[]>> = {
      LambdaLR: [...base, 'lr_lambdas'],
      StepLR: ['step_size', 'gamma', ...base],
      MultiStepLR: ['milestones', 'gamma', ...base],
      LinearLR: ['start_factor', 'end_factor', 'total_iters', ...base],
      CosineAnnealingLR: ['T_max', 'eta_min', ...base],
      CosineAnnealingWarmRestarts: ['T_0', 'T_i', 'T_mult', 'eta_min', 'T_cur', ...base],
      OneCycleLR: ['total_steps', '_schedule_phases', 'cycle_momentum', 'use_beta1', ...base],
      SequentialLR: ['_milestones', 'last_epoch', '_last_lr', '_schedulers'],
      ChainedScheduler: ['_last_lr', '_schedulers'],
    };
    for (const [name, want] of Object.entries(names))
      expect(Object.keys(all[name]![0](sgd()).stateDict()).sort()).toEqual([...want].sort());
  });

  it('of an optimizer hold what a schedule noted in the groups', () => {
    const o = new Adam([zeros([1], { requiresGrad: true })], { lr: 0.1 });
    const schedule = new OneCycleLR(o, 0.5, { totalSteps: 10 });
    schedule.step();
    const [group] = o.stateDict().param_groups;
    expect(group).toMatchObject({ initial_lr: 0.02, max_lr: 0.5, min_lr: 0.02 / 1e4, max_momentum: 0.95, base_momentum: 0.85 });
    const other = new Adam([zeros([1], { requiresGrad: true })]);
    other.loadStateDict(o.stateDict());
    const resumed = new OneCycleLR(other, 0.5, { totalSteps: 10, lastEpoch: 1 });
    schedule.step();
    expect(lrs(other)).toEqual(lrs(o));
    expect(other.paramGroups[0]!.betas).toEqual(o.paramGroups[0]!.betas);
    expect(resumed.lastEpoch).toBe(2);
  });
});

describe('schedules', () => {
  it('go on from an epoch with lastEpoch, where the groups know their first learning rate', () => {
    const fresh = (): SGD => new SGD([{ params: [zeros([1], { requiresGrad: true })], lr: 0.05, initialLr: 0.2 }], { lr: 1 });
    const o = fresh();
    new StepLR(o, 4, { gamma: 0.5, lastEpoch: 3 });
    expect(lrs(o)).toEqual([0.025]);
    const c = fresh();
    new CosineAnnealingLR(c, 8, { lastEpoch: 3 });
    expect(lrs(c)[0]).toBeCloseTo(0.1, 15);
    expect(() => new StepLR(sgd(), 4, { lastEpoch: 3 })).toThrow(
      'StepLR: initialLr is not specified in group 0 of the optimizer, so that the schedule cannot go on from epoch 3',
    );
  });

  it('take fractions of epochs with warm restarts, and whole epochs elsewhere', () => {
    const o = sgd();
    const s = new CosineAnnealingWarmRestarts(o, 2, { tMult: 2 });
    s.step(3.5);
    expect(lrs(o)[0]).toBeCloseTo((0.1 * (1 + Math.cos((Math.PI * 1.5) / 4))) / 2, 15);
    expect(s.lastEpoch).toBe(3);
    expect(() => s.step(-1)).toThrow('Expected non-negative epoch, but got -1');
    const q = sgd();
    const e = new ExponentialLR(q, 0.5);
    e.step(5);
    expect(lrs(q)).toEqual([0.1 * 0.5 ** 5, 0.5 ** 6]);
    e.step();
    expect(lrs(q)).toEqual([0.1 * 0.5 ** 6, 0.5 ** 7]);
  });

  it('follow a chain that others have a say in', () => {
    const o = sgd();
    const s = new CosineAnnealingLR(o, 10);
    o.paramGroups[0]!.lr = 0;
    s.step();
    expect(lrs(o)[0]).toBe(0);
    expect(s.getLastLr()).toEqual(lrs(o));
  });

  it('go to a constant learning rate for averages of weights', () => {
    const o = new SGD([zeros([1], { requiresGrad: true })], { lr: 0.1 });
    const s = new SWALR(o, 0.5, { annealEpochs: 2, annealStrategy: 'linear' });
    const seen = [o.paramGroups[0]!.lr];
    for (let i = 0; i < 3; i++) {
      s.step();
      seen.push(o.paramGroups[0]!.lr);
    }
    [0.1, 0.3, 0.5, 0.5].forEach((lr, i) => {
      expect(seen[i]).toBeCloseTo(lr, 14);
    });
  });

  it('read a metric from a tensor', () => {
    const o = sgd();
    const s = new ReduceLROnPlateau(o, { patience: 0 });
    s.step(tensor(1));
    s.step(tensor(2));
    expect(lrs(o)[0]).toBeCloseTo(0.01, 15);
    expect([s.best, s.numBadEpochs, s.lastEpoch]).toEqual([1, 0, 2]);
  });

  it('may be written by anybody', () => {
    class Halving extends LRScheduler {
      constructor(optimizer: ScheduledOptimizer) {
        super(optimizer);
        this.start();
      }
      protected override getLr(): number[] {
        return this.baseLrs.map((lr) => lr / 2 ** this.lastEpoch);
      }
    }
    const o = sgd();
    const s = new SequentialLR(o, [new Halving(o), new Halving(o)], [2]);
    const seen = [lrs(o)[0]];
    for (let e = 0; e < 4; e++) {
      s.step();
      seen.push(lrs(o)[0]);
    }
    expect(seen).toEqual([0.1, 0.05, 0.1, 0.05, 0.025]);
  });

  it('that fail leave everything as it was', () => {
    const o = sgd();
    const s = new OneCycleLR(o, 0.4, { totalSteps: 2 });
    s.step();
    s.step();
    const [before, state] = [numbers(o), s.stateDict()];
    expect(() => s.step()).toThrow('Tried to step 4 times. The specified number of total steps is 2');
    const l = new LambdaLR(sgd(), (e) => {
      if (e === 1) throw new RangeError('no such epoch');
      return 1;
    });
    expect(() => l.step()).toThrow('no such epoch');
    expect(l.lastEpoch).toBe(0);
    expect(numbers(o)).toEqual(before);
    expect(s.stateDict()).toEqual(state);
  });

  it('check their arguments before they touch the optimizer', () => {
    const adam = (): Adam => new Adam([zeros([1], { requiresGrad: true })]);
    const o = sgd();
    const wrong: readonly (readonly [() => unknown, string])[] = [
      [() => new LambdaLR(o, [() => 1]), 'LambdaLR: expected 2 values for lrLambda, got 1'],
      [() => new LambdaLR(o, 3 as never), 'must be a function'],
      [() => new StepLR(o, 0), 'stepSize must be positive, got 0'],
      [() => new ConstantLR(o, { factor: 1.5 }), 'expected to be between 0 and 1'],
      [() => new LinearLR(o, { startFactor: 2 }), 'Starting multiplicative factor'],
      [() => new LinearLR(o, { endFactor: -1 }), 'Ending multiplicative factor'],
      [() => new CosineAnnealingLR(o, 0), 'tMax must be positive'],
      [() => new CosineAnnealingWarmRestarts(o, 1.5), 'Expected positive integer t0, but got 1.5'],
      [() => new CosineAnnealingWarmRestarts(o, 1, { tMult: 0 }), 'Expected integer tMult >= 1, but got 0'],
      [() => new CyclicLR(o, 0.1, 1, { mode: 'up' as never }), 'mode is invalid and scaleFn is null'],
      [() => new CyclicLR(o, [0.1], 1), 'CyclicLR: expected 2 values for baseLr, got 1'],
      [() => new CyclicLR(adam(), 0.1, 1), 'optimizer must support momentum'],
      [() => new OneCycleLR(o, 1), 'You must define either totalSteps OR (epochs AND stepsPerEpoch)'],
      [() => new OneCycleLR(o, 1, { totalSteps: -1 }), 'Expected positive integer totalSteps, but got -1'],
      [() => new OneCycleLR(o, 1, { epochs: 3 }), 'Expected positive integer stepsPerEpoch, but got null'],
      [() => new OneCycleLR(o, 1, { totalSteps: 3, pctStart: 2 }), 'Expected float between 0 and 1 pctStart, but got 2'],
      [() => new OneCycleLR(o, 1, { totalSteps: 3, annealStrategy: 'sine' as never }), 'instead got sine'],
      [() => new ReduceLROnPlateau(o, { mode: 'up' as never }), 'mode up is unknown!'],
      [() => new ReduceLROnPlateau(o, { thresholdMode: 'up' as never }), 'threshold mode up is unknown!'],
      [() => new ReduceLROnPlateau(o, { factor: 1 }), 'Factor should be < 1.0.'],
      [() => new ReduceLROnPlateau(o, { minLr: [0] }), 'expected 2 values for minLr, got 1'],
      [() => new SWALR(o, [0.1]), 'expected 2 values for swaLr, got 1'],
      [() => new SWALR(o, 0.1, { annealEpochs: -1 }), 'annealEpochs must be equal or greater than 0, got -1'],
      [() => new SWALR(o, 0.1, { annealStrategy: 'sine' as never }), 'instead got sine'],
      [() => new ChainedScheduler([]), 'at least one'],
      [() => new StepLR(o, 2, { verbose: true } as object), "StepLR: unknown option 'verbose'; there are gamma, lastEpoch"],
    ];
    const before = JSON.stringify(o.paramGroups.map(({ params: _, ...rest }) => rest));
    for (const [make, message] of wrong) {
      expect(make).toThrow(expect.objectContaining({ name: 'ValueError', message: expect.stringContaining(message) }));
    }
    expect(JSON.stringify(o.paramGroups.map(({ params: _, ...rest }) => rest))).toBe(before);
    const step = new StepLR(o, 2);
    expect(() => new SequentialLR(o, [step], [3])).toThrow('got 1 schedules and 1 milestones');
    expect(() => new SequentialLR(sgd(), [step], [])).toThrow('schedule 0 is of another optimizer');
    expect(() => new SequentialLR(o, [new ReduceLROnPlateau(o) as never], [])).toThrow('schedule 0 cannot follow');
    expect(() => new ChainedScheduler([step, new StepLR(sgd(), 2)])).toThrow('schedules 0 and 1 are of different optimizers');
  });
});
