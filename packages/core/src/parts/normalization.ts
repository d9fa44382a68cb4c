import { isGradEnabled, noGrad } from '../autograd/modes.ts';
import { spread } from '../evaluate.ts';
import { type Expr, input, param } from '../expr/node.ts';
import { fuseMap, fuseSum } from '../fuse.ts';
import { backendOf, mapKernel, wrap } from '../kernels.ts';
import { sizeOf } from '../layout.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { add, mul, rsqrt, square, sub } from '../ops/arithmetic.ts';
import { div } from '../ops/division.ts';
import type { Tensor } from '../tensor.ts';

// Normalization over some dimensions, with the affine map that follows it: two reductions and a map forward, and the
// closed formula backward (Ioffe and Szegedy 2015, section 3), again as few reductions and a map.

/** Mean, biased variance, and 1 / sqrt(variance + eps), with the reduced dimensions kept. */
export interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly rstd: Tensor;
}

const centred = sub(input(0), input(1));
const inverseDeviation = rsqrt(add(input(0), param(0)));

/** The statistics of `x` over `dims`: in two passes, so that a large mean costs no digits of the variance. Differentiable. */
function statistics(name: string, x: Tensor, dims: readonly number[], eps: number): Statistics {
  const over = { dims, keepdim: true, divisor: sizeOf(dims.map((d) => x.shape[d]!)) };
  const mean = fuseSum(name, input(0), [x], [], over);
  const variance = fuseSum(name, square(centred), [x, mean], [], over);
  return { mean, variance, rstd: deviation(name, variance, eps) };
}

/** 1 / sqrt(variance + eps). */
export function deviation(name: string, variance: Tensor, eps: number): Tensor {
  return fuseMap(name, inverseDeviation, [variance], [eps]);
}

const normalized = mul(centred, input(2));

/** (x - mean) * rstd, times a weight, plus a bias: `affine` says which of them there are. */
const forms = {
  none: normalized,
  weight: mul(normalized, input(3)),
  bias: add(normalized, input(3)),
  both: add(mul(normalized, input(3)), input(4)),
} as const;

/** Weight and bias of an affine map, each of which may be missing; both broadcast to what is normalized. */
export interface Affine {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
}

function formOf(weight: boolean, bias: boolean): Expr {
  if (weight) return bias ? forms.both : forms.weight;
  return bias ? forms.bias : forms.none;
}

const present = ({ weight, bias }: Affine): Tensor[] => [weight, bias].filter((t) => t !== null);

/** The affine map of `x` normalized by statistics that are constants (those of earlier batches). */
export function normalizeBy(name: string, x: Tensor, mean: Tensor, rstd: Tensor, affine: Affine): Tensor {
  return fuseMap(name, formOf(affine.weight !== null, affine.bias !== null), [x, mean, rstd, ...present(affine)]);
}

interface Normalization {
  /** What the statistics reduce, ascending. */
  readonly dims: readonly number[];
  readonly eps: number;
  readonly weight: boolean;
  readonly bias: boolean;
  /** Weight and bias have the shape of the statistics (a number per channel), rather than varying over what is reduced. */
  readonly grouped: boolean;
}

// Inputs of the backward kernels: the gradient g, then x, mean, rstd, then the weight where there is one, then sums.
const g = input(0);
const value = mul(sub(input(1), input(2)), input(3));
const product = mul(g, value);
const weightedG = mul(g, input(1));
const weightedProduct = mul(product, input(4));

/** rstd * (h - s1 / n - value * s2 / n) for a gradient h, its sum s1 and the sum s2 of its product with the value. */
const inputGrad = (h: Expr, s1: Expr, s2: Expr): Expr => mul(input(3), sub(sub(h, div(s1, param(0))), mul(value, div(s2, param(0)))));
const plainGrad = inputGrad(g, input(4), input(5));
const variedGrad = inputGrad(mul(g, input(4)), input(5), input(6));
/** A weight that is constant over what is reduced leaves the sums, which are then the gradients of bias and weight. */
const groupedGrad = mul(input(4), inputGrad(g, input(5), input(6)));

/** The sum of an expression over the dimensions along which a tensor of shape `small` was broadcast to `shape`. */
function sumDown(name: string, expr: Expr, inputs: readonly Tensor[], shape: readonly number[], small: readonly number[]): Tensor {
  const lead = shape.length - small.length;
  const dims = shape.map((_, d) => d).filter((d) => d < lead || (small[d - lead] === 1 && shape[d] !== 1));
  return fuseSum(name, expr, inputs, [], { dims }).reshape(small) as Tensor;
}

