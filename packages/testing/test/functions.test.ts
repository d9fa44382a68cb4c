import { readFileSync } from 'node:fs';
import * as nabla from '@nabla/core';
import { type DType, grad, ones, type Tensor, tensor } from '@nabla/core';
import { call, derivative, type Expr, evaluate, functions, input, param } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';
import { elementwiseSamples } from '../../core/src/ops/index.samples.ts';

type Encoded = number | 'nan' | 'inf' | '-inf' | '-0';

/** What PyTorch answers for one function; see fixtures/README.md. */
interface Recorded {
  readonly name: string;
  readonly params: Readonly<Record<string, Encoded>> | null;
  readonly arity: number;
  readonly inputs: readonly (readonly Encoded[])[];
  readonly y: readonly Encoded[];
  readonly y32?: readonly Encoded[];
  readonly d: readonly (readonly Encoded[] | null)[] | null;
  readonly dd: readonly (readonly (readonly Encoded[] | null)[])[] | null;
  readonly alternatives?: readonly (readonly [field: string, point: number, value: Encoded])[];
}

const records = JSON.parse(readFileSync(new URL('../fixtures/functions.json', import.meta.url), 'utf8')) as readonly Recorded[];
const labelled = records.map((r) => [r.params === null ? r.name : `${r.name} ${JSON.stringify(r.params)}`, r] as const);

const specials = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY, '-0': -0 };
const decode = (x: Encoded): number => (typeof x === 'number' ? x : specials[x]);
const pointOf = (r: Recorded, k: number): number[] => r.inputs.map((column) => decode(column[k]!));
const largest = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };

/**
 * Where the values here are not PyTorch 1.13's and should not be (2026-11-23). Each entry says what stands instead, and
 * the test fails when an entry covers a point at which PyTorch would agree.
 */
interface Exception {
  readonly name: string;
  readonly fields: readonly string[];
  readonly at: (...point: number[]) => boolean;
  readonly ours: (...point: number[]) => number;
  /** Only the record with these parameters. */
  readonly params?: Readonly<Record<string, number>>;
  readonly why: string;
}

