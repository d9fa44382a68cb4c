import { Declined, type ScanRequest } from '../backend.ts';
import { contiguousData, copyData, wrap } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { arange } from '../ops/create.ts';
import type { Tensor } from '../tensor.ts';
import { padConstant } from './padding.ts';

/** `x` moved by `by` places along `dim` (backwards when negative), with `fill` where nothing comes from. */
export function shifted(x: Tensor, dim: number, by: number, fill: number): Tensor {
  const at = (n: number): number[] => x.shape.map((_, d) => (d === dim ? n : 0));
  return padConstant(x, at(by), at(-by), fill);
}

/**
 * All prefixes (or suffixes) combined, in log2(n) sweeps of doubling reach (Hillis and Steele, 1986): no sweep depends on
 * the order in which a device visits elements.
 */
function sweeps(x: Tensor, dim: number, reverse: boolean, identity: number, combine: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const n = x.shape[dim] ?? 1;
  let y = n > 1 ? x : copyData(x);
  for (let reach = 1; reach < n; reach *= 2) y = combine(shifted(y, dim, reverse ? -reach : reach, identity), y);
  return y;
}

const combinations: Readonly<Record<ScanRequest['kind'], { identity: number; combine: (a: Tensor, b: Tensor) => Tensor }>> = {
  sum: { identity: 0, combine: (a, b) => a.add(b) as Tensor },
  prod: { identity: 1, combine: (a, b) => a.mul(b) as Tensor },
  logaddexp: { identity: Number.NEGATIVE_INFINITY, combine: (a, b) => a.logaddexp(b) as Tensor },
};

/** Running totals along a dimension: fused where the backend has a kernel, composed elsewhere. Not recorded. */
export function scanData(t: Tensor, kind: ScanRequest['kind'], dim: number, reverse: boolean): Tensor {
  const x = t.detach();
  const done = x.device.fused.scan?.({ kind, src: contiguousData(x), dim, reverse });
  if (done !== undefined && !(done instanceof Declined)) return wrap(x.device, done, x.dtype, x.shape);
  const { identity, combine } = combinations[kind];
  return sweeps(x, dim, reverse, identity, combine);
}

/** Running extremes along a dimension and, int64, the places of the latest of them. Not recorded. */
export function scanExtremeData(t: Tensor, kind: 'max' | 'min', dim: number): [values: Tensor, indices: Tensor] {
  const x = t.detach();
  const done = x.device.fused.scanExtreme?.(kind, contiguousData(x), dim);
  if (done !== undefined && !(done instanceof Declined)) {
    return [wrap(x.device, done[0], x.dtype, x.shape), wrap(x.device, done[1], 'int64', x.shape)];
  }
  const n = x.shape[dim] ?? 1;
  const places = arange(n, { device: x.device }).reshape(x.shape.map((_, d) => (d === dim ? n : 1))) as Tensor;
  let values = n > 1 ? x : copyData(x);
  let indices = copyData(places.expand(x.shape));
  for (let reach = 1; reach < n; reach *= 2) {
    const before = shifted(values, dim, reach, 0);
    const from = shifted(indices, dim, reach, -1);
    const ahead = (kind === 'max' ? values.ge(before) : values.le(before)) as Tensor;
    // Nothing comes from outside (-1); a NaN is ahead of everything, and stays ahead.
    const later = from.lt(0).logicalOr(ahead).logicalOr(values.ne(values)) as Tensor;
    values = values.where(later, before) as Tensor;
    indices = indices.where(later, from) as Tensor;
  }
  return [values, indices];
}

interface RecurrenceAttrs {
  readonly dim: number;
  readonly reverse: boolean;
}

const recurrenceOp: OpFunction<RecurrenceAttrs> = defineOp<RecurrenceAttrs>({
  name: 'recurrence',
  infer: ([, term]) => [{ shape: term!.shape, dtype: term!.dtype }],
  forward: ([factor, term], { dim, reverse }) => {
    const { device, dtype, shape } = term!;
    const done = device.fused.recurrence?.(contiguousData(factor!), contiguousData(term!), dim, reverse);
    if (done !== undefined && !(done instanceof Declined)) return [wrap(device, done, dtype, shape)];
    const n = shape[dim]!;
    let s = n > 1 ? term!.detach() : copyData(term!);
    // The outermost element has no neighbour: its factor does not count.
    const first = reverse ? n - 1 : 0;
    const isFirst = arange(n, { device })
      .eq(first)
      .reshape(shape.map((_, d) => (d === dim ? n : 1))) as Tensor;
    let reachable = factor!.detach().maskedFill(isFirst.expand(shape), 0) as Tensor;
    for (let reach = 1; reach < n; reach *= 2) {
      const by = reverse ? -reach : reach;
      s = s.add(reachable.mul(shifted(s, dim, by, 0)) as never) as Tensor;
      if (reach * 2 < n) reachable = reachable.mul(shifted(reachable, dim, by, 0)) as Tensor;
    }
    return [s];
  },
  save: ([factor], [s]) => [factor!, s!],
  backward: ({ attrs: { dim, reverse }, saved: [factor, s], needs }, [g]) => {
    // What reaches element i passes on, by the next factor, to the element that used it: the same recurrence the other way.
    const by = reverse ? 1 : -1;
    const t = recurrence(shifted(factor!, dim, by, 0), g!, dim, !reverse);
    return [needs[0] ? (t.mul(shifted(s!, dim, -by, 0)) as Tensor) : null, needs[1] ? t : null];
  },
});

/**
 * The solution of s[i] = term[i] + factor[i] s[i + 1] along `dim`, from the end (`reverse`), or of s[i] = term[i] +
 * factor[i] s[i - 1]. The factor of the element to start from is not used. Differentiable.
 */
export function recurrence(factor: Tensor, term: Tensor, dim: number, reverse: boolean): Tensor {
  return recurrenceOp([factor, term], { dim, reverse })[0]!;
}
