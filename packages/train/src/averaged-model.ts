import { type Backend, elementwise, isTensor, keep, noGrad, ShapeError, scope, type Tensor, tensor, ValueError, where } from '@nabla/core';
import { isFloating, sameShape } from '@nabla/core/internals';
import { Buffer, isBuffer, isModule, isParameter, Module, Parameter } from '@nabla/nn';
import { rememberModes } from './modes.ts';
import { withDefaults } from './options.ts';

/**
 * The next average, from the present one, the value that joins it, and how many have joined so far (a 0-d tensor, so that
 * no device has to be asked).
 */
export type AvgFn = (average: Tensor, value: Tensor, numAveraged: Tensor) => Tensor;

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** Where the averages are kept. Default: where the model is. */
  device?: Backend;
  /** How averages go on. Default: {@link getSwaAvgFn}, all models weigh the same. */
  avgFn?: AvgFn;
  /** Average buffers too, such as running statistics. Default false: they stay as they were when the average was made. */
  useBuffers?: boolean;
}

const equalWeights = elementwise('equalWeights', (average, value, n) => average.add(value.sub(average).div(n.add(1))));
const decayed = elementwise('exponentialAverage', (average, value, decay, rest) => average.mul(decay).add(value.mul(rest)));

/**
 * The average of {@link AveragedModel} in which all models weigh the same: a + (x - a) / (n + 1).
 *
 * @example
 * ```ts
 * const averaged = new AveragedModel(model, { avgFn: getSwaAvgFn() });
 * ```
 * @see https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema
 */
export function getSwaAvgFn(): AvgFn {
  return (average, value, n) =>
    (isFloating(average.dtype) ? equalWeights(average, value, n) : average.add(value.sub(average).div(n.add(1)))) as Tensor;
}

/**
 * The average of {@link AveragedModel} in which older models fade: decay · a + (1 - decay) · x.
 *
 * @param decay weight of the present average. Default 0.999
 * @throws ValueError when `decay` is not between 0 and 1
 * @example
 * ```ts
 * const averaged = new AveragedModel(model, { avgFn: getEmaAvgFn(0.99) });
 * ```
 * @see https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema
 */
export function getEmaAvgFn(decay: number = 0.999): AvgFn {
  if (!(decay >= 0 && decay <= 1)) throw new ValueError(`Invalid decay value ${decay} provided. Please provide a value in [0,1] range.`);
  return (average, value) =>
    (isFloating(average.dtype)
      ? decayed(average, value, decay, 1 - decay)
      : average.mul(decay).add(value.mul(1 - decay) as never)) as Tensor;
}

/** A place in a model that holds a parameter or a buffer. */
interface Slot {
  readonly tensor: Tensor;
  put(t: Tensor): void;
}

/** Every place that holds a parameter or a buffer: fields, and entries of arrays, Maps and plain objects there. */
function slotsOf(root: Module): Slot[] {
  const slots: Slot[] = [];
  const seen = new Set<object>();
  const look = (value: unknown, put: (t: Tensor) => void): void => {
    if (isTensor(value)) {
      if (isParameter(value) || isBuffer(value)) slots.push({ tensor: value, put });
      return;
    }
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    const proto: unknown = Object.getPrototypeOf(value);
    if (value instanceof Map) {
      seen.add(value);
      for (const [k, v] of value) look(v, (t) => value.set(k, t));
    } else if (isModule(value) || Array.isArray(value) || proto === Object.prototype || proto === null) {
      seen.add(value);
      const fields = value as Record<string, unknown>;
      for (const name of Object.keys(fields)) {
        look(fields[name], (t) => {
          fields[name] = t;
        });
      }
    }
  };
  look(root, () => {});
  return slots;
}

/** The arguments of a model's `forward`. */
export type ForwardArgs<M> = M extends { forward(...args: infer A): unknown } ? A : never;
/** The result of a model's `forward`. */
export type ForwardResult<M> = M extends { forward(...args: never[]): infer R } ? R : never;

/**
 * A running average of a model's weights: stochastic weight averaging (Izmailov et al. 2018), or with {@link getEmaAvgFn} an
 * exponential moving average. Calling it runs the model with the averages in place of its parameters and buffers.
 *
 * The first {@link AveragedModel.updateParameters} copies, each further one averages. State-dict keys are PyTorch's:
 * `n_averaged` and `module.` before those of the model.
 *
 * There is one model: the averages are put into it for the time of a call (its hooks run too), and `train()` and `eval()`
 * of the average hold for these calls only.
 *
 * @example
 * ```ts
 * const averaged = new AveragedModel(model, { avgFn: getEmaAvgFn(0.999) });
 * for (const [x, y] of batches) {
 *   trainStep(x, y);
 *   averaged.updateParameters();
 * }
 * const scores = averaged.eval().call(images);
 * ```
 * @see https://pytorch.org/docs/stable/optim.html#stochastic-weight-averaging
 */
