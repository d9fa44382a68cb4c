import * as nabla from '@nabla/core';
import { type DType, ones, type Tensor, tensor } from '@nabla/core';
import { compiledKernels } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';

describe('dtypes of results', () => {
  /** For bool, uint8, int32 and int64; null where the dtype is refused. */
  type Results = readonly (DType | null)[];
  const kept: Results = ['bool', 'uint8', 'int32', 'int64'];
  const integers: Results = [null, 'uint8', 'int32', 'int64'];
  const floats: Results = ['float32', 'float32', 'float32', 'float32'];
  const refused: Results = [null, null, null, null];
  const bools: Results = ['bool', 'bool', 'bool', 'bool'];
  const cases: readonly (readonly [Results, string, (x: Tensor) => Tensor])[] = [
    ...['sign', 'bitwiseNot', 'nanToNum'].map((n) => [kept, n, (x: Tensor) => method(x, n)] as const),
    ...['add', 'mul', 'maximum', 'minimum', 'fmax', 'fmin', 'heaviside', 'bitwiseAnd', 'bitwiseOr', 'bitwiseXor'].map(
      (n) => [kept, n, (x: Tensor) => method(x, n, x)] as const,
    ),
    ...['neg', 'abs', 'relu', 'relu6', 'floor', 'ceil', 'round', 'trunc'].map((n) => [integers, n, (x: Tensor) => method(x, n)] as const),
    ...['sub', 'pow', 'fmod', 'remainder', 'floorDivide', 'bitwiseLeftShift', 'bitwiseRightShift'].map(
      (n) => [integers, n, (x: Tensor) => method(x, n, x)] as const,
    ),
    [integers, 'div rounded down', (x) => x.div(x, { roundingMode: 'floor' })],
    [integers, 'div rounded towards zero', (x) => x.div(x, { roundingMode: 'trunc' })],
    ...[
      ...[
        'sqrt',
        'rsqrt',
        'reciprocal',
        'exp',
        'exp2',
        'expm1',
        'log',
        'log2',
        'log10',
        'log1p',
        'sin',
        'cos',
        'tan',
        'asin',
        'acos',
        'atan',
      ],
      ...[
        'sinh',
        'cosh',
        'tanh',
        'asinh',
        'acosh',
        'atanh',
        'sinc',
        'sigmoid',
        'erf',
        'erfc',
        'erfinv',
        'lgamma',
        'digamma',
        'trigamma',
        'logit',
      ],
    ].map((n) => [floats, n, (x: Tensor) => method(x, n)] as const),
    ...['div', 'atan2', 'xlogy', 'xlog1py', 'copysign'].map((n) => [floats, n, (x: Tensor) => method(x, n, x)] as const),
    ...['isnan', 'isinf', 'isfinite', 'logicalNot'].map((n) => [bools, n, (x: Tensor) => method(x, n)] as const),
    ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalXor'].map(
      (n) => [bools, n, (x: Tensor) => method(x, n, x)] as const,
    ),
    [['int64', 'uint8', 'int32', 'int64'], 'clamp between integers', (x) => x.clamp(0, 2)],
    [floats, 'clamp between fractions', (x) => x.clamp(0.5, 1.5)],
    [integers, 'threshold', (x) => x.threshold(1, 20)],
    [[null, null, 'int32', 'int64'], 'hardtanh', (x) => x.hardtanh()],
    [['int64', 'uint8', 'int32', 'int64'], 'pow of an integer', (x) => x.pow(2)],
    [floats, 'pow of a fraction', (x) => x.pow(2.5)],
    [['int64', 'uint8', 'int32', 'int64'], 'a power of an integer', (x) => nabla.pow(2, x)],
    [floats, 'polygamma', (x) => x.polygamma(1)],
    ...['softplus', 'leakyRelu', 'elu', 'celu', 'selu', 'silu', 'mish', 'gelu', 'logsigmoid', 'hardswish', 'hardsigmoid'].map(
      (n) => [refused, n, (x: Tensor) => method(x, n)] as const,
    ),
    ...['softshrink', 'hardshrink', 'frac', 'frexp'].map((n) => [refused, n, (x: Tensor) => method(x, n)] as const),
    ...['softsign', 'tanhshrink'].map(
      (n) => [[null, 'float32', 'float32', 'float32'], n, (x: Tensor) => method(x, n)] as readonly [Results, string, (x: Tensor) => Tensor],
    ),
    ...['hypot', 'logaddexp', 'logaddexp2', 'igamma', 'igammac', 'nextafter'].map(
      (n) => [refused, n, (x: Tensor) => method(x, n, x)] as const,
    ),
    [refused, 'addcdiv', (x) => x.addcdiv(x, x)],
    [integers, 'addcmul', (x) => x.addcmul(x, x)],
    [integers, 'addcmul with a fraction', (x) => x.addcmul(x, x, { value: 2.5 })],
    [[null, null, 'int32', 'int64'], 'hardtanh between fractions', (x) => x.hardtanh(-0.5, 0.5)],
    [refused, 'lerp', (x) => x.lerp(x, 0.5)],
    [refused, 'round to decimals', (x) => x.round({ decimals: 1 })],
    ...['deg2rad', 'rad2deg', 'angle', 'i0', 'i0e', 'i1', 'i1e', 'ndtr', 'ndtri', 'logNdtr', 'erfcx', 'entr'].map(
      (n) => [floats, n, (x: Tensor) => method(x, n)] as const,
    ),
    ...['ldexp', 'zeta'].map((n) => [floats, n, (x: Tensor) => method(x, n, x)] as const),
    ...['gcd', 'lcm'].map((n) => [integers, n, (x: Tensor) => method(x, n, x)] as const),
    [integers, 'positive', (x) => x.positive()],
    [['int64', 'uint8', 'int32', 'int64'], 'square', (x) => x.square()],
    [[null, 'float32', 'float32', 'float32'], 'mvlgamma', (x) => x.mvlgamma(1)],
    [['float64', 'float64', 'float64', 'float64'], 'floatPower', (x) => x.floatPower(2)],
    ...['isposinf', 'isneginf', 'isreal', 'signbit'].map((n) => [bools, n, (x: Tensor) => method(x, n)] as const),
    [bools, 'isclose', (x) => x.isclose(x)],
    [kept, 'clampMin of a tensor', (x) => x.clampMin(x)],
    [['int64', 'uint8', 'int32', 'int64'], 'clampMin of an integer', (x) => x.clampMin(1)],
    [integers, 'clampMin of a boolean', (x) => x.clampMin(true)],
    [integers, 'clamp between tensors', (x) => x.clamp(x, x)],
  ];

  test.each(cases.map(([want, name, run]) => [name, want, run] as const))('%s', (_name, want, run) => {
    const got = kept.map((dtype) => {
      try {
        return run(ones([3], { dtype: dtype! })).dtype;
      } catch (error) {
        if (error instanceof nabla.DTypeError) return null;
        throw error;
      }
    });
    expect(got).toEqual(want);
  });

  function method(x: Tensor, name: string, ...args: Tensor[]): Tensor {
    return (x as unknown as Record<string, (...a: Tensor[]) => Tensor>)[name]!(...args);
  }
});

