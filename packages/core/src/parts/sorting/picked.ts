import { hostCompute } from '../../kernels.ts';
import { reducedShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { gatherAlong } from '../gathering.ts';
import { eachLine, type Lines, linesAlong, readLine } from './lines.ts';

/** Chooses one place of a line of n elements. */
export type Choose = (line: Float64Array, n: number) => number;

/** One element of every line along `dim` and, int64, its place. The gradient goes where the place points. */
export function pickOne(
  op: string,
  x: Tensor,
  dim: number,
  keepdim: boolean,
  chooser: (lines: Lines) => Choose,
): { values: Tensor; indices: Tensor } {
  const lines = linesAlong(x.shape, dim);
  const shape = reducedShape(x.shape, x.ndim === 0 ? [] : [dim], true);
  const [kept] = hostCompute(op, [x.detach()], [{ shape, dtype: 'int64' }], ([values]) => {
    const out = new Float64Array(lines.outer * lines.inner);
    const line = new Float64Array(lines.n);
    const choose = chooser(lines);
    eachLine(lines, (start, k) => {
      readLine(values!, start, lines, line);
      out[k] = choose(line, lines.n);
    });
    return [out];
  }) as [Tensor];
  return { values: dropped(takeAt(x, dim, kept, op), dim, keepdim), indices: dropped(kept, dim, keepdim) };
}

/** Elements along `dim` at places; a 0-d tensor counts as 1-d. Differentiable. */
export function takeAt(x: Tensor, dim: number, places: Tensor, op: string): Tensor {
  if (x.ndim > 0) return gatherAlong(x, dim, places, op);
  return gatherAlong(x.reshape([1]) as Tensor, 0, places.reshape([1]) as Tensor, op).reshape([]) as Tensor;
}

function dropped(t: Tensor, dim: number, keepdim: boolean): Tensor {
  return keepdim || t.ndim === 0 ? t : (t.squeeze(dim) as Tensor);
}