export class AveragedModel<M extends Module = Module> extends Module {
  /** How many models were averaged. */
  readonly nAveraged: Buffer;
  /** The averages, by the keys of the model. */
  readonly module: Readonly<Record<string, Parameter | Buffer>>;
  readonly #model: M;
  readonly #averages: ReadonlyMap<Tensor, Parameter | Buffer>;
  readonly #avgFn: AvgFn;
  readonly #useBuffers: boolean;

  /** @throws ValueError for an unknown option */
  constructor(model: M, options: AveragedModelOptions = {}) {
    super();
    const defaults: { device: Backend | null; avgFn: AvgFn; useBuffers: boolean } = {
      device: null,
      avgFn: getSwaAvgFn(),
      useBuffers: false,
    };
    const { device, avgFn, useBuffers } = withDefaults('AveragedModel', defaults, options as Partial<typeof defaults>);
    const averages = new Map<Tensor, Parameter | Buffer>();
    const byKey: Record<string, Parameter | Buffer> = {};
    const copy = (t: Tensor): Tensor =>
      noGrad(
        () =>
          t
            .detach()
            .clone()
            .to(device ?? t.device) as Tensor,
      );
    for (const [key, p] of model.namedParameters()) {
      byKey[key] = new Parameter(copy(p), { requiresGrad: p.requiresGrad });
      averages.set(p, byKey[key]);
    }
    for (const [key, b] of model.namedBuffers()) {
      byKey[key] = new Buffer(copy(b), { persistent: b.persistent });
      averages.set(b, byKey[key]);
    }
    // A tied tensor stands under each of its keys.
    const first = new Map<Tensor, Parameter | Buffer>();
    const ordered: Record<string, Parameter | Buffer> = {};
    for (const [key, t] of model.stateDict()) {
      const own = byKey[key] ?? first.get(t)!;
      first.set(t, own);
      ordered[key] = own;
    }
    this.module = { ...ordered, ...byKey };
    this.nAveraged = new Buffer(keep(tensor(0, { dtype: 'int64', ...(device === null ? {} : { device }) })) as Tensor);
    this.#model = model;
    this.#averages = averages;
    this.#avgFn = avgFn;
    this.#useBuffers = useBuffers;
    this.training = model.training;
  }

  /** The model whose weights are averaged. */
  get model(): M {
    return this.#model;
  }

  /** The class of the model, between the parentheses when the average is printed. */
  override extraRepr(): string {
    return this.#model.constructor.name;
  }

  /** The number of models first, then the averages, as PyTorch orders them. */
  override stateEntries(): Iterable<readonly [string, unknown]> {
    return [
      ['n_averaged', this.nAveraged],
      ['module', this.module],
    ];
  }

  /**
   * Runs `fn` while the model has the averages in place of its own parameters and buffers.
   *
   * @example
   * ```ts
   * const weights = averaged.withAverages(() => model.fc.weight.toArray());
   * ```
   */
  withAverages<T>(fn: () => T): T {
    const slots = slotsOf(this.#model);
    const restoreModes = rememberModes(this.#model);
    try {
      for (const s of slots) s.put(this.#averages.get(s.tensor) ?? s.tensor);
      return fn();
    } finally {
      for (const s of slots) s.put(s.tensor);
      restoreModes();
    }
  }

  /** The model's result with the averaged weights. */
  forward(...args: ForwardArgs<M>): ForwardResult<M> {
    return this.withAverages(() => {
      this.#model.train(this.training);
      const model = this.#model as unknown as { call(...args: readonly unknown[]): unknown };
      return model.call(...(args as readonly unknown[])) as ForwardResult<M>;
    });
  }

  /**
   * Lets the present weights of the model join the average; the first time they become it.
   *
   * @param model whose weights they are. Default: the model itself
   * @throws ValueError or ShapeError when `model` has other parameters or buffers; nothing was changed then
   */
  updateParameters(model: Module = this.#model): void {
    const tensorsOf = (m: Module): Tensor[] => [...m.parameters(), ...(this.#useBuffers ? m.buffers() : [])];
    const own = tensorsOf(this.#model);
    const given = tensorsOf(model);
    if (own.length !== given.length)
      throw new ValueError(`updateParameters: the model has ${given.length} tensors, the average ${own.length}`);
    own.forEach((t, i) => {
      const [want, got] = [this.#averages.get(t)?.shape, given[i]!.shape];
      if (want === undefined) throw new ValueError('updateParameters: the model got new parameters or buffers since the average was made');
      if (!sameShape(want, got))
        throw new ShapeError(`updateParameters: the model has a tensor of shape [${got.join(', ')}], the average [${want.join(', ')}]`);
    });
    const update = (): void => {
      own.forEach((t, i) => {
        const average = this.#averages.get(t)!;
        const value = given[i]!.detach().to(average.device, average.dtype);
        const n = this.nAveraged.to(average.device);
        const next = this.#avgFn(average.detach() as Tensor, value as Tensor, n);
        average.copy_(where(n.eq(0) as Tensor, value as Tensor, next.to(average.dtype)) as Tensor);
      });
      this.nAveraged.add_(1);
    };
    noGrad(() => scope(update));
  }
}
