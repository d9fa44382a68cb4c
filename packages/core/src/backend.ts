import type { DType, TypedArray } from './dtype.ts';
import type { Expr } from './expr/node.ts';

/** A backend's buffer. Only the backend that made it looks inside. */
export type Handle = object;

/** A strided window on a buffer; strides and offset in elements, stride 0 where an element repeats. */
export interface View {
  readonly handle: Handle;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A backend's answer to a request it does not take: the work then runs on the CPU and is counted under this reason. */
export class Declined {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** What a compute request gives: a new contiguous row-major buffer, or a refusal. */
export type Computed = Handle | Declined;

/** Elementwise evaluation of expressions over a shape. */
export interface MapRequest {
  /** One expression per output, over inputs 0.. and params 0... */
  readonly exprs: readonly Expr[];
  /** Each of shape `shape` (broadcast by stride 0). */
  readonly inputs: readonly View[];
  readonly params: readonly number[];
  readonly shape: readonly number[];
  /** The dtype in which nodes are evaluated: inputs are cast to it when read. */
  readonly compute: DType;
  /** The dtype of each output. */
  readonly outputs: readonly DType[];
  /** Strided destinations of shape `shape`, one per output; only for backends with `caps.inPlace`. */
  readonly into?: readonly View[];
}

/** How {@link ReduceRequest} combines elements. */
export type ReduceKind = 'sum' | 'prod' | 'max' | 'min' | 'argmax' | 'argmin' | 'any' | 'all';

/** Evaluation of an expression over a shape, combined over some of its dimensions. */
export interface ReduceRequest {
  readonly kind: ReduceKind;
  readonly expr: Expr;
  readonly inputs: readonly View[];
  readonly params: readonly number[];
  /** The shape that is walked. */
  readonly shape: readonly number[];
  /** The dimensions that disappear, ascending. arg* count row-major over them. */
  readonly dims: readonly number[];
  readonly compute: DType;
  readonly output: DType;
  /** A sum is divided by this before it is rounded (mean); 1 otherwise. */
  readonly divisor: number;
}

/** `a` [batch, m, k] times `b` [batch, k, n]; both have the same rank, at least 2, and the same batch dimensions. */
export interface MatmulRequest {
  readonly a: View;
  readonly b: View;
  readonly dtype: DType;
}

/**
 * out[.., i, ..] = src[.., index[.., i, ..], ..] along `dim`; every other dimension of index is at most src's. Indices
 * count from 0; where values can be read at once, one outside of the dimension is an IndexError.
 */
export interface GatherRequest {
  /** What the user called, for messages. */
  readonly op?: string;
  readonly src: View;
  readonly dim: number;
  readonly index: View;
}

/**
 * A copy of `base` with src[.., i, ..] added at [.., index[.., i, ..], ..] along `dim`; `src` has the shape of `index`.
 * Indices as in {@link GatherRequest}, checked before anything is added.
 */
export interface ScatterAddRequest {
  /** What the user called, for messages. */
  readonly op?: string;
  readonly base: View;
  readonly dim: number;
  readonly index: View;
  readonly src: View;
}

/** `src` with `before[d]` and `after[d]` elements of `value` around it; negative amounts crop. */
export interface PadRequest {
  readonly src: View;
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

/** Geometry of a 2-d convolution, shared with its gradients. */
export interface Conv2dGeometry {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** Geometry of 2-d pooling. */
export interface Pool2dGeometry {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Output height and width. */
  readonly output: readonly [number, number];
}

/** Average pooling's extra choices. */
export interface AvgPool2dGeometry extends Pool2dGeometry {
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
}

/** Running totals along a dimension. */
export interface ScanRequest {
  /** How two elements combine; `logaddexp` is log(e^a + e^b). */
  readonly kind: 'sum' | 'prod' | 'logaddexp';
  /** Contiguous. */
  readonly src: View;
  readonly dim: number;
  /** From the end. */
  readonly reverse: boolean;
}

/**
 * What a recurrent layer does at a step, as expressions over blocks of the hidden size H. A step adds to what its input
 * contributes, `gates` blocks, as many blocks of the product h · weightᵀ, and makes new states; h is the first of them, and the output.
 */
export interface RecurrentCell {
  readonly gates: number;
  /** Tensors that the state consists of. */
  readonly states: number;
  /** Whether the product has a bias of its own. */
  readonly bias: boolean;
  /** Over the blocks of the product, of the input, of the bias where there is one, and the states. */
  readonly forward: {
    readonly states: readonly Expr[];
    /** What the gradient needs: at least as many blocks as there are gates. */
    readonly kept: readonly Expr[];
  };
  /** Over the blocks that were kept, the gradient of the output, and the gradients of the new states. */
  readonly backward: {
    readonly inputs: readonly Expr[];
    /** Gradients of the blocks of the product; null: those of the input. */
    readonly products: readonly Expr[] | null;
    /** Gradients of the states before; the first without what comes through the product. */
    readonly states: readonly Expr[];
  };
}

/** A recurrent layer over all steps in one direction. The rows of all steps follow one another; all views are contiguous. */
export interface RecurrentRequest {
  readonly cell: RecurrentCell;
  /** What the inputs contribute, [rows, gates · H]. */
  readonly gates: View;
  /** [gates · H, H]. */
  readonly weight: View;
  /** [gates · H]; null for a cell without. */
  readonly bias: View | null;
  /** The states before the first step, [N, H]. */
  readonly states: readonly View[];
  /** Rows of each step: N, then never more than in the step before. A row that ends keeps its state. */
  readonly sizes: readonly number[];
  /** From the last step to the first; rows then join in with their initial state. */
  readonly reverse: boolean;
  /** Whether `kept` is wanted. */
  readonly keep: boolean;
}

/** What {@link FusedKernels.recurrent} gives. */
export interface RecurrentResult {
  /** [rows, H]. */
  readonly output: Handle;
  /** The last states, [N, H]. */
  readonly states: readonly Handle[];
  /** The blocks that the cell keeps, side by side, [rows, kept · H]; null when they are not wanted. */
  readonly kept: Handle | null;
}

/** The gradient of a {@link RecurrentRequest}, whose `cell`, `weight`, `sizes` and `reverse` are here again. */
export interface RecurrentGradRequest extends Pick<RecurrentRequest, 'cell' | 'weight' | 'sizes' | 'reverse'> {
  readonly kept: View;
  /** Gradient of the output, [rows, H]. */
  readonly grad: View;
  /** Gradients of the last states, [N, H]. */
  readonly states: readonly View[];
}

/** What {@link FusedKernels.recurrentGrad} gives. */
export interface RecurrentGradients {
  /** [rows, gates · H]. */
  readonly inputs: Handle;
  /** Gradient of the product; null when it is `inputs`. */
  readonly products: Handle | null;
  /** Gradients of the initial states. */
  readonly states: readonly Handle[];
}

/**
 * Kernels that a backend may have beyond the contract. Each has a composition in core that is its fallback and its test
 * oracle; a backend may decline any call.
 */
export interface FusedKernels {
  /** x [N, C, H, W] * weight [O, C/groups, KH, KW] → [N, O, OH, OW]. */
  conv2d?(x: View, weight: View, g: Conv2dGeometry, out: readonly number[]): Computed;
  /** Gradient of conv2d in x: grad [N, O, OH, OW], weight → `inputShape`. */
  conv2dInputGrad?(grad: View, weight: View, g: Conv2dGeometry, inputShape: readonly number[]): Computed;
  /** Gradient of conv2d in the weight: grad, x → `weightShape`. */
  conv2dWeightGrad?(grad: View, x: View, g: Conv2dGeometry, weightShape: readonly number[]): Computed;
  /** x [N, C, H, W] → values and, int64, the flat index h * W + w of each maximum: both [N, C, OH, OW]. */
  maxPool2d?(x: View, g: Pool2dGeometry): readonly [Handle, Handle] | Declined;
  /** Sends grad [N, C, OH, OW] to the positions in `indices` of a zero [N, C, H, W]. */
  maxPool2dGrad?(grad: View, indices: View, g: Pool2dGeometry, inputShape: readonly number[]): Computed;
  avgPool2d?(x: View, g: AvgPool2dGeometry): Computed;
  avgPool2dGrad?(grad: View, g: AvgPool2dGeometry, inputShape: readonly number[]): Computed;
  /** x [N, I] * weight [O, I] transposed, plus bias [O] → [N, O]. */
  linear?(x: View, weight: View, bias: View | null): Computed;
  /** Running totals in the shape and dtype of `src`. */
  scan?(r: ScanRequest): Computed;
  /** Running extremes of a contiguous view along `dim` and, int64, where the latest of each lies. NaN is an extreme that stays. */
  scanExtreme?(kind: 'max' | 'min', src: View, dim: number): readonly [Handle, Handle] | Declined;
  /** s[i] = term[i] + factor[i] s[i + 1] along `dim`, or s[i - 1] when not `reverse`; both contiguous, of one shape and floating dtype. */
  recurrence?(factor: View, term: View, dim: number, reverse: boolean): Computed;
  /** Softmax over the last dimension. */
  softmax?(x: View): Computed;
  /** Logarithm of softmax over the last dimension. */
  logSoftmax?(x: View): Computed;
  /** All steps of a recurrent layer. A backend has this and the gradient, or neither; they take every request. */
  recurrent?(r: RecurrentRequest): RecurrentResult;
  recurrentGrad?(r: RecurrentGradRequest): RecurrentGradients;
}

/** What a backend can represent and do. */
export interface Capabilities {
  /** dtypes a tensor on this backend may have. */
  readonly dtypes: readonly DType[];
  /** map can write through strided destinations. */
  readonly inPlace: boolean;
  /** Values can be read without waiting. */
  readonly syncRead: boolean;
  /** Buffers are ordinary JavaScript values that the garbage collector frees. */
  readonly collected: boolean;
  /** Integers are exact up to this magnitude. */
  readonly exactInteger: number;
  /** Elements in one buffer. */
  readonly maxElements: number;
  /** Inputs of one kernel; core splits wider requests. */
  readonly maxInputs: number;
}

/** What a backend holds at the moment. */
export interface MemoryReport {
  /** Live buffers made by this backend and not yet freed (on the CPU: not yet collected or recycled, when known). */
  readonly buffers: number;
  /** Bytes in them. */
  readonly bytes: number;
}

/** One op that ran on the CPU instead, how often and why. */
export interface Fallback {
  readonly op: string;
  readonly reason: string;
  readonly count: number;
}

/** What really runs where. */
export interface BackendReport {
  /** The backend's name, such as `cpu` or `gpu`. */
  readonly backend: string;
  /** The device in words: the renderer's name, or why there is none. */
  readonly device: string;
  /** The mode in use (`webgl2`, `webgpu`, `headlessgl`, `cpu`). */
  readonly mode: string;
  /** Work that ran on the CPU instead of the device, since the backend was made. */
  readonly fallbacks: readonly Fallback[];
  /** Kernels compiled so far. */
  readonly kernels: number;
}

/**
 * What a device has to offer: views in, buffers out. Shapes and dtypes are checked before a request is made; a
 * backend only computes.
 */
export interface Backend {
  readonly name: string;
  readonly caps: Capabilities;