/** An op that normalizes x by its statistics over some dimensions: inputs x, mean, rstd, then weight and bias. */
function defineNormalization(name: string): OpFunction<Normalization> {
  const backwardName = `${name}Backward`;
  return defineOp<Normalization>({
    name,
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    forward: (inputs, { weight, bias }) => {
      const { shape, dtype } = inputs[0]!;
      const backend = backendOf(name, inputs);
      const views = inputs.map((t) => spread(t, shape));
      const expr = formOf(weight, bias);
      const [y] = mapKernel(backend, name, { exprs: [expr], inputs: views, params: [], shape, compute: dtype, outputs: [dtype] });
      return [wrap(backend, y!, dtype, shape)];
    },
    save: (inputs, _outputs, { weight }) => inputs.slice(0, weight ? 4 : 3),
    backward: ({ attrs: { dims, eps, grouped, bias }, saved, inputs, needs }, [grad]) => {
      const [x, savedMean, savedRstd, weight] = saved as [Tensor, Tensor, Tensor, Tensor?];
      // The statistics are functions of x: where this pass is recorded, they are computed from it again.
      const { mean, rstd } = isGradEnabled() ? statistics(backwardName, x, dims, eps) : { mean: savedMean, rstd: savedRstd };
      const base = [grad!, x, mean, rstd];
      const count = sizeOf(dims.map((d) => x.shape[d]!));
      const sum = (expr: Expr, of: readonly Tensor[]): Tensor => fuseSum(backwardName, expr, of, [], { dims, keepdim: true });
      const down = (k: number, expr: Expr, of: readonly Tensor[]): Tensor => sumDown(backwardName, expr, of, x.shape, inputs[k]!.shape);
      const out: (Tensor | null)[] = inputs.map(() => null);
      const biasAt = bias ? inputs.length - 1 : -1;
      const needsBias = biasAt >= 0 && needs[biasAt] === true;
      const needsWeight = weight !== undefined && needs[3] === true;
      if (weight === undefined || grouped) {
        const s1 = needs[0] || (grouped && needsBias) ? sum(g, [grad!]) : null;
        const s2 = needs[0] || needsWeight ? sum(product, base) : null;
        if (needs[0]) {
          const [expr, between] = weight === undefined ? [plainGrad, []] : [groupedGrad, [weight]];
          out[0] = fuseMap(backwardName, expr, [...base, ...between, s1!, s2!], [count]);
        }
        if (needsWeight) out[3] = s2;
        if (needsBias) out[biasAt] = grouped ? s1 : down(biasAt, g, [grad!]);
        return out;
      }
      if (needs[0]) {
        const s1 = sum(weightedG, [grad!, weight]);
        const s2 = sum(weightedProduct, [...base, weight]);
        out[0] = fuseMap(backwardName, variedGrad, [...base, weight, s1, s2], [count]);
      }
      if (needsWeight) out[3] = down(3, product, base);
      if (needsBias) out[biasAt] = down(biasAt, g, [grad!]);
      return out;
    },
  });
}

const normalizations: Readonly<Record<NormalizationName, OpFunction<Normalization>>> = {
  batchNorm: defineNormalization('batchNorm'),
  groupNorm: defineNormalization('groupNorm'),
  instanceNorm: defineNormalization('instanceNorm'),
  layerNorm: defineNormalization('layerNorm'),
};

/** The ops that normalize by statistics of their own input. */
export type NormalizationName = 'batchNorm' | 'groupNorm' | 'instanceNorm' | 'layerNorm';

/** What {@link normalize} is to do. */
export interface NormalizeOptions {
  /** What the statistics reduce, ascending. */
  readonly dims: readonly number[];
  readonly eps: number;
  /** Whether weight and bias have the shape of the statistics. */
  readonly grouped: boolean;
}

/**
 * `x` minus its mean over `dims`, divided by its standard deviation, times a weight, plus a bias.
 *
 * @returns the result, and mean and biased variance (without history)
 */
export function normalize(
  name: NormalizationName,
  x: Tensor,
  affine: Affine,
  options: NormalizeOptions,
): Statistics & { readonly y: Tensor } {
  const found = noGrad(() => statistics(name, x, options.dims, options.eps));
  const attrs = { ...options, weight: affine.weight !== null, bias: affine.bias !== null };
  const [y] = normalizations[name]([x, found.mean, found.rstd, ...present(affine)], attrs);
  return { ...found, y: y! };
}
