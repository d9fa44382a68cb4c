import { elementwise } from '../elementwise.ts';
import { evaluate } from '../evaluate.ts';
import { input } from '../expr/node.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { mul } from '../ops/arithmetic.ts';
import { eq, isnan } from '../ops/compare.ts';
import { div } from '../ops/division.ts';
import { where } from '../ops/where.ts';
import { reducedShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { checkNonEmpty, reduceData, withKept } from './reduction.ts';

const isExtreme = eq(input(0), input(1));
/** A NaN among the elements is the extreme. */
const isExtremeOrNaN = where(isnan(input(1)), isnan(input(0)), isExtreme);
/** An extreme's gradient, shared by the places where it is reached; NaN everywhere when the extreme is NaN. */
const share = elementwise('amaxBackward', (g, x, y, count) => div(mul(g, eq(x, y)), count));
/** As above, where a NaN takes the gradient of a NaN extreme. */
const shareWithNaN = elementwise('maxBackward', (g, x, y, count) => where(where(isnan(y), isnan(x), eq(x, y)), div(g, count), 0));

/** How {@link amaxOp} and {@link aminOp} reduce. */
export interface ExtremeAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Whether NaN elements share the gradient of a NaN extreme, or the gradient becomes NaN. */
  readonly nanTies: boolean;
}

/** The gradient of a chosen value, shared by the elements equal to it; with `nanTies` NaN is equal to NaN. */
function shareGradient(name: string, g: Tensor, x: Tensor, y: Tensor, dims: readonly number[], nanTies: boolean): Tensor {
  const { shape, dtype } = x;
  const inputs = [x, withKept(y, shape, dims)];
  const expr = nanTies ? isExtremeOrNaN : isExtreme;
  const result = reducedShape(shape, dims, true);
  const count = evaluate({ name, expr, inputs, params: [], shape, dims, result, divisor: 1, compute: dtype, output: dtype });
  return (nanTies ? shareWithNaN : share)(withKept(g, shape, dims), ...inputs, count);
}

/** The gradient of an element chosen from all of `x`, shared by those equal to it; NaN is equal to NaN. */
export function shareAmongEqual(name: string, g: Tensor, x: Tensor, chosen: Tensor): Tensor {
  return shareGradient(
    name,
    g,
    x,
    chosen,
    x.shape.map((_, d) => d),
    true,
  );
}

function defineExtreme(name: 'amax' | 'amin', kind: 'max' | 'min'): OpFunction<ExtremeAttrs> {
  return defineOp<ExtremeAttrs>({
    name,
    infer: ([x], { dims, keepdim }) => {
      checkNonEmpty(name, x!.shape, dims);
      return [{ shape: reducedShape(x!.shape, dims, keepdim), dtype: x!.dtype }];
    },
    forward: ([x], { dims, keepdim }) => [reduceData(name, kind, x!, dims, keepdim, x!.dtype)],
    save: ([x], [y]) => [x!, y!],
    backward: ({ attrs: { dims, nanTies }, saved: [x, y] }, [g]) => [shareGradient(name, g!, x!, y!, dims, nanTies)],
  });
}

/** The largest element over some dimensions. */
export const amaxOp: OpFunction<ExtremeAttrs> = defineExtreme('amax', 'max');
/** The smallest element over some dimensions. */
export const aminOp: OpFunction<ExtremeAttrs> = defineExtreme('amin', 'min');
