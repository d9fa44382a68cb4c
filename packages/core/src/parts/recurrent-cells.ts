import type { RecurrentCell } from '../backend.ts';
import { constant, type Expr, input } from '../expr/node.ts';
import { relu, sigmoid } from '../ops/activation.ts';
import { add, mul, square, sub } from '../ops/arithmetic.ts';
import { le } from '../ops/compare.ts';
import { tanh } from '../ops/trigonometric.ts';
import { where } from '../ops/where.ts';

// What recurrent layers do at a step, written once: compositions evaluate these expressions, fused kernels are made of them.

/** The recurrent layers that there are. */
export type RecurrentKind = 'lstm' | 'gru' | 'rnnTanh' | 'rnnRelu';

const one = constant(1);
const zero = constant(0);

/** cₜ of an LSTM from the gates i, f, g after their functions, and cₜ₋₁. */
const cellState = (i: Expr, f: Expr, g: Expr, c: Expr): Expr => add(mul(f, c), mul(i, g));

/** hₜ of a GRU: (1 - z) n + z hₜ₋₁. */
const mixed = (n: Expr, z: Expr, h: Expr): Expr => add(n, mul(z, sub(h, n)));
const candidate = (xn: Expr, r: Expr, hn: Expr): Expr => tanh(add(xn, mul(r, hn)));

const inputs = (n: number): Expr[] => Array.from({ length: n }, (_, i) => input(i));

/** Gradients through sigmoid and tanh, from their values. */
const throughSigmoid = (g: Expr, y: Expr): Expr => mul(g, mul(sub(one, y), y));
const throughTanh = (g: Expr, y: Expr): Expr => mul(g, sub(one, square(y)));

function lstmCell(): RecurrentCell {
  const [pi, pf, pg, po, xi, xf, xg, xo, h, c] = inputs(10) as FixedArray<10>;
  const [i, f, g, o] = [sigmoid(add(pi, xi)), sigmoid(add(pf, xf)), tanh(add(pg, xg)), sigmoid(add(po, xo))];
  const next = cellState(i, f, g, c);
  const shown = tanh(next);
  return {
    gates: 4,
    states: 2,
    bias: false,
    forward: { states: [mul(o, shown), next], kept: [i, f, g, o, shown, c, h] },
    backward: lstmGradients(),
  };
}

function lstmGradients(): RecurrentCell['backward'] {
  const [i, f, g, o, shown, c, , dy, dh, dc] = inputs(10) as FixedArray<10>;
  const d = add(dy, dh);
  const cell = add(dc, throughTanh(mul(d, o), shown));
  return {
    inputs: [
      throughSigmoid(mul(cell, g), i),
      throughSigmoid(mul(cell, c), f),
      throughTanh(mul(cell, i), g),
      throughSigmoid(mul(d, shown), o),
    ],
    products: null,
    states: [zero, mul(cell, f)],
  };
}

function gruCell(): RecurrentCell {
  const [pr, pz, pn, xr, xz, xn, br, bz, bn, h] = inputs(10) as FixedArray<10>;
  const r = sigmoid(add(xr, add(pr, br)));
  const z = sigmoid(add(xz, add(pz, bz)));
  const hn = add(pn, bn);
  const n = candidate(xn, r, hn);
  return {
    gates: 3,
    states: 1,
    bias: true,
    forward: { states: [mixed(n, z, h)], kept: [r, z, hn, n, h] },
    backward: gruGradients(),
  };
}

function gruGradients(): RecurrentCell['backward'] {
  const [r, z, hn, n, h, dy, dh] = inputs(7) as FixedArray<7>;
  const d = add(dy, dh);
  const dz = throughSigmoid(mul(d, sub(h, n)), z);
  const dn = throughTanh(mul(d, sub(one, z)), n);
  const dr = throughSigmoid(mul(dn, hn), r);
  return { inputs: [dr, dz, dn], products: [dr, dz, mul(dn, r)], states: [mul(d, z)] };
}

function elmanCell(f: (x: Expr) => Expr, through: (g: Expr, y: Expr) => Expr): RecurrentCell {
  const [p, x, h] = inputs(3) as FixedArray<3>;
  const [y, , dy, dh] = inputs(4) as FixedArray<4>;
  const value = f(add(x, p));
  return {
    gates: 1,
    states: 1,
    bias: false,
    forward: { states: [value], kept: [value, h] },
    backward: { inputs: [through(add(dy, dh), y)], products: null, states: [zero] },
  };
}

/** What a step of each kind is to a backend. The last of what is kept is the state h before the step. */
export const recurrentCells: Readonly<Record<RecurrentKind, RecurrentCell>> = {
  lstm: lstmCell(),
  gru: gruCell(),
  rnnTanh: elmanCell(tanh as (x: Expr) => Expr, throughTanh),
  rnnRelu: elmanCell(relu as (x: Expr) => Expr, (g, y) => mul(g, where(le(y, zero), zero, one) as Expr)),
};

/** Steps from parts of the size H, for compositions: each is one kernel. */
export const stepForms: Readonly<Record<'lstmState' | 'lstmOutput' | 'gru' | 'rnnTanh' | 'rnnRelu', Expr>> = {
  /** cₜ of i, f, g, c. */
  lstmState: cellState(sigmoid(input(0)), sigmoid(input(1)), tanh(input(2)), input(3)),
  /** hₜ of o, cₜ. */
  lstmOutput: mul(sigmoid(input(0)), tanh(input(1))),
  /** hₜ of the parts that r, z and n have from the input and from the state (each from both), and h. */
  gru: mixed(candidate(input(4), sigmoid(add(input(0), input(1))), input(5)), sigmoid(add(input(2), input(3))), input(6)),
  rnnTanh: tanh(add(input(0), input(1))),
  rnnRelu: relu(add(input(0), input(1))),
};

type FixedArray<N extends number, A extends Expr[] = []> = A['length'] extends N ? A : FixedArray<N, [...A, Expr]>;
