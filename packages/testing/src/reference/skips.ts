/** What rules look at. */
export interface SkippableCase {
  readonly id: string;
  readonly op?: string;
  readonly dtype?: string;
  readonly tags?: readonly string[];
}

/** Cases that are not replayed: what they have in common, why, and since when. */
export interface SkipRule {
  /** Families it applies to; every family when omitted. */
  readonly families?: readonly string[];
  readonly when: (c: SkippableCase, text: string) => boolean;
  readonly reason: string;
  /** The day the rule was made, year-month-day. */
  readonly since: string;
}

export const skipRules: readonly SkipRule[] = [
  {
    when: ({ op, tags }) => /relu6|hardtanh/.test(op ?? '') && tags?.includes('noncontig') === true && tags.includes('nonfinite_in'),
    reason: "PyTorch's derivative at NaN is 0 for contiguous inputs and 1 for others; ours is 0",
    since: '2026-11-23',
  },
];
