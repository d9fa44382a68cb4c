import { allocate, type DType, exactInteger, isFloating, type TypedArray } from '../dtype.ts';
import { DTypeError, IndexError } from '../errors.ts';
import { fullData, hostCompute } from '../kernels.ts';
import { contiguousStrides, sizeOf } from '../layout.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { where } from '../ops/where.ts';
import type { Tensor } from '../tensor.ts';
import { checkIndexDType, checkIndexShape, gatherAlong, scatterAddAlong } from './gathering.ts';
import { shifted } from './scan.ts';

/** How entries that go to one place are combined. */
export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

/** Reductions that have an op of their own; sums and means are scatterAdds. */
type Combination = 'prod' | 'amax' | 'amin';

interface Attrs {
  readonly dim: number;
  /** What the user called. */
  readonly op: string;
  readonly includeSelf: boolean;
}

/** For each position of an index at coordinate 0 of `dim`: where it lies in the index, and in the base. */
function linesOf(index: readonly number[], base: readonly number[], dim: number): { index: Int32Array; base: Int32Array } {
  const shape = index.map((n, d) => (d === dim ? 1 : n));
  const [from, to] = [contiguousStrides(index), contiguousStrides(base)];
  const lines = { index: new Int32Array(sizeOf(shape)), base: new Int32Array(sizeOf(shape)) };
  const at = shape.map(() => 0);
  let [i, b] = [0, 0];
  for (let line = 0; line < lines.index.length; line++) {
    lines.index[line] = i;
    lines.base[line] = b;
    for (let d = shape.length - 1; d >= 0; d--) {
      i += from[d]!;
      b += to[d]!;
      if (++at[d]! < shape[d]!) break;
      i -= from[d]! * shape[d]!;
      b -= to[d]! * shape[d]!;
      at[d] = 0;
    }
  }
  return lines;
}

/** One combination over plain arrays; where several entries go to one place, they come in the order of the index. */
function combine(
  kind: Combination,
  { dim, op, includeSelf }: Attrs,
  base: Tensor,
  index: Tensor,
  values: readonly TypedArray[],
): TypedArray {
  const [old, where, src] = values as [TypedArray, TypedArray, TypedArray];
  const { dtype } = base;
  const out = allocate(dtype, old.length);
  out.set(old);
  const taken = new Uint8Array(old.length).fill(includeSelf ? 1 : 0);
  const size = base.shape[dim]!;
  const lines = linesOf(index.shape, base.shape, dim);
  const [step, stride] = [contiguousStrides(index.shape)[dim]!, contiguousStrides(base.shape)[dim]!];
  for (let j = 0; j < index.shape[dim]!; j++) {
    for (let line = 0; line < lines.index.length; line++) {
      const i = lines.index[line]! + j * step;
      const k = where[i]!;
      if (!(k >= 0 && k < size)) throw new IndexError(`${op}: index ${k} is out of range for dim ${dim} of size ${size}`);
      const place = lines.base[line]! + k * stride;
      const value = src[i]!;
      const had = out[place]!;
      if (taken[place] === 0) {
        taken[place] = 1;
        out[place] = value;
      } else if (kind === 'prod') {
        out[place] = dtype === 'int64' ? exactInteger(had * value) : dtype === 'int32' ? Math.imul(had, value) : had * value;
      } else if ((kind === 'amax' ? value > had : value < had) || value !== value) {
        out[place] = value; // a NaN is both extremes
      }
    }
  }
  return out;
}

/** Whether some index points at each entry of a tensor like `base`. */
function hits(base: Tensor, dim: number, index: Tensor, op: string): Tensor {
  const none = fullData(base.device, 0, 'int64', base.shape);
  return scatterAddAlong(none, dim, index, fullData(base.device, 1, 'int64', index.shape), op).ne(0) as Tensor;
}

type Backward = (attrs: Attrs, saved: readonly Tensor[], g: Tensor, needs: readonly boolean[]) => readonly [Tensor | null, Tensor | null];

function defineCombination(name: string, kind: Combination, backward: Backward): OpFunction<Attrs> {
  return defineOp<Attrs>({
    name,
    infer: ([base, index, src], { dim, op }) => {
      checkIndexDType(op, index!);
      checkIndexShape(op, base!, index!, dim);
      if (src!.dtype !== base!.dtype) throw new DTypeError(`${op}: the source is ${src!.dtype} but the tensor is ${base!.dtype}`);
      return [{ shape: base!.shape, dtype: base!.dtype }];
    },
    forward: ([base, index, src], attrs, [out]) =>
      hostCompute(attrs.op, [base!, index!, src!], [out!], (values) => [combine(kind, attrs, base!, index!, values)]),
    save: (inputs, outputs) => (kind === 'prod' ? inputs : [...inputs, ...outputs]),
    backward: ({ attrs, saved, needs }, [g]) => {
      const [ofBase, ofSrc] = backward(attrs, saved, g!, needs);
      return [ofBase, null, ofSrc];
    },
  });
}

/** The gradient of an extreme is shared by the entries that reach it, and NaN where none does: where the extreme is NaN. */
const extremeBackward: Backward = ({ dim, op, includeSelf }, [base, index, src, y], g) => {
  const isExtreme = base!.eq(y!) as Tensor;
  const counts = includeSelf ? isExtreme : (isExtreme.logicalAnd(hits(base!, dim, index!, op).logicalNot()) as Tensor);
  const ofBase = counts.to(g.dtype);
  const ofSrc = (src!.eq(gatherAlong(y!, dim, index!)) as Tensor).to(g.dtype);
  const part = g.div(scatterAddAlong(ofBase, dim, index!, ofSrc)) as Tensor;
  return [ofBase.mul(part) as Tensor, ofSrc.mul(gatherAlong(part, dim, index!)) as Tensor];
};

