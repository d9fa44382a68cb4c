import type { View } from '../backend.ts';
import { gemmFunctions } from './gemm-code.ts';
import type { Exports, Runtime } from './runtime.ts';
import { Staging } from './staging.ts';

/** Where packed panels lie: behind the arguments of kernels. */
const packAt = 2 ** 16;

const compiled = new WeakMap<Runtime, Exports>();

function exportsOf(runtime: Runtime): Exports {
  let found = compiled.get(runtime);
  if (found === undefined) {
    found = runtime.compile(gemmFunctions());
    compiled.set(runtime, found);
  }
  return found;
}

/**
 * Batched product of float32 matrices of any strides into the contiguous `c`, which has the batch of `a` and `b`. Products are added
 * in order of k, in panels: the result does not depend on the shape of the batch or on where operands lie.
 *
 * @returns false when an operand outside of WebAssembly memory is too large to be copied there
 */
export function wasmMatmul(runtime: Runtime, a: View, b: View, c: View): boolean {
  const { gemm } = exportsOf(runtime);
  const staging = new Staging(runtime);
  const [at, bt, ct] = [staging.input(a), staging.input(b), staging.output(c, true)];
  if (at < 0 || bt < 0 || ct < 0) return false;
  const rank = a.shape.length;
  const [m, k, n] = [a.shape[rank - 2]!, a.shape[rank - 1]!, b.shape[rank - 1]!];
  const [ars, acs] = [a.strides[rank - 2]! * 4, a.strides[rank - 1]! * 4];
  const [brs, bcs] = [b.strides[rank - 2]! * 4, b.strides[rank - 1]! * 4];
  const index = new Array<number>(rank - 2).fill(0);
  let [ao, bo] = [at, bt];
  const batches = c.shape.slice(0, -2).reduce((x, y) => x * y, 1);
  for (let t = 0; t < batches; t++) {
    gemm!(m, n, k, ao, ars, acs, bo, brs, bcs, ct + t * m * n * 4, n * 4, packAt, 0, 0);
    for (let d = rank - 3; d >= 0; d--) {
      ao += a.strides[d]! * 4;
      bo += b.strides[d]! * 4;
      if (++index[d]! < a.shape[d]!) break;
      index[d] = 0;
      ao -= a.strides[d]! * a.shape[d]! * 4;
      bo -= b.strides[d]! * a.shape[d]! * 4;
    }
  }
  staging.finish();
  return true;
}
