import { copying, fillFrame } from './conv-code.ts';
import { JobForm } from './job.ts';
import { type FunctionBuilder, parameters } from './module.ts';
import { multiplyAdd, unrolled } from './unroll.ts';

/** Taps that a tile keeps in registers for each of its output channels. */
const tapsOf: Readonly<Record<1 | 2 | 3 | 4, number>> = { 1: 4, 2: 4, 3: 2, 4: 2 };
/** Lists of taps are as long as a multiple of this. */
export const tapStep = 4;

/**
 * slope(slopes, slopeLine, slopeImage, vectors, images, frame, frameImage, taps, depth, masks, out, outLine): adds, for each of
 * `lines` output channels and each tap, the products of a row of slopes and what the tap reads, for one image after the other.
 * Where slopes are only 0 for want of a column, what is read may be anything: `masked`, it is left out, else it has to be finite.
 */
function slopeFunction(lines: 1 | 2 | 3 | 4, masked: boolean): FunctionBuilder {
  const [f, { slopes, slopeLine, slopeImage, vectors, images, frame, frameImage, taps, depth, masks, out, outLine }] = parameters([
    'slopes',
    'slopeLine',
    'slopeImage',
    'vectors',
    'images',
    'frame',
    'frameImage',
    'taps',
    'depth',
    'masks',
    'out',
    'outLine',
  ]);
  const width = tapsOf[lines];
  const acc = Array.from({ length: lines }, () => Array.from({ length: width }, () => f.local('v128')));
  const tap = f.variable(taps);
  const target = f.variable(out);
  f.for(f.i32(0), depth, width, (k) => {
    for (const a of acc.flat()) f.set(a, f.f32x4(0));
    const firstRead = Array.from({ length: width }, (_, j) => f.variable(f.op('i32.add', frame, f.load('i32.load', tap, j * 4))));
    const firstSlope = f.variable(slopes);
    f.for(f.i32(0), images, 1, () => {
      const reads = firstRead.map((r) => f.variable(r));
      const lineAt = f.variable(firstSlope);
      const rows = acc.map((_, i) => {
        const row = f.variable(lineAt);
        if (i + 1 < lines) f.set(lineAt, f.op('i32.add', lineAt, slopeLine));
        return row;
      });
      const mask = f.variable(masks);
      const left = f.variable(vectors);
      unrolled(
        f,
        left,
        2,
        (turn) => {
          const keep = masked ? f.load('v128.load', mask, turn * 16) : null;
          const columns = reads.map((r) => {
            const v = f.load('v128.load', r, turn * 16);
            return keep === null ? v : f.op('v128.and', v, keep);
          });
          multiplyAdd(f, acc, (i) => f.load('v128.load', rows[i]!, turn * 16), columns);
        },
        () => {
          for (const p of [...rows, ...reads, ...(masked ? [mask] : [])]) f.set(p, f.plus(p, 32));
        },
      );
      for (const r of firstRead) f.set(r, f.op('i32.add', r, frameImage));
      f.set(firstSlope, f.op('i32.add', firstSlope, slopeImage));
    });
    const line = f.variable(target);
    acc.forEach((sums) => {
      sums.forEach((a, j) => {
        const half = f.op('f32x4.add', a, f.shuffle32(a, a, [2, 3, 0, 1]));
        const sum = f.lane('f32x4.extract_lane', 0, f.op('f32x4.add', half, f.shuffle32(half, half, [1, 0, 3, 2])));
        f.if(f.op('i32.gt_s', depth, f.plus(k, j)), () => {
          f.store('f32.store', line, f.op('f32.add', f.load('f32.load', line, j * 4), sum), j * 4);
        });
      });
      f.set(line, f.op('i32.add', line, outLine));
    });
    f.set(tap, f.plus(tap, width * 4));
    f.set(target, f.plus(target, width * 4));
  });
  return f;
}

type WeightGradientField =
  | (typeof copying)[number]
  | 'groups'
  | 'images'
  | 'chunk'
  | 'source'
  | 'sourceGroup'
  | 'sourceImage'
  | 'frame'
  | 'frameImage'
  | 'grad'
  | 'gradGroup'
  | 'gradImage'
  | 'gradLine'
  | 'gradRow'
  | 'gradStep'
  | 'rows'
  | 'columns'
  | 'slopes'
  | 'slopeImage'
  | 'slopeLine'
  | 'vectors'
  | 'masks'
  | 'lines'
  | 'taps'
  | 'depth'
  | 'out'
  | 'outGroup'
  | 'outLine';

