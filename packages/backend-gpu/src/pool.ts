import { type AvgPool2dGeometry, Declined, type Pool2dGeometry, sizeOf, type View } from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import { source } from './codegen.ts';
import { allOrNone } from './failures.ts';
import { bufferOf, divide } from './indexing.ts';
import { Arguments, type Kernels } from './kernels.ts';

type Shape4 = readonly [number, number, number, number];

function unsupported(v: View): Declined | null {
  return v.dtype === 'float32' ? null : new Declined(`pooling of ${v.dtype}`);
}

/** The sizes of images and windows under the names that the sources below use. */
function geometry(g: Pool2dGeometry, channels: number, height: number, width: number): Arguments {
  const ints = new Arguments();
  ints.add('channels', channels);
  ints.add('height', height);
  ints.add('width', width);
  ints.add('kh', g.kernel[0]);
  ints.add('kw', g.kernel[1]);
  ints.add('sh', g.stride[0]);
  ints.add('sw', g.stride[1]);
  ints.add('ph', g.padding[0]);
  ints.add('pw', g.padding[1]);
  ints.add('dh', g.dilation[0]);
  ints.add('dw', g.dilation[1]);
  ints.add('oh', g.output[0]);
  ints.add('ow', g.output[1]);
  return ints;
}

function addView(ints: Arguments, name: string, v: View): void {
  ints.add(`${name}o`, v.offset);
  v.strides.forEach((s, d) => {
    ints.add(`${name}${d}_`, s);
  });
}

/** The output element `i` as image n, channel c, row and col; and where its window starts. */
const outputPlace = `${divide('y', 'col', 'i', 'ow')}${divide('x', 'row', 'y', 'oh')}${divide('n', 'c', 'x', 'channels')}const top=row*sh-ph;const left=col*sw-pw;`;
/** The input element `i` as image n, channel c, h and w. */
const inputPlace = `${divide('y', 'w', 'i', 'width')}${divide('x', 'h', 'y', 'height')}${divide('n', 'c', 'x', 'channels')}`;

/** `body` for every element h, w of the window that lies in the image. */
const overWindow = (body: string): string =>
  `for(let r=0;r<kh;r++){const h=top+r*dh;if(h>=0&&h<height){for(let s=0;s<kw;s++){const w=left+s*dw;if(w>=0&&w<width){${body}}}}}`;

/** `body` for every window row, col that contains the input element h, w. */
const overWindows = (body: string): string =>
  `for(let r=0;r<kh;r++){const t=h+ph-r*dh;if(t>=0){${divide('row', 'skewed', 't', 'sh')}if(skewed===0&&row<oh){` +
  `for(let s=0;s<kw;s++){const u=w+pw-s*dw;if(u>=0){${divide('col', 'slanted', 'u', 'sw')}if(slanted===0&&col<ow){${body}}}}}}}`;

/** Maxima of windows, and where they lie: the first of equal elements, or the last NaN, as in PyTorch. */
export function maxPool2d(kernels: Kernels, x: View, g: Pool2dGeometry): readonly [GpuBuffer, GpuBuffer] | Declined {
  const refused = unsupported(x);
  if (refused !== null) return refused;
  const [images, channels, height, width] = x.shape as Shape4;
  const ints = geometry(g, channels, height, width);
  addView(ints, 'a', x);
  const floats = new Arguments();
  floats.add('lowest', Number.NEGATIVE_INFINITY);
  const run = (result: string): GpuBuffer =>
    kernels.launch({
      op: 'maxPool2d',
      key: `maxPool2d ${result}`,
      inputs: [bufferOf(x)],
      ints,
      floats,
      length: images * channels * g.output[0] * g.output[1],
      source: () =>
        source(
          `${outputPlace}const base=ao+n*a0_+c*a1_;let best=lowest;let where=-1;` +
            overWindow(
              'const v=a0[base+h*a2_+w*a3_];let take=0;if(v>best){take=1;}if(where<0){take=1;}' +
                'if(nablaNan(v)>0.5){take=1;}if(take>0.5){best=v;where=h*width+w;}',
            ) +
            `return ${result};`,
        ),
    });
  return allOrNone([() => run('best'), () => run('where')]) as [GpuBuffer, GpuBuffer];
}