const zero = (): number => 0;
const overflow = 709.78; // e^x
const overflow2 = 1024; // 2^x
const exceptions: readonly Exception[] = [
  ...[
    { name: 'lgamma', fields: ['dd00'] },
    { name: 'digamma', fields: ['d0'] },
    { name: 'trigamma', fields: ['y', 'y32'] },
  ].map((f) => ({
    ...f,
    at: (x: number) => x < 0 && Number.isInteger(x),
    ours: () => Number.POSITIVE_INFINITY,
    why: 'a pole, where PyTorch divides by the square of a rounded sine',
  })),
  ...[
    { name: 'digamma', fields: ['dd00'] },
    { name: 'trigamma', fields: ['d0', 'dd00'] },
  ].map((f) => ({ ...f, at: (x: number) => x === Infinity, ours: zero, why: 'the limit; PyTorch divides inf by inf' })),
  {
    name: 'sinc',
    fields: ['d0'],
    at: (x) => Math.abs(x) === 1e-8,
    ours: (x) => (-(Math.PI ** 2) / 3) * x,
    why: 'the Taylor series; PyTorch cancels all digits',
  },
  {
    name: 'sinc',
    fields: ['dd00'],
    at: (x) => Math.abs(x) <= 1e-8,
    ours: () => -(Math.PI ** 2) / 3,
    why: 'the Taylor series; PyTorch divides 0 by 0 or cancels all digits',
  },
  {
    name: 'mish',
    fields: ['dd00'],
    at: (x) => x >= 1000 && x < Infinity,
    ours: zero,
    why: 'the identity; PyTorch multiplies 0 by e^x = inf',
  },
  {
    name: 'logit',
    params: { eps: 0.25 },
    fields: ['dd00'],
    at: (x) => Math.abs(x) <= 1e-300 || x === 1 || !Number.isFinite(x),
    ours: zero,
    why: 'constant there; PyTorch multiplies the masked gradient 0 by inf or NaN',
  },
  {
    name: 'logit',
    fields: ['dd00'],
    at: (x) => x === -1e-300 || !Number.isFinite(x),
    ours: zero,
    why: 'the derivative is NaN there, and flat; PyTorch multiplies the masked gradient 0 by inf or NaN',
  },
  {
    name: 'scalarPow',
    params: { base: 0 },
    fields: ['dd00'],
    at: (x) => x > 0,
    ours: zero,
    why: 'constant there; PyTorch multiplies a masked gradient 0 by inf',
  },
  {
    name: 'pow',
    fields: ['dd00'],
    at: (a, b) => b === 0 && !(a !== 0 && a === a),
    ours: zero,
    why: 'a^0 is 1 for every a; PyTorch: 0 · inf',
  },
  {
    name: 'pow',
    fields: ['dd10'],
    at: (a, b) => a === 0 && b > 1,
    ours: zero,
    why: 'the limit; PyTorch multiplies a masked gradient 0 by inf',
  },
  {
    name: 'pow',
    fields: ['dd11'],
    at: (a, b) => a === 0 && b > 0,
    ours: zero,
    why: 'the limit; PyTorch multiplies a masked gradient 0 by inf',
  },
  {
    name: 'copysign',
    fields: ['dd00'],
    at: (a) => a === 0,
    ours: zero,
    why: 'linear on both sides of 0; PyTorch divides a masked gradient 0 by 0',
  },
  ...(
    [
      ['logaddexp', overflow],
      ['logaddexp2', overflow2],
    ] as const
  ).flatMap(([name, limit]) => [
    { name, fields: ['dd00', 'dd01'], at: (a: number, b: number) => b - a >= limit, ours: zero, why: 'linear there; PyTorch overflows' },
    { name, fields: ['dd10', 'dd11'], at: (a: number, b: number) => a - b >= limit, ours: zero, why: 'linear there; PyTorch overflows' },
  ]),
  ...(
    [
      ['i0', ['dd00']],
      ['i1', ['d0', 'dd00']],
      ['i1e', ['d0', 'dd00']],
    ] as const
  ).map(([name, fields]) => ({
    name,
    fields: [...fields],
    at: (x: number) => x !== x,
    ours: () => Number.NaN,
    why: 'PyTorch asks whether |x| exceeds a tiny number, which NaN does not, and answers as at 0',
  })),
  ...(
    [
      ['i0', ['dd00']],
      ['i1', ['d0']],
    ] as const
  ).map(([name, fields]) => ({
    name,
    fields: [...fields],
    at: (x: number) => Math.abs(x) >= 1000 && Math.abs(x) < Infinity,
    ours: () => Number.POSITIVE_INFINITY,
    why: 'overflow; PyTorch subtracts inf from inf',
  })),
  {
    name: 'i1',
    fields: ['dd00'],
    at: (x) => Math.abs(x) >= 1000 && Math.abs(x) < Infinity,
    ours: (x) => x * Infinity,
    why: 'overflow; PyTorch subtracts inf from inf',
  },
  {
    name: 'i1',
    fields: ['dd00'],
    at: (x) => Math.abs(x) === 1e-8,
    ours: (x) => (3 / 8) * x,
    why: 'the Taylor series; PyTorch cancels all digits',
  },
  {
    name: 'i1e',
    fields: ['dd00'],
    at: (x) => x !== 0 && Math.abs(x) <= 1e-8,
    ours: (x) => -Math.sign(x) + (15 / 8) * x,
    why: 'the Taylor series; PyTorch cancels all digits',
  },
  {
    name: 'logNdtr',
    fields: ['d0'],
    at: (x) => x === -Infinity,
    ours: () => Number.POSITIVE_INFINITY,
    why: 'the limit; PyTorch multiplies inf by 0',
  },
  {
    name: 'logNdtr',
    fields: ['d0'],
    at: (x) => x <= -709 && x > -Infinity,
    ours: (x) => -x - 1 / x + 2 / x ** 3,
    why: 'the asymptotic series; PyTorch loses digits in erfcx',
  },
  {
    name: 'logNdtr',
    fields: ['dd00'],
    at: (x) => x <= -88 && x > -Infinity,
    ours: (x) => -1 + 1 / x ** 2 - 6 / x ** 4 + 50 / x ** 6,
    why: 'the asymptotic series; PyTorch cancels',
  },
  {
    name: 'zeta',
    fields: ['y'],
    at: (x, q) => (x > 1 && q === Infinity) || (x === Infinity && q > 1),
    ours: zero,
    why: 'the limit; PyTorch divides inf by inf',
  },
  {
    name: 'zeta',
    fields: ['d1'],
    at: (x, q) => x > 0 && x < Infinity && q === Infinity,
    ours: zero,
    why: 'the limit; PyTorch divides inf by inf',
  },
  {
    name: 'zeta',
    fields: ['dd11'],
    at: (x, q) => x >= 0 && x < Infinity && q === Infinity,
    ours: zero,
    why: 'the limit; PyTorch divides inf by inf',
  },
];

