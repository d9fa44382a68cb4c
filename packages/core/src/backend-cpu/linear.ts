import { type Computed, Declined, type View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { isFloating } from '../dtype.ts';
import { functions } from '../expr/function.ts';
import { call, input } from '../expr/node.ts';
import { runMap } from './map.ts';
import { runMatmul, vectorMatmul } from './matmul.ts';

/** Results up to which a loop is faster than a kernel of the expression. */
const small = 256;

/** x [N, I] * weight [O, I] transposed, plus bias [O]: rounded after the product as the composition is. */
export function runLinear(x: View, weight: View, bias: View | null, make: (dtype: DType, n: number) => TypedArray): Computed {
  const { dtype } = x;
  if (!isFloating(dtype)) return new Declined(`the fused linear takes float32 and float64, not ${dtype}`);
  const [outputs, inputs] = weight.shape as readonly [number, number];
  const [row, column] = weight.strides as readonly [number, number];
  const b = { handle: weight.handle, dtype, shape: [inputs, outputs], strides: [column, row], offset: weight.offset };
  if (bias !== null && bias.strides[0] === 1) {
    const sum = vectorMatmul(x, b, bias, make);
    if (sum !== null) return sum;
  }
  const y = runMatmul({ a: x, b, dtype }, make);
  if (bias !== null) addToRows(y, x.shape[0]!, outputs, bias);
  return y;
}

/** Adds a vector to each row. */
function addToRows(y: TypedArray, rows: number, n: number, bias: View): void {
  const v = bias.handle as TypedArray;
  const step = bias.strides[0]!;
  if (y.length <= small) {
    for (let r = 0, at = 0; r < rows; r++) for (let j = 0, q = bias.offset; j < n; j++, q += step) y[at++]! += v[q]!;
    return;
  }
  const { dtype } = bias;
  const shape = [rows, n];
  const out = { handle: y, dtype, shape, strides: [n, 1], offset: 0 };
  const repeated = { handle: v, dtype, shape, strides: [0, step], offset: bias.offset };
  const sum = call(functions.get('add')!, [input(0), input(1)]);
  runMap({ exprs: [sum], inputs: [out, repeated], params: [], shape, compute: dtype, outputs: [dtype] }, [out]);
}
