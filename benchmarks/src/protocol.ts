/**
 * What the driver and a contender's process say to each other: a request on standard input, its answer on standard output, one
 * JSON text a line. `torch/main.py` speaks the same.
 */

/** Functions that are timed alone. */
export type OpName = 'matmul' | 'add' | 'exp' | 'gelu' | 'softmax' | 'layerNorm' | 'batchNorm' | 'conv2d';

/** Networks that are trained. */
export type ModelName = 'mlp' | 'tinyMlp' | 'convnet' | 'lstm' | 'gpt';

/** A function of tensors, called over and over with the same ones. */
export interface OpTask {
  readonly kind: 'op';
  readonly op: OpName;
  /** Names of the operands in the file, in order. */
  readonly operands: readonly string[];
  /** Computes the gradient of every operand too, given the output's: the tensor `grad` of the file. */
  readonly backward: boolean;
  /** Calls in one step. */
  readonly calls: number;
}

/**
 * Training on one batch: the tensors `x` and `y` of the file. The state dict of the model is there as well, each key after
 * `model.`.
 */
export interface TrainTask {
  readonly kind: 'train';
  readonly model: ModelName;
  /** Adam's. */
  readonly lr: number;
  /** Heads of attention, for the model that has some. */
  readonly heads: number;
}

export type Task = OpTask | TrainTask;

export type Request =
  | { readonly kind: 'about' }
  /** Makes the task ready: reads the safetensors file and builds the model. Memory counts from then on. */
  | { readonly kind: 'load'; readonly file: string; readonly task: Task }
  /** Runs so many steps. Training starts anew, outside of the measured time. */
  | { readonly kind: 'run'; readonly steps: number }
  /** Writes what the op gives into a file, as float32, one tensor after the other. */
  | { readonly kind: 'outputs'; readonly file: string }
  | { readonly kind: 'memory' };

/** What a contender is. */
export interface About {
  readonly version: string;
  /** Threads that it computes with, which may be fewer than it was asked for. */
  readonly threads: number;
  /** Facts worth printing: the BLAS in use, instruction sets. */
  readonly details: readonly string[];
  /** Why it must not be compared with, as things stand; null if it may. */
  readonly refusal: string | null;
}

interface Ran {
  readonly milliseconds: number;
  /** Of the last step; null for an op. */
  readonly loss: number | null;
}

interface Outputs {
  /** Elements of each tensor. */
  readonly sizes: readonly number[];
}

/** Resident memory of the process, in bytes. */
export interface Memory {
  /** After imports, reading the data and building the model. */
  readonly baseline: number;
  readonly peak: number;
}

/** The answer to each kind of request. */
export interface Answers {
  readonly about: About;
  readonly load: Record<string, never>;
  readonly run: Ran;
  readonly outputs: Outputs;
  readonly memory: Memory;
}

/** A line of answer. */
export type AnswerLine<K extends keyof Answers> = { readonly answer: Answers[K] } | { readonly error: string };
