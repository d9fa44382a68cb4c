import { cat, elementwise, ShapeError, stack, type Tensor, ValueError, zeros } from '@nabla/core';
import * as F from './functional.ts';
import { uniform_ } from './init.ts';
import { bool, checkSize, type LayerOptions, parameter } from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

/** Options of {@link RNN}. */
export interface RNNOptions extends LayerOptions {
  /** Layers on top of each other. Default 1. */
  numLayers?: number;
  /** Default `'tanh'`. */
  nonlinearity?: 'tanh' | 'relu';
  /** Default true. */
  bias?: boolean;
  /** Inputs and outputs are [N, L, features] instead of [L, N, features]. Default false. */
  batchFirst?: boolean;
  /** Probability of dropout between layers, in training. Default 0. */
  dropout?: number;
  /** A second run from the end to the beginning. Default false. */
  bidirectional?: boolean;
}

/** One step: the nonlinearity of the input's part and the state's. */
const steps = {
  tanh: elementwise('rnnTanh', (a, b) => a.add(b).tanh()),
  relu: elementwise('rnnRelu', (a, b) => a.add(b).relu()),
} as const;

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
export class RNN extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly nonlinearity: 'tanh' | 'relu';
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  [weight: `weight${'Ih' | 'Hh'}L${string}`]: Parameter;
  [bias: `bias${'Ih' | 'Hh'}L${string}`]: Parameter;

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    super();
    const { numLayers = 1, nonlinearity = 'tanh', dropout = 0 } = options;
    checkSize('RNN', 'inputSize', inputSize);
    checkSize('RNN', 'hiddenSize', hiddenSize, 1);
    checkSize('RNN', 'numLayers', numLayers, 1);
    if (!(nonlinearity in steps)) throw new ValueError(`RNN: unknown nonlinearity '${String(nonlinearity)}'; it is tanh or relu`);
    if (!(dropout >= 0 && dropout <= 1)) throw new ValueError(`RNN: dropout must be a probability in [0, 1], got ${dropout}`);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.nonlinearity = nonlinearity;
    this.bias = options.bias ?? true;
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = dropout;
    this.bidirectional = options.bidirectional ?? false;
    for (let layer = 0; layer < numLayers; layer++) {
      const width = layer === 0 ? inputSize : hiddenSize * (this.bidirectional ? 2 : 1);
      for (const suffix of this.#suffixes(layer)) {
        this[`weightIhL${suffix}`] = parameter('RNN', [hiddenSize, width], options);
        this[`weightHhL${suffix}`] = parameter('RNN', [hiddenSize, hiddenSize], options);
        if (!this.bias) continue;
        this[`biasIhL${suffix}`] = parameter('RNN', [hiddenSize], options);
        this[`biasHhL${suffix}`] = parameter('RNN', [hiddenSize], options);
      }
    }
    this.resetParameters();
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const p of this.parameters()) uniform_(p, -bound, bound);
  }

  /** Suffixes of the names of a layer's parameters, one for each direction. */
  #suffixes(layer: number): string[] {
    return this.bidirectional ? [`${layer}`, `${layer}Reverse`] : [`${layer}`];
  }

  /**
   * @param x [L, N, inputSize] ([N, L, inputSize] with `batchFirst`), or one sequence [L, inputSize]
   * @param h0 [directions · numLayers, N, hiddenSize] (without N for one sequence); zeros if omitted
   * @returns every state of the last layer [L, N, directions · hiddenSize], and the last state of every layer and direction
   */
  forward(x: Tensor, h0: Tensor | null = null): [output: Tensor, last: Tensor] {
    this.#check(x, h0);
    const single = x.ndim === 2;
    let sequence = single ? (x.unsqueeze(1) as Tensor) : this.batchFirst ? (x.transpose(0, 1) as Tensor) : x;
    const initial = h0 !== null && single ? (h0.unsqueeze(1) as Tensor) : h0;
    const zero = zeros([sequence.shape[1]!, this.hiddenSize], { dtype: x.dtype, device: x.device }) as Tensor;
    const last: Tensor[] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0) sequence = F.dropout(sequence, this.dropout, this.training);
      const directions = this.#suffixes(layer).map((suffix, d) => {
        const states = this.#run(suffix, sequence, initial === null ? zero : initial.select(0, last.length), d === 1);
        last.push(states[d === 1 ? 0 : states.length - 1]!);
        return stack(states);
      });
      sequence = directions.length === 1 ? directions[0]! : cat(directions, -1);
    }
    const final = stack(last);
    if (single) return [sequence.squeeze(1) as Tensor, final.squeeze(1) as Tensor];
    return [this.batchFirst ? (sequence.transpose(0, 1) as Tensor) : sequence, final];
  }

  /** The state after every step, in order of time. */
  #run(suffix: string, sequence: Tensor, h0: Tensor, reverse: boolean): Tensor[] {
    const step = steps[this.nonlinearity];
    const recurrent = this[`weightHhL${suffix}`]!.mT;
    // One product for all steps; both biases are added here, once.
    const bias = this.bias ? (this[`biasIhL${suffix}`]!.add(this[`biasHhL${suffix}`]!) as Tensor) : null;
    const parts = F.linear(sequence, this[`weightIhL${suffix}`]!, bias).unbind(0);
    const states = new Array<Tensor>(parts.length);
    let h = h0;
    for (let i = 0; i < parts.length; i++) {
      const t = reverse ? parts.length - 1 - i : i;
      h = step(parts[t]!, h.matmul(recurrent) as Tensor);
      states[t] = h;
    }
    return states;
  }

  #check(x: Tensor, h0: Tensor | null): void {
    const { inputSize, hiddenSize, numLayers, batchFirst } = this;
    const shown = (s: readonly number[]): string => `[${s.join(', ')}]`;
    const name = `RNN(${inputSize}, ${hiddenSize})`;
    if ((x.ndim !== 2 && x.ndim !== 3) || x.shape[x.ndim - 1] !== inputSize) {
      const order = batchFirst ? 'N, L' : 'L, N';
      throw new ShapeError(`${name} expects [${order}, ${inputSize}] or [L, ${inputSize}] but the input is ${shown(x.shape)}`);
    }
    const time = x.ndim === 3 && batchFirst ? 1 : 0;
    if (x.shape[time] === 0) throw new ShapeError(`${name} expects at least one step but the input is ${shown(x.shape)}`);
    if (h0 === null) return;
    const states = numLayers * (this.bidirectional ? 2 : 1);
    const expected = x.ndim === 2 ? [states, hiddenSize] : [states, x.shape[1 - time]!, hiddenSize];
    if (h0.ndim !== expected.length || h0.shape.some((n, d) => n !== expected[d])) {
      throw new ShapeError(`${name} expects an initial state ${shown(expected)} for the input ${shown(x.shape)}, got ${shown(h0.shape)}`);
    }
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.bias) parts.push(`bias=${bool(false)}`);
    if (this.batchFirst) parts.push(`batch_first=${bool(true)}`);
    if (this.dropout !== 0) parts.push(`dropout=${this.dropout}`);
    if (this.bidirectional) parts.push(`bidirectional=${bool(true)}`);
    return parts.join(', ');
  }
}
