import { cat, isTensor, ShapeError, stack, type Tensor, ValueError, zeros } from '@nabla/core';
import { type RecurrentKind, type RecurrentOutcome, recurrent } from '@nabla/core/internals';
import * as F from './functional.ts';
import { uniform_ } from './init.ts';
import { bool, checkProbability, checkSize, type LayerOptions, parameter, showShape } from './layer.ts';
import { Module } from './module.ts';
import { PackedSequence } from './packed-sequence.ts';
import type { Parameter } from './parameter.ts';

/** Options that recurrent layers share. */
export interface RecurrentOptions extends LayerOptions {
  /** Layers on top of each other. Default 1. */
  numLayers?: number;
  /** Default true. */
  bias?: boolean;
  /** Inputs and outputs are [N, L, features] instead of [L, N, features]. Default false. */
  batchFirst?: boolean;
  /** Probability of dropout between layers, in training. Default 0. */
  dropout?: number;
  /** A second run from the end to the beginning. Default false. */
  bidirectional?: boolean;
}

/** How a kind of layer differs from the others. */
interface Kind {
  readonly name: string;
  readonly step: RecurrentKind;
  /** Gates, each of the hidden size. */
  readonly gates: number;
  /** Tensors that the state consists of. */
  readonly states: number;
  /** Whether the recurrent bias can be added to the input's. */
  readonly oneBias: boolean;
}

