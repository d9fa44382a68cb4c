import type { DType } from './dtype.ts';
import type { Tensor } from './tensor.ts';

/** How a test makes one input. Everything but the shape has a default. */
export interface InputSpec {
  readonly shape: readonly number[];
  /** Default float64. Only floating inputs are differentiated. */
  readonly dtype?: DType;
  /** Values are drawn evenly from this range; default -2 to 2 (0 to 3 for integers, upper bound excluded). */
  readonly low?: number;
  readonly high?: number;
  /** Fixed values, row-major, instead of random ones. */
  readonly values?: readonly number[];
  /** Values are a shuffled sequence at least this far apart, so that no two are nearly equal (max, sort). */
  readonly apart?: number;
  /** Points where the op is not differentiable: values stay at least 0.05 away. */
  readonly avoid?: readonly number[];
}

/** Plain numbers for forward references. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Ways in which the tests vary the memory layout of the inputs of a sample; values and shapes stay the same. */
export type LayoutVariant = 'transposed' | 'broadcast';

/** One call of an op, from which tests are derived. */
export interface Sample {
  /** Unique within the op. */
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  /** Calls the op. Outputs of integer dtype are compared but not differentiated. */
  readonly run: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  /** The same in plain float64 JavaScript, written independently of the op. */
  readonly reference?: (...inputs: NdArray[]) => NdArray | readonly NdArray[];
  /** Relative tolerance of the gradient checks; default 1e-5. */
  readonly tolerance?: number;
  /** Layout variants that make no sense here (repeated values would tie, for one). */
  readonly without?: readonly LayoutVariant[];
  /** False when the op has no gradient at all. Default true. */
  readonly differentiable?: boolean;
  /** The call is not defined on float32-only backends (it needs float64 or exact integers). */
  readonly hostOnly?: boolean;
}

/** A call that must throw. */
export interface ErrorCase {
  readonly name: string;
  readonly run: () => unknown;
  /** Name of the error class, such as `ShapeError`. */
  readonly error: string;
  readonly message: RegExp;
}

/** Samples and error cases of one op (the name given to defineOp, or of a composed op). */
export interface OpSamples {
  readonly op: string;
  readonly samples: readonly Sample[];
  readonly errors?: readonly ErrorCase[];
}

/**
 * Samples of an elementwise op: tests make the calls themselves (all-tensor, tensor with scalar, broadcast, strided,
 * 0-d and zero-size) from the range of each operand.
 */
export interface ElementwiseSamples {
  /** The name given to defineElementwise. */
  readonly op: string;
  /** Range of each operand in gradient checks. */
  readonly domain: readonly (readonly [number, number])[];
  /** Points per operand to stay away from. */
  readonly avoid?: readonly (readonly number[])[];
  /** Operands that are integers, because the op has no derivative in them. */
  readonly integers?: readonly number[];
  /** Operands whose difference stays at least 0.05 (maximum, fmod near multiples, ...). */
  readonly distinct?: boolean;
  /** Why there is no record of it in functions.json: PyTorch has no such function. */
  readonly unrecorded?: string;
  readonly errors?: readonly ErrorCase[];
}
