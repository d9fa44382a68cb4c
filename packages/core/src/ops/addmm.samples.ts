import type { ErrorCase, NdArray, OpSamples, Sample } from '../op.samples.ts';
import { sumOfProducts, zip } from '../parts/products.samples.ts';
import type { Tensor } from '../tensor.ts';
import { type AddmmOptions, addbmm, addmm, addmv, addr, baddbmm } from './addmm.ts';
import { full, ones, zeros } from './create.ts';
import { broadcast } from './nd.samples.ts';

type Adding = (input: Tensor, a: Tensor, b: Tensor, options?: AddmmOptions) => Tensor;

/** beta x + alpha product, the product by its equation. */
function reference(equation: string, options: AddmmOptions): (x: NdArray, a: NdArray, b: NdArray) => NdArray {
  const [beta, alpha] = [Number(options.beta ?? 1), Number(options.alpha ?? 1)];
  return (x, a, b) => {
    const product = sumOfProducts(equation, a, b);
    return zip((u, v) => beta * u + alpha * v, broadcast(x, product.shape), product);
  };
}

function samplesOf(
  name: string,
  run: Adding,
  equation: string,
  a: readonly number[],
  b: readonly number[],
  out: readonly number[],
): OpSamples {
  const sample = (title: string, shape: readonly number[], options: AddmmOptions = {}): Sample => ({
    name: title,
    inputs: [{ shape }, { shape: a }, { shape: b }],
    run: (x, y, z) => run(x!, y!, z!, options),
    reference: (x, y, z) => reference(equation, options)(x!, y!, z!),
  });
  const method = (x: Tensor): Record<string, (a: Tensor, b: Tensor, options?: AddmmOptions) => Tensor> => x as never;
  const whole = [out, a, b].map((shape) => ({ shape, dtype: 'int32' as const, low: -9, high: 9 }));
  // The dimension that the first operand shares with the result alone.
  const without = (shape: readonly number[]): number[] => shape.map((n) => (n === a[a.length - (a.length > 1 ? 2 : 1)] ? 0 : n));
  return {
    op: name,
    samples: [
      sample('plain', out),
      sample('factors', out, { beta: 0.5, alpha: -2 }),
      sample('a row for all', out.slice(-1), { beta: 3 }),
      sample('a number for all', [], { alpha: 0.25 }),
      sample(
        'repeated',
        out.map(() => 1),
      ),
      sample('the product alone', out, { beta: 0 }),
      sample('the product alone, scaled', out, { beta: 0, alpha: 3 }),
      {
        name: 'the method',
        inputs: [{ shape: out }, { shape: a }, { shape: b }],
        run: (x, y, z) => method(x!)[name]!(y!, z!, { alpha: 2 }),
        reference: (x, y, z) => reference(equation, { alpha: 2 })(x!, y!, z!),
      },
      {
        name: 'in place',
        inputs: [{ shape: out }, { shape: a }, { shape: b }],
        run: (x, y, z) => method(x!.clone())[`${name}_`]!(y!, z!, { beta: 2 }),
        reference: (x, y, z) => reference(equation, { beta: 2 })(x!, y!, z!),
      },
      {
        name: 'NaN that is ignored',
        inputs: [{ shape: a }, { shape: b }],
        run: (y, z) => run(full(out, Number.NaN, { dtype: y!.dtype, device: y!.device }), y!, z!, { beta: 0 }),
        reference: (y, z) => sumOfProducts(equation, y!, z!),
      },
      {
        name: 'integers',
        inputs: whole,
        run: (x, y, z) => run(x!, y!, z!, { beta: 2, alpha: 3 }),
        reference: (x, y, z) => reference(equation, { beta: 2, alpha: 3 })(x!, y!, z!),
        differentiable: false,
        hostOnly: true,
      },
      {
        name: 'nothing',
        inputs: [out, a, b].map((shape) => ({ shape: without(shape) })),
        run: (x, y, z) => run(x!, y!, z!),
        reference: (x, y, z) => reference(equation, {})(x!, y!, z!),
      },
    ],
    errors: errorsOf(name, run, a, b, out),
  };
}

