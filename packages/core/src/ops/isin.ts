import { castValue, resultType, type Scalar, scalarValue, type TypedArray } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { hostCompute } from '../kernels.ts';
import type { Shape } from '../shape-types.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import { full } from './full.ts';

/** Options of {@link isin}. */
export interface IsinOptions {
  /** Promises that no value repeats; nothing becomes faster by it. */
  assumeUnique?: boolean;
  /** Which are not among them. Default false. */
  invert?: boolean;
}

/**
 * Which elements are among `testElements`, as a bool tensor of their shape. NaN is among nothing.
 *
 * @param elements a tensor, or a number beside a tensor of test elements
 * @param testElements a tensor of any shape, or a number
 * @throws DTypeError for bools; ValueError when neither is a tensor
 * @example
 * ```ts
 * isin(tensor([1, 2, 3]), tensor([3, 1])); // [true, false, true]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.isin.html
 */
export function isin<A extends Shape>(elements: Tensor<A>, testElements: Tensor | Scalar, options?: IsinOptions): Tensor<A>;
export function isin(elements: Scalar, testElements: Tensor, options?: IsinOptions): Tensor<readonly []>;
export function isin(elements: Tensor | Scalar, testElements: Tensor | Scalar, { invert = false }: IsinOptions = {}): Tensor {
  const like = isTensor(elements) ? elements : testElements;
  if (!isTensor(like)) throw new ValueError('isin: one of the operands must be a tensor');
  for (const t of [elements, testElements]) {
    if (typeof t === 'boolean' || (isTensor(t) && t.dtype === 'bool')) throw new DTypeError('isin: not defined for bool');
  }
  const common = resultType([elements, testElements]);
  const { device } = like;
  const operand = (t: Tensor | Scalar): Tensor => {
    if (isTensor(t)) return t.detach().to(common) as Tensor;
    return full([], castValue(scalarValue(t), common), { dtype: common, device });
  };
  const [all, tests] = [operand(elements), operand(testElements)];
  const found = hostCompute('isin', [all, tests], [{ shape: all.shape, dtype: 'bool' }], ([values, among]) => [
    memberships(values!, among!, invert),
  ]);
  return found[0]!;
}

function memberships(values: TypedArray, among: TypedArray, invert: boolean): Uint8Array {
  const set = new Set<number>();
  for (let i = 0; i < among.length; i++) if (among[i] === among[i]) set.add(among[i]!);
  const out = new Uint8Array(values.length);
  const [inside, outside] = invert ? [0, 1] : [1, 0];
  for (let i = 0; i < out.length; i++) out[i] = set.has(values[i]!) ? inside : outside;
  return out;
}
