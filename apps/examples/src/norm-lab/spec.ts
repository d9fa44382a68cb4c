/** The normalizations that are compared. */
export type Arm = 'none' | 'batch' | 'layer' | 'group' | 'instance' | 'rms';

/**
 * What is special about an arm:
 * - `scale`, `shift`, `plain`: only the scale is learned, only the shift, neither
 * - `post`: a transformer that normalizes after each sum instead of before each branch
 * - `shared`: a recurrent network with the same batch statistics for all steps of the sequence
 * - `noisy`: noise after every normalization (Santurkar et al. 2018, section 2.1)
 */
export type Variant = 'scale' | 'shift' | 'plain' | 'post' | 'shared' | 'noisy';

/** What is trained on. */
export type Task = 'digits' | 'rows' | 'text';

/** A network and its sizes. */
export type Model =
  | { readonly kind: 'mlp'; readonly width: number; readonly depth: number; readonly activation: 'relu' | 'sigmoid' }
  | { readonly kind: 'convnet'; readonly channels: readonly [number, number] }
  | { readonly kind: 'rnn' | 'lstm'; readonly hidden: number }
  | { readonly kind: 'transformer'; readonly width: number; readonly layers: number; readonly heads: number; readonly context: number };

/** What is measured beside losses and errors. */
type Probe = 'modes' | 'dependence' | 'landscape';

/** How much of the data is used, the same samples in all runs. */
export interface DataSize {
  /** Samples to train on. */
  readonly train: number;
  /** Samples to measure on. */
  readonly held: number;
  /** Images are halved until they are no larger than that. */
  readonly side: number;
}

/** One training run: everything that its result depends on, but for the data and the program. */
export interface TrainSpec {
  readonly kind: 'train';
  readonly task: Task;
  readonly model: Model;
  readonly arm: Arm;
  readonly variant?: Variant;
  readonly seed: number;
  /** `tune`: measured on validation data, to choose a learning rate. `test`: measured on test data. */
  readonly part: 'tune' | 'test';
  readonly data: DataSize;
  readonly optimizer: 'sgd' | 'adam';
  readonly lr: number;
  readonly batch: number;
  /** Samples seen in all, so that batches of any size see as many. */
  readonly samples: number;
  /** Share of the run in which the learning rate rises; afterwards it falls linearly to zero. */
  readonly warmup: number;
  /** Factor on the initial weights of every hidden layer. */
  readonly weightScale: number;
  /** How often the run is measured, evenly spread; the last time at its end. */
  readonly checks: number;
  readonly probe?: Probe;
  /** Step size along the gradient that the landscape is probed with: the same for all arms. */
  readonly probeStep?: number;
}

/** What one training step costs: arms in turn, in one process that has a processor to itself. */
export interface CostSpec {
  readonly kind: 'cost';
  readonly task: Task;
  readonly model: Model;
  readonly arms: readonly Arm[];
  readonly data: DataSize;
  readonly batch: number;
  readonly seed: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
}

/** One training step on one sample. */
export interface SingleSpec {
  readonly kind: 'single';
  readonly data: DataSize;
  readonly model: Model;
  readonly arm: Arm;
  readonly seed: number;
}

/** A unit of work; its JSON is its name. */
export type RunSpec = TrainSpec | CostSpec | SingleSpec;

/** A measurement during training, in evaluation mode on held-out data. */
export interface Check {
  readonly samples: number;
  /** Mean cross-entropy; at most that of guessing, which is also what a run that left the finite numbers has. */
  readonly loss: number;
  /** Share of wrong answers. */
  readonly error: number;
}

/** What a training run measured. */
export interface TrainResult {
  readonly kind: 'train';
  readonly checks: readonly Check[];
  /** Training losses, each the mean of an equal part of the run. */
  readonly losses: readonly number[];
  /** The loss left the finite numbers, and the run ended there. */
  readonly diverged: boolean;
  readonly probe: Readonly<Record<string, number>>;
}

/** Milliseconds per step of each arm in each round. */
export interface CostResult {
  readonly kind: 'cost';
  readonly milliseconds: Readonly<Partial<Record<Arm, readonly number[]>>>;
}

/** What happened to the step on one sample. */
export interface SingleResult {
  readonly kind: 'single';
  /** Name and message of the error; null when the step was taken. */
  readonly error: { readonly name: string; readonly message: string } | null;
}

/** What a unit of work gives. */
export type RunResult = TrainResult | CostResult | SingleResult;

/** The name of a run: its JSON with sorted keys, so that equal runs of several experiments are one. */
export function keyOf(spec: RunSpec): string {
  return JSON.stringify(spec, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

const names: Readonly<Record<Arm, string>> = {
  none: 'none',
  batch: 'BatchNorm',
  layer: 'LayerNorm',
  group: 'GroupNorm',
  instance: 'InstanceNorm',
  rms: 'RMSNorm',
};
const variants: Readonly<Record<Variant, string>> = {
  scale: 'scale only',
  shift: 'shift only',
  plain: 'neither',
  post: 'after',
  shared: 'shared',
  noisy: 'noisy',
};

/** An arm as people call it. */
export function armName(arm: Arm, variant?: Variant): string {
  return variant === undefined ? names[arm] : `${names[arm]}, ${variants[variant]}`;
}
