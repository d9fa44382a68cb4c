import { type Backend, isTensor, ShapeError, type Tensor, ValueError } from '@nabla/core';
import { isModule, type Module } from '@nabla/nn';
import { sizeOf, toDevice } from './batches.ts';

/** The loss of a batch, averaged over it, as a tensor of one element: a function or a module such as `CrossEntropyLoss`. */
export type LossFunction = Module | ((output: Tensor, target: Tensor) => Tensor);

/** What a `step` gives when metrics are to see the batch too. */
export interface StepResult {
  /** The loss, averaged over the batch: a tensor of one element. */
  readonly loss: Tensor;
  /** What metrics get. Without it they are not updated. */
  readonly output?: Tensor;
  /** What metrics get beside it. */
  readonly target?: Tensor;
  /** How many samples the batch has. Default: the length of its first tensor. */
  readonly size?: number;
}

/** Computes the loss of a batch, for models that take or give other things than one tensor. */
export type StepFunction<B> = (batch: B) => Tensor | StepResult;

/** How the loss of a batch is computed: one of the two. */
export interface LossOptions<B> {
  /** For batches [input, target]: the model is called with the input, this with its output and the target. */
  loss?: LossFunction | undefined;
  /** For every other batch: calls the model and gives the loss. */
  step?: StepFunction<B> | undefined;
}

/** What became of a batch. */
export interface Outcome {
  readonly loss: Tensor | null;
  readonly output: Tensor | null;
  readonly target: Tensor | null;
  readonly size: number;
}

/** Checks that there is one of `loss` and `step`; neither is enough where `lossNeeded` is false. */
export function checkLoss(of: string, { loss, step }: LossOptions<never>, lossNeeded: boolean): void {
  if (loss !== undefined && step !== undefined) throw new ValueError(`${of}: give loss or step, not both`);
  if (loss === undefined && step === undefined && lossNeeded)
    throw new ValueError(`${of}: give loss (for batches [input, target]) or step`);
  if (loss !== undefined && typeof loss !== 'function' && !isModule(loss)) {
    throw new ValueError(`${of}: loss must be a function or a module, got ${typeof loss}`);
  }
  if (step !== undefined && typeof step !== 'function') throw new ValueError(`${of}: step must be a function, got ${typeof step}`);
}

interface Callable {
  call(...args: readonly unknown[]): unknown;
}

/** What computes the loss of a batch, whose tensors it moves to `device`. The errors name `of`. */
export function forwardOf<B>(of: string, model: Module, { loss, step }: LossOptions<B>, device: Backend | null): (batch: B) => Outcome {
  if (step !== undefined) {
    return (batch) => {
      const result: unknown = step(toDevice(batch, device));
      if (result instanceof Promise) {
        result.catch(() => {}); // the error below is the one to see
        throw new ValueError(`${of}: step must not be asynchronous; what has to be waited for belongs into the loader`);
      }
      const full: StepResult = isTensor(result) ? { loss: result } : (result as StepResult);
      return {
        loss: checkedLoss(of, full?.loss),
        output: full.output ?? null,
        target: full.target ?? null,
        size: full.size ?? sizeOf(batch),
      };
    };
  }
  const lossOf = isModule(loss)
    ? (output: Tensor, target: Tensor) => (loss as unknown as Callable).call(output, target) as Tensor
    : (loss as ((output: Tensor, target: Tensor) => Tensor) | undefined);
  return (batch) => {
    if (!Array.isArray(batch) || batch.length < 2 || !isTensor(batch[0]) || !isTensor(batch[1])) {
      throw new ValueError(`${of}: with loss a batch must be [input, target], both tensors; give step for any other`);
    }
    const [input, target] = toDevice([batch[0], batch[1]] as const, device);
    const output = (model as unknown as Callable).call(input);
    if (!isTensor(output)) throw new ValueError(`${of}: with loss the model must give one tensor; give step for any other`);
    return { loss: lossOf === undefined ? null : checkedLoss(of, lossOf(output, target)), output, target, size: sizeOf(batch) };
  };
}

function checkedLoss(of: string, loss: unknown): Tensor {
  if (!isTensor(loss)) throw new ValueError(`${of}: the loss must be a tensor, got ${typeof loss}`);
  if (loss.size !== 1) throw new ShapeError(`${of}: the loss must be one number, got shape [${loss.shape.join(', ')}]`);
  return loss;
}
