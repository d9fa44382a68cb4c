import { type BackwardOptions, backward, retain } from '../autograd/engine.ts';
import { type Disposer, expectWaiting, NodeHooks, type PostAccumulateGradHook, type TensorHook } from '../autograd/hooks.ts';
import { metaOf } from '../autograd/meta.ts';
import type { Edge, GradFn } from '../autograd/node.ts';
import { baseOf, edgeOf, wouldNeedGrad } from '../autograd/views.ts';
import { AutogradError, DeviceError, DTypeError, InPlaceError, ShapeError } from '../errors.ts';
import { sameShape } from '../layout.ts';
import { inScope, keepWith } from '../scope.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, addProperty, Tensor } from '../tensor.ts';
import { setRequiresGrad } from './full.ts';

export type { Disposer, NodeHook, NodePreHook, PostAccumulateGradHook, TensorHook } from '../autograd/hooks.ts';
export type { GradFn } from '../autograd/node.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The gradient accumulated by backward; null before. Assign null to clear it. A gradient that was read outside of every
     * scope, assigned or kept is nobody's but the reader's: no scope frees it later.
     *
     * @throws ShapeError, DTypeError or DeviceError when an assigned gradient does not fit
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.grad.html
     */
    grad: Tensor | null;
    /**
     * Whether gradients are computed for this tensor. Can be set on leaves.
     *
     * @throws AutogradError when set on an integer tensor, cleared on a non-leaf, or set outside of inference mode on a tensor
     * made in it
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.requires_grad.html
     */
    requiresGrad: boolean;
    /** Whether the tensor was made by the user rather than by a recorded op. @see https://pytorch.org/docs/stable/generated/torch.Tensor.is_leaf.html */
    readonly isLeaf: boolean;
    /**
     * The op that made the tensor, as a node of the graph; null for a leaf.
     *
     * @example
     * ```ts
     * const y = x.exp().sum();
     * y.gradFn!.name; // 'sum'
     * y.gradFn!.nextFunctions[0]![0].name; // 'exp'
     * ```
     * @see https://pytorch.org/docs/stable/autograd.html#autograd-graph
     */
    readonly gradFn: GradFn | null;
    /** Whether the gradient of a non-leaf is kept in {@link Tensor.grad}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.retains_grad.html */
    readonly retainsGrad: boolean;
    /**
     * How often the elements were written in place. Views of one tensor, `detach()` included, share the count.
     *
     * @throws AutogradError for a tensor made in inference mode, which has none
     * @see https://pytorch.org/docs/stable/notes/autograd.html#in-place-correctness-checks
     */
    readonly version: number;
    /** Whether the tensor was made in inference mode. @see https://pytorch.org/docs/stable/generated/torch.Tensor.is_inference.html */
    readonly isInference: boolean;
    /** Sets {@link Tensor.requiresGrad} and gives the tensor back. @see https://pytorch.org/docs/stable/generated/torch.Tensor.requires_grad_.html */
    requiresGrad_(value?: boolean): this;
    /**
     * Keeps the gradient of a non-leaf in {@link Tensor.grad}, whatever is later written to it in place.
     *
     * @throws AutogradError when the tensor does not require gradients
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html
     */
    retainGrad(): void;
    /**
     * Adds a function that sees the gradient of this tensor whenever it is computed, by `backward` or `grad`; a tensor that
     * it returns takes the gradient's place. Hooks run in the order in which they were added, before the gradient is kept,
     * handed out or passed on. A hook belongs to the value that the tensor has now: after a write in place it still gets
     * the gradient of the old value. It must not write to its argument.
     *
     * @returns what removes the hook
     * @throws AutogradError when the tensor does not require gradients; in backward when a hook returns a gradient of another
     * shape, dtype or device
     * @example
     * ```ts
     * const remove = h.registerHook((g) => g.clamp(-1, 1));
     * loss.backward();
     * remove();
     * ```
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
     */
    registerHook(hook: TensorHook): Disposer;
    /**
     * Adds a function that runs each time backward has added to the `grad` of this leaf, as soon as that gradient is complete.
     *
     * @returns what removes the hook
     * @throws AutogradError when the tensor is no leaf that requires gradients
     * @example
     * ```ts
     * w.registerPostAccumulateGradHook((w) => {
     *   noGrad(() => w.sub_(w.grad!, { alpha: 0.1 }));
     *   w.grad = null;
     * });
     * ```
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.register_post_accumulate_grad_hook.html
     */
    registerPostAccumulateGradHook(hook: PostAccumulateGradHook): Disposer;
    /**
     * Computes the gradients of every leaf that this tensor depends on and adds them to their `grad`.
     *
     * @param gradient gradient of this tensor; ones when it has a single element
     * @throws AutogradError when the tensor has no history or several elements and no `gradient`; GraphFreedError for a second
     * backward; InPlaceError when a saved tensor was written to; ShapeError for a gradient that does not fit
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
     */
    backward(gradient?: Tensor | null, options?: BackwardOptions & { inputs?: readonly Tensor[] }): void;
    /** The same elements without history, sharing storage and {@link Tensor.version}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.detach.html */
    detach<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /**
     * Makes this tensor a leaf that requires no gradients: it forgets how it was computed. Its views do not.
     *
     * @throws InPlaceError for a view
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.detach_.html
     */
    detach_(): this;
  }
}

