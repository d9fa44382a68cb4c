import { ValueError } from '../errors.ts';

let enabled = true;
let inference = false;

/** Whether operations are being recorded for differentiation. */
export function isGradEnabled(): boolean {
  return enabled && !inference;
}

/** Whether {@link inferenceMode} is on. */
export function isInferenceMode(): boolean {
  return inference;
}

/** Turns recording on or off and gives what it was. For the engine; users write {@link noGrad}. */
export function setGradEnabled(value: boolean): boolean {
  const before = enabled;
  enabled = value;
  return before;
}

function within<T>(value: boolean, name: string, fn: () => T): T {
  const before = setGradEnabled(value);
  try {
    return refusePromise(fn(), name);
  } finally {
    enabled = before;
  }
}

/** A block that ends when its function returns cannot hold an asynchronous one: the mode would end too early. */
export function refusePromise<T>(result: T, name: string): T {
  if (result instanceof Promise) {
    result.catch(() => {}); // the error below is the one to see
    throw new ValueError(`${name}: the callback is asynchronous; the block would end before its work does. Await outside of ${name}`);
  }
  return result;
}

/**
 * Runs `fn` without recording: results do not require gradients and leaves may be written in place. As in PyTorch, a view of
 * a tensor that requires gradients is a leaf that requires them too; `detach()` it where that matters.
 *
 * @returns what `fn` returns
 * @throws ValueError when `fn` is asynchronous
 * @example
 * ```ts
 * noGrad(() => w.sub_(w.grad!.mul(lr)));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.no_grad.html
 */
export function noGrad<T>(fn: () => T): T {
  return within(false, 'noGrad', fn);
}

/** Runs `fn` with recording on, inside a {@link noGrad} block. */
export function enableGrad<T>(fn: () => T): T {
  return within(true, 'enableGrad', fn);
}

/**
 * Runs `fn` as {@link noGrad} does, and makes inference tensors: those made inside never take part in differentiation,
 * neither inside (not even under {@link enableGrad}) nor later. Outside of the block an inference tensor can be read and
 * computed with, but an op that needs it for a gradient is an error, as is writing to it or asking it to require
 * gradients; it has no version. `clone()` outside of the block gives an ordinary tensor.
 *
 * @returns what `fn` returns
 * @throws ValueError when `fn` is asynchronous
 * @example
 * ```ts
 * const scores = inferenceMode(() => model.call(images));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html
 */
export function inferenceMode<T>(fn: () => T): T {
  const before = inference;
  inference = true;
  try {
    return refusePromise(fn(), 'inferenceMode');
  } finally {
    inference = before;
  }
}