test('1,000 values of numeric parameters compile one kernel', () => {
  const x = tensor([-1.5, 0.2, 2], { requiresGrad: true });
  const run = (s: number): void => {
    const parts = [
      x.leakyRelu({ negativeSlope: s }),
      x.elu({ alpha: s }),
      x.celu({ alpha: s }),
      x.softplus({ beta: s, threshold: 10 * s }),
      x.hardtanh({ minVal: -s, maxVal: s }),
      x.softshrink({ lambd: s }),
      x.hardshrink({ lambd: s }),
      x.threshold(s, -s),
      x.clamp(-s, s),
      x.clamp(s),
      x.clamp(null, s),
      x.logit({ eps: s / 3 }),
      x.nanToNum({ nan: s, posinf: s }),
      x.abs().pow(s + 3.5),
      nabla.pow(s, x),
      x.lerp(x, s),
      x.addcmul(x, x, { value: s }),
      x.addcdiv(x, x, { value: s }),
      x.polygamma(2 + Math.round(s)),
      x.round({ decimals: 1 + Math.round(s * 3) }),
      x.div(s, { roundingMode: 'floor' }),
      x.remainder(s),
    ];
    x.grad = null;
    parts
      .reduce((a, b) => a.add(b))
      .sum()
      .backward();
  };
  run(0.77);
  const before = compiledKernels();
  for (let i = 0; i < 1000; i++) run(0.1 + 0.0009 * i);
  expect(compiledKernels() - before).toBe(0);
});