  /** Copies values to a new buffer. A promise makes a buffer whose contents arrive later (only when !caps.syncRead). */
  upload(data: TypedArray | Promise<TypedArray>, dtype: DType, length: number): Handle;
  /** The first `length` elements, as a copy. */
  read(handle: Handle, dtype: DType, length: number): Promise<TypedArray>;
  /** As {@link read}, when caps.syncRead. */
  readSync(handle: Handle, dtype: DType, length: number): TypedArray;
  /** Gives the buffer back. It is not used again. */
  free(handle: Handle, dtype: DType): void;
  /** Resolves when everything asked for so far is done. */
  flush(): Promise<void>;
  memory(): MemoryReport;
  report(): BackendReport;
  /** Counts work that core ran on the CPU for this backend. */
  countFallback(op: string, reason: string): void;
  /** Frees everything. */
  dispose(): void;

  fill(value: number, dtype: DType, length: number): Handle;
  map(r: MapRequest): readonly Handle[] | Declined;
  reduce(r: ReduceRequest): Computed;
  matmul(r: MatmulRequest): Computed;
  /** A contiguous copy of any view. */
  copy(src: View): Computed;
  /** The buffer `dst.handle` of `length` elements with `src` written into the window: the same handle or a new one. */
  write(dst: View, src: View, length: number): Computed;
  pad(r: PadRequest): Computed;
  gather(r: GatherRequest): Computed;
  scatterAdd(r: ScatterAddRequest): Computed;

  readonly fused: FusedKernels;
}
