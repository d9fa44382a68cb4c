import { ShapeError, type Tensor, ValueError, zeros } from '@nabla/core';
import { type RecurrentKind, recurrentStep } from '@nabla/core/internals';
import * as F from './functional.ts';
import { uniform_ } from './init.ts';
import { bool, checkSize, type LayerOptions, parameter, showShape } from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import { elmanStep } from './rnn.ts';

/** Options of the cells. */
export interface CellOptions extends LayerOptions {
  /** Default true. */
  bias?: boolean;
}

abstract class Cell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly biasIh: Parameter | null;
  readonly biasHh: Parameter | null;
  readonly #name: string;

  constructor(name: string, gates: number, inputSize: number, hiddenSize: number, options: CellOptions) {
    super();
    checkSize(name, 'inputSize', inputSize);
    checkSize(name, 'hiddenSize', hiddenSize);
    const bias = options.bias ?? true;
    this.#name = name;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.weightIh = parameter(name, [gates * hiddenSize, inputSize], options);
    this.weightHh = parameter(name, [gates * hiddenSize, hiddenSize], options);
    this.biasIh = bias ? parameter(name, [gates * hiddenSize], options) : null;
    this.biasHh = bias ? parameter(name, [gates * hiddenSize], options) : null;
    this.resetParameters();
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters()) uniform_(p, -bound, bound);
  }

  /** The states after a step; `given` are those before it, zeros if there are none. */
  protected advance(step: RecurrentKind, x: Tensor, given: readonly Tensor[] | null): readonly Tensor[] {
    const count = step === 'lstm' ? 2 : 1;
    const { inputSize, hiddenSize } = this;
    const label = `${this.#name}(${inputSize}, ${hiddenSize})`;
    if ((x.ndim !== 1 && x.ndim !== 2) || x.shape[x.ndim - 1] !== inputSize)
      throw new ShapeError(`${label} expects [N, ${inputSize}] or [${inputSize}] but the input is ${showShape(x.shape)}`);
    const expected = [...x.shape.slice(0, -1), hiddenSize];
    if (given !== null && given.length !== count) throw new ValueError(`${label} expects ${count} states, got ${given.length}`);
    for (const t of given ?? []) {
      if (t.ndim !== expected.length || t.shape.some((n, d) => n !== expected[d]))
        throw new ShapeError(
          `${label} expects a state ${showShape(expected)} for the input ${showShape(x.shape)}, got ${showShape(t.shape)}`,
        );
    }
    const batched = (t: Tensor): Tensor => (x.ndim === 1 ? (t.unsqueeze(0) as Tensor) : t);
    const blank = (): Tensor => zeros(expected, { dtype: x.dtype, device: x.device }) as unknown as Tensor;
    const states = (given ?? Array.from({ length: count }, blank)).map(batched);
    // A GRU's bias of the state's part stays apart.
    const apart = step === 'gru';
    const bias = apart || this.biasIh === null ? this.biasIh : (this.biasIh.add(this.biasHh!) as Tensor);
    const gates = F.linear(batched(x), this.weightIh, bias);
    const next = recurrentStep(step, gates, { weight: this.weightHh, bias: apart ? this.biasHh : null }, states);
    return x.ndim === 1 ? next.map((t) => t.squeeze(0) as Tensor) : next;
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.biasIh === null ? `, bias=${bool(false)}` : ''}`;
  }
}

/** Options of {@link RNNCell}. */
export interface RNNCellOptions extends CellOptions {
  /** Default `'tanh'`. */
  nonlinearity?: 'tanh' | 'relu';
}

/**
 * One step of an {@link RNN}: h' = tanh(W_ih x + b_ih + W_hh h + b_hh). Parameters `weightIh`, `weightHh`, `biasIh`, `biasHh`
 * start as U(-1/√hiddenSize, 1/√hiddenSize).
 *
 * @throws ValueError for options that make no sense; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const h = new RNNCell(10, 20).call(zeros([3, 10]), zeros([3, 20])); // [3, 20]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 */
export class RNNCell extends Cell {
  readonly nonlinearity: 'tanh' | 'relu';
  readonly #step: RecurrentKind;

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    super('RNNCell', 1, inputSize, hiddenSize, options);
    const { nonlinearity = 'tanh' } = options;
    this.#step = elmanStep('RNNCell', nonlinearity);
    this.nonlinearity = nonlinearity;
  }

  /**
   * @param x [N, inputSize] or [inputSize]
   * @param h [N, hiddenSize] or [hiddenSize]; zeros if omitted
   */
  forward(x: Tensor, h: Tensor | null = null): Tensor {
    return this.advance(this.#step, x, h === null ? null : [h])[0]!;
  }

  override extraRepr(): string {
    return `${super.extraRepr()}${this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`}`;
  }
}

/**
 * One step of an {@link LSTM}. Parameters `weightIh`, `weightHh`, `biasIh`, `biasHh` start as U(-1/√hiddenSize, 1/√hiddenSize).
 *
 * @throws ValueError for options that make no sense; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const [h, c] = new LSTMCell(10, 20).call(zeros([3, 10]), [zeros([3, 20]), zeros([3, 20])]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
 */
export class LSTMCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super('LSTMCell', 4, inputSize, hiddenSize, options);
  }

  /**
   * @param x [N, inputSize] or [inputSize]
   * @param state h and c, [N, hiddenSize] or [hiddenSize]; zeros if omitted
   */
  forward(x: Tensor, state: readonly [h: Tensor, c: Tensor] | null = null): [h: Tensor, c: Tensor] {
    const [h, c] = this.advance('lstm', x, state);
    return [h!, c!];
  }
}

/**
 * One step of a {@link GRU}. Parameters `weightIh`, `weightHh`, `biasIh`, `biasHh` start as U(-1/√hiddenSize, 1/√hiddenSize).
 *
 * @throws ValueError for options that make no sense; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const h = new GRUCell(10, 20).call(zeros([3, 10]), zeros([3, 20])); // [3, 20]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
 */
export class GRUCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super('GRUCell', 3, inputSize, hiddenSize, options);
  }

  /**
   * @param x [N, inputSize] or [inputSize]
   * @param h [N, hiddenSize] or [hiddenSize]; zeros if omitted
   */
  forward(x: Tensor, h: Tensor | null = null): Tensor {
    return this.advance('gru', x, h === null ? null : [h])[0]!;
  }
}
