import { Generator, type GeneratorState, ValueError } from '@nabla/core';

/** Where an epoch is. */
export interface EpochState {
  /** The seed that it was begun with. */
  readonly seed: number;
  /** The seed that was drawn from the sampler's own generator; null where it has none. */
  readonly samplerSeed: number | null;
  /** How many of its batches were given out. */
  readonly batches: number;
  /** Samples in a batch; null where there are no batches or a batch sampler decides. */
  readonly batchSize: number | null;
  /** Samples in the dataset; null for an iterable one. */
  readonly samples: number | null;
}

/** State of a `DataLoader`: plain values, ready for a checkpoint. */
export interface DataLoaderState {
  /** The epoch that is under way; null when the next iteration begins one. */
  readonly epoch: EpochState | null;
  /** State of the loader's own generator; null where it has none. */
  readonly generator: GeneratorState | null;
  /** State of the sampler's own generator; null where it has none. */
  readonly samplerGenerator: GeneratorState | null;
}

/** What a loader has, which a state has to fit. */
interface Expected {
  readonly batchSize: number | null;
  readonly samples: number | null;
  readonly generator: boolean;
  readonly samplerGenerator: boolean;
}

const refuse = (message: string): never => {
  throw new ValueError(`DataLoader.loadStateDict: ${message}`);
};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function checkGenerator(of: string, state: GeneratorState | null, expected: boolean): void {
  if ((state !== null) !== expected)
    refuse(expected ? `the state has none of the ${of}'s generator` : `the state has one of a generator that the ${of} does not have`);
  if (state !== null) new Generator().setState(state);
}

function checkEpoch(epoch: EpochState, expected: Expected): void {
  const whole = (name: 'seed' | 'batches'): boolean => Number.isSafeInteger(epoch[name]) && epoch[name] >= 0;
  if (!whole('seed') || !whole('batches')) refuse('the epoch of the state has no seed, or no number of batches');
  if (epoch.samplerSeed !== null && !Number.isSafeInteger(epoch.samplerSeed)) refuse("the sampler's seed is none");
  if ((epoch.samplerSeed !== null) !== expected.samplerGenerator) refuse("the sampler's seed does not fit the sampler");
  for (const name of ['batchSize', 'samples'] as const) {
    if (epoch[name] !== expected[name])
      refuse(`the epoch was begun with ${name} ${String(epoch[name])}, this loader has ${String(expected[name])}`);
  }
}

/** The state, when it fits. @throws ValueError */
export function checkState(state: DataLoaderState, expected: Expected): DataLoaderState {
  if (
    !isRecord(state) ||
    !['epoch', 'generator', 'samplerGenerator'].every((k) => k in state && (state[k as 'epoch'] === null || isRecord(state[k as 'epoch'])))
  )
    refuse('this is no state of a DataLoader');
  checkGenerator('loader', state.generator, expected.generator);
  checkGenerator('sampler', state.samplerGenerator, expected.samplerGenerator);
  if (state.epoch !== null) checkEpoch(state.epoch, expected);
  return state;
}
