import { cat, isTensor, ShapeError, stack, type Tensor, ValueError, zeros } from '@nabla/core';
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

/** What one direction of one layer computes with. */
export interface StepWeights {
  /** [hidden, gates], the recurrent weight transposed. */
  readonly recurrent: Tensor;
  /** The recurrent bias, where it is not already part of the input's. */
  readonly bias: Tensor | null;
  /** [hidden, proj], the projection transposed. */
  readonly projection: Tensor | null;
}

/** How a kind of layer differs from the others. */
interface Kind {
  readonly name: string;
  /** Gates, each of the hidden size. */
  readonly gates: number;
  /** Tensors that the state consists of. */
  readonly states: number;
  /** Whether the recurrent bias can be added to the input's. */
  readonly oneBias: boolean;
}

/** What RNN, LSTM and GRU share: everything but the step. */
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

  /** The state after one step, its output first. `x` is what the input contributes to the gates, biases included. */
  protected abstract step(x: Tensor, state: readonly Tensor[], weights: StepWeights): readonly Tensor[];

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
    const { output, last } = this.#layers(sequence, batched, sequence.shape[1]!, (x) => x.unbind(0) as Tensor[], stack as Joined);
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
    const { output, last } = this.#layers(
      data,
      initial === null ? null : permuted(initial, sortedIndices),
      count,
      (x) => x.split([...batchSizes]) as Tensor[],
      cat as Joined,
    );
    return { output: new PackedSequence(output, batchSizes, sortedIndices, unsortedIndices), last: permuted(last, unsortedIndices) };
  }

  /** `split` makes steps of a sequence, and `join` the sequence of steps. */
  #layers(
    input: Tensor,
    initial: readonly Tensor[] | null,
    count: number,
    split: (x: Tensor) => Tensor[],
    join: Joined,
  ): { output: Tensor; last: readonly Tensor[] } {
    const { states } = this.#kind;
    const widths = [this.projSize > 0 ? this.projSize : this.hiddenSize, this.hiddenSize];
    const like = { dtype: input.dtype, device: input.device };
    const nothing = initial === null ? Array.from({ length: states }, (_, i) => zeros([count, widths[i]!], like) as unknown as Tensor) : [];
    const last: Tensor[][] = Array.from({ length: states }, () => []);
    let sequence = input;
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0) sequence = F.dropout(sequence, this.dropout, this.training);
      const directions = this.#suffixes(layer).map((suffix, d) => {
        const number = last[0]!.length;
        const start = initial === null ? nothing : initial.map((t) => t.select(0, number) as Tensor);
        const { outputs, final } = this.#direction(suffix, split(this.#project(suffix, sequence)), start, d === 1);
        final.forEach((t, i) => {
          last[i]!.push(t);
        });
        return join(outputs, 0);
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

  /** One run over the steps, of which later ones may have fewer rows; the outputs in order of time, and every row's last state. */
  #direction(
    suffix: string,
    parts: readonly Tensor[],
    initial: readonly Tensor[],
    reverse: boolean,
  ): { outputs: Tensor[]; final: readonly Tensor[] } {
    const weights: StepWeights = {
      recurrent: this[`weightHhL${suffix}`]!.mT as Tensor,
      bias: this.bias && !this.#kind.oneBias ? this[`biasHhL${suffix}`]! : null,
      projection: this.projSize > 0 ? (this[`weightHrL${suffix}`]!.mT as Tensor) : null,
    };
    const outputs = new Array<Tensor>(parts.length);
    const ended: (readonly Tensor[])[] = [];
    let state = initial;
    let rows = initial[0]!.shape[0]!;
    const take = (from: readonly Tensor[], start: number, end: number): Tensor[] =>
      from.map((t) => t.narrow(0, start, end - start) as Tensor);
    for (let i = 0; i < parts.length; i++) {
      const t = reverse ? parts.length - 1 - i : i;
      const wanted = parts[t]!.shape[0]!;
      if (reverse && i === 0 && wanted < rows) state = take(initial, 0, wanted);
      else if (wanted < rows) {
        ended.push(take(state, wanted, rows));
        state = take(state, 0, wanted);
      } else if (wanted > rows) {
        const joining = take(initial, rows, wanted);
        state = state.map((s, k) => cat([s, joining[k]!], 0) as Tensor);
      }
      rows = wanted;
      state = this.step(parts[t]!, state, weights);
      outputs[t] = state[0]!;
    }
    if (ended.length === 0) return { outputs, final: state };
    ended.reverse();
    return { outputs, final: state.map((s, k) => cat([s, ...ended.map((e) => e[k]!)], 0) as Tensor) };
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

type Joined = (steps: readonly Tensor[], dim: number) => Tensor;
