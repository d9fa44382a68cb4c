import { chainMatmul, einsum, type Tensor } from '@nabla/core';
import type { Arguments, OpRows } from '../rows.ts';

/** PyTorch takes operands after an equation as one list or one by one, or each followed by its subscripts. */
function einsumOf(arg: Arguments): Tensor {
  return (einsum as (...args: readonly unknown[]) => Tensor)(...(arg['args'] as readonly unknown[]));
}

export const productsRows: OpRows = {
  addbmm: 'input batch1 batch2 | ~beta ~alpha',
  addmm: 'input mat1 mat2 | ~beta ~alpha',
  addmv: 'input mat vec | ~beta ~alpha',
  addr: 'input vec1 vec2 | ~beta ~alpha',
  baddbmm: 'input batch1 batch2 | ~beta ~alpha',
  bmm: 'input mat2',
  cdist: 'x1 x2 p | compute_mode',
  chain_matmul: { params: '*matrices', call: (arg) => chainMatmul(...(arg['matrices'] as Tensor[])) },
  cosine_similarity: 'x1 x2 | dim eps',
  cross: 'input other dim',
  dot: 'input tensor',
  einsum: { params: '*args', call: einsumOf },
  ger: 'input vec2',
  inner: 'input other',
  kron: 'input other',
  'linalg.cross': 'input other | dim',
  'linalg.matmul': 'input other',
  'linalg.matrix_exp': 'A',
  'linalg.matrix_power': 'A n',
  'linalg.multi_dot': 'tensors',
  'linalg.vecdot': 'x y | dim',
  matmul: 'input other',
  matrix_exp: 'input',
  matrix_power: 'input n',
  mm: 'input mat2',
  mv: 'input vec',
  'nn.functional.bilinear': 'input1 input2 weight bias',
  'nn.functional.cosine_similarity': 'x1 x2 | dim eps',
  'nn.functional.linear': 'input weight bias',
  'nn.functional.pairwise_distance': 'x1 x2 | p eps keepdim',
  'nn.functional.pdist': 'input p',
  'nn.functional.scaled_dot_product_attention': 'query key value | attn_mask dropout_p is_causal scale enable_gqa',
  outer: 'input vec2',
  pairwise_distance: 'x1 x2 | p eps keepdim',
  pdist: 'input p',
  tensordot: 'a b dims',
  trace: 'input',
  vdot: 'input other',
};
