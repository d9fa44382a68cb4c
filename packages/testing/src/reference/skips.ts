/** What rules look at. */
interface SkippableCase {
  readonly id: string;
  readonly op?: string;
  readonly dtype?: string;
  readonly tags?: readonly string[];
  readonly kwargs?: { readonly [name: string]: unknown };
}

/** Cases that may differ: what they have in common, why, and since when. One that agrees all the same counts as passed. */
export interface SkipRule {
  /** Families it applies to; every family when omitted. */
  readonly families?: readonly string[];
  readonly when: (c: SkippableCase) => boolean;
  readonly reason: string;
  /** The day the rule was made, year-month-day. */
  readonly since: string;
}

const has = (c: SkippableCase, tag: string): boolean => c.tags?.includes(tag) === true;

/** Activations that PyTorch vectorizes with another derivative at NaN than its scalar loop has. */
const byLane = /\.(elu|selu|celu|relu6|hardtanh|hardshrink|softshrink|hardswish|hardsigmoid)$/;

export const skipRules: readonly SkipRule[] = [
  {
    when: (c) => byLane.test(c.op ?? '') && has(c, 'nonfinite_in'),
    reason: "PyTorch's derivative at NaN depends on whether an element falls into a vector or the rest of the loop",
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'nn.functional.celu' && c.dtype === 'f64',
    reason: "PyTorch's derivative of celu rounds alpha to float32 in float64 too",
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'nn.functional.mish',
    reason: "PyTorch's second derivative of mish is NaN where its exponential overflows; it is 0",
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'nn.functional.prelu' && has(c, 'nonfinite_in'),
    reason: "PyTorch's second derivative of prelu multiplies masks with infinities",
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'aminmax' && c.kwargs?.['keepdim'] === true,
    reason: 'PyTorch 1.13 gives a 0-d tensor a dimension when aminmax keeps one, and warns that it should not',
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'unique' && c.kwargs?.['sorted'] === false,
    reason: "the order of PyTorch's unsorted unique is that of a hash table; ours is sorted",
    since: '2026-11-23',
  },
  {
    when: (c) =>
      c.op === 'linalg.vector_norm' &&
      c.dtype === 'f64' &&
      typeof c.kwargs?.['ord'] === 'number' &&
      Math.fround(c.kwargs['ord']) !== c.kwargs['ord'],
    reason: "PyTorch's vector_norm rounds the order to float32 in float64 too",
    since: '2026-11-23',
  },
  {
    when: (c) => /^(digamma|lgamma|polygamma)$/.test(c.op ?? ''),
    reason: "PyTorch's trigamma is off by up to 5e-10 in float64 and finite at the poles; ours is accurate to the last digits",
    since: '2026-11-23',
  },
  {
    families: ['optim'],
    when: (c) => c.id.startsWith('optim/LBFGS/') && c.dtype === 'f32',
    reason: 'L-BFGS in float32 stops where two losses agree to the last bit; PyTorch does not repeat its own records on another processor',
    since: '2026-11-23',
  },
];