/** How far PyTorch itself is off, where more than rounding (fixtures/README.md). */
const inaccurate: Readonly<Record<string, number>> = {
  'lgamma dd00': 1e-9,
  'digamma d0': 1e-9,
  'trigamma y': 1e-9,
  'hardsigmoid d0': 1e-7,
  'erfcx dd00': 1e-9,
  'logNdtr dd00': 1e-10,
};

/** Rows that exist only as derivatives of others, or under another name in the records. */
const helpers = [
  'besselI',
  'besselIe',
  'eluGrad',
  'geluDistribution',
  'hardswishGrad',
  'inverseMills',
  'logitGrad',
  'millsExcess',
  'polygamma',
  'powBaseGrad',
  'powExponentGrad',
  'sincDerivative',
  'softplusGrad',
];

/** The row of a record. */
function rowName(r: Recorded): string {
  if (r.name === 'scalarPow') return 'pow';
  return r.name === 'logit' && r.params !== null ? 'logitEps' : r.name;
}

/** The parameters of a record in the order of its row's arguments. */
function paramsOf(r: Recorded, compute: 'float32' | 'float64'): number[] {
  if (r.name === 'nanToNum' && r.params === null) return [0, largest[compute], -largest[compute]];
  return Object.values(r.params ?? {}).map(decode);
}

/** A recorded function as an expression of its inputs and parameters. */
function formOf(r: Recorded): Expr {
  const args = Array.from({ length: r.arity }, (_, i) => input(i));
  const params = paramsOf(r, 'float64').map((_, i) => param(i));
  return call(functions.get(rowName(r))!, r.name === 'scalarPow' ? [...params, ...args] : [...args, ...params]);
}

function columns(r: Recorded, dtype: DType): Tensor[] {
  return r.inputs.map((column) => tensor(column.map(decode), { dtype }));
}

/** The values of an expression at the recorded points, through the CPU kernel; null is 0 everywhere. */
function valuesOf(e: Expr | null, r: Recorded, compute: 'float32' | 'float64'): number[] {
  const n = r.y.length;
  if (e === null) return new Array<number>(n).fill(0);
  const params = paramsOf(r, compute);
  const out = evaluate({
    name: r.name,
    expr: e,
    inputs: columns(r, compute),
    params,
    shape: [n],
    dims: [],
    result: [n],
    divisor: 1,
    compute,
    output: compute,
  });
  return [...out.dataSync()];
}

interface Comparison {
  readonly field: string;
  readonly got: readonly number[];
  readonly want: readonly Encoded[] | null | undefined;
}

