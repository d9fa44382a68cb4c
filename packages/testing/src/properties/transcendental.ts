import { cancels, none, only, type PartialDerivative, type Rule, rule, special, steps } from './rule.ts';
import * as s from './special.ts';

const sign = (x: number): number => (x > 0 ? 1 : x < 0 ? -1 : 0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const plain = { off: special, gradOff: special } as const;

/** a^b as in C: 1 for a = 1 and for (-1)^±inf. */
const power = (a: number, b: number): number => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b);

/** PyTorch computes some powers without pow when the exponent is a number. */
function numberPower(x: number, p: number): number {
  if (p === 0.5) return Math.sqrt(x);
  if (p === -0.5) return 1 / Math.sqrt(x);
  if (p === 2 || p === -2) return (x * x) ** (p / 2);
  if (p === 3) return x * x * x;
  return power(x, p);
}

const baseGrad = (a: number, b: number): number => (b === 0 ? 0 : b * power(a, b - 1));
const exponentGrad = (a: number, b: number): number => (a === 0 && b >= 0 ? 0 : power(a, b) * Math.log(a));

/** ln(e^a + e^b) in the base whose logarithm is `scale`. */
function logSum(a: number, b: number, scale: number): number {
  if (a === b && Math.abs(a) === Infinity) return a;
  const high = a !== a || a > b ? a : b;
  return high + Math.log1p(Math.exp(-Math.abs(a - b) * scale)) / scale;
}

/** a·log(b) with PyTorch's corners. */
const timesLog = (a: number, b: number, log: (x: number) => number): number => (b !== b ? b : a === 0 ? 0 : a * log(b));

/** x^(a-1) e^-x / Γ(a). */
const gammaSlope = (a: number, x: number): number => Math.exp((a - 1) * Math.log(x) - x - s.lgamma(a));

/** A function of `Math` that both sides call. */
const simple = (
  domain: 'any' | 'moderate' | 'positive' | 'unit' | 'beyond1',
  f: (x: number) => number,
  d: (x: number, y: number) => number,
): Rule => rule(domain, (x) => f(x), [(x, y) => d(x, y)]);

/** A special function of one argument. */
const function1 = (
  domain: 'any' | 'moderate' | 'positive' | 'unit' | 'probability',
  f: (x: number) => number,
  d: (x: number, y: number) => number,
): Rule => rule(domain, (x) => f(x), [(x, y) => d(x, y)], plain);

/** Derivatives of a function of an order n, which is a number. */
const ordered = (f: (n: number, x: number) => number, d: (n: number, x: number) => number): Rule =>
  rule(['order', 'moderate'], (n, x) => f(n, x), [null, (n, x) => d(n, x)], plain);

const besselSlope = (n: number, x: number): number => (n === 0 ? s.besselI(1, x) : (s.besselI(n - 1, x) + s.besselI(n + 1, x)) / 2);
const besselSlopeE = (n: number, x: number): number =>
  (n === 0 ? s.besselIe(1, x) : (s.besselIe(n - 1, x) + s.besselIe(n + 1, x)) / 2) - sign(x) * s.besselIe(n, x);

/** No gradient is defined in the order of a gamma function: the arbitrary puts only what needs none there. */
const missing: PartialDerivative = null;

const slopeOfErf = 2 / Math.sqrt(Math.PI);

