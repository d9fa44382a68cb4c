import { isFloating } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { evaluate } from '../evaluate.ts';
import { input } from '../expr/node.ts';
import { fullData } from '../kernels.ts';
import { defineOp } from '../op.ts';
import { defineReduction, type ReduceFunction, type ReduceMethod, reduceData, withKept } from '../parts/reduction.ts';
import { normalizeDims, reducedShape } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { isinf } from './compare.ts';
import { exp, log } from './exponential.ts';
import { where } from './where.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** log(sum(exp(x))) over `dim` (one, several, or all), without overflow. Integers and bools give float32. @see https://pytorch.org/docs/stable/generated/torch.logsumexp.html */
    readonly logsumexp: ReduceMethod;
  }
}

interface LogsumexpAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** What is subtracted before exponentials are taken: an infinite maximum would leave NaN. */
const shift = elementwise('logsumexp', (m) => where(isinf(m), 0, m));
const shiftedExp = exp(input(0).sub(input(1)));
const unshifted = log(input(0)).add(input(1));
const softmaxTimes = elementwise('logsumexpBackward', (g, x, y) => g.mul(exp(x.sub(y))));

const logsumexpOp = defineOp<LogsumexpAttrs>({
  name: 'logsumexp',
  infer: ([x], { dims, keepdim }) => [{ shape: reducedShape(x!.shape, dims, keepdim), dtype: x!.dtype }],
  forward: ([x], { dims }, [out]) => {
    const { device, shape, dtype } = x!;
    if (dims.some((d) => shape[d] === 0)) return [fullData(device, -Infinity, dtype, out!.shape)];
    const kept = reducedShape(shape, dims, true);
    const m = shift(reduceData('logsumexp', 'max', x!, dims, true, dtype));
    const common = { name: 'logsumexp', params: [], divisor: 1, compute: dtype, output: dtype };
    const s = evaluate({ ...common, expr: shiftedExp, inputs: [x!.detach(), m], shape, dims, result: kept });
    return [evaluate({ ...common, expr: unshifted, inputs: [s, m], shape: kept, dims: [], result: out!.shape })];
  },
  save: ([x], [y]) => [x!, y!],
  backward: ({ attrs: { dims }, saved: [x, y] }, [g]) => [softmaxTimes(withKept(g!, x!.shape, dims), x!, withKept(y!, x!.shape, dims))],
});

/** The logarithm of the sum of exponentials over `dim`; see {@link Tensor.logsumexp}. */
export const logsumexp: ReduceFunction = defineReduction('logsumexp', (x, dim, { keepdim = false }) => {
  const floating = isFloating(x.dtype) ? x : x.to('float32');
  return logsumexpOp([floating], { dims: normalizeDims('logsumexp', dim, x.shape), keepdim })[0]!;
});
