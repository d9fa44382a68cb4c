import type { TypedArray } from '../dtype.ts';
import { IndexError, ValueError } from '../errors.ts';
import { checkIndexDType } from '../parts/gathering.ts';
import { readNow } from '../parts/positions.ts';
import type { Tensor } from '../tensor.ts';
import { arange } from './create.ts';

/**
 * For every class number a row of zeros with a one at its place: int64, with a last dimension of size `numClasses`.
 *
 * @param numClasses one more than the largest class when omitted or -1
 * @throws DTypeError unless the classes are int64 or int32; IndexError for a class outside of 0..numClasses-1 (where values can
 * be read at once); DeviceError without `numClasses` on a device that cannot: use {@link oneHotAsync}
 * @example
 * ```ts
 * oneHot(tensor([0n, 2n])); // [[1, 0, 0], [0, 0, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
 */
export function oneHot(classes: Tensor, numClasses: number = -1): Tensor {
  check(classes, numClasses);
  const values =
    numClasses === -1 || classes.device.caps.syncRead
      ? readNow('oneHot', classes, 'pass numClasses, or use await oneHotAsync(classes)')
      : null;
  return rows(classes, values === null ? numClasses : counted(values, numClasses));
}

/** {@link oneHot} on any device, with every check: waits for the values. */
export async function oneHotAsync(classes: Tensor, numClasses: number = -1): Promise<Tensor> {
  check(classes, numClasses);
  return rows(classes, counted(await classes.data(), numClasses));
}

function check(classes: Tensor, numClasses: number): void {
  checkIndexDType('oneHot', classes);
  if (!Number.isInteger(numClasses) || numClasses < -1 || numClasses === 0) {
    throw new ValueError(`oneHot: numClasses must be a positive integer or -1, got ${numClasses}`);
  }
}

/** The number of classes, which `values` must lie below; one more than the largest when `count` is -1. */
function counted(values: TypedArray, count: number): number {
  if (count === -1 && values.length === 0) throw new ValueError('oneHot: no classes to count; pass numClasses');
  let largest = -1;
  for (let i = 0; i < values.length; i++) {
    const k = values[i]!;
    if (k < 0 || (count !== -1 && k >= count)) {
      throw new IndexError(`oneHot: class ${k} is outside of 0..${count === -1 ? 'n' : count - 1}`);
    }
    if (k > largest) largest = k;
  }
  return count === -1 ? largest + 1 : count;
}

function rows(classes: Tensor, count: number): Tensor {
  return classes
    .unsqueeze(-1)
    .eq(arange(count, { device: classes.device }))
    .to('int64') as Tensor;
}
