import { DeviceError } from '@nabla/core';
import { firstLine } from './failures.ts';
import type { GpuConstructor, GpuFunction, GpuInstance, GpuKernel, GpuReader, GpuResult } from './gpujs.ts';

/** gpu.js's graphics modes. Its `cpu` and `webasm` modes are not devices and are never used. */
export type GpuMode = 'webgl2' | 'webgl' | 'headlessgl' | 'webgpu';

/** Index arithmetic in shaders goes through float32, which is exact up to here. */
export const exactIndex: number = 2 ** 24;

/** What gpu.js keeps of a WebGPU device. */
interface WebGpuContext {
  readonly isLost: boolean;
  readonly adapter: { readonly info?: { readonly vendor: string; readonly architecture: string; readonly description: string } };
  readonly device: { readonly queue: { onSubmittedWorkDone(): Promise<unknown> }; readonly lost: Promise<unknown> };
}

/** A kernel as source text, with the types of its arguments and the functions that it calls. */
export interface KernelSource {
  readonly parameters: readonly string[];
  readonly types: readonly string[];
  readonly code: string;
  readonly helpers: ReadonlyMap<string, string>;
}

/** An open device: one gpu.js instance in one mode, which has proven that it computes. */
export class GpuDevice {
  readonly mode: GpuMode;
  /** The renderer's name. */
  readonly name: string;
  /** Whether kernels answer at once (WebGL) rather than with a promise (WebGPU). */
  readonly synchronous: boolean;
  /** gpu.js's word for a result as an argument. */
  readonly argumentType: string;
  readonly bytesPerElement: number;
  readonly maxElements: number;
  readonly maxInputs: number;
  readonly #gpu: GpuInstance;
  readonly #maxUniforms: number;
  readonly #gl: WebGLRenderingContext | null;
  readonly #webgpu: WebGpuContext | null;

