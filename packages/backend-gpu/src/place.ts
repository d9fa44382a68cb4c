import { type Backend, cpu, type DType, defaultGenerator, scope, type Tensor, type TypedArray, tensor, ValueError } from '@nabla/core';
import { clearGrad, replaceData } from '@nabla/core/internals';

/** What {@link placeModel} needs of a model; modules of `@nabla/nn` are some. */
export interface Placeable {
  parameters(): Iterable<Tensor>;
  buffers(): Iterable<Tensor>;
}

/** Options of {@link placeModel}. */
export interface PlaceOptions {
  /** The device that the model may go to, as `createGpuBackend` gives it. */
  device: Backend;
  /** How often a step is timed on each side, after one that compiles and one that warms up. Default 5. */
  rounds?: number;
  /** A clock in milliseconds, for tests. Default `performance.now`. */
  now?: () => number;
}

/** Where {@link placeModel} put a model, and why. */
export interface Placement {
  readonly backend: Backend;
  /** In words, with the times. */
  readonly reason: string;
  /** Median milliseconds of a forward and backward pass on the CPU. */
  readonly cpu: number;
  /** The same on the device; null when it was not tried. */
  readonly device: number | null;
  /** Median milliseconds that the device needs for the least there is to do: what takes the CPU less stays there. */
  readonly threshold: number | null;
}

/** A parameter or buffer as it was. */
interface Kept {
  readonly t: Tensor;
  readonly values: TypedArray;
  readonly dtype: DType;
  readonly home: Backend;
}

/** Everything of a model that trying it out changes, but for gradients. */
interface Snapshot {
  readonly tensors: readonly Kept[];
  readonly random: ReturnType<ReturnType<typeof defaultGenerator>['getState']>;
}

/**
 * Puts a model where its training steps are faster: on the device, or on the CPU. A graphics card has a fixed price for every
 * kernel, so small networks are slower on it, some by far; and software that stands in for a card always is.
 *
 * A forward and backward pass on data of the size that you train on is timed: on the CPU first, and on the device unless the CPU
 * takes less than the device needs for the least there is to do, which is measured as well. The model and the default random
 * generator are afterwards as they were, but for the place; gradients are cleared. Nothing else moves by itself, ever: this is asked for,
 * once for a model.
 *
 * @param model its parameters and buffers are moved; they stay the same objects, so optimizers go on working
 * @param loss makes the scalar loss of one batch with the model, which is on `backend`; the batch has to be there too
 * @param options the device, and how often to measure
 * @returns where the model is now, and the times
 * @throws ValueError when `rounds` is no positive integer; what `loss` throws, with the model put back
 * @example
 * ```ts
 * const device = await createGpuBackend();
 * const { backend, reason } = await placeModel(model, (b) => F.crossEntropy(model.call(x.to(b)), y.to(b)), { device });
 * console.log(reason); // such as: the CPU: 1.20 ms a step on the CPU, 9.70 ms on ANGLE (...)
 * await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 5, device: backend });
 * ```
 */
export async function placeModel(model: Placeable, loss: (backend: Backend) => Tensor, options: PlaceOptions): Promise<Placement> {
  const { device, rounds = 5, now = () => performance.now() } = options;
  if (!Number.isInteger(rounds) || rounds < 1) throw new ValueError(`placeModel: rounds must be a positive integer, got ${rounds}`);
  const snapshot = await snapshotOf(model);
  const time = (backend: Backend): Promise<number> => {
    move(snapshot, backend);
    return median(rounds, () => timed(now, () => passOf(snapshot, loss, backend)));
  };
  let placement: Placement | null = null;
  try {
    placement = await choose(device, time, () => leastOf(device, rounds, now));
    return placement;
  } finally {
    move(snapshot, placement?.backend ?? null);
  }
}

async function choose(device: Backend, time: (backend: Backend) => Promise<number>, least: () => Promise<number>): Promise<Placement> {
  const onCpu = await time(cpu);
  const here = { backend: cpu, cpu: onCpu, device: null };
  const { mode, device: name } = device.report();
  if (mode === 'cpu') return { ...here, threshold: null, reason: `the CPU, since there is no graphics device: ${name}` };
  const threshold = await least();
  if (onCpu <= threshold) {
    return { ...here, threshold, reason: `the CPU: ${ms(onCpu)} a step, and ${name} needs ${ms(threshold)} for the least there is to do` };
  }
  const onDevice = await time(device);
  const times = `${ms(onCpu)} a step on the CPU, ${ms(onDevice)} on ${name}`;
  return onDevice < onCpu
    ? { backend: device, cpu: onCpu, device: onDevice, threshold, reason: `the device: ${times}` }
    : { ...here, device: onDevice, threshold, reason: `the CPU: ${times}` };
}

async function snapshotOf(model: Placeable): Promise<Snapshot> {
  const tensors: Kept[] = [];
  for (const t of [...model.parameters(), ...model.buffers()]) {
    tensors.push({ t, values: await t.detach().data(), dtype: t.dtype, home: t.device });
  }
  for (const { t } of tensors) clearGrad(t, true);
  return { tensors, random: defaultGenerator().getState() };
}

/** Puts everything as it was, on a backend, or each where it was. */
function move({ tensors, random }: Snapshot, backend: Backend | null): void {
  for (const { t, values, dtype, home } of tensors) {
    const copy = tensor(values, { dtype, shape: t.shape, device: backend ?? home });
    replaceData(t, copy);
    copy.dispose();
  }
  defaultGenerator().setState(random);
}

/** One forward and backward pass, until its loss has been read. */
async function passOf({ tensors }: Snapshot, loss: (backend: Backend) => Tensor, backend: Backend): Promise<void> {
  const value = scope(() => {
    const l = loss(backend);
    l.backward();
    return l.detach() as Tensor;
  });
  for (const { t } of tensors) clearGrad(t, true);
  await value.data();
  value.dispose();
}

/** Milliseconds of the least a device can be asked for: a small kernel, a sum, and reading it. */
async function leastOf(device: Backend, rounds: number, now: () => number): Promise<number> {
  const x = tensor([1, 2, 3], { device });
  try {
    return await median(rounds, () =>
      timed(now, async () => {
        const y = scope(() => x.mul(2).sum() as Tensor);
        await y.data();
        y.dispose();
      }),
    );
  } finally {
    x.dispose();
  }
}

async function timed(now: () => number, run: () => Promise<void>): Promise<number> {
  const start = now();
  await run();
  return now() - start;
}

async function median(rounds: number, measure: () => Promise<number>): Promise<number> {
  for (let i = 0; i < 2; i++) await measure();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) times.push(await measure());
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)]!;
}

function ms(time: number): string {
  return `${time < 10 ? time.toFixed(2) : time.toFixed(0)} ms`;
}
