import type { Labels } from './parse.ts';

/** Sizes by label. */
export type Sizes = ReadonlyMap<number, number>;

/** The number of elements of a tensor with these labels. */
function elements(labels: Iterable<number>, sizes: Sizes): number {
  let n = 1;
  for (const s of labels) n *= sizes.get(s)!;
  return n;
}

/** The labels of a product of two operands: those that the output or another operand still needs. */
export function labelsOfPair(a: Labels, b: Labels, others: readonly Labels[], output: Labels): number[] {
  const needed = new Set([...output, ...others.flat()]);
  return [...new Set([...a, ...b])].filter((s) => needed.has(s));
}

/**
 * In which order to multiply operands: positions in a list from which a pair is removed and to which the product is
 * appended. Greedy, as in opt_einsum: among the pairs that share a label, the one whose product adds the fewest elements
 * to what its operands have; when no pair shares one, the two smallest operands.
 *
 * @see https://optimized-einsum.readthedocs.io/en/stable/greedy_path.html
 */
export function greedyPath(inputs: readonly Labels[], output: Labels, sizes: Sizes): (readonly [number, number])[] {
  const path: (readonly [number, number])[] = [];
  const left: Labels[] = [...inputs];
  while (left.length > 2) {
    const pair = bestPair(left, output, sizes) ?? smallestTwo(left, sizes);
    const others = left.filter((_, k) => !pair.includes(k));
    const product = labelsOfPair(left[pair[0]]!, left[pair[1]]!, others, output);
    left.splice(0, left.length, ...others, product);
    path.push(pair);
  }
  if (left.length === 2) path.push([0, 1]);
  return path;
}

function bestPair(left: readonly Labels[], output: Labels, sizes: Sizes): readonly [number, number] | null {
  let best: readonly [number, number] | null = null;
  let least = Infinity;
  for (let i = 0; i < left.length; i++) {
    for (let j = i + 1; j < left.length; j++) {
      const [a, b] = [left[i]!, left[j]!];
      if (!a.some((s) => b.includes(s))) continue;
      const others = left.filter((_, k) => k !== i && k !== j);
      const cost = elements(labelsOfPair(a, b, others, output), sizes) - elements(a, sizes) - elements(b, sizes);
      if (cost < least) {
        least = cost;
        best = [i, j];
      }
    }
  }
  return best;
}

function smallestTwo(left: readonly Labels[], sizes: Sizes): readonly [number, number] {
  const order = left.map((labels, i) => ({ i, n: elements(labels, sizes) })).sort((a, b) => a.n - b.n || a.i - b.i);
  const [i, j] = [order[0]!.i, order[1]!.i];
  return i < j ? [i, j] : [j, i];
}
