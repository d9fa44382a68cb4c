import { parentPort, workerData } from 'node:worker_threads';
import { manualSeed, ValueError } from '@nabla/core';
import { defaultCollate } from '../collate.ts';
import { contextOf, type Dataset, type DatasetLike, datasetOf } from '../dataset.ts';
import type { Transform } from '../map-dataset.ts';
import { decode, encode } from './worker-codec.ts';
import type { Answer, Failure, Request, Task, WorkerSetup } from './worker-messages.ts';

// A worker thread of a WorkerPool: tasks come one after the other, and are answered in that order.
const setup = workerData as WorkerSetup;
const port = parentPort!;

/** The index of the sample that is at work. */
let atWork: number | null = null;

type Factory = (data: unknown) => unknown;

async function factory(name: 'createDataset' | 'createTransform'): Promise<Factory> {
  const module = (await import(setup.module)) as Readonly<Record<string, unknown>>;
  if (typeof module[name] !== 'function') throw new ValueError(`WorkerPool: ${setup.module} exports no function ${name}`);
  return module[name] as Factory;
}

/** Makes a thing when it is asked for, and again if that failed. */
function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return async () => {
    made ??= make();
    try {
      return await made;
    } catch (error) {
      made = null;
      throw error;
    }
  };
}

const dataset = lazy(async (): Promise<Dataset<unknown>> => {
  const create = await factory('createDataset');
  return datasetOf('createDataset', (await create(setup.data)) as DatasetLike<unknown>);
});

const transform = lazy(async (): Promise<Transform<unknown, unknown>> => {
  const create = await factory('createTransform');
  const made = await create(setup.data);
  if (typeof made !== 'function') throw new ValueError('WorkerPool: createTransform gave no function');
  return made as Transform<unknown, unknown>;
});

/** A context for one sample; draws that name no generator are made to depend on the sample alone as well. */
function begin(seed: number, index: number | null): ReturnType<typeof contextOf> {
  atWork = index;
  manualSeed(seed);
  return contextOf(seed);
}

async function perform(task: Task): Promise<unknown> {
  switch (task.kind) {
    case 'length':
      return (await dataset()).length;
    case 'get':
      return (await dataset()).get(task.index, begin(task.seed, task.index));
    case 'transform':
      return (await transform())(decode(task.sample), begin(task.seed, null));
    case 'batch': {
      const source = await dataset();
      if (source.getBatch !== undefined) {
        for (const seed of task.seeds.slice(0, 1)) begin(seed, null);
        return source.getBatch(
          task.indices,
          task.seeds.map((seed) => contextOf(seed)),
        );
      }
      const samples: unknown[] = [];
      for (const [k, index] of task.indices.entries()) samples.push(await source.get(index, begin(task.seeds[k]!, index)));
      atWork = null;
      return defaultCollate(samples);
    }
  }
}

function failureOf(error: unknown): Failure {
  const known = error instanceof Error ? error : new Error(String(error));
  return { name: known.name, message: known.message, stack: known.stack ?? '', index: atWork };
}

async function answer({ id, task }: Request): Promise<void> {
  const moved: ArrayBuffer[] = [];
  atWork = null;
  let said: Answer;
  try {
    said = { id, value: await encode(await perform(task), moved) };
  } catch (error) {
    said = { id, failure: failureOf(error) };
    moved.length = 0;
  }
  port.postMessage(said, moved);
}

let turn: Promise<void> = Promise.resolve();
port.on('message', (request: Request) => {
  turn = turn.then(() => answer(request));
});
