import { allocate, type DType, type TypedArray } from '../../dtype.ts';
import { LinAlgError } from '../../errors.ts';
import { hostCompute } from '../../kernels.ts';
import { sizeOf } from '../../layout.ts';
import type { Tensor } from '../../tensor.ts';

/** One result of {@link perMatrix}: what it holds for each entry of the batch. */
export interface BlockResult {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/**
 * Runs an algorithm on every matrix of a batch, in double precision whatever the dtype: results are rounded once.
 *
 * @param batch leading dimensions of all inputs and results
 * @param results shapes without the batch dimensions
 * @param body gets row-major copies of one entry of each input, which it may overwrite, and zeros for each result
 */
export function perMatrix(
  op: string,
  inputs: readonly Tensor[],
  batch: readonly number[],
  results: readonly BlockResult[],
  body: (ins: readonly Float64Array[], outs: readonly Float64Array[], entry: number) => void,
): Tensor[] {
  const count = sizeOf(batch);
  const metas = results.map((r) => ({ shape: [...batch, ...r.shape], dtype: r.dtype }));
  const inSizes = inputs.map((t) => sizeOf(t.shape.slice(batch.length)));
  const outSizes = results.map((r) => sizeOf(r.shape));
  return hostCompute(op, inputs, metas, (values) => {
    const arrays = metas.map((m) => allocate(m.dtype, sizeOf(m.shape)));
    const ins = inSizes.map((n) => new Float64Array(n));
    const scratch = outSizes.map((n, i) => (arrays[i] instanceof Float64Array ? null : new Float64Array(n)));
    for (let entry = 0; entry < count; entry++) {
      ins.forEach((block, i) => {
        block.set(values[i]!.subarray(entry * block.length, (entry + 1) * block.length));
      });
      const outs = arrays.map((a, i) => scratch[i]?.fill(0) ?? blockOf(a as Float64Array, entry, outSizes[i]!));
      body(ins, outs, entry);
      arrays.forEach((a, i) => {
        if (scratch[i] !== null) (a as Float32Array).set(scratch[i]!, entry * outSizes[i]!);
      });
    }
    return arrays as readonly TypedArray[];
  });
}

function blockOf(a: Float64Array, entry: number, size: number): Float64Array {
  return a.subarray(entry * size, (entry + 1) * size);
}

/** An entry of a batch in messages: `batch [1, 0]: `, nothing where there is no batch. */
export function entryName(batch: readonly number[], entry: number): string {
  if (batch.length === 0) return '';
  const at = new Array<number>(batch.length);
  for (let d = batch.length - 1, rest = entry; d >= 0; d--) {
    at[d] = rest % batch[d]!;
    rest = Math.floor(rest / batch[d]!);
  }
  return `batch [${at.join(', ')}]: `;
}

/** @throws LinAlgError when an element is not finite */
export function checkFinite(op: string, a: Float64Array, batch: readonly number[], entry: number): void {
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(a[i]!)) throw new LinAlgError(`${op}: ${entryName(batch, entry)}the matrix has values that are not finite`);
  }
}