/** The disagreements, as lines. */
function compare(r: Recorded, { field, got, want }: Comparison): string[] {
  if (want == null) return [];
  const close = (a: number, b: number): boolean => {
    if (field === 'y32') return within(a, Math.fround(b), 4e-7, 1e-6);
    return field === 'y' && a === 0 && b === 0 ? Object.is(a, b) : within(a, b, 2e-15, inaccurate[`${r.name} ${field}`] ?? 1e-12);
  };
  const lines: string[] = [];
  want.forEach((first, k) => {
    const point = pointOf(r, k);
    const say = (text: string): void => void lines.push(`${field} at (${point.join(', ')}): ${text}`);
    const others = (r.alternatives ?? []).filter(([f, i]) => f === field && i === k).map(([, , v]) => v);
    const agrees = (x: number): boolean => [first, ...others].some((v) => close(x, decode(v)));
    const except = exceptionAt(r, field, point);
    if (except === undefined) {
      if (!agrees(got[k]!)) say(`${got[k]}, PyTorch ${first}`);
    } else {
      const ours = except.ours(...point);
      if (!within(got[k]!, ours, 2e-15, 1e-12)) say(`${got[k]}, documented ${ours}`);
      if (agrees(ours)) say(`PyTorch agrees, so this is no exception`);
    }
  });
  return lines;
}

function exceptionAt(r: Recorded, field: string, point: readonly number[]): Exception | undefined {
  return exceptions.find(
    (x) =>
      x.name === r.name &&
      x.fields.includes(field) &&
      (x.params === undefined || JSON.stringify(x.params) === JSON.stringify(r.params)) &&
      x.at(...point),
  );
}

function within(a: number, b: number, absolute: number, relative: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= absolute + relative * Math.abs(b);
}

describe('rows equal PyTorch', () => {
  test.each(labelled)('%s', (_label, r) => {
    const e = formOf(r);
    const bad = compare(r, { field: 'y', got: valuesOf(e, r, 'float64'), want: r.y });
    if (r.y32 !== undefined) bad.push(...compare(r, { field: 'y32', got: valuesOf(e, r, 'float32'), want: r.y32 }));
    for (let i = 0; i < r.arity; i++) {
      if (r.d?.[i] === null) continue;
      const d = derivative(e, input(i));
      bad.push(...compare(r, { field: `d${i}`, got: valuesOf(d, r, 'float64'), want: r.d?.[i] }));
      for (let j = 0; j < r.arity; j++) {
        if (r.d?.[j] === null) continue;
        const dd = d === null ? null : derivative(d, input(j));
        bad.push(...compare(r, { field: `dd${i}${j}`, got: valuesOf(dd, r, 'float64'), want: r.dd?.[i]?.[j] }));
      }
    }
    expect(bad).toEqual([]);
  });
});

test('every function that has a derivative is recorded, unless it is a derivative itself or PyTorch lacks it', () => {
  const recorded = new Set(records.map(rowName));
  const foreign = elementwiseSamples.filter((s) => s.unrecorded !== undefined).map((s) => s.op);
  const differentiable = [...functions.values()].filter((row) => row.grad?.some((g) => g !== null)).map((row) => row.name);
  expect(differentiable.filter((n) => !recorded.has(n) && !helpers.includes(n) && !foreign.includes(n))).toEqual([]);
  expect(foreign.filter((n) => recorded.has(n))).toEqual([]);
  expect(helpers.filter((n) => !differentiable.includes(n) || recorded.has(n))).toEqual([]);
});

test('every exception covers a recorded point', () => {
  const used = new Set<Exception>();
  for (const r of records) {
    for (const field of ['y', 'y32', 'd0', 'd1', 'dd00', 'dd01', 'dd10', 'dd11']) {
      for (let k = 0; k < r.y.length; k++) {
        const x = exceptionAt(r, field, pointOf(r, k));
        if (x !== undefined) used.add(x);
      }
    }
  }
  expect(exceptions.filter((x) => !used.has(x)).map((x) => x.name)).toEqual([]);
});

