/**
 * A GPU backend on gpu.js.
 *
 * @packageDocumentation
 */
import { type Backend, cpu, ValueError } from '@nabla/core';
import { GpuBackend } from './backend.ts';
import { GpuDevice, type GpuMode, openDevice } from './device.ts';
import { firstLine } from './failures.ts';
import { constructorIn, type GpuConstructor } from './gpujs.ts';

export { type Placeable, type Placement, type PlaceOptions, placeModel } from './place.ts';
export { GpuBackend, type GpuConstructor, type GpuMode };

/** Options of {@link createGpuBackend}. */
export interface GpuBackendOptions {
  /** A graphics mode of gpu.js; default `auto`, which takes the best that works. */
  mode?: GpuMode | 'auto';
  /** The `GPU` class of gpu.js, for programs whose bundler does not resolve `import('gpu.js')`. */
  gpu?: GpuConstructor;
  /** Bytes that tensors may take up on the device; what goes beyond is done on the CPU. Default: no limit of its own. */
  maxBytes?: number;
  /**
   * Whether the host keeps a copy of what is uploaded, which survives the loss of the device: data and initial weights.
   * Default true.
   */
  recoverable?: boolean;
}

/**
 * Opens the graphics device and gives a backend on it: headless WebGL in Node when there is one, else WebGL2, WebGL or
 * WebGPU. A mode counts only after it has computed something; gpu.js's own CPU and WebAssembly modes do not count.
 *
 * Where there is no graphics mode, or no gpu.js, the result is the CPU backend and one line on the console says why.
 * `report()` tells what a backend really runs on.
 *
 * @example
 * ```ts
 * const device = await createGpuBackend();
 * console.log(device.report().device); // the renderer's name
 * const x = tensor([1, 2, 3], { device });
 * console.log(await x.mul(2).data());
 * ```
 */
export async function createGpuBackend(options: GpuBackendOptions = {}): Promise<Backend> {
  const { mode = 'auto', maxBytes = Number.POSITIVE_INFINITY, recoverable = true } = options;
  if (!(maxBytes > 0)) throw new ValueError(`createGpuBackend: maxBytes must be positive, got ${maxBytes}`);
  const opened = await open(mode, options.gpu);
  if (opened instanceof GpuDevice) return new GpuBackend(opened, { maxBytes, recoverable });
  const wanted = mode === 'auto' ? 'no graphics mode' : `no '${mode}' mode`;
  console.warn(`@nabla/backend-gpu: ${wanted} here, running on the CPU instead (${opened.reason})`);
  return cpu;
}

async function open(mode: GpuMode | 'auto', given: GpuConstructor | undefined): Promise<GpuDevice | { readonly reason: string }> {
  let GPU = given ?? null;
  if (GPU === null) {
    try {
      GPU = constructorIn(await import('gpu.js'));
    } catch (error) {
      return { reason: `gpu.js cannot be loaded; npm install gpu.js@2.24.1: ${firstLine(error)}` };
    }
  }
  return GPU === null ? { reason: 'the module gpu.js exports no GPU class' } : openDevice(GPU, mode);
}
