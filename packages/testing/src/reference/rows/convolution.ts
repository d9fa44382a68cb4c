import type { OpRows } from '../rows.ts';

const convolution = 'input weight bias | stride padding dilation groups';
const transposed = 'input weight bias | stride padding output_padding groups dilation';
const windows = '| dilation padding stride';
const resize = 'input | size scale_factor';

/** Functions that PyTorch has both in `torch` and in `torch.nn.functional`. */
const both: OpRows = {
  conv1d: convolution,
  conv2d: convolution,
  conv3d: convolution,
  conv_transpose1d: transposed,
  conv_transpose2d: transposed,
  conv_transpose3d: transposed,
  pixel_shuffle: 'input upscale_factor',
  pixel_unshuffle: 'input downscale_factor',
  channel_shuffle: 'input groups',
};

export const convolutionRows: OpRows = {
  ...both,
  ...Object.fromEntries(Object.entries(both).map(([op, row]) => [`nn.functional.${op}`, row])),
  'nn.functional.affine_grid': 'theta size | align_corners',
  'nn.functional.fold': `input output_size kernel_size ${windows}`,
  'nn.functional.grid_sample': 'input grid | mode padding_mode align_corners',
  'nn.functional.interpolate': `${resize} mode align_corners recompute_scale_factor antialias`,
  'nn.functional.unfold': `input kernel_size ${windows}`,
  'nn.functional.upsample': `${resize} mode align_corners`,
  'nn.functional.upsample_bilinear': resize,
  'nn.functional.upsample_nearest': resize,
};
