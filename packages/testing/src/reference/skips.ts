import type { Backend } from '@nabla/core';
import { deviceRules } from './device-rules.ts';

/** What rules look at. */
export interface SkippableCase {
  readonly id: string;
  readonly op?: string;
  readonly dtype?: string;
  readonly tags?: readonly string[];
  readonly args?: readonly unknown[];
  readonly kwargs?: { readonly [name: string]: unknown };
  readonly error?: unknown;
}

/** Cases that may differ: what they have in common, why, and since when. One that agrees all the same counts as passed. */
export interface SkipRule {
  /** Families it applies to; every family when omitted. */
  readonly families?: readonly string[];
  readonly when: (c: SkippableCase) => boolean;
  /** What the difference has to say: anything else about such a case is a failure. */
  readonly differs: RegExp;
  /** How far apart two numbers in the difference may be, relative to PyTorch's; any distance when omitted. */
  readonly within?: number;
  readonly reason: string;
  /** The day the rule was made, year-month-day. */
  readonly since: string;
}

const has = (c: SkippableCase, tag: string): boolean => c.tags?.includes(tag) === true;

/** Activations that PyTorch vectorizes with another derivative at NaN than its scalar loop has. */
const byLane = /\.(elu|selu|celu|relu6|hardtanh|hardshrink|softshrink|hardswish|hardsigmoid)$/;

const skipRules: readonly SkipRule[] = [
  {
    when: (c) => byLane.test(c.op ?? '') && has(c, 'nonfinite_in'),
    differs: /gradient of args/,
    reason: "PyTorch's derivative at NaN depends on whether an element falls into a vector or the rest of the loop",
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'nn.functional.celu' && c.dtype === 'f64',
    differs: /gradient of/,
    within: 1e-6,
    reason: "PyTorch's derivative of celu rounds alpha to float32 in float64 too",
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'nn.functional.mish',
    differs: /second gradient of .* expected NaN/,
    reason: "PyTorch's second derivative of mish is NaN where its exponential overflows; it is 0",
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'nn.functional.prelu' && has(c, 'nonfinite_in'),
    differs: /second gradient of .* expected NaN/,
    reason: "PyTorch's second derivative of prelu multiplies masks with infinities",
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'aminmax' && c.kwargs?.['keepdim'] === true,
    differs: /result\[\d\]: shape \[\], expected \[1\]/,
    reason: 'PyTorch 1.13 gives a 0-d tensor a dimension when aminmax keeps one, and warns that it should not',
    since: '2026-11-23',
  },
  {
    when: (c) => c.op === 'unique' && c.kwargs?.['sorted'] === false,
    differs: /result/,
    reason: "the order of PyTorch's unsorted unique is that of a hash table; ours is sorted",
    since: '2026-11-23',
  },
  {
    when: (c) =>
      c.op === 'linalg.vector_norm' &&
      c.dtype === 'f64' &&
      typeof c.kwargs?.['ord'] === 'number' &&
      Math.fround(c.kwargs['ord']) !== c.kwargs['ord'],
    differs: /result|gradient/,
    within: 1e-6,
    reason: "PyTorch's vector_norm rounds the order to float32 in float64 too",
    since: '2026-11-23',
  },
  {
    when: (c) => /^(digamma|lgamma|polygamma)$/.test(c.op ?? ''),
    differs: /gradient of|polygamma|result/,
    within: 2e-9,
    reason: "PyTorch's trigamma is off by up to 5e-10 in float64 and finite at the poles; ours is accurate to the last digits",
    since: '2026-11-23',
  },
  {
    when: (c) => /^(digamma|polygamma)$/.test(c.op ?? ''),
    differs: /Infinity at element .*, expected -?\d/,
    reason: "PyTorch's trigamma is finite at the poles",
    since: '2026-11-23',
  },
  {
    families: ['optim'],
    when: (c) => c.id.startsWith('optim/LBFGS/') && c.dtype === 'f32',
    differs: /./,
    within: 1e-2,
    reason: 'L-BFGS in float32 stops where two losses agree to the last bit; PyTorch does not repeat its own records on another processor',
    since: '2026-11-23',
  },
];

/** The rule that allows a difference, if one does. */
export function ruleFor(family: string, c: SkippableCase, difference: string, device: Backend | null = null): SkipRule | undefined {
  return [...skipRules, ...(device === null ? [] : deviceRules(device))].find((r) => {
    if (r.families !== undefined && !r.families.includes(family)) return false;
    return r.when(c) && r.differs.test(difference) && (r.within === undefined || apart(difference) <= r.within);
  });
}

/** How far apart the two numbers of a difference are, relative to the second; infinitely when it names no numbers. */
function apart(difference: string): number {
  const [, got, want] = /: (\S+) at element \d+ of .*, expected (\S+)/.exec(difference) ?? [];
  const distance = Math.abs(Number(got) - Number(want)) / Math.abs(Number(want));
  return Number.isNaN(distance) ? Infinity : distance;
}
