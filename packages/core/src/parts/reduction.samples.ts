import type { NdArray, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';

/** Plain-JavaScript references of reductions, shared by the samples of their families. */

/** `x` with `f` applied to the elements that fall together when `dims` disappear, in row-major order. */
export function reduced(x: NdArray, dims: readonly number[], keepdim: boolean, f: (group: number[]) => number): NdArray {
  const rank = x.shape.length;
  const gone = new Set(dims.map((d) => (d < 0 ? d + rank : d)));
  const kept = x.shape.map((n, d) => (gone.has(d) ? 1 : n));
  const groups = Array.from({ length: kept.reduce((p, n) => p * n, 1) }, (): number[] => []);
  x.data.forEach((v, k) => {
    let rest = k;
    let at = 0;
    let step = 1;
    for (let d = rank - 1; d >= 0; d--) {
      const i = rest % x.shape[d]!;
      rest = (rest - i) / x.shape[d]!;
      if (gone.has(d)) continue;
      at += i * step;
      step *= x.shape[d]!;
    }
    groups[at]!.push(v);
  });
  return { shape: keepdim ? kept : x.shape.filter((_, d) => !gone.has(d)), data: groups.map(f) };
}

/** How a reduction is called: `dim` undefined for all dimensions. */
export type Call = (x: Tensor, dim?: number | readonly number[], options?: { keepdim?: boolean }) => Tensor;

/** What varies between reductions. */
export interface ReductionOptions {
  /** Only one dimension, or all. */
  readonly single?: boolean;
  /** Elements at least this far apart. */
  readonly apart?: number;
  readonly low?: number;
  readonly high?: number;
  readonly avoid?: readonly number[];
  readonly differentiable?: boolean;
  /** No value for no elements. */
  readonly nonEmpty?: boolean;
  readonly tolerance?: number;
}

/** Calls of a reduction over every choice of dimensions. */
export function reductionSamples(call: Call, f: (group: number[]) => number, options: ReductionOptions = {}): Sample[] {
  const { single, nonEmpty, differentiable, tolerance, ...spec } = options;
  const common = { ...(differentiable === undefined ? {} : { differentiable }), ...(tolerance === undefined ? {} : { tolerance }) };
  const make = (name: string, shape: readonly number[], dim?: number | readonly number[], keepdim?: boolean): Sample => ({
    ...common,
    name,
    inputs: [{ shape, ...spec }],
    run: (x) => (keepdim === undefined ? call(x!, dim) : call(x!, dim, { keepdim })),
    reference: (x) => {
      const all = shape.map((_, d) => d);
      const dims = dim === undefined ? all : typeof dim === 'number' ? (shape.length === 0 ? [] : [dim]) : dim.length === 0 ? all : dim;
      return reduced(x!, dims, keepdim ?? false, f);
    },
  });
  return [
    make('all', [2, 3]),
    make('last dimension', [2, 3], -1),
    make('first dimension', [3, 2], 0),
    make('middle dimension, kept', [2, 3, 2], 1, true),
    make('a dimension of size 1', [3, 1], 1),
    make('0-d', []),
    make('0-d, dim 0', [], 0),
    make('no results', [0, 3], 1),
    ...(nonEmpty === true ? [] : [make('over nothing', [2, 0], 1), make('all of nothing', [0])]),
    ...(single === true
      ? []
      : [
          make('two dimensions', [2, 3, 2], [0, 2]),
          make('two dimensions, kept', [2, 3, 2], [-1, 0], true),
          make('an empty list is all', [2, 3], []),
        ]),
  ];
}
