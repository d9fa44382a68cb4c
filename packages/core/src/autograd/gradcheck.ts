import { allocate, isFloating, type TypedArray } from '../dtype.ts';
import { DTypeError, GradcheckError, ValueError } from '../errors.ts';
import { fullData, wrap } from '../kernels.ts';
import { overlaps } from '../layout.ts';
import { drawNormal } from '../random/draw.ts';
import { Generator } from '../random/generator.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { grad } from './engine.ts';
import { listOf, outputsOf, type Tensors } from './functional.ts';
import { enableGrad } from './modes.ts';

/** Options of {@link gradcheck}. */
export interface GradcheckOptions {
  /** Step of the finite differences. Default 1e-6. */
  eps?: number;
  /** Absolute tolerance. Default 1e-5. */
  atol?: number;
  /** Tolerance relative to the finite difference. Default 1e-3. */
  rtol?: number;
  /** How much two backward passes may differ. Default 0: not at all. */
  nondetTol?: number;
  /** Throw when a gradient is wrong; false: return false instead. Default true. */
  raiseException?: boolean;
}

/** A function of tensors that {@link gradcheck} can check. */
export type Checked = (...inputs: Tensor[]) => Tensors;

/** The inputs whose gradients are checked; each must be float64, for finite differences in float32 say nothing. */
function checkedInputs(name: string, inputs: readonly Tensor[]): number[] {
  const which = inputs.map((_, i) => i).filter((i) => inputs[i]!.requiresGrad);
  if (which.length === 0) throw new ValueError(`${name}: no input requires gradients`);
  for (const i of which) {
    const { dtype, shape, strides } = inputs[i]!;
    if (dtype !== 'float64') throw new DTypeError(`${name}: input ${i} is ${dtype}; finite differences need float64`);
    if (overlaps(shape, strides)) {
      throw new ValueError(
        `${name}: input ${i} of shape ${show(shape)} repeats elements in memory (strides ${show(strides)}), so that they cannot be varied one by one; clone() it first`,
      );
    }
  }
  return which;
}

function evaluateAt(name: string, fn: Checked, inputs: readonly Tensor[]): readonly Tensor[] {
  return enableGrad(() => outputsOf(name, fn(...inputs))).filter((t) => isFloating(t.dtype));
}

const upload = (like: Tensor, values: TypedArray): Tensor =>
  wrap(like.device, like.device.upload(values, like.dtype, values.length), like.dtype, like.shape);

/** d output[j] / d input[k] by central differences, as rows[k][output][j]. The caller's tensors are only read. */
function numerical(name: string, fn: Checked, inputs: readonly Tensor[], i: number, eps: number): TypedArray[][] {
  const x = inputs[i]!;
  const values = x.dataSync();
  const at = (k: number, value: number): TypedArray[] => {
    const moved = values.slice();
    moved[k] = value;
    const place = inputs.map((t, n) => (n === i ? upload(x, moved).requiresGrad_() : fresh(t)));
    return evaluateAt(name, fn, place).map((t) => t.dataSync());
  };
  return Array.from(values, (v, k) => {
    const up = at(k, v + eps);
    const down = at(k, v - eps);
    return up.map((u, o) => u.map((y, j) => (y - down[o]![j]!) / (2 * eps)));
  });
}

/** The same elements as a leaf of its own, so that nothing reaches the caller's graph or gradients. */
function fresh(t: Tensor): Tensor {
  const leaf = t.detach();
  return t.requiresGrad ? leaf.requiresGrad_() : leaf;
}

/** The gradients of one output for a given upstream gradient; zeros where the output does not depend on an input. */
function pull(output: Tensor, xs: readonly Tensor[], seed: TypedArray): TypedArray[] {
  const zeros = (): TypedArray[] => xs.map((x) => allocate('float64', x.size));
  if (!output.requiresGrad) return zeros();
  const found = grad(output, xs, { gradOutputs: upload(output, seed), retainGraph: true, allowUnused: true });
  return found.map((g, i) => (g === null ? allocate('float64', xs[i]!.size) : g.dataSync()));
}

/** Where a linear index lies. */
function place(index: number, shape: readonly number[]): string {
  const at: number[] = [];
  let rest = index;
  for (let d = shape.length - 1; d >= 0; d--) {
    at.unshift(rest % shape[d]!);
    rest = Math.floor(rest / shape[d]!);
  }
  return show(at);
}

/**
 * Checks the gradients of `fn` by backward against finite differences, element by element, and that backward gives the
 * same twice and scales with the gradient it is given.
 *
 * @param fn gives a tensor or a list of tensors; results of integer dtype are not checked
 * @param inputs those that require gradients are checked and must be float64; they are never written to
 * @returns true; with `raiseException: false` whether the gradients are right
 * @throws GradcheckError naming output, input and element, with both values; ValueError when no input requires gradients, or
 * one repeats elements in memory (it was expanded); DTypeError for inputs that are not float64
 * @example
 * ```ts
 * gradcheck((x) => x.tanh().sum(), [randn([3], { dtype: 'float64', requiresGrad: true })]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.html
 */
