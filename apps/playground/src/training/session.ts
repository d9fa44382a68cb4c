import { type Backend, keep, noGrad, randperm, scope, stack, type Tensor, tensor, zeros } from '@nabla/core';
import { CrossEntropyLoss, functional as F } from '@nabla/nn';
import type { Optimizer } from '@nabla/optim';
import type { Config } from '../config/config.ts';
import { type Data, loadData } from './data.ts';
import { type Histogram, histogramOf } from './histogram.ts';
import { buildNetwork, buildOptimizer, type Network } from './network.ts';

/** What was measured at a moment of the training. */
export interface Measured {
  /** Epochs done, with the part of the current one. */
  readonly epoch: number;
  readonly steps: number;
  /** Mean over the latest batches; null before the first. */
  readonly loss: number | null;
  readonly heldOutLoss: number;
  readonly accuracy: number;
  /** The norm of the last batch's gradient, for each weight; empty before the first batch. */
  readonly gradients: Float32Array;
  /** Of the outputs of each activation function. */
  readonly histograms: readonly Histogram[];
  /** For each held-out sample, its class to the network. */
  readonly predictions: Uint8Array;
}

const bins = 32;
/** Samples that histograms are made of; convolutions have many outputs for each. */
const probed = { points: 256, images: 32 };

/** A network being trained: its data, its optimizer and how far it has come. */
export class Session {
  readonly data: Data;
  readonly network: Network;
  readonly device: Backend;
  readonly #criterion = new CrossEntropyLoss();
  readonly #optimizer: Optimizer<{ lr: number }>;
  readonly #count: number;
  /** Sum of the losses of the batches since the last measurement: on the device, where nothing waits for it. */
  #sum: Tensor;
  #summed = 0;
  #lastMean: number | null = null;
  #batch: number;
  #order: Tensor | null = null;
  #at = 0;
  #epochs = 0;
  #steps = 0;

  private constructor(config: Config, data: Data, network: Network, device: Backend) {
    this.data = data;
    this.network = network;
    this.device = device;
    this.#optimizer = buildOptimizer(config, network.model);
    this.#batch = config.batch;
    this.#count = data.x.shape[0]!;
    this.#sum = zeros([], { device });
  }

  static async open(config: Config, device: Backend, digitsUrl: string): Promise<Session> {
    // Drawn and initialized on the CPU: the same bits for every device.
    const data = await loadData(config, digitsUrl);
    const network = buildNetwork(config);
    network.model.to(device);
    const [x, y, heldOutX, heldOutY] = [data.x, data.y, data.heldOutX, data.heldOutY].map((t) => t.to(device)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    return new Session(config, { x, y, heldOutX, heldOutY }, network, device);
  }

  get steps(): number {
    return this.#steps;
  }

  get epoch(): number {
    return this.#epochs + this.#at / this.#count;
  }

  get stepsPerEpoch(): number {
    return this.#count / this.#batch;
  }

  tune(lr: number, batch: number): void {
    for (const group of this.#optimizer.paramGroups) group.lr = lr;
    // Sizes are powers of two that divide the data: a smaller batch goes on where the larger one stopped, a larger one waits.
    this.#batch = batch;
  }

  /** Trains on one batch. */
  step(): void {
    this.#order ??= randperm(this.#count).to(this.device);
    const { x, y } = this.data;
    const order = this.#order;
    const size = Math.min(this.#batch, this.#count - this.#at);
    scope(() => {
      const rows = order.narrow(0, this.#at, size);
      this.#optimizer.zeroGrad();
      const scores = this.network.model.call(x.indexSelect(0, rows)) as Tensor;
      const loss = this.#criterion.call(scores, y.indexSelect(0, rows));
      loss.backward();
      this.#optimizer.step();
      noGrad(() => this.#sum.add_(loss));
    });
    this.#summed++;
    this.#steps++;
    this.#at += size;
    if (this.#at < this.#count) return;
    this.#at = 0;
    this.#epochs++;
    order.dispose();
    this.#order = null;
  }

  /**
   * Resolves when the device has done what it was given, with the mean loss since the last measurement, or before it when there
   * was no batch since.
   */
  async meanLoss(): Promise<number | null> {
    const [sum] = await this.#sum.data();
    if (this.#summed > 0) this.#lastMean = Number(sum) / this.#summed;
    return this.#lastMean;
  }

  /** Looks at the network in evaluation mode, on held-out samples. */
  async measure(): Promise<Measured> {
    const loss = await this.meanLoss();
    const epoch = this.epoch;
    noGrad(() => this.#sum.zero_());
    this.#summed = 0;
    const images = this.data.x.ndim === 4;
    const outputs: Tensor[] = [];
    const [judged, answers, gradients] = this.#evaluating(() => {
      const scores = this.network.model.call(this.data.heldOutX) as Tensor;
      const classes = scores.argmax(1);
      const right = classes.eq(this.data.heldOutY).to('float32').mean();
      const judged = stack([this.#criterion.call(scores, this.data.heldOutY), right]);
      const hooks = this.network.activations.map((m) => m.registerForwardHook((_, __, y) => void outputs.push(keep(y as Tensor))));
      this.network.model.call(this.data.heldOutX.narrow(0, 0, images ? probed.images : probed.points));
      for (const remove of hooks) remove();
      const norms = this.network.weights.flatMap(([, { grad }]) => (grad === null ? [] : [grad.square().sum().sqrt()]));
      return [judged, classes, norms.length > 0 ? stack(norms) : null];
    });
    const [heldOutLoss, accuracy] = await read(judged);
    const histograms: Histogram[] = [];
    for (const t of outputs) histograms.push(histogramOf(await read(t), bins));
    return {
      epoch,
      steps: this.#steps,
      loss,
      heldOutLoss: heldOutLoss!,
      accuracy: accuracy!,
      gradients: gradients === null ? new Float32Array(0) : Float32Array.from(await read(gradients)),
      histograms,
      predictions: Uint8Array.from(await read(answers)),
    };
  }

  /** The chance of the second class at points of the plane, x and y in turn. */
  async chances(points: Float32Array): Promise<Float32Array> {
    const x = tensor(points)
      .reshape([points.length / 2, 2])
      .to(this.device);
    const chances = this.#evaluating(() =>
      F.softmax(this.network.model.call(x) as Tensor, 1)
        .select(1, 1)
        .contiguous(),
    );
    x.dispose();
    return Float32Array.from(await read(chances));
  }

  /** Gives the device its memory back. */
  dispose(): void {
    const { model } = this.network;
    const tensors = [...model.parameters(), ...model.buffers(), ...Object.values(this.data), this.#sum] as Tensor[];
    for (const t of tensors) t.dispose();
    this.#order?.dispose();
  }

  #evaluating<T>(fn: () => T): T {
    const { model } = this.network;
    model.eval();
    try {
      return scope(() => noGrad(fn));
    } finally {
      model.train();
    }
  }
}

/** The values of a tensor that is not needed any more. */
async function read(t: Tensor): Promise<Float32Array> {
  const values = (await t.data()) as Float32Array;
  t.dispose();
  return values;
}
