import { DeviceLostError } from '@nabla/core';
import type { Module } from '@nabla/nn';
import { tell } from './callbacks.ts';
import { type FitOptions, fitSettings } from './fit-options.ts';
import type { EpochRecord, History, StopReason } from './history.ts';
import type { Metrics, NoMetrics } from './metric-names.ts';
import { rememberModes } from './modes.ts';
import { Run } from './run.ts';
import { stepSchedules } from './schedules.ts';

/**
 * Trains a model. Each step clears the gradients, computes the loss of a batch (or of `accumulate` batches), runs backward and
 * lets the optimizer take a step, in a `scope` of its own, so that device memory stays flat. The model is in training mode in
 * each epoch and afterwards in the modes it had.
 *
 * With a `checkpoint` the run survives a crash at any moment: `resume: true` goes on from the last one, in the middle of an
 * epoch too, and ends with the very bits that it would have ended with. For that, everything random has to come from the
 * default generator or from generators named in `state`.
 *
 * When a device is lost, a run that has written a checkpoint goes on from it, on whatever the backend computes with from then on
 * (see `onDeviceLost`).
 *
 * @param model what is trained
 * @param options `optimizer`, `loss` or `step`, `data` and `epochs`; the rest has defaults
 * @returns the metrics of every epoch, and why the run ended
 * @throws ValueError for invalid options, before anything changes, and for data without batches or with batches that do not
 *   fit; {@link NonFiniteLossError} for a loss that is NaN or infinite; what the model, the data, a callback or the storage of
 *   checkpoints throws. The last checkpoint stays as it was
 * @example
 * ```ts
 * const history = await fit(model, {
 *   optimizer: new AdamW(model.parameters(), { lr: 1e-3 }),
 *   loss: new CrossEntropyLoss(),
 *   data: trainLoader,
 *   validation: testLoader,
 *   epochs: 20,
 *   metrics: { accuracy: new Accuracy() },
 *   earlyStopping: { monitor: 'valAccuracy', patience: 3, restoreBest: true },
 * });
 * console.log(history.epochs.at(-1)?.metrics.valAccuracy);
 * ```
 * @see https://keras.io/api/models/model_training_apis/#fit-method
 * @see https://pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
 */
export async function fit<B, M extends Metrics = NoMetrics>(model: Module, options: FitOptions<B, M>): Promise<History<M>> {
  const run = new Run(model, fitSettings(model, options));
  const restoreModes = rememberModes(model);
  try {
    if (run.settings.resume) await run.resume();
    await run.tell('onFitStart');
    const stopped = await survive(run);
    if (stopped !== 'aborted') run.earlyStopping?.restoreBest();
    const result = run.result(stopped);
    await tell(run.settings.callbacks, 'onFitEnd', () => ({ ...run.event(), result }));
    return result as unknown as History<M>;
  } catch (error) {
    await run.tellError(error);
    throw error;
  } finally {
    restoreModes();
  }
}

/** Trains to the end, from the last checkpoint again when the device goes away. */
async function survive<B>(run: Run<B>): Promise<StopReason> {
  for (;;) {
    try {
      return await train(run);
    } catch (error) {
      if (!(error instanceof DeviceLostError) || !(await run.recover(error))) throw error;
    }
  }
}

async function train<B>(run: Run<B>): Promise<StopReason> {
  let stopped = run.reasonToStop();
  while (stopped === null) {
    if (await trainEpoch(run)) await finishEpoch(run);
    stopped = run.reasonToStop();
  }
  await run.save();
  return stopped;
}

/** Goes through the batches of an epoch, or those that are left of it. Gives false when the run is to stop in the middle. */
async function trainEpoch<B>(run: Run<B>): Promise<boolean> {
  const { progress, settings } = run;
  run.beginEpoch();
  await run.tell('onEpochStart');
  let waiting = 0; // batches whose gradients wait for a step
  for await (const batch of run.batches()) {
    run.differentiate(batch, waiting === 0);
    waiting++;
    if (waiting < settings.accumulate) continue;
    await takeStep(run, waiting);
    waiting = 0;
    if (run.atLastBatch) continue; // the data is about to end: what follows does the same
    if (await pause(run)) return false;
  }
  if (waiting > 0) await takeStep(run, waiting);
  progress.ending = true;
  return !(await pause(run));
}

/** A step of the optimizer, with the gradients of so many batches. */
async function takeStep<B>(run: Run<B>, batches: number): Promise<void> {
  const lr = run.learningRates();
  await run.update(batches);
  stepSchedules(run.settings.schedules, 'step');
  await run.tellStep(lr);
}

/** Between two steps: saves when it is time, and says whether to stop. */
async function pause<B>(run: Run<B>): Promise<boolean> {
  const { checkpoint } = run.settings;
  const stop = run.interruption() !== null;
  const due = checkpoint?.everySteps != null && run.progress.step % checkpoint.everySteps === 0;
  if (stop || due) await run.save();
  return stop;
}

/** After the batches of an epoch: validation, schedules, early stopping, a checkpoint. */
async function finishEpoch<B>(run: Run<B>): Promise<void> {
  const { settings, progress } = run;
  const metrics = { ...(await run.trainingValues()), ...(await run.validationValues()) };
  const record: EpochRecord = { epoch: progress.epoch + 1, step: progress.step, metrics, lr: run.learningRates(), seconds: run.seconds() };
  stepSchedules(settings.schedules, 'epoch', metrics);
  run.records.push(record);
  run.earlyStopping?.update(record.epoch, metrics);
  await tell(settings.callbacks, 'onEpochEnd', () => ({ ...run.event(), record }));
  run.endEpoch();
  const { everyEpochs } = settings.checkpoint ?? { everyEpochs: null };
  if (everyEpochs !== null && progress.epoch % everyEpochs === 0) await run.save();
}
