import { IndexError, noGrad, randn, type Tensor, ValueError } from '@nabla/core';
import * as F from './functional.ts';
import { Module } from './module.ts';
import { Buffer, isParameter } from './parameter.ts';
import { type Parametrization, registerParametrization } from './parametrize.ts';
import { nameOf } from './state.ts';

function parameterOf(op: string, module: Module, name: string): Tensor {
  const value = (module as unknown as Record<string, unknown>)[name];
  if (!isParameter(value)) throw new ValueError(`${op}: ${nameOf(module)} has no parameter '${name}'`);
  return value;
}

function dimensionOf(op: string, dim: number, t: Tensor): number {
  if (!Number.isInteger(dim) || dim >= t.ndim || dim < -t.ndim)
    throw new IndexError(`${op}: dimension ${dim} is out of range for [${t.shape.join(', ')}]`);
  return dim < 0 ? dim + t.ndim : dim;
}

/** Lengths of the slices along `dim`, kept as dimensions of size 1; of all together for null. */
function lengths(t: Tensor, dim: number | null): Tensor {
  const dims = t.shape.map((_, d) => d).filter((d) => d !== dim);
  return dims.length === 0 ? (t.abs() as Tensor) : (t.square().sum(dims, { keepdim: true }).sqrt() as Tensor);
}

class WeightNorm extends Module implements Parametrization {
  readonly #dim: number | null;

  constructor(dim: number | null) {
    super();
    this.#dim = dim;
  }

  forward(g: Tensor, v: Tensor): Tensor {
    return v.mul(g.div(lengths(v, this.#dim)) as Tensor) as Tensor;
  }

  rightInverse(weight: Tensor): [Tensor, Tensor] {
    const g = lengths(weight, this.#dim);
    return [this.#dim === null ? (g.reshape([]) as Tensor) : g, weight];
  }
}

/** Options of {@link weightNorm}. */
export interface WeightNormOptions {
  /** Which parameter. Default `'weight'`. */
  name?: string;
  /** Along which slices have lengths of their own; null for one length (PyTorch takes -1 for null too, here it is the last). Default 0. */
  dim?: number | null;
}

/**
 * Weight normalization (Salimans and Kingma 2016): the weight as g · v / ‖v‖, with its length g
 * (`parametrizations.weight.original0`) and its direction v (`parametrizations.weight.original1`).
 *
 * @returns the module
 * @throws ValueError when there is no such parameter; IndexError for a dimension that it has not
 * @example
 * ```ts
 * weightNorm(new Linear(20, 40)); // original0 [40, 1], original1 [40, 20]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html
 */
export function weightNorm<M extends Module>(module: M, options: WeightNormOptions = {}): M {
  const { name = 'weight', dim = 0 } = options;
  const weight = parameterOf('weightNorm', module, name);
  return registerParametrization(module, name, new WeightNorm(dim === null ? null : dimensionOf('weightNorm', dim, weight)));
}

class SpectralNorm extends Module implements Parametrization {
  readonly #dim: number;
  readonly #eps: number;
  readonly #iterations: number;
  readonly _u: Buffer | null = null;
  readonly _v: Buffer | null = null;

  constructor(weight: Tensor, iterations: number, dim: number, eps: number) {
    super();
    this.#dim = dim;
    this.#eps = eps;
    this.#iterations = iterations;
    if (weight.ndim < 2) return;
    const matrix = this.#matrix(weight.detach() as Tensor);
    const [rows, columns] = matrix.shape as readonly [number, number];
    const unit = (n: number): Buffer =>
      new Buffer(F.normalize(randn([n], { dtype: weight.dtype, device: weight.device }) as unknown as Tensor, { dim: 0, eps }));
    this._u = unit(rows);
    this._v = unit(columns);
    this.#iterate(matrix, 15);
  }

  #matrix(weight: Tensor): Tensor {
    const order = [this.#dim, ...weight.shape.map((_, d) => d).filter((d) => d !== this.#dim)];
    return weight.permute(...order).flatten(1) as Tensor;
  }

  /** Power iterations towards the first singular vectors. */
  #iterate(matrix: Tensor, count: number): void {
    const { _u: u, _v: v } = this;
    if (u === null || v === null) return;
    noGrad(() => {
      for (let i = 0; i < count; i++) {
        u.copy_(F.normalize(matrix.matmul(v) as Tensor, { dim: 0, eps: this.#eps }));
        v.copy_(F.normalize(matrix.mT.matmul(u) as Tensor, { dim: 0, eps: this.#eps }));
      }
    });
  }

  forward(weight: Tensor): Tensor {
    if (this._u === null || this._v === null) return F.normalize(weight, { dim: 0, eps: this.#eps });
    const matrix = this.#matrix(weight);
    if (this.training) this.#iterate(matrix.detach() as Tensor, this.#iterations);
    // Copies, so that the next call does not change what the backward pass of this one needs.
    const [u, v] = [this._u.clone() as Tensor, this._v.clone() as Tensor];
    return weight.div(u.mul(matrix.matmul(v) as Tensor).sum() as Tensor) as Tensor;
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/** Options of {@link spectralNorm}. */
export interface SpectralNormOptions {
  /** Which parameter. Default `'weight'`. */
  name?: string;
  /** Power iterations in each call in training. Default 1. */
  nPowerIterations?: number;
  /** Least length in normalizations. Default 1e-12. */
  eps?: number;
  /** The dimension of the outputs. Default 1 for transposed convolutions, else 0. */
  dim?: number | null;
}

/**
 * Spectral normalization (Miyato et al. 2018): the weight divided by its largest singular value, which power iterations
 * estimate, one (or more) in each call in training. Their vectors are the buffers `parametrizations.weight.0._u` and `_v`.
 *
 * @returns the module
 * @throws ValueError when there is no such parameter, or for iterations that are not positive; IndexError for a dimension that it has not
 * @example
 * ```ts
 * spectralNorm(new Linear(20, 40));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html
 */
export function spectralNorm<M extends Module>(module: M, options: SpectralNormOptions = {}): M {
  const { name = 'weight', nPowerIterations = 1, eps = 1e-12, dim = null } = options;
  const weight = parameterOf('spectralNorm', module, name);
  if (!Number.isInteger(nPowerIterations) || nPowerIterations < 1)
    throw new ValueError(`spectralNorm: nPowerIterations must be a positive integer, got ${nPowerIterations}`);
  const along = dimensionOf('spectralNorm', dim ?? (/^ConvTranspose[123]d$/.test(nameOf(module)) ? 1 : 0), weight);
  return registerParametrization(module, name, new SpectralNorm(weight, nPowerIterations, along, eps));
}
