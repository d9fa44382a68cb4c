import { type DType, isFloating } from '../dtype.ts';
import { copyData } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { padConstant } from '../padding.ts';
import { normalizeDim } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { ReduceDType } from './sum.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Running sums along `dim`; integers and bools give int64. @see https://pytorch.org/docs/stable/generated/torch.cumsum.html */
    cumsum<A extends Shape>(this: Tensor<A>, dim: number, options?: ReduceDType): Tensor<A>;
    /** Running products along `dim`; integers and bools give int64. Gradients are exact where elements are 0. @see https://pytorch.org/docs/stable/generated/torch.cumprod.html */
    cumprod<A extends Shape>(this: Tensor<A>, dim: number, options?: ReduceDType): Tensor<A>;
  }
}

/** `x` moved by `by` places along `dim` (backwards when negative), with `fill` where nothing comes from. */
function shifted(x: Tensor, dim: number, by: number, fill: number): Tensor {
  const at = (n: number): number[] => x.shape.map((_, d) => (d === dim ? n : 0));
  return padConstant(x, at(by), at(-by), fill);
}

/**
 * All prefixes (or suffixes) combined, in log2(n) sweeps of doubling reach (Hillis and Steele, 1986): no sweep depends on
 * the order in which a device visits elements.
 */
function scan(x: Tensor, dim: number, reverse: boolean, identity: number, combine: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const n = x.shape[dim] ?? 1;
  let y = n > 1 ? x.detach() : copyData(x);
  for (let reach = 1; reach < n; reach *= 2) y = combine(shifted(y, dim, reverse ? -reach : reach, identity), y);
  return y;
}

interface ScanAttrs {
  readonly dim: number;
  readonly reverse: boolean;
}

const cumsumOp: OpFunction<ScanAttrs> = defineOp<ScanAttrs>({
  name: 'cumsum',
  doc: 'running sums along a dimension',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  forward: ([x], { dim, reverse }) => [scan(x!, dim, reverse, 0, (a, b) => a.add(b) as Tensor)],
  backward: ({ attrs: { dim, reverse } }, [g]) => [cumsumOp([g!], { dim, reverse: !reverse })[0]!],
});

const cumprodOp: OpFunction<number> = defineOp<number>({
  name: 'cumprod',
  doc: 'running products along a dimension',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  forward: ([x], dim) => [scan(x!, dim, false, 1, (a, b) => a.mul(b) as Tensor)],
  save: ([x]) => [x!],
  backward: ({ attrs: dim, saved: [x] }, [g]) => {
    const n = x!.shape[dim] ?? 1;
    if (n <= 1) return [g!];
    const before = shifted(cumprodOp([x!], dim)[0]!, dim, 1, 1);
    return [before.mul(weightedSuffixes(shifted(x!, dim, -1, 0), g!, dim)) as Tensor];
  },
});

/** The solution of s[i] = g[i] + a[i] s[i + 1]: nothing is divided, so zeros are exact. */
function weightedSuffixes(a: Tensor, g: Tensor, dim: number): Tensor {
  const n = g.shape[dim]!;
  let s = g;
  let reachable = a;
  for (let reach = 1; reach < n; reach *= 2) {
    s = s.add(reachable.mul(shifted(s, dim, -reach, 0)) as never) as Tensor;
    if (reach * 2 < n) reachable = reachable.mul(shifted(reachable, dim, -reach, 0)) as Tensor;
  }
  return s;
}

/** Sums and products of integers and bools are int64. */
function widened(x: Tensor, dtype: DType | undefined): Tensor {
  return x.to(dtype ?? (isFloating(x.dtype) ? x.dtype : 'int64'));
}

/** Running sums along `dim`; see {@link Tensor.cumsum}. */
export function cumsum<A extends Shape>(x: Tensor<A>, dim: number, options: ReduceDType = {}): Tensor<A> {
  const d = normalizeDim('cumsum', dim, x.shape);
  return cumsumOp([widened(x as Tensor, options.dtype)], { dim: d, reverse: false })[0]! as unknown as Tensor<A>;
}

/** Running products along `dim`; see {@link Tensor.cumprod}. */
export function cumprod<A extends Shape>(x: Tensor<A>, dim: number, options: ReduceDType = {}): Tensor<A> {
  const d = normalizeDim('cumprod', dim, x.shape);
  return cumprodOp([widened(x as Tensor, options.dtype)], d)[0]! as unknown as Tensor<A>;
}

addMethod('cumsum', function (this: Tensor, dim: number, options?: ReduceDType) {
  return cumsum(this, dim, options);
});
addMethod('cumprod', function (this: Tensor, dim: number, options?: ReduceDType) {
  return cumprod(this, dim, options);
});
