/** The part of gpu.js that is used, so that neither the package nor its type declarations need gpu.js to be installed. */

/** A result that stays on the device: gpu.js's texture, or its WebGPU buffer. */
export interface GpuResult {
  /** `ArrayTexture(1)` on WebGL, `WebGPUBuffer` on WebGPU. */
  readonly type?: string;
  /** The WebGL texture under the result; several results can share it. */
  readonly texture?: object;
  readonly context?: unknown;
  toArray(): Float32Array | Promise<Float32Array>;
  delete(): void;
}

/** What a kernel is called with. */
export type GpuArgument = GpuResult | Float32Array | number;

/** A callable kernel. */
export interface GpuKernel {
  (...args: readonly GpuArgument[]): GpuResult | Promise<GpuResult>;
  setOutput(output: readonly number[]): unknown;
  /** The kernel behind the callable. */
  readonly kernel: {
    readonly built?: boolean;
    /** The result of the last run on WebGL, which the kernel keeps. */
    readonly texture?: GpuResult | null;
    /** Values of float uniforms that need no upload, compared with ===. */
    uniform1fCache?: Record<string, number>;
    /** The WebGL program, once the kernel is built. */
    readonly program?: object | null;
    readonly constructor: { readonly name: string; readonly mode?: string };
  };
}

/** A kernel that gives values instead of a result on the device, as soon as they are there. */
export interface GpuReader {
  (result: GpuResult): Promise<Float32Array>;
  setOutput(output: readonly number[]): unknown;
}

/** A function that a kernel calls. */
export interface GpuFunction {
  readonly name: string;
  readonly source: string;
  readonly argumentTypes: readonly string[];
  readonly returnType: string;
}

/** Settings of a kernel, as far as they are used. */
interface GpuKernelSettings {
  readonly output: readonly number[];
  readonly argumentTypes: readonly string[];
  readonly pipeline: boolean;
  readonly immutable: boolean;
  readonly dynamicOutput: boolean;
  readonly dynamicArguments: boolean;
  readonly precision: 'single';
  readonly tactic?: 'precision';
  readonly fixIntegerDivisionAccuracy: boolean;
  readonly loopMaxIterations: number;
  readonly asyncMode?: boolean;
  readonly functions: readonly GpuFunction[];
}

/** An instance of gpu.js: one graphics context. */
export interface GpuInstance {
  readonly context: unknown;
  createKernel(source: string, settings: GpuKernelSettings): GpuKernel;
  destroy(): Promise<void>;
}

/** The `GPU` class of gpu.js, as far as its own type declarations say what it does. */
export interface GpuConstructor {
  new (settings: { mode: 'headlessgl' | 'webgl2' | 'webgl' | 'webgpu' }): Pick<GpuInstance, 'context' | 'destroy'>;
  readonly isHeadlessGLSupported: boolean;
  readonly isWebGL2Supported: boolean;
  readonly isWebGLSupported: boolean;
  readonly isWebGPUSupported: boolean;
  isWebGPUAvailable(): Promise<boolean>;
}

/** The `GPU` class in whatever form a module loader gives gpu.js (CommonJS, a bundler's wrapper, the class itself). */
export function constructorIn(module: unknown): GpuConstructor | null {
  let at: unknown = module;
  for (let depth = 0; depth < 3 && at !== null && (typeof at === 'object' || typeof at === 'function'); depth++) {
    const named = (at as { GPU?: unknown }).GPU;
    if (typeof named === 'function') return named as unknown as GpuConstructor;
    if (typeof at === 'function' && 'isWebGLSupported' in at) return at as unknown as GpuConstructor;
    at = (at as { default?: unknown }).default;
  }
  return null;
}