export function gradcheck(fn: Checked, inputs: Tensors, options: GradcheckOptions = {}): boolean {
  return judged(options, () => check('gradcheck', fn, listOf(inputs), options));
}

function judged(options: GradcheckOptions, run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (options.raiseException === false && error instanceof GradcheckError) return false;
    throw error;
  }
}

function check(name: string, fn: Checked, inputs: readonly Tensor[], options: GradcheckOptions): void {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, nondetTol = 0 } = options;
  const which = checkedInputs(name, inputs);
  const leaves = inputs.map(fresh);
  const xs = which.map((i) => leaves[i]!);
  const outputs = evaluateAt(name, fn, leaves);
  const analytical = outputs.map((out, o) =>
    Array.from({ length: out.size }, (_, j) => {
      const seed = allocate(out.dtype, out.size);
      seed[j] = 1;
      const rows = pull(out, xs, seed);
      checkRepeatable(name, rows, pull(out, xs, seed), o, which, nondetTol);
      return rows;
    }),
  );
  outputs.forEach((out, o) => {
    const still = pull(out, xs, allocate(out.dtype, out.size));
    const n = still.findIndex((row) => row.some((v) => v !== 0));
    if (n >= 0) {
      throw new GradcheckError(`${name}: backward from output ${o} gives input ${which[n]} a gradient though its own gradient is 0`);
    }
  });
  which.forEach((i, n) => {
    const columns = numerical(name, fn, inputs, i, eps);
    outputs.forEach((out, o) => {
      let wrong = 0;
      let first = '';
      columns.forEach((column, k) => {
        for (let j = 0; j < out.size; j++) {
          const want = column[o]![j]!;
          const got = analytical[o]![j]![n]![k]!;
          if (Math.abs(got - want) <= atol + rtol * Math.abs(want) || Object.is(got, want) || (got !== got && want !== want)) continue;
          if (wrong++ > 0) continue;
          first = `d output ${o}${place(j, out.shape)} / d input ${i}${place(k, inputs[i]!.shape)} is ${got} by backward but ${want} by finite differences`;
        }
      });
      if (wrong === 0) return;
      throw new GradcheckError(
        `${name}: ${first} (${wrong} of ${out.size * columns.length} derivatives of output ${o} in input ${i} differ)`,
      );
    });
  });
}

function checkRepeatable(
  name: string,
  first: readonly TypedArray[],
  second: readonly TypedArray[],
  o: number,
  which: readonly number[],
  tolerance: number,
): void {
  first.forEach((row, n) => {
    row.forEach((a, k) => {
      const b = second[n]![k]!;
      if (Math.abs(a - b) <= tolerance || Object.is(a, b) || (a !== a && b !== b)) return;
      throw new GradcheckError(
        `${name}: backward from output ${o} is not deterministic: input ${which[n]} got ${a}, then ${b} at element ${k}`,
      );
    });
  });
}

/**
 * Checks second derivatives: {@link gradcheck} of the gradients of `fn`, as a function of its inputs and of the gradients
 * of its outputs.
 *
 * @param gradOutputs gradients of the outputs; drawn at random (the same each time) if omitted
 * @throws as {@link gradcheck}
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.gradgradcheck.html
 */
export function gradgradcheck(fn: Checked, inputs: Tensors, gradOutputs?: Tensors | null, options: GradcheckOptions = {}): boolean {
  const list = listOf(inputs);
  const which = checkedInputs('gradgradcheck', list);
  const outputs = evaluateAt('gradgradcheck', fn, list.map(fresh));
  const generator = new Generator(0);
  const seeds =
    gradOutputs == null
      ? outputs.map((t) => upload(t, drawNormal('gradgradcheck', generator, t.size, t.dtype)).requiresGrad_())
      : listOf(gradOutputs).map((t) => t.detach().requiresGrad_());
  const gradients = (...args: Tensor[]): Tensor[] => {
    const xs = args.slice(0, list.length);
    const vs = args.slice(list.length);
    const ys = evaluateAt('gradgradcheck', fn, xs);
    const live = ys.map((_, o) => o).filter((o) => ys[o]!.requiresGrad);
    const wanted = which.map((i) => xs[i]!);
    if (live.length === 0) return wanted.map((x) => fullData(x.device, 0, x.dtype, x.shape));
    const given = { gradOutputs: live.map((o) => vs[o]!), createGraph: true, allowUnused: true };
    const found = grad(
      live.map((o) => ys[o]!),
      wanted,
      given,
    );
    return found.map((g, i) => g ?? fullData(wanted[i]!.device, 0, wanted[i]!.dtype, wanted[i]!.shape));
  };
  return judged(options, () => check('gradgradcheck', gradients, [...list, ...seeds], options));
}
