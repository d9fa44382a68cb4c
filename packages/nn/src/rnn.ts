import { type Tensor, ValueError } from '@nabla/core';
import type { PackedSequence } from './packed-sequence.ts';
import { Recurrent, type RecurrentOptions } from './recurrent.ts';

/** The kind of an Elman network's step. */
export function elmanStep(name: string, nonlinearity: 'tanh' | 'relu'): 'rnnTanh' | 'rnnRelu' {
  if (nonlinearity === 'tanh') return 'rnnTanh';
  if (nonlinearity === 'relu') return 'rnnRelu';
  throw new ValueError(`${name}: unknown nonlinearity '${String(nonlinearity)}'; it is tanh or relu`);
}

/** Options of {@link RNN}. */
export interface RNNOptions extends RecurrentOptions {
  /** Default `'tanh'`. */
  nonlinearity?: 'tanh' | 'relu';
}

/**
 * A recurrent network (Elman 1990): hₜ = tanh(W_ih xₜ + b_ih + W_hh hₜ₋₁ + b_hh), in one or more layers, in one or both
 * directions.
 *
 * Parameters are `weightIhL0`, `weightHhL0`, `biasIhL0`, `biasHhL0` for layer 0, with the suffix `Reverse` for the
 * second direction (`weight_ih_l0_reverse` in the state dict); all start as U(-1/√hiddenSize, 1/√hiddenSize).
 *
 * @throws ValueError for options that make no sense; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const rnn = new RNN(28, 64, { batchFirst: true });
 * const [output, last] = rnn.call(zeros([32, 10, 28])); // [32, 10, 64], [1, 32, 64]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 */
export class RNN extends Recurrent {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    const { nonlinearity = 'tanh' } = options;
    super({ name: 'RNN', step: elmanStep('RNN', nonlinearity), gates: 1, states: 1, oneBias: true }, inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  /**
   * @param x [L, N, inputSize] ([N, L, inputSize] with `batchFirst`), one sequence [L, inputSize], or a {@link PackedSequence}
   * @param h0 [directions · numLayers, N, hiddenSize] (without N for one sequence); zeros if omitted
   * @returns every state of the last layer [L, N, directions · hiddenSize] (packed as the input), and the last state of every
   * layer and direction
   */
  forward(x: Tensor, h0?: Tensor | null): [output: Tensor, last: Tensor];
  forward(x: PackedSequence, h0?: Tensor | null): [output: PackedSequence, last: Tensor];
  forward(x: Tensor | PackedSequence, h0: Tensor | null = null): [output: Tensor | PackedSequence, last: Tensor] {
    const { output, last } = this.run(x, h0 === null ? null : [h0]);
    return [output, last[0]!];
  }

  /** Runs `forward` with hooks: see {@link Module.call}. */
  override call(x: Tensor, h0?: Tensor | null): [output: Tensor, last: Tensor];
  override call(x: PackedSequence, h0?: Tensor | null): [output: PackedSequence, last: Tensor];
  override call(...args: never): never;
  override call(...args: unknown[]): unknown {
    return (super.call as (...given: unknown[]) => unknown).apply(this, args);
  }
}

/** Options of {@link LSTM}. */
export interface LSTMOptions extends RecurrentOptions {
  /** Size to which the output of every step is projected (Sak et al. 2014); 0 for none. Default 0. */
  projSize?: number;
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997): cₜ = σ(f) cₜ₋₁ + σ(i) tanh(g), hₜ = σ(o) tanh(cₜ), with the
 * gates i, f, g, o = W_ih xₜ + b_ih + W_hh hₜ₋₁ + b_hh, in one or more layers, in one or both directions.
 *
 * Parameters are `weightIhL0` [4 · hiddenSize, inputSize], `weightHhL0`, `biasIhL0`, `biasHhL0` (and `weightHrL0` with
 * `projSize`) for layer 0, with the suffix `Reverse` for the second direction (`weight_ih_l0_reverse` in the state dict); all
 * start as U(-1/√hiddenSize, 1/√hiddenSize).
 *
 * @throws ValueError for options that make no sense; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const lstm = new LSTM(28, 64, { numLayers: 2, batchFirst: true });
 * const [output, [h, c]] = lstm.call(zeros([32, 10, 28])); // [32, 10, 64], [2, 32, 64], [2, 32, 64]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 */
export class LSTM extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super({ name: 'LSTM', step: 'lstm', gates: 4, states: 2, oneBias: true }, inputSize, hiddenSize, options);
  }

  /**
   * @param x [L, N, inputSize] ([N, L, inputSize] with `batchFirst`), one sequence [L, inputSize], or a {@link PackedSequence}
   * @param state h0 [directions · numLayers, N, projSize or hiddenSize] and c0 [directions · numLayers, N, hiddenSize] (without N
   * for one sequence); zeros if omitted
   * @returns every output of the last layer [L, N, directions · size] (packed as the input), and the last h and c of every
   * layer and direction
   */
  forward(x: Tensor, state?: readonly [h0: Tensor, c0: Tensor] | null): [output: Tensor, last: [h: Tensor, c: Tensor]];
  forward(x: PackedSequence, state?: readonly [h0: Tensor, c0: Tensor] | null): [output: PackedSequence, last: [h: Tensor, c: Tensor]];
  forward(
    x: Tensor | PackedSequence,
    state: readonly [h0: Tensor, c0: Tensor] | null = null,
  ): [output: Tensor | PackedSequence, last: [h: Tensor, c: Tensor]] {
    const { output, last } = this.run(x, state);
    return [output, [last[0]!, last[1]!]];
  }

  /** Runs `forward` with hooks: see {@link Module.call}. */
  override call(x: Tensor, state?: readonly [h0: Tensor, c0: Tensor] | null): [output: Tensor, last: [h: Tensor, c: Tensor]];
  override call(
    x: PackedSequence,
    state?: readonly [h0: Tensor, c0: Tensor] | null,
  ): [output: PackedSequence, last: [h: Tensor, c: Tensor]];
  override call(...args: never): never;
  override call(...args: unknown[]): unknown {
    return (super.call as (...given: unknown[]) => unknown).apply(this, args);
  }
}

