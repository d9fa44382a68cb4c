import { isGradEnabled } from '../autograd/modes.ts';
import { Declined, type View } from '../backend.ts';
import { observer } from '../debug.ts';
import { ShapeError } from '../errors.ts';
import { spread } from '../evaluate.ts';
import { input } from '../expr/node.ts';
import { backendOf, mapKernel, matmulData, reduceKernel, wrap } from '../kernels.ts';
import { sameShape, sizeOf } from '../layout.ts';
import { defineOp } from '../op.ts';
import { checkAlike, checkInner } from '../parts/products.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add } from './arithmetic.ts';
import { matmul } from './matmul.ts';

const sum = add(input(0), input(1));
const same = input(0);

/** A matrix the other way round, as a view. */
function turned(t: Tensor): View {
  const [rows, columns] = t.shape as readonly [number, number];
  const [row, column] = t.strides as readonly [number, number];
  return { handle: t.handle, dtype: t.dtype, shape: [columns, rows], strides: [column, row], offset: t.offset };
}

/** The product of matrices x [N, I] and w [O, I] transposed, plus a bias [O], if there is one: fused, or composed of kernels. */
const linearOp = defineOp<void>({
  name: 'linear',
  infer: ([x, w]) => [{ shape: [x!.shape[0]!, w!.shape[0]!], dtype: x!.dtype }],
  forward: (inputs, _attrs, [out]) => {
    const { shape, dtype } = out!;
    const [x, w, b] = inputs as readonly [Tensor, Tensor, Tensor?];
    const backend = backendOf('linear', inputs);
    const done = backend.fused.linear?.(x as View, w as View, (b as View | undefined) ?? null);
    if (done !== undefined && !(done instanceof Declined)) return [wrap(backend, done, dtype, shape)];
    const product = matmulData(backend, 'linear', x as View, turned(w), dtype, shape);
    if (b === undefined) return [product];
    const request = { exprs: [sum], inputs: [product, spread(b, shape)], params: [], shape, compute: dtype, outputs: [dtype] };
    const y = wrap(backend, mapKernel(backend, 'linear', request)[0]!, dtype, shape);
    product.dispose();
    return [y];
  },
  save: ([x, w]) => [x!, w!],
  backward: ({ saved: [x, w], needs }, [g]) => {
    const [dx, dw, db] = isGradEnabled() || observer !== null ? recorded : quick;
    return [needs[0] ? dx(g!, w!) : null, needs[1] ? dw(g!, x!) : null, needs[2] ? db(g!) : null];
  },
});

type Gradients = readonly [x: (g: Tensor, w: Tensor) => Tensor, w: (g: Tensor, x: Tensor) => Tensor, b: (g: Tensor) => Tensor];

const recorded: Gradients = [(g, w) => matmul(g, w), (g, x) => matmul(g.mT, x), (g) => g.sum(0) as Tensor];

// The same kernels without the ops around them, of which a small layer has more than arithmetic.
const quick: Gradients = [
  (g, w) => matmulData(backendOf('linearBackward', [g, w]), 'linearBackward', g as View, w as View, g.dtype, [g.shape[0]!, w.shape[1]!]),
  (g, x) => matmulData(backendOf('linearBackward', [g, x]), 'linearBackward', turned(g), x as View, g.dtype, [g.shape[1]!, x.shape[1]!]),
  (g) => {
    const { device, dtype, shape } = g;
    const [inputs, params, dims] = [[g as View], [], [0]];
    const request = { kind: 'sum', expr: same, inputs, params, shape, dims, compute: dtype, output: dtype, divisor: 1 } as const;
    return wrap(device, reduceKernel(device, 'linearBackward', request), dtype, [shape[1]!]);
  },
];

