import { cpu, noGrad, scope, type Tensor, tensor } from '@nabla/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GpuBackend } from '../src/index.ts';
import { browserModes, expectOnDevice, firstDifference, gpuIn, Random } from './support.ts';

/** A tensor on the device, and the same on the CPU. */
interface Both {
  readonly gpu: Tensor;
  readonly cpu: Tensor;
}

type Operation = (...xs: Tensor[]) => Tensor;

const shapes = [
  [1, 1],
  [3, 1],
  [1, 5],
  [3, 5],
  [16, 7],
  [1, 7],
  [16, 1],
  [70, 64],
  [64, 70],
] as const;

/**
 * Graphs of random operations on few shapes, so that kernels are called with their own results, with other sizes than
 * before and with what was just freed: where gpu.js mixes up its textures, values of another tensor show up.
 */
describe.each(browserModes)('random graphs in %s', (mode) => {
  let gpu: GpuBackend;
  beforeAll(async () => {
    gpu = await gpuIn(mode);
  });
  afterAll(() => {
    expectOnDevice(gpu);
    gpu.dispose();
  });

  test.each([1, 2, 3])('seed %i', async (seed) => {
    const r = new Random(seed);
    const before = gpu.memory();
    const pool: Both[] = [];
    const apply = (run: Operation, ...xs: Both[]): Both =>
      noGrad(() => ({ gpu: scope(() => run(...xs.map((x) => x.gpu))), cpu: run(...xs.map((x) => x.cpu)) }));
    const fresh = (shape: readonly number[]): Both => {
      const values = r.values('float32', shape[0]! * shape[1]!);
      const made = [gpu, cpu].map((device) => tensor(values, { shape, device }));
      return { gpu: made[0]!, cpu: made[1]! };
    };
    for (const shape of shapes) pool.push(fresh(shape));
    const fits = (a: Both, b: Both): boolean => a.gpu.shape.every((n, d) => n === b.gpu.shape[d] || n === 1 || b.gpu.shape[d] === 1);
    const same = (a: Both, b: Both): boolean => a.gpu.shape.every((n, d) => n === b.gpu.shape[d]);
    for (let turn = 0; turn < 400; turn++) {
      const x = r.pick(pool);
      const partner = r.pick(pool.filter((p) => fits(x, p)));
      const twin = r.pick(pool.filter((p) => same(x, p)));
      const dim = r.below(2);
      switch (r.below(7)) {
        case 0:
        case 1:
          pool.push(apply((a, b) => a.add(b).mul(0.5) as Tensor, x, partner));
          break;
        case 2:
          pool.push(apply((a) => a.mean(dim, { keepdim: true }) as Tensor, x));
          break;
        case 3:
          pool.push(apply((a) => a.mul(a).mul(0.9).sub(0.1) as Tensor, x));
          break;
        case 4:
          pool.push(apply((a) => a.transpose(0, 1).clone() as Tensor, x));
          break;
        case 5: {
          // Written in place: through the whole, and through a column of it.
          const own = apply((a) => a.clone(), x);
          apply((a, b) => a.mul_(0.5).add_(b), own, twin);
          apply((a) => a.select(1, 0).sub_(0.25) as Tensor, own).gpu.dispose();
          pool.push(own);
          break;
        }
        default:
          pool.push(apply((a, b) => a.matmul(b.transpose(0, 1) as never).mul(1 / (1 + a.shape[1]!)) as Tensor, x, twin));
      }
      // Matrix products would fill the pool with one shape, and growing values leave float32.
      const last = pool[pool.length - 1]!;
      if (last.gpu.size > 5000 || !last.cpu.abs().max().le(10).item()) pool.pop()!.gpu.dispose();
      while (pool.length > 40) {
        const [gone] = pool.splice(shapes.length + r.below(pool.length - shapes.length), 1);
        gone!.gpu.dispose();
      }
      if (turn % 4 === 0) {
        const p = r.pick(pool);
        expect(firstDifference(await p.gpu.data(), p.cpu.dataSync(), 1e-4), `turn ${turn}, [${p.gpu.shape}]`).toBe(null);
      }
    }
    for (const p of pool) {
      expect(firstDifference(await p.gpu.data(), p.cpu.dataSync(), 1e-4)).toBe(null);
      p.gpu.dispose();
    }
    await gpu.flush();
    expect(gpu.memory()).toEqual(before);
  });
});
