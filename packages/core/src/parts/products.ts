import { DTypeError, ShapeError } from '../errors.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

// What the products of tensors check before they compute.

/** Refuses a tensor that has not `rank` dimensions; `what` names it in the message. */
export function checkRank(op: string, what: string, t: Tensor, rank: number): void {
  if (t.ndim === rank) return;
  const kind = rank === 1 ? 'a vector' : rank === 2 ? 'a matrix' : 'a batch of matrices';
  throw new ShapeError(`${op}: the ${what} must be ${kind} (${rank} dimension${rank === 1 ? '' : 's'}), got ${show(t.shape)}`);
}

/** Products do not promote: sums of products exist for one number type at a time, and not for bool. */
export function checkAlike(op: string, tensors: readonly Tensor[]): void {
  const first = tensors[0]!.dtype;
  tensors.forEach((t, i) => {
    if (t.dtype !== first) throw new DTypeError(`${op}: dtypes differ: ${first} and ${t.dtype} (operand ${i}); convert one with to()`);
  });
  if (first === 'bool') throw new DTypeError(`${op}: not defined for bool; convert with to('int64') first`);
}

/** Refuses two sizes that are summed over together and differ. */
export function checkInner(op: string, a: Tensor, dimA: number, b: Tensor, dimB: number): void {
  const [x, y] = [a.shape[dimA]!, b.shape[dimB]!];
  if (x === y) return;
  throw new ShapeError(
    `${op}: ${show(a.shape)} has size ${x} at dimension ${dimA} but ${show(b.shape)} has size ${y} at dimension ${dimB}; they are summed over together`,
  );
}
