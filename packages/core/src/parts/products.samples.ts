import type { NdArray } from '../op.samples.ts';
import { at, build, coordinates } from '../ops/nd.samples.ts';

/**
 * What an equation such as `ij,jk->ik` means, by its definition: for each element of the result, the sum over all values
 * of the letters that it lacks of the products of the operands' elements. Sizes of 1 repeat. `...` is not known here.
 */
export function sumOfProducts(equation: string, ...operands: readonly NdArray[]): NdArray {
  const [left, right] = equation.split('->') as [string, string];
  const terms = left.split(',');
  const sizes = new Map<string, number>();
  terms.forEach((term, i) => {
    [...term].forEach((c, d) => {
      const n = operands[i]!.shape[d]!;
      if (sizes.get(c) === undefined || sizes.get(c) === 1) sizes.set(c, n);
    });
  });
  const summed = [...sizes.keys()].filter((c) => !right.includes(c));
  const inner = coordinates(summed.map((c) => sizes.get(c)!));
  return build(
    [...right].map((c) => sizes.get(c)!),
    (outer) => {
      let total = 0;
      for (const rest of inner) {
        const value = (c: string): number => (right.includes(c) ? outer[right.indexOf(c)]! : rest[summed.indexOf(c)]!);
        let product = 1;
        terms.forEach((term, i) => {
          const { shape } = operands[i]!;
          product *= at(
            operands[i]!,
            [...term].map((c, d) => (shape[d] === 1 ? 0 : value(c))),
          );
        });
        total += product;
      }
      return total;
    },
  );
}

/** `f` of corresponding elements of arrays of one shape. */
export function zip(f: (...x: number[]) => number, ...arrays: readonly NdArray[]): NdArray {
  return { shape: arrays[0]!.shape, data: arrays[0]!.data.map((_, i) => f(...arrays.map((a) => a.data[i]!))) };
}
