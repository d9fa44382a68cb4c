/** Cases that are not replayed: what they have in common, why, and since when. */
export interface SkipRule {
  /** Families it applies to; every family when omitted. */
  readonly families?: readonly string[];
  readonly when: (c: { readonly id: string; readonly op?: string; readonly dtype?: string }, text: string) => boolean;
  readonly reason: string;
  /** The day the rule was made, year-month-day. */
  readonly since: string;
}

export const skipRules: readonly SkipRule[] = [];
