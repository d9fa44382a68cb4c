/** A peer that does not compute what we do: the row is void. */
export interface Disagreement {
  readonly peer: string;
  /** What differs. */
  readonly what: string;
  readonly own: number | null;
  readonly theirs: number | null;
}

/** Losses at the end of every round of training. Each round starts from the same weights and takes the same steps. */
export function compareLosses(
  peer: string,
  own: readonly (number | null)[],
  theirs: readonly (number | null)[],
  tolerance: number,
): Disagreement | null {
  const rounds = Math.min(own.length, theirs.length);
  for (let i = 0; i < rounds; i++) {
    const [a, b] = [own[i]!, theirs[i]!];
    // Written so that NaN differs from everything.
    if (!(a !== null && b !== null && Math.abs(a - b) <= tolerance)) return { peer, what: `loss of round ${i + 1}`, own: a, theirs: b };
  }
  return null;
}

/**
 * Results of an op, tensor by tensor. An element may differ by `tolerance` of its size and of the root mean square of its
 * tensor.
 *
 * @param names what each tensor is
 */
export function compareOutputs(
  peer: string,
  names: readonly string[],
  own: readonly Float32Array[],
  theirs: readonly Float32Array[],
  tolerance: number,
): Disagreement | null {
  if (own.length !== theirs.length) return { peer, what: 'number of results', own: own.length, theirs: theirs.length };
  for (const [k, a] of own.entries()) {
    const [name, b] = [names[k]!, theirs[k]!];
    if (a.length !== b.length) return { peer, what: `elements of ${name}`, own: a.length, theirs: b.length };
    let squares = 0;
    for (const value of a) squares += value * value;
    const typical = Math.sqrt(squares / a.length);
    for (let i = 0; i < a.length; i++) {
      const limit = tolerance * (typical + Math.abs(a[i]!));
      if (!(Math.abs(a[i]! - b[i]!) <= limit)) return { peer, what: `element ${i} of ${name}`, own: a[i]!, theirs: b[i]! };
    }
  }
  return null;
}