/** What RNN, LSTM and GRU share. */
export abstract class Recurrent extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly projSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly #kind: Kind;
  [weight: `weight${'Ih' | 'Hh' | 'Hr'}L${string}`]: Parameter;
  [bias: `bias${'Ih' | 'Hh'}L${string}`]: Parameter;

  constructor(kind: Kind, inputSize: number, hiddenSize: number, options: RecurrentOptions & { projSize?: number }) {
    super();
    const { name, gates } = kind;
    const { numLayers = 1, dropout = 0, projSize = 0 } = options;
    checkSize(name, 'inputSize', inputSize);
    checkSize(name, 'hiddenSize', hiddenSize, 1);
    checkSize(name, 'numLayers', numLayers, 1);
    checkSize(name, 'projSize', projSize);
    checkProbability(name, 'dropout', dropout);
    if (projSize > 0 && kind.states !== 2) throw new ValueError(`${name}: only LSTM has projSize, got ${projSize}`);
    if (projSize >= hiddenSize) throw new ValueError(`${name}: projSize must be less than hiddenSize, got ${projSize} and ${hiddenSize}`);
    this.#kind = kind;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.projSize = projSize;
    this.numLayers = numLayers;
    this.bias = options.bias ?? true;
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = dropout;
    this.bidirectional = options.bidirectional ?? false;
    const outputSize = projSize > 0 ? projSize : hiddenSize;
    for (let layer = 0; layer < numLayers; layer++) {
      const width = layer === 0 ? inputSize : outputSize * (this.bidirectional ? 2 : 1);
      for (const suffix of this.#suffixes(layer)) {
        this[`weightIhL${suffix}`] = parameter(name, [gates * hiddenSize, width], options);
        this[`weightHhL${suffix}`] = parameter(name, [gates * hiddenSize, outputSize], options);
        if (this.bias) {
          this[`biasIhL${suffix}`] = parameter(name, [gates * hiddenSize], options);
          this[`biasHhL${suffix}`] = parameter(name, [gates * hiddenSize], options);
        }
        if (projSize > 0) this[`weightHrL${suffix}`] = parameter(name, [projSize, hiddenSize], options);
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

  /** Runs all layers; the initial and the last states are [directions · layers, N, size], or without N. */
  protected run(
    input: Tensor | PackedSequence,
    initial: readonly Tensor[] | null,
  ): { output: Tensor | PackedSequence; last: readonly Tensor[] } {
    if (input instanceof PackedSequence) return this.#runPacked(input, initial);
    if (!isTensor(input)) throw new ValueError(`${this.#kind.name}: the input must be a tensor or a PackedSequence`);
    this.#checkInput(input);
    const single = input.ndim === 2;
    this.#checkStates(initial, single ? null : input.shape[this.batchFirst ? 0 : 1]!, input.shape);
    const sequence = single ? (input.unsqueeze(1) as Tensor) : this.batchFirst ? (input.transpose(0, 1) as Tensor) : input;
    const batched = single && initial !== null ? initial.map((t) => t.unsqueeze(1) as Tensor) : initial;
    const [steps, count] = sequence.shape as readonly [number, number, number];
    // Rows of all steps one after the other, as in a packed sequence.
    const rows = sequence.reshape([steps * count, this.inputSize]) as Tensor;
    const { output: flat, last } = this.#layers(rows, batched, new Array<number>(steps).fill(count));
    const output = flat.reshape([steps, count, flat.shape[1]!]) as Tensor;
    if (single) return { output: output.squeeze(1) as Tensor, last: last.map((t) => t.squeeze(1) as Tensor) };
    return { output: this.batchFirst ? (output.transpose(0, 1) as Tensor) : output, last };
  }

  #runPacked(input: PackedSequence, initial: readonly Tensor[] | null): { output: PackedSequence; last: readonly Tensor[] } {
    const { data, batchSizes, sortedIndices, unsortedIndices } = input;
    if (data.ndim !== 2 || data.shape[1] !== this.inputSize) {
      throw new ShapeError(`${this.#label} expects packed data [steps, ${this.inputSize}] but it is ${showShape(data.shape)}`);
    }
    const count = batchSizes[0]!;
    this.#checkStates(initial, count, data.shape);
    const permuted = (states: readonly Tensor[], order: Tensor | null): readonly Tensor[] =>
      order === null ? states : states.map((t) => t.indexSelect(1, order) as Tensor);
    const { output, last } = this.#layers(data, initial === null ? null : permuted(initial, sortedIndices), batchSizes);
    return { output: new PackedSequence(output, batchSizes, sortedIndices, unsortedIndices), last: permuted(last, unsortedIndices) };
  }

  /** All layers over rows [rows, inputSize], of which each step has so many. */
  #layers(input: Tensor, initial: readonly Tensor[] | null, sizes: readonly number[]): { output: Tensor; last: readonly Tensor[] } {
    const { states } = this.#kind;
    const widths = [this.projSize > 0 ? this.projSize : this.hiddenSize, this.hiddenSize];
    const like = { dtype: input.dtype, device: input.device };
    const nothing =
      initial === null ? Array.from({ length: states }, (_, i) => zeros([sizes[0]!, widths[i]!], like) as unknown as Tensor) : [];
    const last: Tensor[][] = Array.from({ length: states }, () => []);
    let sequence = input;
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0) sequence = F.dropout(sequence, this.dropout, this.training);
      const directions = this.#suffixes(layer).map((suffix, d) => {
        const number = last[0]!.length;
        const start = initial === null ? nothing : initial.map((t) => t.select(0, number) as Tensor);
        const { output, states: final } = this.#direction(suffix, this.#project(suffix, sequence), start, sizes, d === 1);
        final.forEach((t, i) => {
          last[i]!.push(t);
        });
        return output;
      });
      sequence = directions.length === 1 ? directions[0]! : (cat(directions, -1) as Tensor);
    }
    return { output: sequence, last: last.map((all) => stack(all) as Tensor) };
  }

  /** What the inputs of all steps contribute to the gates: one product. */
  #project(suffix: string, sequence: Tensor): Tensor {
    const own = this.bias ? this[`biasIhL${suffix}`]! : null;
    const bias = own !== null && this.#kind.oneBias ? (own.add(this[`biasHhL${suffix}`]!) as Tensor) : own;
    return F.linear(sequence, this[`weightIhL${suffix}`]!, bias);
  }

  /** One run over the steps, from what the inputs contribute to the gates. */
  #direction(suffix: string, gates: Tensor, initial: readonly Tensor[], sizes: readonly number[], reverse: boolean): RecurrentOutcome {
    const weights = {
      weight: this[`weightHhL${suffix}`]!,
      bias: this.bias && !this.#kind.oneBias ? this[`biasHhL${suffix}`]! : null,
      projection: this.projSize > 0 ? this[`weightHrL${suffix}`]! : null,
    };
    return recurrent(this.#kind.step, gates, weights, initial, { sizes, reverse });
  }

  get #label(): string {
    return `${this.#kind.name}(${this.inputSize}, ${this.hiddenSize})`;
  }

  #checkInput(x: Tensor): void {
    const { inputSize, batchFirst } = this;
    if ((x.ndim !== 2 && x.ndim !== 3) || x.shape[x.ndim - 1] !== inputSize) {
      const order = batchFirst ? 'N, L' : 'L, N';
      throw new ShapeError(`${this.#label} expects [${order}, ${inputSize}] or [L, ${inputSize}] but the input is ${showShape(x.shape)}`);
    }
    if (x.shape[x.ndim === 3 && batchFirst ? 1 : 0] === 0)
      throw new ShapeError(`${this.#label} expects at least one step but the input is ${showShape(x.shape)}`);
  }

  #checkStates(states: readonly Tensor[] | null, count: number | null, shape: readonly number[]): void {
    if (states === null) return;
    const total = this.numLayers * (this.bidirectional ? 2 : 1);
    const wanted = this.#kind.states;
    if (states.length !== wanted || !states.every(isTensor))
      throw new ValueError(`${this.#label} expects ${wanted === 1 ? 'one initial state' : 'the initial states [h0, c0]'}`);
    states.forEach((t, i) => {
      const size = i === 0 && this.projSize > 0 ? this.projSize : this.hiddenSize;
      const expected = count === null ? [total, size] : [total, count, size];
      if (t.ndim !== expected.length || t.shape.some((n, d) => n !== expected[d])) {
        const given = `for the input ${showShape(shape)}, got ${showShape(t.shape)}`;
        throw new ShapeError(`${this.#label} expects an initial ${i === 0 ? 'state' : 'cell'} ${showShape(expected)} ${given}`);
      }
    });
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.projSize !== 0) parts.push(`proj_size=${this.projSize}`);
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.bias) parts.push(`bias=${bool(false)}`);
    if (this.batchFirst) parts.push(`batch_first=${bool(true)}`);
    if (this.dropout !== 0) parts.push(`dropout=${this.dropout}`);
    if (this.bidirectional) parts.push(`bidirectional=${bool(true)}`);
    return parts.join(', ');
  }
}