function errorsOf(name: string, run: Adding, a: readonly number[], b: readonly number[], out: readonly number[]): ErrorCase[] {
  return [
    {
      name: 'an input that does not fit',
      run: () => run(ones([9]), ones(a), ones(b)),
      error: 'ShapeError',
      message: new RegExp(`^${name}: the input \\[9\\] does not broadcast to the product \\[${out.join(', ')}\\]$`),
    },
    {
      name: 'an input of more dimensions',
      run: () => run(ones([1, ...out]), ones(a), ones(b)),
      error: 'ShapeError',
      message: new RegExp(`^${name}: the input .* does not broadcast`),
    },
    {
      name: 'an operand of another rank',
      run: () => run(ones(out), ones([...a, 1]), ones(b)),
      error: 'ShapeError',
      message: new RegExp(`^${name}: the \\w+ must be `),
    },
    {
      name: 'in place, one element',
      run: () => (ones([1]) as unknown as Record<string, (x: Tensor, y: Tensor) => Tensor>)[`${name}_`]!(ones(a), ones(b)),
      error: 'ShapeError',
      message: new RegExp(`^${name}_: the result has shape \\[${out.join(', ')}\\] but the tensor written to has`),
    },
  ];
}

/** What the sums over an inner dimension refuse, and the outer product does not. */
function strictErrors(name: string, run: Adding, a: readonly number[], b: readonly number[], out: readonly number[]): ErrorCase[] {
  return [
    {
      name: 'inner dimensions',
      run: () => run(ones(out), ones([...a.slice(0, -1), 8]), ones(b)),
      error: 'ShapeError',
      message: new RegExp(`^${name}: .* has size 8 at dimension ${a.length - 1} but `),
    },
    {
      name: 'two dtypes',
      run: () => run(ones(out), ones(a, { dtype: 'float64' }), ones(b)),
      error: 'DTypeError',
      message: new RegExp(`^${name}: dtypes differ: float32 and float64 \\(operand 1\\)`),
    },
    {
      name: 'bool',
      run: () => run(ones(out, { dtype: 'bool' }), ones(a, { dtype: 'bool' }), ones(b, { dtype: 'bool' })),
      error: 'DTypeError',
      message: new RegExp(`^${name}: not defined for bool`),
    },
  ];
}

function both(name: string, run: Adding, equation: string, a: readonly number[], b: readonly number[], out: readonly number[]): OpSamples {
  const base = samplesOf(name, run, equation, a, b, out);
  return { ...base, errors: [...base.errors!, ...strictErrors(name, run, a, b, out)] };
}

/** A product of batches, which must be as many. */
function batched(name: string, run: Adding, equation: string, out: readonly number[]): OpSamples {
  const base = both(name, run, equation, [2, 3, 4], [2, 4, 5], out);
  const differ: ErrorCase = {
    name: 'batches',
    run: () => run(ones([]), ones([2, 3, 4]), ones([3, 4, 5])),
    error: 'ShapeError',
    message: new RegExp(`^${name}: the batches \\[2, 3, 4\\] and \\[3, 4, 5\\] differ at dimension 0$`),
  };
  return { ...base, errors: [...base.errors!, differ] };
}

const outer = samplesOf('addr', addr, 'i,j->ij', [3], [4], [3, 4]);

/** Samples of sums of a tensor and a product. */
export const addmmSamples: readonly OpSamples[] = [
  both('addmm', addmm, 'ij,jk->ik', [2, 3], [3, 4], [2, 4]),
  both('addmv', addmv, 'ij,j->i', [2, 3], [3], [2]),
  batched('addbmm', addbmm, 'bij,bjk->ik', [3, 5]),
  batched('baddbmm', baddbmm, 'bij,bjk->bik', [2, 3, 5]),
  {
    ...outer,
    samples: [
      ...outer.samples,
      {
        name: 'bools',
        inputs: [
          { shape: [2, 3], dtype: 'bool' },
          { shape: [2], dtype: 'bool' },
          { shape: [3], dtype: 'bool' },
        ],
        run: (x, y, z) => addr(x!, y!, z!, { beta: 3, alpha: true }),
        reference: (x, y, z) => zip((u, v) => (u !== 0 || v !== 0 ? 1 : 0), x!, sumOfProducts('i,j->ij', y!, z!)),
        differentiable: false,
      },
    ],
    errors: [
      ...outer.errors!,
      {
        name: 'a fraction of integers',
        run: () => addr(zeros([1], { dtype: 'int64' }), zeros([2], { dtype: 'int64' }), zeros([3], { dtype: 'int64' }), { alpha: 0.5 }),
        error: 'DTypeError',
        message: /^addr: alpha must not be floating for int64 tensors, got 0\.5$/,
      },
      {
        name: 'a boolean factor',
        run: () => addr(zeros([1]), zeros([2]), zeros([3]), { beta: true }),
        error: 'DTypeError',
        message: /^addr: a boolean beta goes with bool tensors only, not float32$/,
      },
      {
        name: 'floats into integers',
        run: () => zeros([2, 3], { dtype: 'int64' }).addr_(zeros([2]), zeros([3])),
        error: 'DTypeError',
        message: /^addr_: a float32 result cannot be written into a int64 tensor$/,
      },
    ],
  },
];
