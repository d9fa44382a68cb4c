import type { OpRows } from '../rows.ts';

export const sortingRows: OpRows = {
  argsort: 'input dim | descending stable',
  bucketize: 'input boundaries | out_int32 right',
  isin: 'elements ~test_elements | assume_unique invert',
  kthvalue: 'input k dim | keepdim',
  median: 'input dim | keepdim',
  mode: 'input dim | keepdim',
  msort: 'input',
  nanmedian: 'input dim | keepdim',
  nanquantile: 'input q dim | keepdim interpolation',
  quantile: 'input q dim | keepdim interpolation',
  searchsorted: 'sorted_sequence ~input | out_int32 right side sorter',
  sort: 'input dim | descending stable',
  topk: 'input k dim | largest sorted',
  unique: 'input | sorted return_inverse return_counts dim',
  unique_consecutive: 'input | return_inverse return_counts dim',
};