  constructor(gpu: GpuInstance, mode: GpuMode, probe: GpuResult) {
    this.#gpu = gpu;
    this.mode = mode;
    this.synchronous = mode !== 'webgpu';
    this.argumentType = typeOf(mode);
    if (mode === 'webgpu') {
      this.#gl = null;
      this.#webgpu = probe.context as WebGpuContext;
      this.name = adapterName(this.#webgpu);
      this.bytesPerElement = 4;
      this.maxElements = exactIndex;
      // Eight storage buffers a stage are guaranteed, and gpu.js asks for no more; one is the output.
      this.maxInputs = 7;
      // Uniforms fill a buffer of 64 KiB.
      this.#maxUniforms = 4096;
      return;
    }
    const gl = gpu.context as WebGLRenderingContext;
    this.#gl = gl;
    this.#webgpu = null;
    this.name = rendererName(gl);
    // WebGL 1 can only render to four channels.
    this.bytesPerElement = mode === 'webgl2' ? 4 : 16;
    this.maxElements = Math.min(exactIndex, Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)) ** 2);
    // gpu.js uses unit 15 for its own work, and one more for the output.
    this.maxInputs = Math.min(14, Number(gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS)) - 2);
    // gpu.js adds the sizes of the output.
    this.#maxUniforms = Number(gl.getParameter(gl.MAX_FRAGMENT_UNIFORM_VECTORS)) - 4;
  }

  createKernel(source: KernelSource): GpuKernel {
    const uniforms = source.parameters.length + 2 * source.types.filter((t) => t === this.argumentType).length;
    if (uniforms > this.#maxUniforms) {
      throw new DeviceError(
        `a kernel of ${source.parameters.length} arguments is more than the ${this.#maxUniforms} that this device takes`,
      );
    }
    return createKernel(this.#gpu, this.mode, source);
  }

  /** A kernel that copies a result to memory without blocking, where the mode has one. */
  createReader(): GpuReader | null {
    if (this.mode !== 'webgl2') return null;
    const asynchronous = { ...settings, pipeline: false, immutable: false, asyncMode: true };
    return this.#gpu.createKernel('function(a0){return a0[this.thread.x];}', {
      ...asynchronous,
      argumentTypes: [this.argumentType],
      functions: [],
    }) as unknown as GpuReader;
  }

  /** Complains about a kernel that compiled and yet cannot run, which gpu.js does not look at. */
  checkLinked(run: GpuKernel): void {
    const gl = this.#gl;
    const program = run.kernel.program;
    if (gl === null || program === undefined || program === null || gl.getProgramParameter(program, gl.LINK_STATUS) === true) return;
    throw new DeviceError(`the shader does not link: ${gl.getProgramInfoLog(program)}`);
  }

  isLost(): boolean {
    return this.#gl?.isContextLost() ?? this.#webgpu?.isLost ?? false;
  }

  /** Calls `listener` when the device goes away while nobody is asking. */
  onLost(listener: () => void): void {
    const canvas: unknown = this.#gl?.canvas;
    if (canvas instanceof EventTarget) canvas.addEventListener('webglcontextlost', listener, { once: true });
    void this.#webgpu?.device.lost.then(listener);
  }

  /** Whether memory was missing for anything since the last time this was asked. WebGPU tells nobody but the console. */
  ranOutOfMemory(): boolean {
    const gl = this.#gl;
    if (gl === null) return false;
    let missing = false;
    // A flag for each kind of error; a lost context has one too.
    for (let flags = 0; flags < 8; flags++) {
      const error = gl.getError();
      if (error === gl.NO_ERROR) break;
      missing ||= error === gl.OUT_OF_MEMORY;
    }
    return missing;
  }

  /** Resolves when the device has done what it was given. */
  async finish(): Promise<void> {
    const gl = this.#gl;
    if (gl !== null) {
      // Browsers take finish() for flush(); nothing can be read before what precedes it is done.
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    }
    await this.#webgpu?.device.queue.onSubmittedWorkDone();
  }

  destroy(): Promise<void> {
    return this.#gpu.destroy();
  }
}

function typeOf(mode: GpuMode): string {
  return mode === 'webgpu' ? 'WebGPUBuffer' : 'ArrayTexture(1)';
}

/**
 * The settings that gpu.js needs in order to be right: results of their own (immutable), full precision, no hidden cap
 * on loops. With them goes one declared type per argument: a change of type would lose dynamicArguments.
 */
const settings = {
  output: [1],
  pipeline: true,
  immutable: true,
  dynamicOutput: true,
  dynamicArguments: true,
  precision: 'single',
  fixIntegerDivisionAccuracy: false,
  loopMaxIterations: 65536,
  tactic: 'precision',
} as const;

function createKernel(gpu: GpuInstance, mode: GpuMode, { parameters, types, code, helpers }: KernelSource): GpuKernel {
  const first = mode === 'webgpu' ? '' : inOrder(helpers);
  const { tactic, ...rest } = settings;
  return gpu.createKernel(`function(${parameters.join()}){${first}${code}}`, {
    ...rest,
    ...(mode === 'webgpu' ? {} : { tactic }),
    argumentTypes: types,
    functions: [...helpers].map(([name, text]) => numeric(name, text)),
  });
}

/** Number of parameters of a function's source. */
function parametersOf(source: string): number {
  const parameters = source.slice(source.indexOf('(') + 1, source.indexOf(')')).trim();
  return parameters === '' ? 0 : parameters.split(',').length;
}

/** A function of numbers. Its types are declared, since gpu.js would infer them from the first call alone. */
function numeric(name: string, source: string): GpuFunction {
  return { name, source, argumentTypes: new Array<string>(parametersOf(source)).fill('Number'), returnType: 'Number' };
}