addProperty(
  'grad',
  function (this: Tensor) {
    const meta = this.meta;
    if (meta === null || meta.grad === null) return null;
    // Inside of a scope a reference is not expected to outlive it; elsewhere it may be held for good.
    if (!inScope()) meta.gradShown = true;
    return meta.grad;
  },
  function (this: Tensor, value: Tensor | null) {
    if (value !== null && !sameShape(value.shape, this.shape)) {
      throw new ShapeError(`grad: a gradient of shape ${show(value.shape)} does not fit a tensor of shape ${show(this.shape)}`);
    }
    if (value !== null && value.dtype !== this.dtype) {
      throw new DTypeError(`grad: a ${value.dtype} gradient does not fit a ${this.dtype} tensor; convert it with to('${this.dtype}')`);
    }
    if (value !== null && value.device !== this.device) {
      throw new DeviceError(`grad: a gradient on '${value.device.name}' does not fit a tensor on '${this.device.name}'`);
    }
    if (value !== null || this.meta !== null) {
      const meta = metaOf(this);
      meta.grad = value;
      meta.gradShown = value !== null;
    }
    // A scope frees what was born in it, but not the gradients of tensors from outside.
    if (value !== null) keepWith(this, value);
  },
);
addProperty(
  'requiresGrad',
  function (this: Tensor) {
    return wouldNeedGrad(this);
  },
  function (this: Tensor, value: boolean) {
    setRequiresGrad(this, value);
  },
);
addProperty('isLeaf', function (this: Tensor) {
  return edgeOf(this)?.node.leaf !== null;
});
addProperty('gradFn', function (this: Tensor) {
  const node = edgeOf(this)?.node;
  return node === undefined || node.leaf !== null ? null : node;
});
addProperty('retainsGrad', function (this: Tensor) {
  return this.meta?.node?.retained?.get(this.meta.index) === this;
});
addProperty('version', function (this: Tensor) {
  if (this.storage.inference) {
    throw new AutogradError('version: a tensor made in inference mode does not count writes; clone() it outside of inferenceMode');
  }
  return this.storage.version;
});
addProperty('isInference', function (this: Tensor) {
  return this.storage.inference;
});
addMethod('requiresGrad_', function (this: Tensor, value: boolean = true) {
  setRequiresGrad(this, value);
  return this;
});

function edgeFor(name: string, t: Tensor): Edge {
  const edge = edgeOf(t);
  if (edge === null) throw new AutogradError(`${name}: the tensor does not require gradients`);
  return edge;
}

addMethod('retainGrad', function (this: Tensor) {
  const { node, index } = edgeFor('retainGrad', this);
  if (node.leaf === null) retain(node, index, this);
});
addMethod('registerHook', function (this: Tensor, hook: TensorHook): Disposer {
  const { node, index } = edgeFor('registerHook', this);
  node.hooks ??= new NodeHooks();
  return node.hooks.ofOutput(index).add(hook);
});
addMethod('registerPostAccumulateGradHook', function (this: Tensor, hook: PostAccumulateGradHook): Disposer {
  const { node } = edgeFor('registerPostAccumulateGradHook', this);
  if (node.leaf === null) {
    throw new AutogradError(
      `registerPostAccumulateGradHook: only leaves accumulate gradients, this tensor is the result of '${node.name}'; use registerHook`,
    );
  }
  node.hooks ??= new NodeHooks();
  expectWaiting();
  return node.hooks.accumulated.add(hook);
});
addMethod('backward', function (this: Tensor, gradient?: Tensor | null, options?: BackwardOptions & { inputs?: readonly Tensor[] }) {
  backward(this, gradient, options);
});
addMethod('detach', function (this: Tensor) {
  return new Tensor(this.storage, this.shape, this.strides, this.offset);
});
addMethod('detach_', function (this: Tensor) {
  if (baseOf(this) !== null) throw new InPlaceError('detach_: a view cannot be detached in place; use detach()');
  const { meta } = this;
  if (meta !== null) {
    meta.node?.retained?.delete(meta.index);
    meta.node = null;
    meta.index = 0;
    meta.requiresGrad = false;
  }
  return this;
});