/**
 * x @ weightᵀ + bias.
 *
 * @param x [..., I]
 * @param weight [O, I], or [I] for a single output without a dimension of its own
 * @param bias [O] (or [] with a weight [I]); of a matrix `x` anything that broadcasts to the result
 * @returns [..., O], or [...] for a weight [I]
 * @throws ShapeError when the last dimension of `x` is not I, or the bias does not fit
 * @throws DTypeError when the dtypes differ, or for bool
 * @example
 * ```ts
 * linear(zeros([8, 5, 64]), zeros([10, 64]), zeros([10])).shape; // [8, 5, 10]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  if (x.ndim === 0) throw new ShapeError('linear: the input is a scalar, expected [..., I]');
  if (weight.ndim !== 1 && weight.ndim !== 2)
    throw new ShapeError(`linear: the weight has shape ${show(weight.shape)}, expected [O, I] or [I]`);
  const size = x.shape[x.ndim - 1]!;
  const expected = weight.shape[weight.ndim - 1]!;
  if (size !== expected) {
    throw new ShapeError(
      `linear: input ${show(x.shape)} has size ${size} in its last dimension but weight ${show(weight.shape)} expects ${expected} (dimension -1)`,
    );
  }
  checkAlike('linear', bias == null ? [x, weight] : [x, weight, bias]);
  const outputs = weight.shape.slice(0, -1);
  const lead = x.shape.slice(0, -1);
  if (bias != null) checkBias(bias, weight, x.ndim === 2 ? [...lead, ...outputs] : outputs);
  // One matrix product whatever the leading dimensions are.
  const flat = x.ndim === 2 ? x : (x.reshape([sizeOf(lead), size]) as Tensor);
  const y = product(flat, weight, bias ?? null);
  return x.ndim === 2 ? y : (y.reshape([...lead, ...outputs]) as Tensor);
}

/** Of a matrix `x`. */
function product(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  if (weight.ndim === 2 && bias === null) return linearOp([x, weight], undefined)[0]!;
  if (weight.ndim === 2 && bias!.ndim === 1 && bias!.size === weight.shape[0]) return linearOp([x, weight, bias!], undefined)[0]!;
  const y = matmul(x, weight.ndim === 2 ? weight.mT : weight);
  return bias === null ? y : (add(y, bias) as Tensor);
}

function checkBias(bias: Tensor, weight: Tensor, shape: readonly number[]): void {
  if (bias.ndim <= shape.length && bias.shape.every((n, d) => n === 1 || n === shape[shape.length - bias.ndim + d])) return;
  const outputs = show(weight.shape.slice(0, -1));
  throw new ShapeError(`linear: the bias has shape ${show(bias.shape)}, expected ${outputs} for a weight ${show(weight.shape)}`);
}

/**
 * x1ᵀ W x2 + bias for each output's matrix W.
 *
 * @param input1 [..., I]
 * @param input2 [..., J], with the leading dimensions of `input1`
 * @param weight [O, I, J]
 * @param bias [O]
 * @returns [..., O]
 * @throws ShapeError when the shapes do not fit each other
 * @throws DTypeError when the dtypes differ, or for bool
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
 */
export function bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  const op = 'bilinear';
  if (weight.ndim !== 3) throw new ShapeError(`${op}: the weight has shape ${show(weight.shape)}, expected [O, I, J]`);
  const lead = input1.shape.slice(0, -1);
  if (input1.ndim === 0 || input1.ndim !== input2.ndim || !sameShape(lead, input2.shape.slice(0, -1))) {
    throw new ShapeError(
      `${op}: the inputs must have the same leading dimensions, [..., I] and [..., J], got ${show(input1.shape)} and ${show(input2.shape)}`,
    );
  }
  checkInner(op, input1, input1.ndim - 1, weight, 1);
  checkInner(op, input2, input2.ndim - 1, weight, 2);
  const [outputs, i, j] = weight.shape as [number, number, number];
  if (bias != null && !(bias.ndim === 1 && bias.shape[0] === outputs)) {
    throw new ShapeError(`${op}: the bias has shape ${show(bias.shape)}, expected [${outputs}] for a weight ${show(weight.shape)}`);
  }
  checkAlike(op, bias == null ? [input1, input2, weight] : [input1, input2, weight, bias]);
  const rows = sizeOf(lead);
  // [rows, I] by [I, O J] is a matrix [O, J] for each row, which then meets its column of J.
  const matrices = matmul(input1.reshape([rows, i]) as Tensor, weight.permute(1, 0, 2).reshape([i, outputs * j]) as Tensor);
  const product = matmul(matrices.reshape([rows, outputs, j]) as Tensor, input2.reshape([rows, j, 1]) as Tensor);
  const y = product.reshape([...lead, outputs]) as Tensor;
  return bias == null ? y : (add(y, bias) as Tensor);
}