/** An order along `dim` in which equal indices are neighbours, and its inverse: a counting sort. `size` is that of the dimension. */
function grouped(op: string, index: Tensor, dim: number, size: number): [order: Tensor, inverse: Tensor] {
  const { shape } = index;
  const result = { shape, dtype: 'int64' } as const;
  const [order, inverse] = hostCompute(op, [index], [result, result], ([values]) => {
    const [to, from] = [new Float64Array(index.size), new Float64Array(index.size)];
    const n = shape[dim]!;
    const step = contiguousStrides(shape)[dim]!;
    const next = new Uint32Array(size + 1);
    for (const line of linesOf(shape, shape, dim).index) {
      next.fill(0);
      for (let j = 0; j < n; j++) next[values![line + j * step]! + 1]!++;
      for (let k = 0; k < size; k++) next[k + 1]! += next[k]!;
      for (let j = 0; j < n; j++) {
        const position = next[values![line + j * step]!]!++;
        to[line + position * step] = j;
        from[line + j * step] = position;
      }
    }
    return [to, from];
  });
  return [order!, inverse!];
}

/**
 * At each place along `dim` the product of the factors before it (after it, for `by` -1) that share its index, in sweeps
 * of doubling reach. `places` are the indices in an order in which equal ones are neighbours.
 */
function productOfNeighbours(factors: Tensor, places: Tensor, dim: number, by: 1 | -1): Tensor {
  const near = (t: Tensor, reach: number): Tensor =>
    where(places.eq(shifted(places, dim, by * reach, -1)), shifted(t, dim, by * reach, 1), 1) as Tensor;
  let product = near(factors, 1);
  for (let reach = 1; reach < places.shape[dim]!; reach *= 2) product = product.mul(near(product, reach)) as Tensor;
  return product;
}

/**
 * The derivative of a product in one factor is the product of the others at its place. Nothing is divided, so zeros are
 * exact, and every order of derivative follows.
 */
const prodBackward: Backward = ({ dim, op, includeSelf }, [base, index, src], g, needs) => {
  let ofBase: Tensor | null = null;
  if (needs[0]) {
    const one = fullData(g.device, 1, g.dtype, base!.shape);
    ofBase = includeSelf
      ? (g.mul(prodOp([one, index!, src!], { dim, op, includeSelf })[0]!) as Tensor)
      : (where(hits(base!, dim, index!, op), 0, g) as Tensor);
  }
  if (!needs[2]) return [ofBase, null];
  const [order, inverse] = grouped(op, index!, dim, base!.shape[dim]!);
  const places = gatherAlong(index!, dim, order);
  const factors = gatherAlong(src!, dim, order);
  const others = productOfNeighbours(factors, places, dim, 1).mul(productOfNeighbours(factors, places, dim, -1)) as Tensor;
  const all = includeSelf ? (others.mul(gatherAlong(base!, dim, places)) as Tensor) : others;
  return [ofBase, gatherAlong(gatherAlong(g, dim, places).mul(all) as Tensor, dim, inverse)];
};

const prodOp = defineCombination('scatterProd', 'prod', prodBackward);
const amaxOp = defineCombination('scatterAmax', 'amax', extremeBackward);
const aminOp = defineCombination('scatterAmin', 'amin', extremeBackward);

/** Refuses a mean of bools. */
export function checkReducible(op: string, reduce: ScatterReduction, dtype: DType): void {
  if (reduce === 'mean' && dtype === 'bool') throw new DTypeError(`${op}: the mean is not defined for bool`);
}

/**
 * A copy of `base` whose entries where `index` points along `dim` are combined with those of `src`, which has the index's
 * shape; without `includeSelf` those of `src` alone are combined there. Ranks are at least 1. Differentiable.
 *
 * @throws IndexError, ShapeError, DTypeError
 */
export function scatterReduceAlong(
  op: string,
  base: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: ScatterReduction,
  includeSelf: boolean,
): Tensor {
  if (reduce === 'prod' || reduce === 'amax' || reduce === 'amin') {
    const run = reduce === 'prod' ? prodOp : reduce === 'amax' ? amaxOp : aminOp;
    return run([base, index, src], { dim, op, includeSelf })[0]!;
  }
  const { dtype, device } = base;
  checkReducible(op, reduce, dtype);
  checkIndexDType(op, index);
  checkIndexShape(op, base, index, dim);
  const start = includeSelf ? base : (where(hits(base, dim, index, op), dtype === 'bool' ? false : 0, base) as Tensor);
  const sum = scatterAddAlong(start, dim, index, src, op);
  if (reduce === 'sum') return sum;
  const counted = isFloating(dtype) ? dtype : 'int64';
  const own = fullData(device, 1, counted, base.shape);
  const first = includeSelf ? own : (where(hits(base, dim, index, op), 0, own) as Tensor);
  const count = scatterAddAlong(first, dim, index, fullData(device, 1, counted, index.shape), op);
  return isFloating(dtype) ? (sum.div(count) as Tensor) : (sum.div(count, { roundingMode: 'floor' }) as Tensor).to(dtype);
}
