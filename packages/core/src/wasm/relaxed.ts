import { encodeModule, FunctionBuilder, type Value } from './module.ts';
import { runtime } from './runtime.ts';

let relaxed = false;

/** Whether kernels that are made now multiply and add in one instruction. */
export function usesRelaxedSimd(): boolean {
  return relaxed;
}

/**
 * Lets matrix products, convolutions and recurrent layers on the CPU multiply and add in one instruction, where the engine has
 * WebAssembly's relaxed vector instructions (Node 22, browsers of 2024). That is faster on many processors. Whether the product is
 * rounded before it is added is the processor's choice, so results may differ in their last bits from one machine to another; on one
 * machine they stay the same, for every number of threads. Off by default.
 *
 * @returns whether they are in use now: false where the engine does not have them
 * @example
 * ```ts
 * if (!setRelaxedSimd(true)) console.log('not in this engine');
 * ```
 * @see https://github.com/WebAssembly/relaxed-simd
 */
export function setRelaxedSimd(enabled: boolean): boolean {
  const used = enabled && hasRelaxedSimd();
  if (used !== relaxed) {
    relaxed = used;
    runtime()?.forget();
  }
  return relaxed;
}

/** Whether the engine takes the instructions. */
function hasRelaxedSimd(): boolean {
  if (runtime() === null) return false;
  const probe = new FunctionBuilder(['v128'], 'v128');
  const x: Value = probe.param(0);
  probe.return(probe.op('f32x4.relaxed_madd', x, x, x));
  return WebAssembly.validate(encodeModule({ probe }, { pages: 1, shared: false }));
}
