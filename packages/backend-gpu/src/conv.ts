import { type Conv2dGeometry, Declined, sizeOf, type View } from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import { source } from './codegen.ts';
import { exactIndex } from './device.ts';
import { bufferOf, divide } from './indexing.ts';
import { Arguments, type Kernels } from './kernels.ts';
import { combined, constant } from './reduce.ts';

type Shape4 = readonly [number, number, number, number];

/** Products that one invocation adds up, at most: some drivers silently stop a shader after 65,535 iterations. */
const longest = 16384;
/** Invocations that keep a graphics card busy, and products that are worth an invocation. */
const enough = 16384;
const worthwhile = 256;

/** How many of `total` slices, of `cost` products each, go into one invocation when there are `count` results. */
function slices(total: number, cost: number, count: number): { chunks: number; length: number } {
  const most = Math.max(1, Math.floor(longest / Math.max(1, cost)));
  const least = Math.ceil(worthwhile / Math.max(1, cost));
  const spread = Math.ceil((total * count) / enough);
  const length = Math.max(1, Math.min(total, most, Math.max(least, spread)));
  return { chunks: Math.max(1, Math.ceil(total / length)), length };
}

function addGeometry(ints: Arguments, g: Conv2dGeometry): void {
  ints.add('sh', g.stride[0]);
  ints.add('sw', g.stride[1]);
  ints.add('ph', g.padding[0]);
  ints.add('pw', g.padding[1]);
  ints.add('dh', g.dilation[0]);
  ints.add('dw', g.dilation[1]);
}

/** Runs a kernel that computes `count` sums of products in `chunks` pieces each, and adds the pieces up. */
function summed(
  kernels: Kernels,
  op: string,
  views: readonly [View, View],
  ints: Arguments,
  count: number,
  { chunks, length }: { chunks: number; length: number },
  code: () => string,
): GpuBuffer | Declined {
  if (count * chunks > exactIndex) return new Declined(`more than ${exactIndex} partial sums`);
  ints.add('chunks', chunks);
  ints.add('len', length);
  ints.add('oa', views[0].offset);
  ints.add('ob', views[1].offset);
  views[0].strides.forEach((s, d) => {
    ints.add(`a${d}_`, s);
  });
  views[1].strides.forEach((s, d) => {
    ints.add(`b${d}_`, s);
  });
  const inputs = views.map(bufferOf);
  const make = (): ReturnType<typeof source> =>
    source(`${divide('z', 'q', 'i', 'chunks')}const first=q*len;let sum=0;${code()}return sum;`);
  const partial = kernels.launch({ op, key: op, inputs, ints, length: count * chunks, source: make });
  if (chunks === 1) return partial;
  try {
    return combined(kernels, { kind: 'sum', compute: 'float32', output: 'float32', divisor: 1 }, count, chunks, partial);
  } finally {
    partial.free();
  }
}

function unsupported(v: View): Declined | null {
  return v.dtype === 'float32' ? null : new Declined(`convolution of ${v.dtype}`);
}

/** x [N, C, H, W] * weight [O, C/groups, KH, KW]: one invocation per output element (and slice of channels). */
export function conv2d(kernels: Kernels, x: View, weight: View, g: Conv2dGeometry, out: readonly number[]): GpuBuffer | Declined {
  const refused = unsupported(x);
  if (refused !== null) return refused;
  const [, , height, width] = x.shape as Shape4;
  const [outputs, channels, kh, kw] = weight.shape as Shape4;
  const count = sizeOf(out);
  if (count === 0) return kernels.empty();
  if (sizeOf(weight.shape) === 0 || sizeOf(x.shape) === 0) return constant(kernels, 0, count);
  const ints = new Arguments();
  addGeometry(ints, g);
  ints.add('height', height);
  ints.add('width', width);
  ints.add('channels', channels);
  ints.add('outputs', outputs);
  ints.add('per', outputs / g.groups);
  ints.add('rows', kh);
  ints.add('cols', kw);
  ints.add('oh', out[2]!);
  ints.add('ow', out[3]!);
  const code = (): string =>
    `${divide('y', 'col', 'z', 'ow')}${divide('x', 'row', 'y', 'oh')}${divide('n', 'o', 'x', 'outputs')}${divide('group', 'rank', 'o', 'per')}` +
    'const top=row*sh-ph;const left=col*sw-pw;const xa=oa+n*a0_+group*channels*a1_;const wb=ob+o*b0_;' +
    'for(let j=0;j<len;j++){const c=first+j;if(c<channels){let part=0;' +
    'for(let r=0;r<rows;r++){const h=top+r*dh;if(h>=0&&h<height){const xr=xa+c*a1_+h*a2_;const wr=wb+c*b1_+r*b2_;' +
    'for(let s=0;s<cols;s++){const w=left+s*dw;if(w>=0&&w<width){part=part+a0[xr+w*a3_]*a1[wr+s*b3_];}}}}' +
    'sum=sum+part;}}';
  return summed(kernels, 'conv2d', [x, weight], ints, count, slices(channels, kh * kw, count), code);
}

