import { type Backend, isTensor, noGrad, scope, type Tensor, ValueError } from '@nabla/core';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, type Module } from '@nabla/nn';
import { AveragedModel } from './averaged-model.ts';
import { rememberModes } from './modes.ts';

/** Options of {@link updateBn}. */
export interface UpdateBnOptions {
  /** Where batches are moved before the call. Default: they stay. */
  device?: Backend;
}

/** What {@link updateBn} needs of a batch norm. */
interface Statistics {
  momentum: number | null;
  resetRunningStats(): void;
}

function batchNorms(model: Module): Statistics[] {
  const found = model.modules().filter((m) => m instanceof BatchNorm1d || m instanceof BatchNorm2d || m instanceof BatchNorm3d);
  return found as unknown as Statistics[];
}

/**
 * Computes the running statistics of every batch norm anew, as the averages over all batches: for averaged weights, whose
 * activations no model has had.
 *
 * @param loader batches: tensors, or arrays whose first element is the input
 * @param model an {@link AveragedModel}, or any model
 * @throws ValueError for a batch that is neither a tensor nor an array that begins with one
 * @example
 * ```ts
 * await updateBn(trainLoader, averaged);
 * ```
 * @see https://pytorch.org/docs/stable/optim.html#taking-care-of-batch-normalization
 */
export async function updateBn(
  loader: Iterable<unknown> | AsyncIterable<unknown>,
  model: Module,
  options: UpdateBnOptions = {},
): Promise<void> {
  const inner = model instanceof AveragedModel ? (model.model as Module) : model;
  const norms = batchNorms(inner);
  if (norms.length === 0) return;
  const reset = (): void =>
    scope(() => {
      for (const m of norms) m.resetRunningStats();
    });
  if (model instanceof AveragedModel) model.withAverages(reset);
  else reset();

  const momenta = norms.map((m) => m.momentum);
  const restoreModes = rememberModes(model);
  try {
    model.train();
    for await (const batch of loader) {
      const input: unknown = Array.isArray(batch) ? batch[0] : batch;
      if (!isTensor(input)) throw new ValueError('updateBn: a batch must be a tensor or an array that begins with one');
      // Only for the call: between batches others may use the model.
      for (const m of norms) m.momentum = null;
      try {
        noGrad(() =>
          scope(() => {
            const x = options.device === undefined ? input : (input.to(options.device) as Tensor);
            model.call(...([x] as never[]));
          }),
        );
      } finally {
        norms.forEach((m, i) => {
          m.momentum = momenta[i]!;
        });
      }
    }
  } finally {
    restoreModes();
  }
}
