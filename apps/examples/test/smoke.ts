/** How a program is run for a little while. */
export interface Smoke {
  /** Options that make it short. */
  readonly args: readonly string[];
  /** What it has to print. */
  readonly prints: readonly RegExp[];
}

/** Programs by the names of their folders. */
export const smoke: Readonly<Record<string, Smoke>> = {
  polynomial: { args: [], prints: [/y = .* x³/] },
};
