import { allocate } from '../dtype.ts';
import { AutogradError, ShapeError, ValueError } from '../errors.ts';
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
export type Like<T extends Tensors> = T extends readonly Tensor[] ? { -readonly [K in keyof T]: Tensor } : Tensor;

/** A function of the tensors in X. */
export type FunctionOf<X extends Tensors, Y extends Tensors> = (
  ...inputs: X extends readonly Tensor[] ? { -readonly [K in keyof X]: Tensor } : [Tensor]
) => Y;

/** Options of the functional transforms. */
export interface FunctionalOptions {
  /** Record the computation, so that the results can be differentiated. Default false. */
  createGraph?: boolean;
  /** Treat an output that does not depend on an input as an error, instead of giving zeros. Default false. */
  strict?: boolean;
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

/** Gradients with zeros where an input does not matter, which is an error for a `strict` transform of that name. */
function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  seeds: readonly Tensor[],
  options: { createGraph: boolean; retainGraph: boolean; strict?: string | false },
): Tensor[] {
  const { strict = false } = options;
  const live = outputs.map((_, i) => i).filter((i) => outputs[i]!.requiresGrad);
  if (strict !== false && live.length < outputs.length) {
    const i = outputs.findIndex((t) => !t.requiresGrad);
    throw new AutogradError(`${strict}: output ${i} does not depend on the inputs`);
  }
  if (live.length === 0) return inputs.map(zerosAs);
  const found = grad(
    live.map((i) => outputs[i]!),
    inputs,
    { gradOutputs: live.map((i) => seeds[i]!), allowUnused: true, createGraph: options.createGraph, retainGraph: options.retainGraph },
  );
  const unused = found.indexOf(null);
  if (strict !== false && unused >= 0) throw new AutogradError(`${strict}: the outputs do not depend on input ${unused}`);
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
export function vjp<const X extends Tensors, Y extends Tensors>(
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
  const product = gradients(ys, xs, seeds, { createGraph, retainGraph: createGraph, strict: options.strict === true && 'vjp' });
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
export function jvp<const X extends Tensors, Y extends Tensors>(
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
  const pulled = gradients(ys, xs, dummies, { createGraph: true, retainGraph: true, strict: options.strict === true && 'jvp' });
  const product = gradients(pulled, dummies, listOf(v), { createGraph, retainGraph: createGraph });
  return [finished(y, createGraph), like(y, product)];
}

/** Jacobians of functions from X to Y: per output, then per input, where there are several. */
export type Jacobian<X extends Tensors, Y> = Y extends readonly unknown[] ? { -readonly [K in keyof Y]: Like<X> } : Like<X>;

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
export function jacobian<const X extends Tensors, Y extends Tensors>(
  fn: FunctionOf<X, Y>,
  inputs: X,
  options: FunctionalOptions = {},
): Jacobian<X, Y> {
  const createGraph = options.createGraph ?? false;
  const xs = prepare(listOf(inputs), createGraph);
  const y = run('jacobian', fn, xs);
  const perOutput = listOf(y).map((out) => like(inputs, rows(out, xs, createGraph, options.strict === true && 'jacobian')));
  return (isTensor(y) ? perOutput[0]! : perOutput) as Jacobian<X, Y>;
}

/** The Jacobian of one output in each input. */
function rows(out: Tensor, xs: readonly Tensor[], createGraph: boolean, strict: string | false): Tensor[] {
  const found: Tensor[][] = xs.map(() => []);
  for (let j = 0; j < out.size; j++) {
    const unit = allocate(out.dtype, out.size);
    unit[j] = 1;
    const seed = wrap(out.device, out.device.upload(unit, out.dtype, out.size), out.dtype, out.shape);
    gradients([out], xs, [seed], { createGraph, retainGraph: true, strict }).forEach((g, i) => {
      found[i]!.push(g.reshape([1, g.size]) as Tensor);
    });
  }
  return xs.map((x, i) => {
    const shape = [...out.shape, ...x.shape];
    return found[i]!.length === 0 ? fullData(x.device, 0, x.dtype, shape) : ((cat(found[i]!, 0) as Tensor).reshape(shape) as Tensor);
  });
}

/** The one element of what a scalar function gave. */
function scalar(name: string, y: unknown): Tensor {
  if (isTensor(y) && y.size === 1) return y;
  throw new ShapeError(`${name}: the function must give one element, got ${isTensor(y) ? show(y.shape) : 'a list'}`);
}

/** The gradient of a scalar function, as a function. */
function gradientOf<X extends Tensors>(name: string, fn: FunctionOf<X, Tensor>, inputs: X): (...xs: readonly Tensor[]) => Like<X> {
  return (...xs) => {
    const y = scalar(name, run(name, fn, xs));
    const one = fullData(y.device, 1, y.dtype, y.shape);
    return like(inputs, gradients([y], xs, [one], { createGraph: true, retainGraph: true }));
  };
}

/**
 * The value of a function with one element, and its gradient, as `[value, gradient]`.
 *
 * @returns the gradient has the shape of the inputs, a list if they are one
 * @throws ShapeError when `fn` gives more than one element
 * @example
 * ```ts
 * const [loss, [dw, db]] = valueAndGrad((w, b) => x.matmul(w).add(b).square().mean(), [w, b]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.func.grad_and_value.html
 */
export function valueAndGrad<const X extends Tensors>(
  fn: FunctionOf<X, Tensor>,
  inputs: X,
  options: FunctionalOptions = {},
): [value: Tensor, gradient: Like<X>] {
  const createGraph = options.createGraph ?? false;
  const xs = prepare(listOf(inputs), createGraph);
  const y = scalar('valueAndGrad', run('valueAndGrad', fn, xs));
  const one = fullData(y.device, 1, y.dtype, y.shape);
  const strict = options.strict === true && 'valueAndGrad';
  const gradient = gradients([y], xs, [one], { createGraph, retainGraph: createGraph, strict });
  return [finished(y, createGraph), like(inputs, gradient)];
}

/** The product of a vector with the matrix of second derivatives: the gradient of ⟨gradient, v⟩. */
function secondOrder<X extends Tensors>(
  name: 'hvp' | 'vhp',
  fn: FunctionOf<X, Tensor>,
  inputs: X,
  v: Tensors,
  options: FunctionalOptions,
): [value: Tensor, product: Like<X>] {
  const createGraph = options.createGraph ?? false;
  const strict = options.strict === true && name;
  checkVectors(name, listOf(v), listOf(inputs), 'input');
  const xs = prepare(listOf(inputs), createGraph);
  const y = scalar(name, run(name, fn, xs));
  const one = fullData(y.device, 1, y.dtype, y.shape);
  const first = gradients([y], xs, [one], { createGraph: true, retainGraph: true, strict });
  const product = gradients(first, xs, listOf(v), { createGraph, retainGraph: createGraph, strict });
  return [finished(y, createGraph), like(inputs, product)];
}

/**
 * The value of a function with one element, and the product of its Hessian with `v`, as `[value, product]`, at the cost of a
 * few gradients: the Hessian itself is never made.
 *
 * @param v one vector per input, of its shape
 * @returns the product has the shape of the inputs
 * @throws ShapeError when `fn` gives more than one element, or `v` does not fit the inputs
 * @example
 * ```ts
 * hvp((x) => x.pow(3).sum(), tensor([1, 2]), tensor([1, 0])); // [9, [6, 0]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.hvp.html
 */
export function hvp<const X extends Tensors>(
  fn: FunctionOf<X, Tensor>,
  inputs: X,
  v: Tensors,
  options: FunctionalOptions = {},
): [value: Tensor, product: Like<X>] {
  // The Hessian is symmetric.
  return secondOrder('hvp', fn, inputs, v, options);
}

/**
 * The value of a function with one element, and the product of `v` with its Hessian, as `[value, product]`.
 *
 * @param v one vector per input, of its shape
 * @returns the product has the shape of the inputs
 * @throws ShapeError when `fn` gives more than one element, or `v` does not fit the inputs
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.vhp.html
 */
export function vhp<const X extends Tensors>(
  fn: FunctionOf<X, Tensor>,
  inputs: X,
  v: Tensors,
  options: FunctionalOptions = {},
): [value: Tensor, product: Like<X>] {
  return secondOrder('vhp', fn, inputs, v, options);
}

/**
 * The matrix of second derivatives of a function with one element.
 *
 * @returns a tensor of the shape of the input twice over; for a list of inputs a list of lists
 * @throws ShapeError when `fn` gives more than one element
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html
 */
export function hessian<const X extends Tensors>(
  fn: FunctionOf<X, Tensor>,
  inputs: X,
  options: FunctionalOptions = {},
): Jacobian<X, Like<X>> {
  return jacobian(gradientOf('hessian', fn, inputs) as FunctionOf<X, Like<X>>, inputs, options) as Jacobian<X, Like<X>>;
}
