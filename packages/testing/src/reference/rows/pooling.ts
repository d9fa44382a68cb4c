import type { OpRows } from '../rows.ts';

const max = 'input kernel_size | stride padding dilation ceil_mode return_indices';
const avg = 'input kernel_size | stride padding ceil_mode count_include_pad divisor_override';
const unpool = 'input indices kernel_size | stride padding output_size';
const adaptive = 'input output_size';
const adaptiveMax = 'input output_size | return_indices';

export const poolingRows: OpRows = {
  'nn.functional.adaptive_avg_pool1d': adaptive,
  'nn.functional.adaptive_avg_pool2d': adaptive,
  'nn.functional.adaptive_avg_pool3d': adaptive,
  'nn.functional.adaptive_max_pool1d': adaptiveMax,
  'nn.functional.adaptive_max_pool2d': adaptiveMax,
  'nn.functional.adaptive_max_pool3d': adaptiveMax,
  'nn.functional.avg_pool1d': 'input kernel_size | stride padding ceil_mode count_include_pad',
  'nn.functional.avg_pool2d': avg,
  'nn.functional.avg_pool3d': avg,
  'nn.functional.lp_pool1d': 'input norm_type kernel_size | stride ceil_mode',
  'nn.functional.lp_pool2d': 'input norm_type kernel_size | stride ceil_mode',
  'nn.functional.max_pool1d': max,
  'nn.functional.max_pool2d': max,
  'nn.functional.max_pool3d': max,
  'nn.functional.max_unpool1d': unpool,
  'nn.functional.max_unpool2d': unpool,
  'nn.functional.max_unpool3d': unpool,
};
