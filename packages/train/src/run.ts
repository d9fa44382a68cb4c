import { type DeviceLostError, noGrad, scope, type Tensor, ValueError } from '@nabla/core';
import type { CheckpointState, StateValue } from '@nabla/io';
import type { Module } from '@nabla/nn';
import { clipGradNorm_, clipGradValue_ } from '@nabla/optim';
import { hasPosition } from './batches.ts';
import { type FitCallback, type FitEvent, tell } from './callbacks.ts';
import { EarlyStopping } from './early-stopping.ts';
import { NonFiniteLossError } from './errors.ts';
import { evaluate } from './evaluate.ts';
import type { FitSettings } from './fit-options.ts';
import { checkpointParts, generatorStates, restoreRun, setGeneratorStates } from './fit-state.ts';
import { forwardOf, type Outcome } from './forward.ts';
import type { EpochRecord, History, StopReason } from './history.ts';
import { validationName } from './metric-names.ts';
import { RunningMean } from './metrics.ts';
import { Readings } from './readings.ts';
import { Turns } from './turns.ts';

/** Where a run stands: all numbers that a checkpoint holds. */
export interface Progress {
  /** Epochs that were finished. */
  epoch: number;
  /** Steps of the optimizer. */
  step: number;
  /** Batches of the running epoch. */
  batch: number;
  /** Whether these are all of them, and only the end of the epoch is left. */
  ending: boolean;
  /** Seconds that the running epoch took before a resume. */
  seconds: number;
}

/** A training run: what `fit` works on, and what a checkpoint restores. */
export class Run<B> {
  readonly model: Module;
  readonly settings: FitSettings<B>;
  readonly progress: Progress = { epoch: 0, step: 0, batch: 0, ending: false, seconds: 0 };
  readonly records: EpochRecord[] = [];
  /** The mean loss of the running epoch. */
  readonly loss: RunningMean = new RunningMean();
  readonly earlyStopping: EarlyStopping | null;
  /** The random generators as they were before the first batch of the epoch, for data that has no position of its own. */
  epochStart: ReadonlyMap<string, StateValue> = new Map();
  resumedAt: number | null = null;

  readonly #forward: (batch: B) => Outcome;
  readonly #readings: Readings = new Readings();
  readonly #turns: Turns = new Turns();
  /** The loss of the running step, and how many samples it had. */
  #stepLoss = new RunningMean();
  #stopCalled = false;
  #present = 1;
  #began = 0;
  #saved: string;
  /** Whether the storage holds a checkpoint of this run. */
  #written = false;

  constructor(model: Module, settings: FitSettings<B>) {
    this.model = model;
    this.settings = settings;
    this.earlyStopping = settings.earlyStopping && new EarlyStopping(settings.earlyStopping, model);
    this.#forward = forwardOf('fit', model, settings, settings.device);
    this.#saved = this.#position();
  }

  /** Goes on from the checkpoint, if there is one. */
  async resume(): Promise<void> {
    const state = await this.settings.checkpoint!.load();
    if (state === null) return;
    this.#restore(state);
    this.resumedAt = this.progress.step;
  }

