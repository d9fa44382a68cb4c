import type { Tensor } from '@nabla/core';
import * as tf from '@tensorflow/tfjs';
import type { Arrays, NamedArray } from '../../contenders/tensors.ts';
import { opRunner } from '../../contenders/tfjs/ops.ts';
import { trainRunner } from '../../contenders/tfjs/training.ts';
import type { Workload } from '../../workloads/workload.ts';
import type { GpuContender } from '../table.ts';
import { type Loaded, type PageContender, probeSize } from './contender.ts';

function arraysOf(w: Workload): Arrays {
  const array = (t: Tensor): NamedArray => {
    const data = t.dataSync();
    return { shape: t.shape, data: data instanceof Float32Array ? data : Int32Array.from(data) };
  };
  return new Map([...w.tensors()].map(([name, t]) => [name, array(t)]));
}

/** The part of the WebGL backend that is asked for its context. */
interface WebGlBackend {
  readonly gpgpu: { readonly gl: WebGL2RenderingContext };
}

function rendererOf(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(info === null ? gl.RENDERER : info.UNMASKED_RENDERER_WEBGL));
}

function load(w: Workload): Loaded {
  // Whatever is made from here on goes when the scope ends, but for variables.
  tf.engine().startScope();
  const arrays = arraysOf(w);
  const probe = tf.ones([probeSize]);
  const runner = w.task.kind === 'op' ? opRunner(w.task, arrays) : trainRunner(w.task, arrays);
  return {
    runner,
    settle: async () => {
      const last = tf.add(probe, 1);
      await last.data();
      last.dispose();
    },
    finish: () => {
      tf.engine().endScope();
      tf.disposeVariables();
      return [];
    },
  };
}

/** TensorFlow.js on WebGL, as it is set up by default. */
export async function tfjsWebGl(): Promise<PageContender> {
  let reason: string | null = null;
  let renderer = '';
  let details: readonly string[] = [];
  try {
    if (!(await tf.setBackend('webgl'))) throw new Error('its WebGL backend does not start');
    await tf.ready();
    renderer = rendererOf((tf.backend() as unknown as WebGlBackend).gpgpu.gl);
    const float32 = tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED');
    details = [`WebGL ${tf.env().getNumber('WEBGL_VERSION')}`, float32 ? 'float32' : 'float16'];
  } catch (error) {
    reason = (error as Error).message;
  }
  const facts: GpuContender = { id: 'tfjs-webgl', label: 'tfjs WebGL', version: tf.version.tfjs, renderer, details, reason };
  return { facts, load };
}
