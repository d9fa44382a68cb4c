import { AutogradError, ShapeError, ValueError } from '../errors.ts';
import { fullData } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { show } from '../shape.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import { setGradEnabled } from './modes.ts';
import type { Edge, GraphNode } from './node.ts';
import { accumulate, runAccumulated, runBackward, Sinks } from './pass.ts';
import { edgeOf } from './views.ts';

/** Options of {@link Tensor.backward} and {@link grad}. */
export interface BackwardOptions {
  /** Keep the saved tensors for another backward. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Record the backward pass itself, so that gradients can be differentiated again. Default false. */
  createGraph?: boolean;
}

function rootOf(name: string, t: Tensor, gradient: Tensor | null | undefined): { edge: Edge; grad: Tensor } {
  const edge = edgeOf(t);
  if (edge === null) throw new AutogradError(`${name}: the tensor does not require gradients and has no history`);
  if (gradient == null) {
    if (t.size !== 1) {
      throw new AutogradError(`${name}: a gradient can be made up only for a tensor with one element, got ${show(t.shape)}; pass one`);
    }
    return { edge, grad: fullData(t.device, 1, t.dtype, t.shape) };
  }
  if (!sameShape(gradient.shape, t.shape)) {
    throw new ShapeError(`${name}: the gradient has shape ${show(gradient.shape)}, the tensor ${show(t.shape)}`);
  }
  return { edge, grad: gradient };
}

/**
 * Accumulates the gradients of `t` into the leaves it depends on, or into `inputs` only. What a scope has to free is freed,
 * saved tensors are dropped; when a backward fails no gradient has changed (but for leaves with a
 * {@link Tensor.registerPostAccumulateGradHook}, which get theirs as soon as it is complete).
 *
 * @throws AutogradError when `t` has no history, `inputs` is empty or one of them requires no gradients; GraphFreedError for
 * a second backward; InPlaceError when a saved tensor was written to; ShapeError for a gradient that does not fit
 */
export function backward(t: Tensor, gradient?: Tensor | null, options: BackwardOptions & { inputs?: readonly Tensor[] } = {}): void {
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const roots = [rootOf('backward', t, gradient)];
  if (options.inputs === undefined) {
    runBackward({ roots, capture: null, createGraph, retainGraph });
    return;
  }
  const inputs = [...new Set(options.inputs)];
  if (inputs.length === 0) throw new AutogradError('backward: inputs is empty; leave it out to reach every leaf');
  const capture = captureEdges('backward', inputs);
  const sinks = new Sinks();
  // As in PyTorch: naming a non-leaf makes it retain its gradient.
  capture.forEach(({ node, index }, i) => {
    if (node.leaf === null) retain(node, index, inputs[i]!);
  });
  const found = runBackward({ roots, capture, createGraph, retainGraph });
  const before = setGradEnabled(createGraph);
  try {
    inputs.forEach((x, i) => {
      if (found[i] === null || capture[i]!.node.leaf === null) return;
      accumulate(x, found[i]!, createGraph, sinks);
      runAccumulated(x);
    });
  } finally {
    setGradEnabled(before);
  }
}

/** Makes the tensor that is this output of a node keep its gradient. */
export function retain(node: GraphNode, index: number, t: Tensor): void {
  node.retained ??= new Map();
  node.retained.set(index, t);
}

function captureEdges(name: string, inputs: readonly Tensor[]): Edge[] {
  return inputs.map((x, i) => {
    const edge = edgeOf(x);
    if (edge === null) throw new AutogradError(`${name}: input ${i} does not require gradients`);
    return edge;
  });
}

/** Options of {@link grad}. */
export interface GradOptions extends BackwardOptions {
  /** Gradients of the outputs; ones by default for outputs with one element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Give null for an input that the outputs do not depend on, instead of an error. Default false. */
  allowUnused?: boolean;
}

/**
 * Gradients of `outputs` with respect to `inputs`, without touching anyone's `grad` but that of tensors on the way that
 * {@link Tensor.retainGrad retain} theirs. Hooks of tensors run, those of the inputs too.
 *
 * @returns one gradient per input; null only with `allowUnused`
 * @throws AutogradError when an input is unused (unless allowed) or does not require gradients; ValueError for a wrong number
 * of `gradOutputs`; ShapeError for one that does not fit
 * @example
 * ```ts
 * const x = tensor([2], { requiresGrad: true });
 * const [dx] = grad(x.pow(3).sum(), x, { createGraph: true });
 * const [ddx] = grad(dx.sum(), [x]); // 12
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
 */
export function grad<const X extends Tensor | readonly Tensor[]>(
  outputs: Tensor | readonly Tensor[],
  inputs: X,
  options?: GradOptions & { allowUnused?: false },
): Gradient<X, Tensor>;
export function grad<const X extends Tensor | readonly Tensor[]>(
  outputs: Tensor | readonly Tensor[],
  inputs: X,
  options: GradOptions,
): Gradient<X, Tensor | null>;
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options: GradOptions = {}): unknown {
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const outs = listed(outputs);
  const ins = listed(inputs);
  const given = options.gradOutputs;
  const seeds: readonly (Tensor | null)[] = given === undefined ? outs.map(() => null) : isTensor(given) ? [given] : given;
  if (seeds.length !== outs.length) throw new ValueError(`grad: ${seeds.length} gradOutputs for ${outs.length} outputs`);
  const roots = outs.map((t, i) => rootOf('grad', t, seeds[i]));
  const found = runBackward({ roots, capture: captureEdges('grad', ins), createGraph, retainGraph });
  if (options.allowUnused !== true) {
    const unused = found.indexOf(null);
    if (unused >= 0)
      throw new AutogradError(`grad: input ${unused} was not used by the outputs; pass { allowUnused: true } to get null for it`);
  }
  return found;
}

/** A gradient for each of the tensors in X. */
export type Gradient<X extends Tensor | readonly Tensor[], G> = X extends readonly unknown[] ? { -readonly [K in keyof X]: G } : [G];

function listed(x: Tensor | readonly Tensor[]): readonly Tensor[] {
  return isTensor(x) ? [x] : x;
}