/**
 * Gated recurrent units (Cho et al. 2014): hₜ = (1 - z) n + z hₜ₋₁ with r = σ(W_ir x + b_ir + W_hr h + b_hr), z likewise and
 * n = tanh(W_in x + b_in + r (W_hn h + b_hn)), in one or more layers, in one or both directions.
 *
 * Parameters are `weightIhL0` [3 · hiddenSize, inputSize], `weightHhL0`, `biasIhL0`, `biasHhL0` for layer 0, with the
 * suffix `Reverse` for the second direction (`weight_ih_l0_reverse` in the state dict); all start as
 * U(-1/√hiddenSize, 1/√hiddenSize).
 *
 * @throws ValueError for options that make no sense; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const gru = new GRU(28, 64, { bidirectional: true, batchFirst: true });
 * const [output, last] = gru.call(zeros([32, 10, 28])); // [32, 10, 128], [2, 32, 64]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
 */
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super({ name: 'GRU', step: 'gru', gates: 3, states: 1, oneBias: false }, inputSize, hiddenSize, options);
  }

  /**
   * @param x [L, N, inputSize] ([N, L, inputSize] with `batchFirst`), one sequence [L, inputSize], or a {@link PackedSequence}
   * @param h0 [directions · numLayers, N, hiddenSize] (without N for one sequence); zeros if omitted
   * @returns every state of the last layer [L, N, directions · hiddenSize] (packed as the input), and the last state of every
   * layer and direction
   */
  forward(x: Tensor, h0?: Tensor | null): [output: Tensor, last: Tensor];
  forward(x: PackedSequence, h0?: Tensor | null): [output: PackedSequence, last: Tensor];
  forward(x: Tensor | PackedSequence, h0: Tensor | null = null): [output: Tensor | PackedSequence, last: Tensor] {
    const { output, last } = this.run(x, h0 === null ? null : [h0]);
    return [output, last[0]!];
  }

  /** Runs `forward` with hooks: see {@link Module.call}. */
  override call(x: Tensor, h0?: Tensor | null): [output: Tensor, last: Tensor];
  override call(x: PackedSequence, h0?: Tensor | null): [output: PackedSequence, last: Tensor];
  override call(...args: never): never;
  override call(...args: unknown[]): unknown {
    return (super.call as (...given: unknown[]) => unknown).apply(this, args);
  }
}
