import { canCast, type DType, full, rand, randn, resultType, type Scalar, type Tensor, type TensorData, tensor } from '@nabla/core';
import type { OpRow, OpRows } from '../rows.ts';

/** What Python writes as an integer is a bigint here where it must not become floating. */
function exact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(exact);
  return typeof value === 'number' ? BigInt(value) : value;
}

/** Options with the dtype, when one was given. */
const typed = (dtype: unknown): { dtype?: DType } => (dtype === undefined || dtype === null ? {} : { dtype: dtype as DType });

/** A method with sizes one by one or as one list. */
const sizes = (given: unknown): number[] => [given].flat(2) as number[];

/** A function or method of sizes, given one by one or as one list. */
const filled = (name: 'newZeros' | 'newOnes' | 'newEmpty'): OpRow => ({
  params: 'self *size dtype requires_grad',
  call: ({ self, size, dtype }) => (self as Tensor)[name](sizes(size), typed(dtype)),
});

/** What makes tensors, converts them, or asks for their dtypes. */
export const creationRows: OpRows = {
  arange: '~start ~end ~step | dtype requires_grad',
  bernoulli: 'input p',
  bool: 'self',
  byte: 'self',
  can_cast: { params: 'from_ to', call: ({ from_, to }) => canCast(from_ as DType, to as DType) },
  clone: 'input',
  contiguous: 'self',
  detach: 'input',
  double: 'self',
  empty_like: 'input | dtype requires_grad',
  eye: 'n m | dtype requires_grad',
  float: 'self',
  full: {
    params: 'size ~fill_value dtype requires_grad',
    call: ({ size, fill_value, dtype }) => full(sizes(size), exact(fill_value) as Scalar, typed(dtype)),
  },
  full_like: 'input ~fill_value | dtype requires_grad',
  int: 'self',
  linspace: '~start ~end ~steps | dtype requires_grad',
  logspace: '~start ~end ~steps base | dtype requires_grad',
  long: 'self',
  multinomial: 'input num_samples | replacement',
  new_empty: filled('newEmpty'),
  new_full: {
    params: 'self size ~fill_value dtype',
    call: ({ self, size, fill_value, dtype }) => (self as Tensor).newFull(sizes(size), fill_value as Scalar, typed(dtype)),
  },
  new_ones: filled('newOnes'),
  new_tensor: { params: 'self data dtype', call: ({ self, data, dtype }) => (self as Tensor).newTensor(data as TensorData, typed(dtype)) },
  new_zeros: filled('newZeros'),
  'nn.functional.one_hot': 'input num_classes',
  ones: { params: '*size dtype requires_grad', call: ({ size, dtype }) => full(sizes(size), 1, typed(dtype)) },
  ones_like: 'input | dtype requires_grad',
  rand: { params: '*size dtype', call: ({ size, dtype }) => rand(sizes(size), typed(dtype)) },
  promote_types: 'type1 type2',
  rand_like: 'input | dtype',
  randn: { params: '*size dtype', call: ({ size, dtype }) => randn(sizes(size), typed(dtype)) },
  randn_like: 'input | dtype',
  randperm: 'n | dtype',
  result_type: { params: '~tensor1 ~tensor2', call: ({ tensor1, tensor2 }) => resultType([tensor1 as Tensor, tensor2 as Tensor]) },
  tensor: { params: '~data dtype requires_grad', call: ({ data, dtype }) => tensor(exact(data) as TensorData, typed(dtype)) },
  to: 'self dtype',
  tril_indices: 'row col offset | dtype',
  triu_indices: 'row col offset | dtype',
  type_as: 'self other',
  zeros: { params: '*size dtype requires_grad', call: ({ size, dtype }) => full(sizes(size), 0, typed(dtype)) },
  zeros_like: 'input | dtype requires_grad',
};
