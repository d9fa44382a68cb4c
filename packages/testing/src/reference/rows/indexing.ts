import { type Index, scatter, type Tensor } from '@nabla/core';
import type { Arguments, OpRows } from '../rows.ts';
import { indicesOf } from '../subscript.ts';

const scatterCall = ({ input, dim, index, src, value, reduce }: Arguments): Tensor =>
  scatter(input as Tensor, dim as number, index as Tensor, (src ?? value) as Tensor, { reduce: (reduce ?? null) as 'add' | null });

export const indexingRows: OpRows = {
  __getitem__: {
    params: 'input index',
    call: ({ input, index }) => (input as Tensor).index(...(indicesOf(index) as Index[])),
  },
  __setitem__: {
    params: 'input index value',
    call: ({ input, index, value }) => {
      (input as Tensor).indexPut_(indicesOf(index) as Index[], value as Tensor | number);
      return null;
    },
  },
  argwhere: 'input',
  gather: 'input dim index | sparse_grad',
  index_add: 'input dim index source | alpha',
  index_add_: 'input dim index source | alpha',
  index_copy: 'input dim index source',
  index_copy_: 'input dim index source',
  index_fill: 'input dim index value',
  index_fill_: 'input dim index value',
  index_put: 'input indices values | accumulate',
  index_put_: 'input indices values | accumulate',
  index_reduce: 'input dim index source reduce | include_self',
  index_reduce_: 'input dim index source reduce | include_self',
  index_select: 'input dim index',
  masked_fill: 'input mask value',
  masked_fill_: 'input mask value',
  masked_scatter: 'input mask source',
  masked_scatter_: 'input mask source',
  masked_select: 'input mask',
  nonzero: 'input | as_tuple',
  put: 'input index source | accumulate',
  put_: 'input index source | accumulate',
  scatter: { params: 'input dim index src value reduce', call: scatterCall },
  scatter_: {
    params: 'input dim index src value reduce',
    call: ({ input, dim, index, src, value, reduce }) =>
      (input as Tensor).scatter_(dim as number, index as Tensor, (src ?? value) as Tensor, { reduce: (reduce ?? null) as 'add' | null }),
  },
  scatter_add: 'input dim index src',
  scatter_add_: 'input dim index src',
  scatter_reduce: 'input dim index src reduce | include_self',
  scatter_reduce_: 'input dim index src reduce | include_self',
  take: 'input index',
  take_along_dim: 'input indices dim',
};