/** Sends gradients to the maxima: each input element looks for windows whose maximum it is. */
export function maxPool2dGrad(
  kernels: Kernels,
  grad: View,
  indices: View,
  g: Pool2dGeometry,
  inputShape: readonly number[],
): GpuBuffer | Declined {
  const refused = unsupported(grad);
  if (refused !== null) return refused;
  const [, channels, height, width] = inputShape as Shape4;
  const ints = geometry(g, channels, height, width);
  addView(ints, 'a', grad);
  addView(ints, 'b', indices);
  return kernels.launch({
    op: 'maxPool2dGrad',
    key: 'maxPool2dGrad',
    inputs: [bufferOf(grad), bufferOf(indices)],
    ints,
    length: sizeOf(inputShape),
    source: () =>
      source(
        `${inputPlace}const me=h*width+w;const ga=ao+n*a0_+c*a1_;const ib=bo+n*b0_+c*b1_;let sum=0;` +
          overWindows('const k=a1[ib+row*b2_+col*b3_];if(k===me){sum=sum+a0[ga+row*a2_+col*a3_];}') +
          'return sum;',
      ),
  });
}

/** What the window at `row`, `col` is divided by. Padding may count; what ceilMode reaches beyond it does not. */
const windowArea =
  'let h1=row*sh-ph+kh;let h0=h1-kh;if(h1>height+ph){h1=height+ph;}let w1=col*sw-pw+kw;let w0=w1-kw;if(w1>width+pw){w1=width+pw;}' +
  'if(includePad<1){if(h0<0){h0=0;}if(w0<0){w0=0;}if(h1>height){h1=height;}if(w1>width){w1=width;}}' +
  'let area=(h1-h0)*(w1-w0);if(override>0||override<0){area=override;}';

function averaging(ints: Arguments, g: AvgPool2dGeometry): void {
  ints.add('includePad', g.countIncludePad ? 1 : 0);
  ints.add('override', g.divisorOverride ?? 0);
}

/** Means of windows. */
export function avgPool2d(kernels: Kernels, x: View, g: AvgPool2dGeometry): GpuBuffer | Declined {
  const refused = unsupported(x);
  if (refused !== null) return refused;
  const [images, channels, height, width] = x.shape as Shape4;
  const ints = geometry(g, channels, height, width);
  averaging(ints, g);
  addView(ints, 'a', x);
  return kernels.launch({
    op: 'avgPool2d',
    key: 'avgPool2d',
    inputs: [bufferOf(x)],
    ints,
    length: images * channels * g.output[0] * g.output[1],
    source: () =>
      source(
        `${outputPlace}const base=ao+n*a0_+c*a1_;let sum=0;${overWindow('sum=sum+a0[base+h*a2_+w*a3_];')}${windowArea}return sum/area;`,
      ),
  });
}

/** Spreads gradients evenly over windows: each input element gathers its share of those that it lies in. */
export function avgPool2dGrad(kernels: Kernels, grad: View, g: AvgPool2dGeometry, inputShape: readonly number[]): GpuBuffer | Declined {
  const refused = unsupported(grad);
  if (refused !== null) return refused;
  const [, channels, height, width] = inputShape as Shape4;
  const ints = geometry(g, channels, height, width);
  averaging(ints, g);
  addView(ints, 'a', grad);
  return kernels.launch({
    op: 'avgPool2dGrad',
    key: 'avgPool2dGrad',
    inputs: [bufferOf(grad)],
    ints,
    length: sizeOf(inputShape),
    source: () =>
      source(
        `${inputPlace}const ga=ao+n*a0_+c*a1_;let sum=0;${overWindows(`${windowArea}sum=sum+a0[ga+row*a2_+col*a3_]/area;`)}return sum;`,
      ),
  });
}
