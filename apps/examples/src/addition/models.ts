import { cat, type Tensor, zeros } from '@nabla/core';
import { GRU, LayerNorm, Linear, Module, type PackedSequence } from '@nabla/nn';

/** What reads packed sequences of (number, mark) and answers with one number each, [N, 1]. */
export interface Adder extends Module {
  forward(sequences: PackedSequence): Tensor;
}

/** A GRU of the library, and a linear layer that reads its last states. */
export class GruAdder extends Module implements Adder {
  readonly gru: GRU;
  readonly head: Linear<number, 1>;

  constructor(hidden: number) {
    super();
    this.gru = new GRU(2, hidden);
    this.head = new Linear(hidden, 1);
  }

  forward(sequences: PackedSequence): Tensor {
    // The last state of each sequence, wherever that one ends, in the order in which they were packed.
    const [, last] = this.gru.call(sequences);
    return this.head.call(last.select(0, 0));
  }
}

/** A step of an LSTM whose gates and memory are normalized (Ba et al. 2016, equations 20 to 22). */
class NormalizedCell extends Module {
  readonly hidden: number;
  readonly input: Linear<number, number>;
  readonly recurrent: Linear<number, number>;
  readonly normInput: LayerNorm<number>;
  readonly normRecurrent: LayerNorm<number>;
  readonly normMemory: LayerNorm<number>;

  constructor(features: number, hidden: number) {
    super();
    this.hidden = hidden;
    this.input = new Linear(features, 4 * hidden, { bias: false });
    this.recurrent = new Linear(hidden, 4 * hidden, { bias: false });
    // Their learned shifts do the work of biases.
    this.normInput = new LayerNorm(4 * hidden);
    this.normRecurrent = new LayerNorm(4 * hidden);
    this.normMemory = new LayerNorm(hidden);
  }

  forward(x: Tensor, h: Tensor, c: Tensor): [h: Tensor, c: Tensor] {
    const fromInput = this.normInput.call(this.input.call(x));
    const gates = fromInput.add(this.normRecurrent.call(this.recurrent.call(h)));
    const [i, f, g, o] = gates.chunk(4, 1) as Tensor[];
    // One more on the gate that remembers: a cell should start out keeping what it holds.
    const memory = f!.add(1).sigmoid().mul(c).add(i!.sigmoid().mul(g!.tanh()));
    return [o!.sigmoid().mul(this.normMemory.call(memory).tanh()), memory];
  }
}

/** The cell run over packed sequences by hand, and a linear layer that reads the last states. */
export class LstmAdder extends Module implements Adder {
  readonly cell: NormalizedCell;
  readonly head: Linear<number, 1>;

  constructor(hidden: number) {
    super();
    this.cell = new NormalizedCell(2, hidden);
    this.head = new Linear(hidden, 1);
  }

  forward({ data, batchSizes, unsortedIndices }: PackedSequence): Tensor {
    const blank = (): Tensor => zeros([batchSizes[0]!, this.cell.hidden]);
    let [h, c] = [blank(), blank()];
    let start = 0;
    for (const n of batchSizes) {
      // Packed sequences are sorted by length: those that have a step left are the first n, the others keep their states.
      const rest = (t: Tensor): Tensor => t.narrow(0, n, t.shape[0]! - n);
      const [nextH, nextC] = this.cell.call(data.narrow(0, start, n), h.narrow(0, 0, n), c.narrow(0, 0, n));
      h = cat([nextH, rest(h)], 0);
      c = cat([nextC, rest(c)], 0);
      start += n;
    }
    const last = unsortedIndices === null ? h : h.indexSelect(0, unsortedIndices);
    return this.head.call(last);
  }
}