/** Powers, exponentials, logarithms, trigonometric and special functions. */
export const transcendental: Readonly<Record<string, Rule>> = {
  exp: simple('moderate', Math.exp, (_x, y) => y),
  exp2: rule('moderate', (x) => 2 ** x, [(_x, y) => y * Math.LN2]),
  expm1: simple('moderate', Math.expm1, (_x, y) => y + 1),
  log: simple('positive', Math.log, (x) => 1 / x),
  log2: simple('positive', Math.log2, (x) => 1 / (x * Math.LN2)),
  log10: simple('positive', Math.log10, (x) => 1 / (x * Math.LN10)),
  log1p: simple('positive', Math.log1p, (x) => 1 / (x + 1)),
  logaddexp: rule('any', (a, b) => logSum(a, b, 1), [(a, b) => 1 / (1 + Math.exp(b - a)), (a, b) => 1 / (1 + Math.exp(a - b))], {
    off: steps,
    gradOff: cancels,
  }),
  logaddexp2: rule('any', (a, b) => logSum(a, b, Math.LN2), [(a, b) => 1 / (1 + 2 ** (b - a)), (a, b) => 1 / (1 + 2 ** (a - b))], {
    off: steps,
    gradOff: cancels,
  }),
  xlogy: rule(
    ['any', 'positive'],
    (a, b) => timesLog(a, b, Math.log),
    // The 0 is a factor, for the reason given for pow (2026-11-23).
    [(a, b) => (a === 0 && b <= 0 ? 0 : Math.log(b)), (a, b) => a / b],
  ),
  xlog1py: rule(['any', 'positive'], (a, b) => timesLog(a, b, Math.log1p), [
    (a, b) => (a === 0 && b <= -1 ? 0 : Math.log1p(b)),
    (a, b) => a / (b + 1),
  ]),
  pow: rule(
    ['positive', 'moderate'],
    (a, b) => power(a, b),
    // PyTorch selects the zeros at b = 0 and a = 0 in the first derivative, but multiplies by them in the second, where an
    // infinite derivative makes them NaN. Core has them as factors in both, which is the same for finite gradients (2026-11-23).
    [baseGrad, exponentGrad],
  ),
  powScalar: rule(['positive', 'number'], (x, p) => numberPower(x, p), [(x, p) => (p === 0 ? none : p * numberPower(x, p - 1)), null], {
    off: steps,
  }),
  powBaseGrad: rule(
    ['positive', 'moderate'],
    (a, b) => baseGrad(a, b),
    [(a, b) => (b === 0 ? none : b * baseGrad(a, b - 1)), (a, b) => (b === 0 ? 0 : 1) * power(a, b - 1) + b * exponentGrad(a, b - 1)],
    { gradOff: cancels },
  ),
  powExponentGrad: rule(
    ['positive', 'moderate'],
    (a, b) => exponentGrad(a, b),
    [
      (a, b) => {
        if (a === 0 && b > 1) return none;
        const mask = a === 0 && b >= 0 ? 0 : 1;
        return (mask * power(a, b)) / a + (b === 0 ? 0 : mask * Math.log(a) * baseGrad(a, b));
      },
      (a, b) => (a === 0 && b > 0 ? none : (a === 0 && b >= 0 ? 0 : 1) * Math.log(a) * exponentGrad(a, b)),
    ],
    { gradOff: cancels },
  ),
  hypot: rule('any', (a, b) => Math.hypot(a, b), [(a, _b, y) => a / y, (_a, b, y) => b / y]),

  sin: simple('any', Math.sin, Math.cos),
  cos: simple('any', Math.cos, (x) => -Math.sin(x)),
  tan: simple('any', Math.tan, (_x, y) => 1 + y * y),
  asin: simple('unit', Math.asin, (x) => 1 / Math.sqrt(1 - x * x)),
  acos: simple('unit', Math.acos, (x) => -1 / Math.sqrt(1 - x * x)),
  atan: simple('any', Math.atan, (x) => 1 / (x * x + 1)),
  sinh: simple('moderate', Math.sinh, Math.cosh),
  cosh: simple('moderate', Math.cosh, Math.sinh),
  tanh: simple('any', Math.tanh, (_x, y) => 1 - y * y),
  asinh: simple('any', Math.asinh, (x) => 1 / Math.sqrt(x * x + 1)),
  acosh: simple('beyond1', Math.acosh, (x) => 1 / Math.sqrt(x * x - 1)),
  atanh: simple('unit', Math.atanh, (x) => 1 / (1 - x * x)),
  atan2: rule('any', (a, b) => Math.atan2(a, b), [(a, b) => b / (a * a + b * b), (a, b) => -a / (a * a + b * b)]),
  deg2rad: rule('any', (x) => x * (Math.PI / 180), [() => Math.PI / 180], { off: steps }),
  rad2deg: rule('any', (x) => x * (180 / Math.PI), [() => 180 / Math.PI], { off: steps }),
  angle: rule('any', (x) => (x < 0 ? Math.PI : x !== x ? x : 0), ['flat']),

  erf: function1('any', s.erf, (x) => slopeOfErf * Math.exp(-x * x)),
  erfc: function1('any', s.erfc, (x) => -slopeOfErf * Math.exp(-x * x)),
  erfcx: function1('moderate', s.erfcx, (x, y) => 2 * x * y - slopeOfErf),
  erfinv: function1('unit', s.erfinv, (_x, y) => Math.exp(y * y) / slopeOfErf),
  ndtr: function1('any', s.ndtr, s.density),
  ndtri: function1('probability', s.ndtri, (_x, y) => Math.sqrt(2 * Math.PI) * Math.exp((y * y) / 2)),
  logNdtr: function1('moderate', s.logNdtr, s.inverseMills),
  inverseMills: function1('moderate', s.inverseMills, (x, y) => -y * s.millsExcess(x)),
  millsExcess: function1('moderate', s.millsExcess, (x, y) => 1 - s.inverseMills(x) * y),
  entr: rule('positive', (x) => (x > 0 ? -x * Math.log(x) : x === 0 ? 0 : x < 0 ? -Infinity : x), [(x) => -(Math.log(x) + 1)]),
  lgamma: function1('positive', s.lgamma, s.digamma),
  digamma: function1('positive', s.digamma, (x) => s.polygamma(1, x)),
  trigamma: function1(
    'positive',
    (x) => s.polygamma(1, x),
    (x) => s.polygamma(2, x),
  ),
  polygamma: rule(['order', 'positive'], (n, x) => s.polygamma(n, x), [null, (n, x) => s.polygamma(n + 1, x)], plain),
  igamma: rule(['fixed', 'positive'], (a, x) => s.igamma(a, x), [missing, (a, x) => gammaSlope(a, x)], plain),
  igammac: rule(['fixed', 'positive'], (a, x) => s.igammac(a, x), [missing, (a, x) => -gammaSlope(a, x)], plain),
  zeta: rule(['fixed', 'positive'], (x, q) => s.zeta(x, q), [missing, (x, q) => -x * s.zeta(x + 1, q)], plain),
  sinc: function1(
    'moderate',
    (x) => s.sincDerivative(0, x),
    (x) => s.sincDerivative(1, x),
  ),
  sincDerivative: ordered(s.sincDerivative, (n, x) => s.sincDerivative(n + 1, x)),
  besselI: ordered(s.besselI, besselSlope),
  besselIe: ordered(s.besselIe, besselSlopeE),
  i0: function1(
    'moderate',
    (x) => s.besselI(0, x),
    (x) => besselSlope(0, x),
  ),
  i0e: function1(
    'any',
    (x) => s.besselIe(0, x),
    (x) => besselSlopeE(0, x),
  ),
  i1: function1(
    'moderate',
    (x) => s.besselI(1, x),
    (x) => besselSlope(1, x),
  ),
  i1e: function1(
    'any',
    (x) => s.besselIe(1, x),
    (x) => besselSlopeE(1, x),
  ),

  sigmoid: rule('any', (x) => sigmoid(x), [(_x, y) => (1 - y) * y], { off: steps, gradOff: cancels }),
  logit: rule('probability', (x) => Math.log(x / (1 - x)), [(x) => (x < 0 || x > 1 ? NaN : 1 / (x * (1 - x)))]),
  logitGrad: rule(
    'probability',
    (x) => 1 / (x * (1 - x)),
    [
      (x) => {
        const z = x * (1 - x);
        const q = -1 / z / z;
        return q * (1 - x) - q * x;
      },
    ],
    { gradOff: cancels },
  ),
  logitEps: rule(
    ['probability', 'number'],
    (x, eps) => {
      const z = x !== x ? x : Math.min(Math.max(x, eps), 1 - eps);
      return Math.log(z / (1 - z));
    },
    [(x, eps) => only(x >= eps && x <= 1 - eps, 1 / (x * (1 - x))), null],
  ),
};
