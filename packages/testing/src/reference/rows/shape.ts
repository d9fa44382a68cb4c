import {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastTensors,
  cartesianProd,
  isTensor,
  meshgrid,
  permute,
  type Tensor,
} from '@nabla/core';
import type { OpRow, OpRows } from '../rows.ts';

/** Numbers given one by one or as one list. */
const list = (given: unknown): number[] => [given].flat(2) as number[];

/** Tensors given one by one or as one list. */
const tensors = (given: unknown): Tensor[] => ((given as unknown[]) ?? []).flat() as Tensor[];

/** A method that takes its sizes one by one or as one list. */
const sized = (name: 'expand' | 'view' | 'repeat' | 'tile' | 'sumToSize' | 'broadcastTo' | 'reshape' | 'flip'): OpRow => ({
  params: `self *${name === 'flip' ? 'dims' : name === 'repeat' ? 'repeats' : name === 'tile' ? 'dims' : 'size'}`,
  call: ({ self, size, dims, repeats }) => {
    const given = [size ?? dims ?? repeats].flat(1);
    // The dtype of a view.
    const sizes = typeof given[0] === 'string' ? given[0] : list(given);
    return (self as unknown as Record<string, (sizes: unknown) => unknown>)[name]!(sizes);
  },
});

/** Of one tensor one, of several or a list a list. */
const atleast = (f: typeof atleast1d): OpRow => ({
  params: '*tensors',
  call: ({ tensors: given }) => {
    const first = (given as unknown[])[0];
    return isTensor(first) && (given as unknown[]).length === 1 ? f(first) : f(tensors(given));
  },
});

/** What changes the order, the number or the repetition of elements, but does not pick them by an index. */
export const shapeRows: OpRows = {
  T: 'self',
  adjoint: { params: 'self', name: 'mT' },
  as_strided: 'input size stride storage_offset',
  as_strided_scatter: 'input src size stride storage_offset',
  atleast_1d: atleast(atleast1d),
  atleast_2d: atleast(atleast2d),
  atleast_3d: atleast(atleast3d),
  block_diag: { params: '*tensors', call: ({ tensors: t }) => blockDiag(...tensors(t)) },
  broadcast_tensors: { params: '*tensors', call: ({ tensors: t }) => broadcastTensors(...tensors(t)) },
  broadcast_to: 'input size',
  cartesian_prod: { params: '*tensors', call: ({ tensors: t }) => cartesianProd(...tensors(t)) },
  cat: 'tensors dim',
  chunk: 'input chunks dim',
  column_stack: 'tensors',
  combinations: 'input r | with_replacement',
  concat: 'tensors dim',
  concatenate: 'tensors dim',
  constant_pad_nd: 'input pad value',
  diag: 'input diagonal',
  diag_embed: 'input offset dim1 dim2',
  diagflat: 'input offset',
  diagonal: 'input offset dim1 dim2',
  diagonal_scatter: 'input src offset dim1 dim2',
  dsplit: 'input indices_or_sections',
  dstack: 'tensors',
  expand: sized('expand'),
  expand_as: 'self other',
  flatten: 'input start_dim end_dim',
  flip: sized('flip'),
  fliplr: 'input',
  flipud: 'input',
  hsplit: 'input indices_or_sections',
  hstack: 'tensors',
  mT: 'self',
  meshgrid: {
    params: '*tensors indexing',
    call: ({ tensors: t, indexing }) => meshgrid(tensors(t), indexing === undefined ? {} : { indexing: indexing as 'ij' }),
  },
  moveaxis: 'input source destination',
  movedim: 'input source destination',
  narrow: 'input dim start length',
  'nn.functional.pad': 'input pad | mode value',
  permute: { params: 'input *dims', call: ({ input, dims }) => permute(input as Tensor, list(dims)) },
  ravel: 'input',
  repeat: sized('repeat'),
  repeat_interleave: 'input repeats dim | output_size',
  reshape: { params: 'input *shape', call: ({ input, shape }) => (input as Tensor).reshape(list(shape)) },
  reshape_as: 'self other',
  roll: 'input shifts dims',
  rot90: 'input k dims',
  row_stack: 'tensors',
  select: 'input dim index',
  select_scatter: 'input src dim index',
  slice_scatter: 'input src dim start end step',
  split: 'tensor split_size_or_sections dim',
  split_with_sizes: 'input split_sizes dim',
  squeeze: 'input dim',
  stack: 'tensors dim',
  sum_to_size: sized('sumToSize'),
  swapaxes: 'input axis0 axis1',
  swapdims: 'input dim0 dim1',
  t: 'input',
  tensor_split: 'input indices_or_sections dim',
  tile: sized('tile'),
  transpose: 'input dim0 dim1',
  tril: 'input diagonal',
  triu: 'input diagonal',
  unbind: 'input dim',
  unflatten: 'self dim sizes',
  unfold: 'self dimension size step',
  unsqueeze: 'input dim',
  vander: 'x N | increasing',
  view: sized('view'),
  view_as: 'self other',
  vsplit: 'input indices_or_sections',
  vstack: 'tensors',
};