/** Gradient of {@link conv2d} in x: each input element gathers from the output elements that saw it. */
export function conv2dInputGrad(
  kernels: Kernels,
  grad: View,
  weight: View,
  g: Conv2dGeometry,
  inputShape: readonly number[],
): GpuBuffer | Declined {
  const refused = unsupported(grad);
  if (refused !== null) return refused;
  const [, inputs, height, width] = inputShape as Shape4;
  const [outputs, channels, kh, kw] = weight.shape as Shape4;
  const [, , oh, ow] = grad.shape as Shape4;
  const count = sizeOf(inputShape);
  if (count === 0) return kernels.empty();
  if (sizeOf(weight.shape) === 0 || sizeOf(grad.shape) === 0) return constant(kernels, 0, count);
  const per = outputs / g.groups;
  const ints = new Arguments();
  addGeometry(ints, g);
  ints.add('height', height);
  ints.add('width', width);
  ints.add('inputs', inputs);
  ints.add('channels', channels);
  ints.add('per', per);
  ints.add('rows', kh);
  ints.add('cols', kw);
  ints.add('oh', oh);
  ints.add('ow', ow);
  const code = (): string =>
    `${divide('y', 'w', 'z', 'width')}${divide('x', 'h', 'y', 'height')}${divide('n', 'c', 'x', 'inputs')}${divide('group', 'rank', 'c', 'channels')}` +
    'const ga=oa+n*a0_+(group*per+first)*a1_;const wb=ob+(group*per+first)*b0_+rank*b1_;let take=per-first;if(take>len){take=len;}' +
    `for(let r=0;r<rows;r++){const t=h+ph-r*dh;if(t>=0){${divide('row', 'skewed', 't', 'sh')}if(skewed===0&&row<oh){` +
    `for(let s=0;s<cols;s++){const u=w+pw-s*dw;if(u>=0){${divide('col', 'slanted', 'u', 'sw')}if(slanted===0&&col<ow){` +
    'let part=0;const gr=ga+row*a2_+col*a3_;const wr=wb+r*b2_+s*b3_;' +
    'for(let j=0;j<take;j++){part=part+a0[gr+j*a1_]*a1[wr+j*b0_];}sum=sum+part;}}}}}}';
  return summed(kernels, 'conv2dInputGrad', [grad, weight], ints, count, slices(per, kh * kw, count), code);
}

/** Gradient of {@link conv2d} in the weight: each weight sums over images and positions, in slices of image rows. */
export function conv2dWeightGrad(
  kernels: Kernels,
  grad: View,
  x: View,
  g: Conv2dGeometry,
  weightShape: readonly number[],
): GpuBuffer | Declined {
  const refused = unsupported(grad);
  if (refused !== null) return refused;
  const [images, , height, width] = x.shape as Shape4;
  const [outputs, channels, kh, kw] = weightShape as Shape4;
  const [, , oh, ow] = grad.shape as Shape4;
  const count = sizeOf(weightShape);
  if (count === 0) return kernels.empty();
  if (sizeOf(grad.shape) === 0 || sizeOf(x.shape) === 0) return constant(kernels, 0, count);
  const ints = new Arguments();
  addGeometry(ints, g);
  ints.add('height', height);
  ints.add('width', width);
  ints.add('channels', channels);
  ints.add('per', outputs / g.groups);
  ints.add('rows', kh);
  ints.add('cols', kw);
  ints.add('lines', images * oh);
  ints.add('oh', oh);
  ints.add('ow', ow);
  const code = (): string =>
    `${divide('y', 's', 'z', 'cols')}${divide('x', 'r', 'y', 'rows')}${divide('o', 'c', 'x', 'channels')}${divide('group', 'rank', 'o', 'per')}` +
    'const left=s*dw-pw;const ga=oa+o*a1_;const xb=ob+(group*channels+c)*b1_;let take=lines-first;if(take>len){take=len;}' +
    `for(let j=0;j<take;j++){const line=first+j;${divide('n', 'row', 'line', 'oh')}const h=row*sh-ph+r*dh;if(h>=0&&h<height){` +
    'let part=0;const gr=ga+n*a0_+row*a2_;const xr=xb+n*b0_+h*b2_;' +
    'for(let l=0;l<ow;l++){const w=left+l*sw;if(w>=0&&w<width){part=part+a0[gr+l*a3_]*a1[xr+w*b3_];}}sum=sum+part;}}';
  return summed(kernels, 'conv2dWeightGrad', [grad, x], ints, count, slices(images * oh, ow, count), code);
}
