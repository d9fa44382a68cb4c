import { allocate } from '../dtype.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { fullData, wrap } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { cat } from '../ops/join.ts';
import { show } from '../shape.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import { grad } from './engine.ts';
import { enableGrad } from './modes.ts';

/** One tensor, or a list of them. */
export type Tensors = Tensor | readonly Tensor[];

/** As many tensors as T holds: one for one, a list for a list. */
export type Like<T extends Tensors> = T extends Tensor ? Tensor : Tensor[];

/** A function of the tensors in X. */
export type FunctionOf<X extends Tensors, Y extends Tensors> = (...inputs: X extends Tensor ? [Tensor] : Tensor[]) => Y;

/** Options of the functional transforms. */
export interface FunctionalOptions {
  /** Record the computation, so that the results can be differentiated. Default false. */
  createGraph?: boolean;
}

/** One tensor or a list of them as a list. */
export const listOf = (x: Tensors): readonly Tensor[] => (isTensor(x) ? [x] : (x as readonly Tensor[]));

/** What a user's function returned, as a list. */
export function outputsOf(name: string, y: unknown): readonly Tensor[] {
  const list: unknown = isTensor(y) ? [y] : y;
  if (!Array.isArray(list) || !list.every(isTensor))
    throw new ValueError(`${name}: the function must return a tensor or an array of tensors`);
  return list;
}

const like = <T extends Tensors>(model: T, list: readonly Tensor[]): Like<T> => (isTensor(model) ? list[0]! : [...list]) as Like<T>;
const zerosAs = (t: Tensor): Tensor => fullData(t.device, 0, t.dtype, t.shape);

/** Inputs of their own for a call: connected to the caller's graph only when the result is to be differentiated. */
function prepare(inputs: readonly Tensor[], createGraph: boolean): Tensor[] {
  return inputs.map((t) => (createGraph && t.requiresGrad ? (t.view(t.shape as never) as Tensor) : t.detach().requiresGrad_()));
}

function run<X extends Tensors, Y extends Tensors>(name: string, fn: FunctionOf<X, Y>, inputs: readonly Tensor[]): Y {
  const y = enableGrad(() => (fn as (...xs: readonly Tensor[]) => Y)(...inputs));
  outputsOf(name, y);
  return y;
}

/** Gradients with zeros where an input does not matter. */
function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  seeds: readonly Tensor[],
  options: { createGraph: boolean; retainGraph: boolean },
): Tensor[] {
  const live = outputs.map((_, i) => i).filter((i) => outputs[i]!.requiresGrad);
  if (live.length === 0) return inputs.map(zerosAs);
  const found = grad(
    live.map((i) => outputs[i]!),
    inputs,
    { gradOutputs: live.map((i) => seeds[i]!), allowUnused: true, ...options },
  );
  return found.map((g, i) => g ?? zerosAs(inputs[i]!));
}

function checkVectors(name: string, v: readonly Tensor[], of: readonly Tensor[], what: string): void {
  if (v.length !== of.length) throw new ShapeError(`${name}: ${v.length} vectors for ${of.length} ${what}s`);
  v.forEach((t, i) => {
    if (!sameShape(t.shape, of[i]!.shape)) {
      throw new ShapeError(`${name}: vector ${i} has shape ${show(t.shape)}, ${what} ${i} has ${show(of[i]!.shape)}`);
    }
  });
}

function finished<T extends Tensors>(t: T, createGraph: boolean): T {
  if (createGraph) return t;
  return (isTensor(t) ? t.detach() : (t as readonly Tensor[]).map((x) => x.detach())) as T;
}

/**
 * The value of `fn` at `inputs` and the product of `v` with its Jacobian, as `[outputs, product]`.
 *
 * @param v one vector per output, of its shape; may be left out for one output with one element
 * @returns the product has the shape of the inputs
 * @throws ShapeError when `v` does not fit the outputs
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html
 */
export function vjp<X extends Tensors, Y extends Tensors>(
  fn: FunctionOf<X, Y>,
  inputs: X,
  v?: Tensors,
  options: FunctionalOptions = {},
): [outputs: Y, product: Like<X>] {
  const createGraph = options.createGraph ?? false;
  const xs = prepare(listOf(inputs), createGraph);
  const y = run('vjp', fn, xs);
  const ys = listOf(y);
  if (v === undefined && (ys.length !== 1 || ys[0]!.size !== 1)) {
    throw new ShapeError(
      `vjp: a vector can be left out for a single element only; the outputs are ${ys.map((t) => show(t.shape)).join(', ')}`,
    );
  }
  const seeds = v === undefined ? [fullData(ys[0]!.device, 1, ys[0]!.dtype, ys[0]!.shape)] : listOf(v);
  checkVectors('vjp', seeds, ys, 'output');
  const product = gradients(ys, xs, seeds, { createGraph, retainGraph: createGraph });
  return [finished(y, createGraph), like(inputs, product)];
}

