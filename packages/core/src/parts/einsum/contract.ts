import { ShapeError } from '../../errors.ts';
import { sizeOf } from '../../layout.ts';
import { mul } from '../../ops/arithmetic.ts';
import { matmul } from '../../ops/matmul.ts';
import { show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { checkAlike } from '../products.ts';
import { type Equation, type Labels, labelName } from './parse.ts';
import { greedyPath, labelsOfPair, type Sizes } from './path.ts';

/** A tensor whose dimensions have labels, each label once. */
interface Labelled {
  readonly t: Tensor;
  readonly labels: Labels;
}

/** The diagonal over every label that stands twice. */
function diagonals(t: Tensor, labels: Labels, i: number): Labelled {
  const rest = [...labels];
  let out = t;
  for (let d = 0; d < rest.length; ) {
    const other = rest.indexOf(rest[d]!, d + 1);
    if (other < 0) {
      d++;
      continue;
    }
    const label = rest[d]!;
    const [n, m] = [out.shape[d]!, out.shape[other]!];
    if (n !== m) {
      throw new ShapeError(`einsum: ${labelName(label)} stands twice for operand ${i} ${show(t.shape)}, where it has sizes ${n} and ${m}`);
    }
    out = out.diagonal(0, d, other);
    rest.splice(other, 1);
    rest.splice(d, 1);
    rest.push(label);
  }
  return { t: out, labels: rest };
}

/** The size of every label; where it is 1 for one operand and larger for another, the larger. */
function sizesOf(operands: readonly Labelled[]): Sizes {
  const sizes = new Map<number, number>();
  operands.forEach(({ t, labels }, i) => {
    labels.forEach((s, d) => {
      const [known, n] = [sizes.get(s) ?? 1, t.shape[d]!];
      if (known !== n && known !== 1 && n !== 1) {
        throw new ShapeError(`einsum: ${labelName(s)} has size ${n} for operand ${i} ${show(t.shape)}, but ${known} for one before`);
      }
      sizes.set(s, known === 1 ? n : known);
    });
  });
  return sizes;
}

/** Without dimensions of size 1: they only say that an operand repeats there. */
function squeezed({ t, labels }: Labelled): Labelled {
  const ones = labels.map((_, d) => d).filter((d) => t.shape[d] === 1);
  return ones.length === 0 ? { t, labels } : { t: t.squeeze(ones), labels: labels.filter((_, d) => t.shape[d] !== 1) };
}

/** Without the labels that `keep` lacks, which are summed over; of bools, that counts. */
function summed({ t, labels }: Labelled, keep: ReadonlySet<number>): Labelled {
  const gone = labels.map((_, d) => d).filter((d) => !keep.has(labels[d]!));
  if (gone.length === 0) return { t, labels };
  const dtype = t.dtype === 'bool' ? 'int64' : t.dtype;
  return { t: t.sum(gone, { dtype }) as Tensor, labels: labels.filter((s) => keep.has(s)) };
}

/** The dimensions in the order of `labels`, of which each is a label of the tensor. */
function arranged({ t, labels }: Labelled, order: Labels): Tensor {
  const dims = order.map((s) => labels.indexOf(s));
  return dims.every((d, k) => d === k) ? t : (t.permute(...dims) as Tensor);
}

/**
 * The product of two operands, summed over what nothing needs any more. Where there is something to sum over, one
 * batched matrix product; otherwise an elementwise one.
 */
function pairwise(x: Labelled, y: Labelled, others: readonly Labels[], output: Labels): Labelled {
  const kept = new Set(labelsOfPair(x.labels, y.labels, others, output));
  const a = summed(x, new Set([...kept, ...y.labels]));
  const b = summed(y, new Set([...kept, ...x.labels]));
  const shared = a.labels.filter((s) => b.labels.includes(s));
  const batch = shared.filter((s) => kept.has(s));
  const inner = shared.filter((s) => !kept.has(s));
  const rows = a.labels.filter((s) => !shared.includes(s));
  const columns = b.labels.filter((s) => !shared.includes(s));
  const labels = [...batch, ...rows, ...columns];
  const left = arranged(a, [...batch, ...rows, ...inner]);
  if (inner.length === 0) {
    const right = arranged(
      b,
      labels.filter((s) => b.labels.includes(s)),
    );
    const shape = labels.map((s) => (b.labels.includes(s) ? b.t.shape[b.labels.indexOf(s)]! : 1));
    const wide = left.reshape([...left.shape, ...columns.map(() => 1)]) as Tensor;
    return { t: mul(wide, right.reshape(shape) as Tensor) as Tensor, labels };
  }
  checkAlike('einsum', [left, b.t]);
  const right = arranged(b, [...batch, ...inner, ...columns]);
  const [n, m] = [batch.length, rows.length];
  const head = left.shape.slice(0, n);
  const high = left.shape.slice(n, n + m);
  const long = sizeOf(left.shape.slice(n + m));
  const broad = right.shape.slice(n + inner.length);
  const product = matmul(left.reshape([...head, sizeOf(high), long]) as Tensor, right.reshape([...head, long, sizeOf(broad)]) as Tensor);
  return { t: product.reshape([...head, ...high, ...broad]) as Tensor, labels };
}

/** Computes what an equation says. */
export function contract({ inputs, output }: Equation, tensors: readonly Tensor[]): Tensor {
  const operands = tensors.map((t, i) => diagonals(t, inputs[i]!, i));
  const sizes = sizesOf(operands);
  const left = operands.map(squeezed);
  const path = greedyPath(
    left.map((o) => o.labels),
    output,
    sizes,
  );
  for (const [i, j] of path) {
    const others = left.filter((_, k) => k !== i && k !== j);
    const product = pairwise(
      left[i]!,
      left[j]!,
      others.map((o) => o.labels),
      output,
    );
    left.splice(0, left.length, ...others, product);
  }
  const out = finished(left[0]!, output, sizes);
  // A tensor of its own, as of every op: a view where nothing was computed.
  return tensors.includes(out) ? (out.view(out.shape) as Tensor) : out;
}

/** Sums what is left, puts the dimensions in order, and brings back those of size 1. */
function finished(last: Labelled, output: Labels, sizes: Sizes): Tensor {
  const gone = last.labels.map((_, d) => d).filter((d) => !output.includes(last.labels[d]!));
  const t = gone.length === 0 ? last.t : (last.t.sum(gone) as Tensor);
  const labels = last.labels.filter((s) => output.includes(s));
  const ordered = arranged(
    { t, labels },
    output.filter((s) => labels.includes(s)),
  );
  const shape = output.map((s) => sizes.get(s)!);
  return ordered.ndim === shape.length ? ordered : (ordered.reshape(shape) as Tensor);
}
