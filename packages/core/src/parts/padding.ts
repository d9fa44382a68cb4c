import { elementValue } from '../dtype.ts';
import { ShapeError } from '../errors.ts';
import { computeKernel, wrap } from '../kernels.ts';
import { sizeOf } from '../layout.ts';
import { defineOp } from '../op.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** How much of what goes around a tensor, per dimension; negative amounts crop. */
interface Margins {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

const padOp = defineOp<Margins>({
  name: 'pad',
  infer: ([t], { before, after }) => {
    const shape = t!.shape.map((n, d) => n + before[d]! + after[d]!);
    shape.forEach((n, d) => {
      if (n < 0) throw new ShapeError(`pad: ${before[d]} and ${after[d]} leave size ${n} at dim ${d} of ${show(t!.shape)}`);
    });
    return [{ shape, dtype: t!.dtype }];
  },
  forward: ([t], { before, after, value }, [out]) => {
    const handle = computeKernel(t!.device, 'pad', [t!], out!.dtype, sizeOf(out!.shape), (b, [src]) =>
      b.pad({ src: src!, before, after, value: elementValue('pad', value, out!.dtype) }),
    );
    return [wrap(t!.device, handle, out!.dtype, out!.shape)];
  },
  backward: ({ attrs }, [g]) => [
    padConstant(
      g!,
      attrs.before.map((n) => -n),
      attrs.after.map((n) => -n),
    ),
  ],
});

/** `t` with `before[d]` and `after[d]` elements of `value` around it; negative amounts crop. Differentiable. */
export function padConstant(t: Tensor, before: readonly number[], after: readonly number[], value: number = 0): Tensor {
  if (before.every((n) => n === 0) && after.every((n) => n === 0)) return t;
  return padOp([t], { before, after, value })[0]!;
}

/** {@link padConstant} with zeros along one dimension. */
export function padDim(t: Tensor, dim: number, before: number, after: number): Tensor {
  const at = (n: number): number[] => t.shape.map((_, d) => (d === dim ? n : 0));
  return padConstant(t, at(before), at(after));
}

/** The entries of `t` along `dim`, each followed by `zeros` zeros. */
export function spacedOut(t: Tensor, dim: number, zeros: number): Tensor {
  if (zeros === 0) return t;
  const padded = padDim(t.unsqueeze(dim + 1) as Tensor, dim + 1, 0, zeros);
  return padded.reshape(t.shape.map((n, d) => (d === dim ? n * (zeros + 1) : n))) as Tensor;
}
