/** Thrown when training has left the finite numbers, from which it does not come back. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';

  constructor() {
    super('The loss is not a finite number any more: the learning rate or the weights are too large.');
  }
}
