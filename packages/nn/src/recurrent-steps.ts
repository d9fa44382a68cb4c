import { elementwise, type Tensor } from '@nabla/core';

/** One step of an Elman network: the nonlinearity of the input's part and the state's. */
export const elman: {
  readonly tanh: (input: Tensor, recurrent: Tensor) => Tensor;
  readonly relu: (input: Tensor, recurrent: Tensor) => Tensor;
} = {
  tanh: elementwise('rnnTanh', (a, b) => a.add(b).tanh()) as never,
  relu: elementwise('rnnRelu', (a, b) => a.add(b).relu()) as never,
};

const cellState = elementwise('lstmCell', (i, f, g, c) => f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh())));
const cellOutput = elementwise('lstmOutput', (o, c) => o.sigmoid().mul(c.tanh()));

/** One step of an LSTM from the sum of the gates' parts [N, 4H] (input, forget, cell, output) and the cell state. */
export function lstmStep(gates: Tensor, cell: Tensor): [h: Tensor, c: Tensor] {
  const [i, f, g, o] = gates.chunk(4, -1) as Tensor[];
  const c = cellState(i!, f!, g!, cell) as Tensor;
  return [cellOutput(o!, c) as Tensor, c];
}

const gru = elementwise('gruCell', (xr, hr, xz, hz, xn, hn, h) => {
  const n = xn.add(xr.add(hr).sigmoid().mul(hn)).tanh();
  return n.add(xz.add(hz).sigmoid().mul(h.sub(n)));
});

/** One step of a GRU from the gates' parts [N, 3H] (reset, update, new) of input and state, and the state. */
export function gruStep(input: Tensor, recurrent: Tensor, state: Tensor): Tensor {
  const [xr, xz, xn] = input.chunk(3, -1) as Tensor[];
  const [hr, hz, hn] = recurrent.chunk(3, -1) as Tensor[];
  return gru(xr!, hr!, xz!, hz!, xn!, hn!, state) as Tensor;
}
