import { NablaError } from '@nabla/core';

/** The loss of a training step is NaN or infinite. */
export class NonFiniteLossError extends NablaError {
  override readonly name = 'NonFiniteLossError';
  /** The loss. */
  readonly loss: number;
  /** The epoch, counted from 1. */
  readonly epoch: number;
  /** The step of the optimizer that the loss was for, counted from 1 over the whole run. */
  readonly step: number;

  constructor(loss: number, epoch: number, step: number) {
    super(
      `fit: the loss is ${loss} in epoch ${epoch}, step ${step}; a smaller learning rate or clipGradNorm may help, detectAnomaly() finds the op, nonFinite: 'ignore' goes on`,
    );
    this.loss = loss;
    this.epoch = epoch;
    this.step = step;
  }
}
