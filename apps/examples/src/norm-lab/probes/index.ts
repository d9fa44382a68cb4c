import type { Module } from '@nabla/nn';
import type { TrainSpec } from '../spec.ts';
import type { TaskData } from '../tasks.ts';
import { dependence } from './dependence.ts';
import { modes } from './modes.ts';

/** What a run asks to have measured of the trained network. */
export async function finalProbe(spec: TrainSpec, model: Module, data: TaskData): Promise<Readonly<Record<string, number>>> {
  if (spec.probe === 'modes') return modes(spec, model, data);
  if (spec.probe === 'dependence') return dependence(spec, model, data);
  return {};
}
