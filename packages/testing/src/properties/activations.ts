import { cancels, none, only, type Rule, rule, steps } from './rule.ts';
import { density, ndtr } from './special.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => (x > 20 ? x : Math.log1p(Math.exp(x)));
const between = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const nearlyExact = { off: { relative: 1e-11, absolute: 1e-14 }, gradOff: { relative: 1e-11, absolute: 1e-13 } } as const;
const several = { off: steps, gradOff: cancels } as const;

// Klambauer et al., Self-Normalizing Neural Networks (2017).
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

const eluGrad = (x: number, alpha: number, scale: number): number => (x <= 0 ? alpha * Math.exp(x * scale) : 1);

/** The argument of the hyperbolic tangent in the approximation of gelu, and its derivative. */
const geluInner = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
const geluSlope = (x: number): number => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * (x * x));

const bell = (u: number): number => (1 - sigmoid(u)) * sigmoid(u);

/** Activations. Parameters have gradients too, where core gives them some. */
export const activations: Readonly<Record<string, Rule>> = {
  relu: rule('any', (x) => (x < 0 ? 0 : x), [(x) => only(!(x <= 0), 1)]),
  relu6: rule('any', (x) => (x < 0 ? 0 : x > 6 ? 6 : x), [(x) => only(x > 0 && x < 6, 1)]),
  leakyRelu: rule('factor', (x, slope) => (x > 0 ? x : x * slope), [(x, slope) => (x > 0 ? 1 : slope), (x) => only(!(x > 0), x)]),
  hardtanh: rule(
    'any',
    (x, min, max) => {
      const y = x < min || min !== min ? min : x;
      return y > max || max !== max ? max : y;
    },
    [(x, min, max) => only(x > min && x < max, 1), (x, min) => only(x <= min, 1), (x, _min, max) => only(x >= max, 1)],
  ),
  hardswish: rule('any', (x) => (x * between(x + 3, 0, 6)) / 6, [(x) => (x < -3 ? none : x >= 3 ? 1 : x / 3 + 0.5)], several),
  hardswishGrad: rule('any', (x) => (x < -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5), [(x) => only(x > -3 && x < 3, 1 / 3)]),
  // PyTorch's sixth is that of float32, also in float64.
  hardsigmoid: rule('any', (x) => between(x + 3, 0, 6) / 6, [(x) => only(x > -3 && x < 3, Math.fround(1 / 6))], several),
  softshrink: rule(['any', 'positive'], (x, l) => (x > l ? x - l : x < -l ? x + l : 0), [
    (x, l) => only(x > l || x < -l, 1),
    (x, l) => (x > l ? -1 : only(x < -l, 1)),
  ]),
  hardshrink: rule('any', (x, l) => (x >= -l && x <= l ? 0 : x), [(x, l) => only(x > l || x < -l, 1), 'flat']),
  threshold: rule('any', (x, limit, value) => (x <= limit ? value : x), [
    (x, limit) => only(!(x <= limit), 1),
    null,
    (x, limit) => only(x <= limit, 1),
  ]),
  softsign: rule(
    'any',
    (x) => x / (1 + Math.abs(x)),
    [
      (x) => {
        const d = 1 + Math.abs(x);
        return 1 / d - (x / d / d) * Math.sign(x);
      },
    ],
    { gradOff: cancels },
  ),
  tanhshrink: rule('any', (x) => x - Math.tanh(x), [(x) => Math.tanh(x) ** 2], { off: { relative: 1e-14, absolute: 1e-15 } }),
  logsigmoid: rule('any', (x) => Math.min(0, x) - Math.log1p(Math.exp(-Math.abs(x))), [(x) => sigmoid(-x)], several),
  softplus: rule(
    ['any', 'positive', 'number'],
    (x, beta, threshold) => (x * beta > threshold ? x : Math.log1p(Math.exp(x * beta)) / beta),
    [
      (x, beta, threshold) => (x * beta > threshold ? 1 : sigmoid(x * beta)),
      (x, beta, threshold, y) => only(!(x * beta > threshold), (x * sigmoid(x * beta) - y) / beta),
      null,
    ],
    several,
  ),
  softplusGrad: rule(
    ['any', 'positive', 'number'],
    (x, beta, threshold) => (x * beta > threshold ? 1 : sigmoid(x * beta)),
    [
      (x, beta, threshold) => only(!(x * beta >= threshold), bell(x * beta) * beta),
      (x, beta, threshold) => only(!(x * beta >= threshold), bell(x * beta) * x),
      null,
    ],
    several,
  ),
  elu: rule('any', (x, alpha) => (x <= 0 ? alpha * Math.expm1(x) + 0 : x), [
    (x, alpha) => eluGrad(x, alpha, 1),
    (x) => only(x <= 0, Math.expm1(x)),
  ]),
  eluGrad: rule('any', (x, alpha, scale) => eluGrad(x, alpha, scale), [
    (x, alpha, scale) => only(x < 0, Math.exp(x * scale) * alpha * scale),
    (x, _alpha, scale) => only(x <= 0, Math.exp(x * scale)),
    (x, alpha, scale) => only(x <= 0, Math.exp(x * scale) * alpha * x),
  ]),
  celu: rule(
    ['any', 'positive'],
    (x, alpha) => (x <= 0 ? alpha * Math.expm1(x / alpha) + 0 : x),
    [(x, alpha) => eluGrad(x, 1, 1 / alpha), (x, alpha, y) => only(x <= 0, (y - x * Math.exp(x / alpha)) / alpha)],
    { gradOff: cancels },
  ),
  selu: rule(
    'any',
    (x) => (x <= 0 ? seluScale * seluAlpha * Math.expm1(x) + 0 : seluScale * x),
    [(x) => eluGrad(x, seluAlpha, 1) * seluScale],
    several,
  ),
  silu: rule('any', (x) => x / (1 + Math.exp(-x)), [(x) => sigmoid(x) * (1 + x * (1 - sigmoid(x)))], several),
  mish: rule(
    'any',
    (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
    [
      (x) => {
        const t = Math.tanh(softplus(x));
        return t + x * sigmoid(x) * (1 - t * t);
      },
    ],
    several,
  ),
  gelu: rule('any', (x) => x * ndtr(x), [(x) => ndtr(x) + x * density(x)], nearlyExact),
  geluDistribution: rule('any', ndtr, [density], nearlyExact),
  geluTanh: rule(
    'any',
    (x) => 0.5 * x * (1 + Math.tanh(geluInner(x))),
    [
      (x) => {
        const t = Math.tanh(geluInner(x));
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * geluSlope(x);
      },
    ],
    { off: { relative: 1e-13, absolute: 1e-13 }, gradOff: { relative: 1e-13, absolute: 1e-13 } },
  ),
};