type Call = (...args: never[]) => Tensor;
const api = nabla as unknown as Readonly<Record<string, Call>>;

/** A recorded function through the public functions. */
function calling(r: Recorded): (...xs: Tensor[]) => Tensor {
  const values = r.params === null ? [] : Object.values(r.params).map(decode);
  const options = Object.fromEntries(Object.entries(r.params ?? {}).map(([k, v]) => [k, decode(v)]));
  const f = (name: string, ...args: unknown[]): Tensor => (api[name] as (...a: unknown[]) => Tensor)(...args);
  switch (r.name) {
    case 'geluTanh':
      return (x) => f('gelu', x, { approximate: 'tanh' });
    case 'powScalar':
      return (x) => f('pow', x, values[0]);
    case 'scalarPow':
      return (x) => f('pow', values[0], x);
    case 'truncDivide':
      return (a, b) => f('div', a, b, { roundingMode: 'trunc' });
    case 'floorDivide':
      return (a, b) => f('div', a, b, { roundingMode: 'floor' });
    case 'frexpMantissa':
      return (x) => nabla.frexp(x!).mantissa;
    case 'where':
      return (c, a, b) => f('where', c!.ne(0), a, b);
    case 'clamp':
    case 'clampMin':
    case 'clampMax':
    case 'threshold':
      return (x) => f(r.name, x, ...values);
    default:
      return (...xs) => f(r.name, ...xs, ...(r.params === null ? [] : [options]));
  }
}

describe('ops on tensors equal their rows', () => {
  test.each(labelled)('%s', (_label, r) => {
    const run = calling(r);
    for (const dtype of ['float32', 'float64'] as const) {
      const row = valuesOf(formOf(r), r, dtype);
      const out = run(...columns(r, dtype));
      expect(out.dtype).toBe(r.d === null && !stepwise.includes(r.name) ? 'bool' : dtype);
      expect([...out.dataSync()].map(Number)).toEqual(row);
    }
  });
});

describe('gradients of ops on tensors equal the derivatives of their rows', () => {
  test.each(labelled.filter(([, r]) => r.d !== null))('%s', (_label, r) => {
    const xs = columns(r, 'float64').map((x, i) => (r.d![i] === null ? x : x.detach().requiresGrad_()));
    const variable = xs.map((_, i) => i).filter((i) => r.d![i] !== null);
    const leaves = variable.map((i) => xs[i]!);
    const y = calling(r)(...xs);
    const seed = ones(y.shape, { dtype: 'float64' });
    const first = grad(y, leaves, { gradOutputs: seed, createGraph: true, allowUnused: true });
    variable.forEach((i, a) => {
      const d = derivative(formOf(r), input(i));
      expect(numbers(first[a], r)).toEqual(valuesOf(d, r, 'float64').map(unsigned));
      if (first[a]?.requiresGrad !== true) return;
      const second = grad(first[a]!, leaves, { gradOutputs: seed, retainGraph: true, allowUnused: true });
      variable.forEach((j, b) => {
        const dd = d === null ? null : derivative(d, input(j));
        const want = valuesOf(dd, r, 'float64');
        numbers(second[b], r).forEach((got, k) => {
          if (!within(got, want[k]!, 2e-15, 1e-12)) throw new Error(`dd${i}${j} at (${pointOf(r, k).join(', ')}): ${got} for ${want[k]}`);
        });
      });
    });
  });
});

/** Functions without a derivative that are not conditions. */
const stepwise = ['heaviside', 'nextafter'];

/** Zeros have no sign in comparisons of derivatives. */
const unsigned = (x: number): number => x + 0;

function numbers(t: Tensor | null | undefined, r: Recorded): number[] {
  return t == null ? new Array<number>(r.y.length).fill(0) : [...t.dataSync()].map((x) => unsigned(Number(x)));
}