/** The gradient of weights from some images, added to what is there. Addresses, and steps in bytes. */
export const weightGradient: JobForm<WeightGradientField> = new JobForm(
  ...copying,
  ...(['groups', 'images', 'chunk', 'source', 'sourceGroup', 'sourceImage', 'frame', 'frameImage'] as const),
  ...(['grad', 'gradGroup', 'gradImage', 'gradLine', 'gradRow', 'gradStep', 'rows', 'columns'] as const),
  ...(['slopes', 'slopeImage', 'slopeLine', 'vectors', 'masks', 'lines'] as const),
  ...(['taps', 'depth', 'out', 'outGroup', 'outLine'] as const),
);

/** Indices of functions of the module. */
interface Parts {
  readonly copy: number;
  /** The function for 1 line; those for 2, 3 and 4 follow. */
  readonly plain: number;
  readonly masked: number;
}

/** differentiate(job): some images after the other are copied, then every strip of output channels is worked on. */
function differentiateFunction(parts: Parts): FunctionBuilder {
  const [f, { at }] = parameters(['at']);
  const job = weightGradient.read(f, at);
  const [sourceGroup, gradGroup, outGroup] = [f.variable(job.source), f.variable(job.grad), f.variable(job.out)];
  f.for(f.i32(0), job.groups, 1, () => {
    const [image, grad, done] = [f.variable(sourceGroup), f.variable(gradGroup), f.variable(f.i32(0))];
    f.while(
      () => f.op('i32.lt_s', done, job.images),
      () => {
        const rest = f.op('i32.sub', job.images, done);
        const count = f.select(f.op('i32.lt_s', rest, job.chunk), rest, job.chunk);
        const [frame, slopes, strange] = [f.variable(job.frame), f.variable(job.slopes), f.variable(f.i32(0))];
        f.for(f.i32(0), count, 1, () => {
          f.set(strange, f.op('i32.or', strange, fillFrame(f, parts.copy, job, image, frame)));
          const { lines, gradLine, rows, gradRow, columns, gradStep, slopeLine, frameRow } = job;
          f.call(parts.copy, 'i32', grad, lines, gradLine, rows, gradRow, columns, gradStep, slopes, slopeLine, frameRow);
          f.set(image, f.op('i32.add', image, job.sourceImage));
          f.set(grad, f.op('i32.add', grad, job.gradImage));
          f.set(frame, f.op('i32.add', frame, job.frameImage));
          f.set(slopes, f.op('i32.add', slopes, job.slopeImage));
        });
        f.set(slopes, job.slopes);
        const [out, left] = [f.variable(outGroup), f.variable(job.lines)];
        const strip = (lines: 1 | 2 | 3 | 4): void => {
          const { slopeLine, slopeImage, vectors, frameImage, taps, depth, masks, outLine } = job;
          const images = [slopes, slopeLine, slopeImage, vectors, count, job.frame, frameImage, taps, depth, masks, out, outLine];
          f.if(
            strange,
            () => f.call(parts.masked + lines - 1, null, ...images),
            () => f.call(parts.plain + lines - 1, null, ...images),
          );
        };
        f.while(
          () => f.op('i32.ge_s', left, f.i32(4)),
          () => {
            strip(4);
            f.set(slopes, f.op('i32.add', slopes, f.op('i32.shl', job.slopeLine, f.i32(2))));
            f.set(out, f.op('i32.add', out, f.op('i32.shl', job.outLine, f.i32(2))));
            f.set(left, f.plus(left, -4));
          },
        );
        for (const lines of [3, 2, 1] as const) f.if(f.op('i32.eq', left, f.i32(lines)), () => strip(lines));
        f.set(done, f.op('i32.add', done, count));
      },
    );
    f.set(sourceGroup, f.op('i32.add', sourceGroup, job.sourceGroup));
    f.set(gradGroup, f.op('i32.add', gradGroup, job.gradGroup));
    f.set(outGroup, f.op('i32.add', outGroup, job.outGroup));
  });
  return f;
}

/** The functions of the gradient by name; `copy` and what comes before have the indices below `before`. */
export function weightGradientFunctions(before: number, copy: number): Record<string, FunctionBuilder> {
  const all = [1, 2, 3, 4] as const;
  return {
    ...Object.fromEntries(all.map((lines) => [`slope${lines}`, slopeFunction(lines, false)])),
    ...Object.fromEntries(all.map((lines) => [`maskedSlope${lines}`, slopeFunction(lines, true)])),
    differentiate: differentiateFunction({ copy, plain: before, masked: before + all.length }),
  };
}
