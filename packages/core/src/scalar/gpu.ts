import type { GpuBody } from '../expr/function.ts';

/** A body that calls one function of the GPU backend's library. */
export function gpuCall(name: string): GpuBody {
  return { call: (...args) => `${name}(${args.join(', ')})`, needs: [name] };
}

/** A body written out, which calls functions of the GPU backend's library. */
export function gpuBody(call: GpuBody['call'], ...needs: readonly string[]): GpuBody {
  return { call, needs };
}
