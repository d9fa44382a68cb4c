import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@nabla/io';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../src/contenders/jaxjs/navigator.ts';
import { compareOutputs } from '../src/agreement.ts';
import { opRunner as jaxOp } from '../src/contenders/jaxjs/ops.ts';
import { trainRunner as jaxTraining } from '../src/contenders/jaxjs/training.ts';
import { convnet, gpt, lstm, mlp, tinyMlp } from '../src/contenders/nabla/models.ts';
import { opRunner as nablaOp } from '../src/contenders/nabla/ops.ts';
import { trainRunner as nablaTraining } from '../src/contenders/nabla/training.ts';
import { readTensors } from '../src/contenders/read-tensors.ts';
import type { Runner } from '../src/contenders/serve.ts';
import { type Arrays, permute } from '../src/contenders/tensors.ts';
import { opRunner as tfjsOp } from '../src/contenders/tfjs/ops.ts';
import { trainRunner as tfjsTraining } from '../src/contenders/tfjs/training.ts';
import type { OpTask, TrainTask } from '../src/protocol.ts';
import { both, type OpCase, opWorkload } from '../src/workloads/ops.ts';
import { draw, drawClasses, type Training, trainWorkload } from '../src/workloads/training.ts';
import type { Workload } from '../src/workloads/workload.ts';

const folder = mkdtempSync(join(tmpdir(), 'nabla-bench-test-'));
beforeAll(async () => {
  await tf.setBackend('cpu');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The tensors of a workload as a peer gets them. */
async function arraysOf(w: Workload): Promise<Arrays> {
  const file = join(folder, 'task.safetensors');
  writeFileSync(file, await writeSafetensors(w.tensors()));
  return readTensors(file);
}

const small = { size: 'small', quick: true };
const cases: readonly OpCase[] = [
  { ...small, op: 'matmul', operands: { a: [3, 4], b: [4, 5] }, output: [3, 5] },
  { ...small, op: 'add', operands: { a: [7], b: [7] }, output: [7] },
  { ...small, op: 'exp', operands: { x: [7] }, output: [7] },
  { ...small, op: 'gelu', operands: { x: [7] }, output: [7] },
  { ...small, op: 'softmax', operands: { x: [3, 5] }, output: [3, 5] },
  { ...small, op: 'layerNorm', operands: { x: [3, 5], weight: [5], bias: [5] }, output: [3, 5] },
  { ...small, op: 'batchNorm', operands: { x: [2, 3, 4, 5], weight: [3], bias: [3] }, output: [2, 3, 4, 5] },
  { ...small, op: 'conv2d', operands: { x: [2, 3, 4, 6], weight: [5, 3, 3, 3], bias: [5] }, output: [2, 5, 4, 6] },
];

describe.each(cases.flatMap(both))('$name', (w) => {
  const task = w.task as OpTask;
  it.each([
    ['tfjs', tfjsOp],
    ['jax-js', jaxOp],
  ])('%s computes what Nabla does', async (peer, runnerOf) => {
    const own = await nablaOp(task, w.tensors()).outputs!();
    const runner = runnerOf(task, await arraysOf(w));
    expect(own).toHaveLength(task.backward ? task.operands.length : 1);
    expect(compareOutputs(peer, [...task.operands], own, await runner.outputs!(), w.tolerance)).toBeNull();
    await runner.step();
    expect(compareOutputs(peer, [...task.operands], own, await runner.outputs!(), w.tolerance)).toBeNull();
  });
});

const trainings: Readonly<Record<TrainTask['model'], Pick<Training, 'build' | 'x' | 'y' | 'heads'>>> = {
  mlp: { build: () => mlp([6, 5, 4, 3]), x: () => draw(4, 6), y: () => drawClasses(3, 4), heads: 1 },
  tinyMlp: { build: () => tinyMlp([2, 4, 4, 1]), x: () => draw(1, 2), y: () => draw(1, 1), heads: 1 },
  convnet: { build: () => convnet([2, 3], 8, 4), x: () => draw(3, 1, 8, 8), y: () => drawClasses(4, 3), heads: 1 },
  lstm: { build: () => lstm(5, 4, 2), x: () => drawClasses(5, 2, 3), y: () => drawClasses(5, 2, 3), heads: 1 },
  gpt: { build: () => gpt(5, 3, 8, 2, 2), x: () => drawClasses(5, 2, 3), y: () => drawClasses(5, 2, 3), heads: 2 },
};

/** Losses of so many steps from the initial weights. */
async function losses(runner: Runner, steps: number): Promise<number[]> {
  runner.reset!();
  const found: number[] = [];
  for (let i = 0; i < steps; i++) found.push((await runner.step())!);
  return found;
}

describe.each(Object.keys(trainings) as TrainTask['model'][])('training of %s', (model) => {
  const training = trainings[model];
  const w = trainWorkload(model, { ...training, name: model, shapes: '', steps: 5 });
  // A large rate, so that a wrong step shows.
  const task: TrainTask = { kind: 'train', model, lr: 0.05, heads: training.heads };

  it('starts anew with every round', async () => {
    const runner = nablaTraining(task, training.build(), w.tensors());
    const first = await losses(runner, 5);
    expect(Math.abs(first.at(-1)! - first[0]!)).toBeGreaterThan(0.05);
    expect(await losses(runner, 5)).toEqual(first);
  });

  it.each([
    ['tfjs', tfjsTraining],
    ['jax-js', jaxTraining],
  ])('%s takes the steps that Nabla does, in every round', async (_peer, runnerOf) => {
    const own = await losses(nablaTraining(task, training.build(), w.tensors()), 5);
    const runner = runnerOf(task, await arraysOf(w));
    for (let round = 0; round < 2; round++) {
      const theirs = await losses(runner, 5);
      theirs.forEach((loss, i) => {
        expect(Math.abs(loss - own[i]!)).toBeLessThan(1e-4);
      });
    }
  });
});

describe('permute', () => {
  it('transposes', () => {
    const t = { shape: [2, 3, 2], data: Float32Array.from({ length: 12 }, (_, i) => i) };
    const moved = permute(t, [1, 2, 0]);
    expect(moved.shape).toEqual([3, 2, 2]);
    expect([...moved.data]).toEqual([0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
    expect(permute(moved, [2, 0, 1])).toEqual(t);
  });
});

describe('an op that is called several times in a step', () => {
  it('gives what one call does', async () => {
    const w = opWorkload({ ...small, op: 'add', operands: { a: [4], b: [4] }, output: [4], calls: 10 }, false);
    const runner = nablaOp(w.task as OpTask, w.tensors());
    expect(runner.step()).toBeUndefined();
    const [a, b] = [...(await arraysOf(w)).values()];
    expect([...(await runner.outputs!())[0]!]).toEqual([...a!.data].map((x, i) => Math.fround(x + b!.data[i]!)));
  });
});