/**
 * Statements that make gpu.js declare functions before those that call them, as GLSL demands. It lists functions in the
 * order in which the kernel calls them, and loses track when two of them share a third that itself calls a fourth; so
 * the kernel calls them all, callers first, in a branch that compilers remove.
 */
function inOrder(helpers: ReadonlyMap<string, string>): string {
  if (helpers.size < 4) return '';
  const order: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name)) return;
    const body = helpers.get(name)!.slice(helpers.get(name)!.indexOf(')'));
    for (const other of helpers.keys()) if (other !== name && new RegExp(`\\b${other}\\(`).test(body)) visit(other);
    order.push(name);
  };
  for (const name of helpers.keys()) visit(name);
  const calls = order.reverse().map((name) => `${name}(${new Array<string>(parametersOf(helpers.get(name)!)).fill('0').join()});`);
  return `if(false){${calls.join('')}}`;
}

function rendererName(gl: WebGLRenderingContext): string {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(info === null ? gl.RENDERER : info.UNMASKED_RENDERER_WEBGL));
}

function adapterName({ adapter: { info } }: WebGpuContext): string {
  const words = [info?.vendor, info?.architecture, info?.description].filter((w) => w !== undefined && w !== '');
  return words.length > 0 ? words.join(' ') : 'a WebGPU adapter that does not give its name';
}

/** Why a mode cannot be used, or null. */
async function missing(GPU: GpuConstructor, mode: GpuMode): Promise<string | null> {
  switch (mode) {
    case 'webgl2':
      return GPU.isWebGL2Supported ? null : 'there is no WebGL2 context';
    case 'webgl':
      return GPU.isWebGLSupported ? null : 'there is no WebGL context';
    case 'headlessgl':
      return GPU.isHeadlessGLSupported ? null : "the 'gl' package is missing or has no display";
    case 'webgpu':
      if (!GPU.isWebGPUSupported) return 'there is no navigator.gpu';
      return (await GPU.isWebGPUAvailable()) ? null : 'navigator.gpu has no adapter';
  }
}

/** Opens a mode and lets it compute something. @throws when it cannot */
async function open(GPU: GpuConstructor, mode: GpuMode): Promise<GpuDevice> {
  const reason = await missing(GPU, mode);
  if (reason !== null) throw new DeviceError(reason);
  const gpu = new GPU({ mode }) as GpuInstance;
  const helpers = new Map<string, string>();
  const upload = createKernel(gpu, mode, { parameters: ['a0'], types: ['Array'], code: 'return a0[this.thread.x];', helpers });
  const twice = createKernel(gpu, mode, {
    parameters: ['a0', 'n', 'p'],
    types: [typeOf(mode), 'Integer', 'Float'],
    code: 'let s=0;for(let j=0;j<n;j++){s=s+a0[this.thread.x]*p;}return s;',
    helpers,
  });
  upload.setOutput([3]);
  const values = await upload(Float32Array.of(1, -2, 0.25));
  twice.setOutput([3]);
  const result = await twice(values, 3, 0.5);
  const got = [...(await result.toArray())].join();
  if (got !== '1.5,-3,0.375') throw new DeviceError(`a test kernel gave ${got} instead of 1.5,-3,0.375`);
  return new GpuDevice(gpu, mode, result);
}

/** The best graphics mode first: WebGL2 answers at once and is the best tested; WebGPU only where there is no WebGL. */
const preference: readonly GpuMode[] = ['headlessgl', 'webgl2', 'webgl', 'webgpu'];

/** Opens the mode asked for, or the best there is; or says why there is none. */
export async function openDevice(GPU: GpuConstructor, mode: GpuMode | 'auto'): Promise<GpuDevice | { readonly reason: string }> {
  const reasons: string[] = [];
  for (const m of mode === 'auto' ? preference : [mode]) {
    try {
      return await open(GPU, m);
    } catch (error) {
      reasons.push(`${m}: ${firstLine(error)}`);
    }
  }
  return { reason: reasons.join('; ') };
}
