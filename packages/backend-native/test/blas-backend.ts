import { type Blas, CpuBackend, type FusedKernels, type Handle, type MatmulRequest } from '@nabla/core/internals';
import { withBlas } from './support.ts';

/** A CPU backend of its own whose products are a library's, however small, beside the usual one whose products are not. */
export class BlasBackend extends CpuBackend {
  override readonly fused: FusedKernels;
  readonly #blas: Blas;

  constructor(blas: Blas) {
    super();
    this.#blas = blas;
    const kernels = Object.entries(new CpuBackend().fused as Record<string, (...args: unknown[]) => unknown>);
    this.fused = Object.fromEntries(kernels.map(([name, run]) => [name, (...args: unknown[]) => withBlas(blas, () => run(...args))]));
  }

  override matmul(request: MatmulRequest): Handle {
    return withBlas(this.#blas, () => super.matmul(request));
  }
}