  #restore(state: CheckpointState): void {
    restoreRun(this, state);
    this.#present = Math.max(1, this.progress.epoch + (this.progress.batch > 0 ? 1 : 0));
    this.#saved = this.#position();
    this.#written = true;
  }

  /** After the loss of a device: back to the last checkpoint of this run. Gives false when there is none. */
  async recover(error: DeviceLostError): Promise<boolean> {
    // What the storage has from an earlier run is not this one's.
    const state = this.#written ? await this.settings.checkpoint!.load() : null;
    if (state === null) return false;
    this.#readings.discard();
    const lost = this.progress.step;
    this.#restore(state);
    await tell(this.settings.callbacks, 'onDeviceLost', () => ({ ...this.event(), error, lostSteps: lost - this.progress.step }));
    return true;
  }

  /** Why to stop before another epoch; null to go on. */
  reasonToStop(): StopReason | null {
    const interruption = this.interruption();
    if (interruption !== null) return interruption;
    if (this.progress.epoch >= this.settings.epochs) return 'epochs';
    return this.earlyStopping?.exhausted === true ? 'earlyStopping' : null;
  }

  /** Why to stop at once; null to go on. */
  interruption(): 'aborted' | 'callback' | null {
    if (this.settings.signal?.aborted === true) return 'aborted';
    return this.#stopCalled ? 'callback' : null;
  }

  /** Before the first batch of an epoch, or the next one after a resume. */
  beginEpoch(): void {
    this.#present = this.progress.epoch + 1;
    this.#began = performance.now();
    this.model.train();
    if (this.progress.batch > 0) return;
    this.loss.reset();
    for (const metric of Object.values(this.settings.metrics)) metric.reset();
  }

  /** The batches of the epoch that are left. */
  async *batches(): AsyncGenerator<B, void, undefined> {
    const { progress } = this;
    const { data, epochs } = this.settings;
    if (progress.ending) return;
    // Data with a position of its own goes on from there; other data begins anew, with the random numbers it began with.
    let skip = hasPosition(data) ? 0 : progress.batch;
    const present = generatorStates(this);
    if (progress.batch === 0) this.epochStart = present;
    if (skip > 0) setGeneratorStates(this, this.epochStart);
    for await (const batch of data) {
      if (skip > 0) {
        skip--;
        if (skip === 0) setGeneratorStates(this, present);
        continue;
      }
      progress.batch++;
      yield batch;
    }
    if (skip > 0) throw new ValueError(`fit: the data has ${skip} batches less than when the checkpoint was written`);
    if (progress.batch === 0) {
      const hint = progress.epoch > 0 && epochs > 1 ? '; can it be gone through only once?' : '';
      throw new ValueError(`fit: the data gave no batch in epoch ${this.#present}${hint}`);
    }
  }

  /** Whether every batch of the epoch was given out, as far as that is known before the data ends. */
  get atLastBatch(): boolean {
    return this.settings.data.length === this.progress.batch;
  }

  /** Adds the gradients of a batch to those there are, or begins anew. */
  differentiate(batch: B, first: boolean): void {
    const { optimizers, accumulate, metrics, nonFinite } = this.settings;
    if (first) this.#stepLoss = new RunningMean();
    scope(() => {
      if (first) for (const o of optimizers) o.zeroGrad();
      const { loss, output, target, size } = this.#forward(batch);
      this.#note(loss!, size);
      // Here, so that the device has work to do while the loss travels.
      if (nonFinite === 'wait') this.#readings.flush();
      (accumulate === 1 ? loss! : (loss!.div(accumulate) as Tensor)).backward();
      if (output === null) return;
      const [seen, wanted] = [output.detach() as Tensor, target as Tensor];
      noGrad(() => {
        for (const metric of Object.values(metrics)) metric.update(seen, wanted);
      });
    });
  }

  #note(loss: Tensor, size: number): void {
    const { nonFinite } = this.settings;
    const [epoch, step, ofStep] = [this.#present, this.progress.step + 1, this.#stepLoss];
    this.#readings.push(loss, (value) => {
      if (nonFinite !== 'ignore' && !Number.isFinite(value)) throw new NonFiniteLossError(value, epoch, step);
      this.loss.add(value, size);
      ofStep.add(value, size);
    });
  }

  /** Takes a step of the optimizers with the gradients of so many batches. */
  async update(batches: number): Promise<void> {
    const { optimizers, accumulate, clipGradNorm, clipGradValue, nonFinite } = this.settings;
    if (nonFinite === 'wait') await this.#readings.settle();
    scope(() => {
      const params = (): Set<Tensor> => new Set(optimizers.flatMap((o) => o.paramGroups.flatMap((g) => g.params)));
      // Each was divided by the size of a full group.
      if (batches < accumulate) {
        noGrad(() => {
          for (const p of params()) p.grad?.mul_(accumulate / batches);
        });
      }
      if (clipGradNorm !== null) clipGradNorm_(params(), clipGradNorm);
      if (clipGradValue !== null) clipGradValue_(params(), clipGradValue);
      for (const o of optimizers) o.step();
    });
    this.progress.step++;
    if (this.#readings.behind !== null) await this.#readings.behind;
    const turn = this.#turns.next();
    if (turn !== null) await turn;
  }

  /** The learning rate of every parameter group that has one. */
  learningRates(): number[] {
    return this.settings.optimizers.flatMap((o) => o.paramGroups.flatMap((g) => (g.lr === undefined ? [] : [g.lr])));
  }

  /** Tells of a step. */
  async tellStep(lr: readonly number[]): Promise<void> {
    const { callbacks, logEvery } = this.settings;
    const ofStep = this.#stepLoss;
    const loss = async (): Promise<number> => {
      await this.#readings.settle();
      return ofStep.compute();
    };
    await tell(callbacks, 'onStep', () => ({ ...this.event(), lr, loss }));
    if (this.progress.step % logEvery !== 0) return;
    this.#readings.flush();
    if (!callbacks.some((c) => c.onLog !== undefined)) return;
    const metrics = await this.trainingValues();
    await tell(callbacks, 'onLog', () => ({ ...this.event(), metrics }));
  }

  /** The mean loss and the metrics of the running epoch so far. */
  async trainingValues(): Promise<Record<string, number>> {
    await this.#readings.settle();
    const values: Record<string, number> = { loss: await this.loss.compute() };
    for (const [name, metric] of Object.entries(this.settings.metrics)) values[name] = await metric.compute();
    return values;
  }

  /** The loss and the metrics on the validation data, if there is any. */
  async validationValues(): Promise<Record<string, number>> {
    const { validation, loss, step, metrics, device } = this.settings;
    if (validation === null) return {};
    const options = { loss, step, metrics, ...(device === null ? {} : { device }) };
    const values: Readonly<Record<string, number>> = await evaluate(this.model, validation, options);
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [validationName(name), value]));
  }

  /** Seconds that the running epoch has taken. */
  seconds(): number {
    return this.progress.seconds + (performance.now() - this.#began) / 1000;
  }

  /** Notes that the running epoch is over. */
  endEpoch(): void {
    Object.assign(this.progress, { epoch: this.progress.epoch + 1, batch: 0, ending: false, seconds: 0 });
  }

  /** Writes a checkpoint, unless there is no place for it or it would be the last one again. */
  async save(): Promise<void> {
    const { checkpoint } = this.settings;
    if (checkpoint === null || this.#saved === this.#position()) return;
    await this.#readings.settle();
    await checkpoint.save(await checkpointParts(this));
    this.#saved = this.#position();
    this.#written = true;
    await this.tell('onCheckpoint');
  }

  #position(): string {
    const { epoch, step, batch, ending } = this.progress;
    return [epoch, step, batch, ending].join();
  }

  /** Tells of what needs no more to be said. */
  async tell(method: 'onFitStart' | 'onEpochStart' | 'onCheckpoint'): Promise<void> {
    await tell(this.settings.callbacks, method, () => this.event());
  }

  /** Tells of an error. */
  async tellError(error: unknown): Promise<void> {
    this.#readings.discard();
    for (const callback of this.settings.callbacks as readonly FitCallback[]) {
      try {
        await callback.onError?.({ ...this.event(), error });
      } catch {
        // The error that ended the run is the one to see.
      }
    }
  }

  /** Where the run is, for callbacks. */
  event(): FitEvent {
    const { step, batch } = this.progress;
    return {
      model: this.model,
      epoch: this.#present,
      epochs: this.settings.epochs,
      step,
      batch,
      batches: this.settings.data.length ?? null,
      history: this.records,
      stop: () => {
        this.#stopCalled = true;
      },
    };
  }

  /** What `fit` gives. */
  result(stopped: StopReason): History<Record<never, never>> {
    return {
      epochs: [...this.records] as unknown as History['epochs'],
      steps: this.progress.step,
      stopped,
      best: this.earlyStopping?.best ?? null,
      resumedAt: this.resumedAt,
    };
  }
}
