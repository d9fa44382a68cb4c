import { type Backend, cpu, noGrad, type Tensor, tensor } from '@nabla/core';
import { clearGrad, residentMade } from '@nabla/core/internals';

/** Ops in the forward pass. */
const depth = 10;

/**
 * A training loop of large elementwise ops on `size` elements: two parameters are fitted by plain gradient descent. One
 * call is one step and gives the loss; nothing is freed by hand. `during` is called while the graph is alive, and after
 * the step.
 */
export function trainingLoop(size: number, device: Backend = cpu): (during?: () => void) => Tensor {
  const values = (f: (i: number) => number): Float32Array => Float32Array.from({ length: size }, (_, i) => f(i));
  const x = tensor(
    values((i) => Math.sin(i)),
    { device },
  );
  const target = tensor(
    values((i) => Math.cos(i)),
    { device },
  );
  const scale = tensor(
    values(() => 1),
    { device, requiresGrad: true },
  );
  const shift = tensor(
    values(() => 0),
    { device, requiresGrad: true },
  );
  // The loss is a mean: its gradient in one element is that much smaller.
  const rate = size / 1000;
  return (during) => {
    let y: Tensor = x;
    for (let k = 0; k < depth / 2; k++) y = y.mul(scale).add(shift);
    const error = y.sub(target);
    const loss = error.mul(error).mean();
    for (const p of [scale, shift]) clearGrad(p, true);
    loss.backward();
    during?.();
    noGrad(() => {
      scale.sub_(scale.grad!, { alpha: rate });
      shift.sub_(shift.grad!, { alpha: rate });
    });
    during?.();
    return loss.detach();
  };
}

/** Bytes of the typed arrays that are made while `run` runs, in memory of their own or in that of WebAssembly. */
export function measureTemporaries(run: () => unknown): number {
  let bytes = -residentMade();
  const scope = globalThis as unknown as Record<string, new (...args: unknown[]) => ArrayBufferView>;
  const kinds = ['Float32Array', 'Float64Array', 'Int32Array', 'Uint8Array'];
  const originals = kinds.map((k) => scope[k]!);
  kinds.forEach((k, i) => {
    scope[k] = new Proxy(originals[i]!, {
      construct(target, args) {
        // Without the new.target, which is the proxy: arrays of another hidden class would slow every kernel down for good.
        const made = Reflect.construct(target, args) as ArrayBufferView;
        // A view on a buffer that exists takes no memory.
        if (!(args[0] instanceof ArrayBuffer)) bytes += made.byteLength;
        return made;
      },
    });
  });
  try {
    run();
  } finally {
    kinds.forEach((k, i) => {
      scope[k] = originals[i]!;
    });
  }
  return bytes + residentMade();
}
