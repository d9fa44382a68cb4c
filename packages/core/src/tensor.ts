import type { AutogradMeta } from './autograd/node.ts';
import type { Backend, Handle, View } from './backend.ts';
import type { DType } from './dtype.ts';
import { UseAfterFreeError } from './errors.ts';
import { isContiguous, sizeOf } from './layout.ts';
import type { Shape } from './shape-types.ts';
import type { Storage } from './storage.ts';

/** Tensors of every copy of the library know each other by this property. */
const brand = '@nabla/core.Tensor';

/**
 * How a view was made: recorded by an op that gives one (`plain`) or several at once (`several`), unrecorded under noGrad
 * or in inference mode, or by the library for a hook.
 */
export type ViewKind = 'plain' | 'several' | 'noGrad' | 'inference' | 'hook';

/** What happens to a tensor when it is born: a scope keeps track of it. */
export type Birth = (t: Tensor) => void;
let birth: Birth | null = null;

/** Sets who is told of new tensors (the innermost scope). */
export function setBirth(listener: Birth | null): Birth | null {
  const before = birth;
  birth = listener;
  return before;
}

/**
 * A multi-dimensional array of one dtype: a strided window on a storage, which may record how it was computed so that
 * gradients can flow back.
 *
 * `S` is the shape as far as the compiler knows it: a literal where a dimension is known, `number` where not,
 * `readonly number[]` when even the rank is unknown. The same rules are checked at run time, always.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * x.square().sum().backward();
 * console.log(String(x.grad)); // tensor([[2., 4.], [6., 8.]])
 * ```
 *
 * @see https://pytorch.org/docs/stable/tensors.html
 */
export class Tensor<S extends Shape = Shape> implements View {
  /** Size of each dimension. */
  readonly shape: S;
  /** Distance between neighbours along each dimension, in elements. */
  readonly strides: readonly number[];
  /** Where the first element lies in the storage, in elements. */
  readonly offset: number;
  /** @internal */
  readonly storage: Storage;
  /** Number of elements. */
  readonly size: number;
  /** @internal Gradient, graph node and flags; null until the tensor takes part in differentiation. */
  meta: AutogradMeta | null = null;
  /** @internal The tensor whose storage this is a differentiable view of. */
  viewOf: Tensor | null = null;
  /** @internal For a base: how often an in-place write rebuilt its history. For a view: the count it has seen. */
  epoch = 0;
  /** @internal For a view: how it was made, which says whether a write to it can be recorded. */
  viewKind: ViewKind = 'plain';
  /** @internal */
  disposed = false;
  /** @internal The open scope that frees it; null for none. */
  scope: object | null = null;

  /** @internal Use the creation functions. */
  constructor(storage: Storage, shape: S, strides: readonly number[], offset: number, tracked = true) {
    this.storage = storage;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.size = sizeOf(shape);
    if (tracked) {
      storage.refs++;
      if (birth !== null) birth(this);
    }
  }

  /** @internal */
  get '@nabla/core.Tensor'(): true {
    return true;
  }

  /** Type of the elements. */
  get dtype(): DType {
    return this.storage.dtype;
  }

  /** Where the elements live. */
  get device(): Backend {
    return this.storage.backend;
  }

  /** @internal The backend's buffer. */
  get handle(): Handle {
    if (this.disposed) {
      throw new UseAfterFreeError(
        `this ${this.dtype} tensor of shape [${this.shape.join(', ')}] was freed by dispose() or by the end of its scope; return it from the scope or keep() it`,
      );
    }
    return this.storage.handle;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Number of elements, as PyTorch's `numel()`. */
  numel(): number {
    return this.size;
  }

  /** Whether the elements lie one after the other in row-major order. */
  get isContiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  /**
   * Frees the tensor at once. On the CPU this is never needed; on a device it returns memory early. The buffer goes
   * when its last view is gone. Using the tensor afterwards is a {@link UseAfterFreeError}.
   */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    if (--this.storage.refs <= 0) this.storage.free();
  }
}

/** Whether `x` is a tensor, of this copy of the library or of another one. */
export function isTensor(x: unknown): x is Tensor {
  return typeof x === 'object' && x !== null && brand in x;
}

/** Adds a method to every tensor. Its type is declared beside its implementation, by augmenting {@link Tensor}. */
export function addMethod(name: string, value: (this: Tensor, ...args: never[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value, configurable: true, writable: true });
}

/** Adds a computed property to every tensor. */
export function addProperty(name: string, get: (this: Tensor) => unknown, set?: (this: Tensor, value: never) => void): void {
  Object.defineProperty(Tensor.prototype, name, set === undefined ? { get, configurable: true } : { get, set, configurable: true });
}