/**
 * The value of `fn` at `inputs` and the product of its Jacobian with `v`, as `[outputs, product]`. Computed by
 * differentiating a vector-Jacobian product in its vector, in which it is linear.
 *
 * @param v one vector per input, of its shape
 * @returns the product has the shape of the outputs
 * @throws ShapeError when `v` does not fit the inputs
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.jvp.html
 */
export function jvp<X extends Tensors, Y extends Tensors>(
  fn: FunctionOf<X, Y>,
  inputs: X,
  v: Tensors,
  options: FunctionalOptions = {},
): [outputs: Y, product: Like<Y>] {
  const createGraph = options.createGraph ?? false;
  checkVectors('jvp', listOf(v), listOf(inputs), 'input');
  const xs = prepare(listOf(inputs), createGraph);
  const y = run('jvp', fn, xs);
  const ys = listOf(y);
  const dummies = ys.map((t) => zerosAs(t).requiresGrad_());
  const pulled = gradients(ys, xs, dummies, { createGraph: true, retainGraph: true });
  const product = gradients(pulled, dummies, listOf(v), { createGraph, retainGraph: createGraph });
  return [finished(y, createGraph), like(y, product)];
}

/** Jacobians of functions from X to Y: per output, then per input, where there are several. */
export type Jacobian<X extends Tensors, Y extends Tensors> = Y extends Tensor ? Like<X> : Like<X>[];

/**
 * The Jacobian of `fn` at `inputs`, one row per output element by reverse mode.
 *
 * @returns a tensor of the shape of the output followed by that of the input; a list over inputs if they are a list, and a
 * list over outputs of these if `fn` returns a list
 * @example
 * ```ts
 * jacobian((x) => x.exp(), tensor([0, 1])); // [[1, 0], [0, 2.7183]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html
 */
export function jacobian<X extends Tensors, Y extends Tensors>(
  fn: FunctionOf<X, Y>,
  inputs: X,
  options: FunctionalOptions = {},
): Jacobian<X, Y> {
  const createGraph = options.createGraph ?? false;
  const xs = prepare(listOf(inputs), createGraph);
  const y = run('jacobian', fn, xs);
  const perOutput = listOf(y).map((out) => like(inputs, rows(out, xs, createGraph)));
  return (isTensor(y) ? perOutput[0]! : perOutput) as Jacobian<X, Y>;
}

/** The Jacobian of one output in each input. */
function rows(out: Tensor, xs: readonly Tensor[], createGraph: boolean): Tensor[] {
  const found: Tensor[][] = xs.map(() => []);
  for (let j = 0; j < out.size; j++) {
    const unit = allocate(out.dtype, out.size);
    unit[j] = 1;
    const seed = wrap(out.device, out.device.upload(unit, out.dtype, out.size), out.dtype, out.shape);
    gradients([out], xs, [seed], { createGraph, retainGraph: true }).forEach((g, i) => {
      found[i]!.push(g.reshape([1, g.size]) as Tensor);
    });
  }
  return xs.map((x, i) => {
    const shape = [...out.shape, ...x.shape];
    return found[i]!.length === 0 ? fullData(x.device, 0, x.dtype, shape) : ((cat(found[i]!, 0) as Tensor).reshape(shape) as Tensor);
  });
}

/**
 * The matrix of second derivatives of a function with one element.
 *
 * @returns a tensor of the shape of the input twice over; for a list of inputs a list of lists
 * @throws ShapeError when `fn` gives more than one element
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html
 */
export function hessian<X extends Tensors>(fn: FunctionOf<X, Tensor>, inputs: X, options: FunctionalOptions = {}): Jacobian<X, Like<X>> {
  const gradient = ((...xs: readonly Tensor[]): Tensors => {
    const y = run('hessian', fn, xs);
    if (!isTensor(y) || y.size !== 1) {
      throw new ShapeError(`hessian: the function must give one element, got ${isTensor(y) ? show(y.shape) : 'a list'}`);
    }
    const one = fullData(y.device, 1, y.dtype, y.shape);
    return like(inputs, gradients([y], xs, [one], { createGraph: true, retainGraph: true }));
  }) as unknown as FunctionOf<X, Like<X>>;
  return jacobian(gradient, inputs, options);
}
