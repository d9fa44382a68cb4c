import { ValueError } from '../errors.ts';
import { contract } from '../parts/einsum/contract.ts';
import { parseSublist, parseText, resolve, type Subscript } from '../parts/einsum/parse.ts';
import { isTensor, type Tensor } from '../tensor.ts';

export type { Subscript } from '../parts/einsum/parse.ts';

/**
 * Sums of products of the operands' elements, as an equation in Einstein's notation says: a letter per dimension, terms
 * separated by commas, `->` and the dimensions of the result.
 *
 * - A letter that the result lacks is summed over. Without `->` the result has those that stand once, in alphabetical
 *   order (capitals first), after the dimensions of `...`.
 * - A letter that stands twice in one term takes the diagonal.
 * - `...` stands for any further dimensions, which broadcast, as do dimensions of size 1.
 * - Spaces mean nothing.
 *
 * More than two operands are multiplied two at a time, in a greedy order that keeps intermediate results small; each
 * product that sums is one batched matrix product.
 *
 * Instead of an equation, each operand may be followed by a list of numbers from 0 to 51 (and `'...'`), and the last one
 * by a list for the result.
 *
 * @param equation such as `'bij,bjk->bik'`
 * @param operands tensors, one after the other or as one list
 * @throws ValueError when the equation is malformed or has not as many terms as there are operands
 * @throws ShapeError when a term does not fit its operand, or sizes of one letter differ
 * @throws DTypeError when dtypes differ where products are summed, or for bool there
 * @example
 * ```ts
 * einsum('ij,jk->ik', a, b); // a matrix product
 * einsum('bn,anm,bm->ba', x, w, y); // a bilinear form
 * einsum('...ii->...', x); // traces
 * einsum(a, [0, 1], b, [1, 2], [0, 2]); // the matrix product again
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.einsum.html
 */
export function einsum(equation: string, ...operands: readonly Tensor[] | readonly [readonly Tensor[]]): Tensor;
export function einsum(...operands: readonly (Tensor | readonly Subscript[])[]): Tensor;
export function einsum(...args: readonly unknown[]): Tensor {
  const [first, ...rest] = args;
  if (typeof first === 'string') {
    const operands = (rest.length === 1 && Array.isArray(rest[0]) ? rest[0] : rest) as readonly Tensor[];
    if (!operands.every(isTensor)) throw new ValueError('einsum: after the equation, only tensors are expected');
    const { inputs, output } = parseText(first);
    return contract(resolve(inputs, output, operands), operands);
  }
  const tensors: Tensor[] = [];
  const inputs: number[][] = [];
  const pairs = Math.floor(args.length / 2);
  for (let i = 0; i < pairs; i++) {
    const [t, list] = [args[2 * i], args[2 * i + 1]];
    if (!isTensor(t) || !Array.isArray(list))
      throw new ValueError('einsum: expected an equation, or tensors each followed by a list of subscripts');
    tensors.push(t);
    inputs.push(parseSublist(list as Subscript[], `operand ${i}`));
  }
  const last = args.length % 2 === 1 ? args[args.length - 1] : null;
  if (last !== null && !Array.isArray(last)) throw new ValueError('einsum: the subscripts of the result must be a list');
  const output = last === null ? null : parseSublist(last as Subscript[], 'the result');
  return contract(resolve(inputs, output, tensors), tensors);
}
