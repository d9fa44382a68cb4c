import type { Backend } from '@nabla/core';
import { cost } from './cost.ts';
import type { LabData } from './data.ts';
import { single } from './single.ts';
import type { RunResult, RunSpec } from './spec.ts';
import { type TaskData, taskData } from './tasks.ts';
import { train } from './train.ts';

/** Does runs one after the other, and keeps the data that several of them use. */
export class Runner {
  readonly #data: LabData;
  readonly #device: Backend;
  readonly #tasks = new Map<string, TaskData>();

  constructor(data: LabData, device: Backend) {
    this.#data = data;
    this.#device = device;
  }

  #task(spec: RunSpec): TaskData {
    const { model } = spec;
    const wanted = {
      task: spec.kind === 'single' ? ('digits' as const) : spec.task,
      part: spec.kind === 'train' ? spec.part : ('tune' as const),
      size: spec.data,
      context: model.kind === 'transformer' ? model.context : 0,
    };
    const key = JSON.stringify(wanted);
    let data = this.#tasks.get(key);
    if (data === undefined) {
      data = taskData(this.#data, wanted, this.#device);
      this.#tasks.set(key, data);
    }
    return data;
  }

  /** Does one run. `onSteps` hears of finished steps now and then. */
  async run(spec: RunSpec, onSteps: (n: number) => void = () => {}): Promise<RunResult> {
    const data = this.#task(spec);
    switch (spec.kind) {
      case 'train':
        return train(spec, data, this.#device, onSteps);
      case 'cost':
        return cost(spec, data, this.#device);
      case 'single':
        return single(spec, data, this.#device);
    }
  }
}
