import { JobForm } from './job.ts';
import { type FunctionBuilder, parameters, type Value } from './module.ts';
import { multiplyAdd, unrolled } from './unroll.ts';

/** Output channels that a tile keeps in registers, and vectors of four columns for each: what fits, by how many there are. */
const quadsOf: Readonly<Record<1 | 2 | 3 | 4, number>> = { 1: 4, 2: 4, 3: 2, 4: 2 };
/** Lists of quads are as long as a multiple of this. */
export const quadStep = 4;

/**
 * copy(src, channels, srcChannel, rows, srcRow, columns, srcStep, dst, dstChannel, dstRow): planes of float32 into planes whose
 * columns lie side by side. Gives whether anything is infinite or NaN. Steps are in bytes.
 */
function copyFunction(): FunctionBuilder {
  const [f, { src, channels, srcChannel, rows, srcRow, columns, srcStep, dst, dstChannel, dstRow }] = parameters(
    ['src', 'channels', 'srcChannel', 'rows', 'srcRow', 'columns', 'srcStep', 'dst', 'dstChannel', 'dstRow'],
    'i32',
  );
  // x - x is 0 unless x is infinite or NaN.
  const strange = f.local('v128');
  const note = (v: Value): void => f.set(strange, f.op('v128.or', strange, f.op('f32x4.sub', v, v)));
  const bytes = f.op('i32.shl', columns, f.i32(2));
  const last = f.plus(bytes, -16);
  const wide = f.op('i32.ge_s', columns, f.i32(4));
  const vectors = f.op('i32.and', f.op('i32.eq', srcStep, f.i32(4)), wide);
  const pairs = f.op('i32.and', f.op('i32.eq', srcStep, f.i32(8)), wide);
  const [plane, target] = [f.variable(src), f.variable(dst)];
  f.for(f.i32(0), channels, 1, () => {
    const [from, to] = [f.variable(plane), f.variable(target)];
    f.for(f.i32(0), rows, 1, () => {
      const rowOf = (load: (at: Value) => Value): void => {
        const move = (at: Value): void => {
          const v = load(at);
          note(v);
          f.store('v128.store', f.op('i32.add', to, at), v);
        };
        f.for(f.i32(0), last, 16, move);
        // The last vector may overlap the one before.
        move(last);
      };
      f.if(
        vectors,
        () => rowOf((at) => f.load('v128.load', f.op('i32.add', from, at))),
        () =>
          f.if(
            pairs,
            () =>
              rowOf((at) => {
                const x = f.op('i32.add', from, f.op('i32.shl', at, f.i32(1)));
                return f.shuffle32(f.load('v128.load', x), f.load('v128.load', x, 16), [0, 2, 4, 6]);
              }),
            () => {
              const x = f.variable(from);
              f.for(f.i32(0), bytes, 4, (at) => {
                const v = f.load('f32.load', x);
                note(f.op('f32x4.splat', v));
                f.store('f32.store', f.op('i32.add', to, at), v);
                f.set(x, f.op('i32.add', x, srcStep));
              });
            },
          ),
      );
      f.set(from, f.op('i32.add', from, srcRow));
      f.set(to, f.op('i32.add', to, dstRow));
    });
    f.set(plane, f.op('i32.add', plane, srcChannel));
    f.set(target, f.op('i32.add', target, dstChannel));
  });
  f.return(f.op('v128.any_true', strange));
  return f;
}

/**
 * pack(src, lines, srcLine, n0, s0, n1, s1, n2, s2, dst): `lines` weights of each of n0 * n1 * n2 taps side by side.
 * Steps are in bytes.
 */
function packFunction(): FunctionBuilder {
  const [f, { src, lines, srcLine, n0, s0, n1, s1, n2, s2, dst }] = parameters([
    'src',
    'lines',
    'srcLine',
    'n0',
    's0',
    'n1',
    's1',
    'n2',
    's2',
    'dst',
  ]);
  const line = f.variable(src);
  const step = f.op('i32.shl', lines, f.i32(2));
  f.for(f.i32(0), lines, 1, (l) => {
    const to = f.variable(f.op('i32.add', dst, f.op('i32.shl', l, f.i32(2))));
    const a = f.variable(line);
    f.for(f.i32(0), n0, 1, () => {
      const b = f.variable(a);
      f.for(f.i32(0), n1, 1, () => {
        const c = f.variable(b);
        f.for(f.i32(0), n2, 1, () => {
          f.store('f32.store', to, f.load('f32.load', c));
          f.set(to, f.op('i32.add', to, step));
          f.set(c, f.op('i32.add', c, s2));
        });
        f.set(b, f.op('i32.add', b, s1));
      });
      f.set(a, f.op('i32.add', a, s0));
    });
    f.set(line, f.op('i32.add', line, srcLine));
  });
  return f;
}

/**
 * strip(weights, depth, taps, quads, count, frame, out, plane, lanes, step): `lines` output channels, `plane` bytes apart. A quad is
 * where four columns are read in the frame and where the first lands in a plane; `lanes` of them exist, `step` bytes apart. Products
 * are added in the order of the taps, whatever the size of a tile.
 */
function stripFunction(lines: 1 | 2 | 3 | 4): FunctionBuilder {
  const [f, { weights, depth, taps, quads, count, frame, out, plane, lanes, step }] = parameters([
    'weights',
    'depth',
    'taps',
    'quads',
    'count',
    'frame',
    'out',
    'plane',
    'lanes',
    'step',
  ]);
  const width = quadsOf[lines];
  const acc = Array.from({ length: lines }, () => Array.from({ length: width }, () => f.local('v128')));
  const dense = f.op('i32.and', f.op('i32.eq', lanes, f.i32(4)), f.op('i32.eq', step, f.i32(4)));
  const entry = f.variable(quads);
  f.for(f.i32(0), count, width, () => {
    const reads = Array.from({ length: width }, (_, j) => f.variable(f.op('i32.add', frame, f.load('i32.load', entry, j * 8))));
    for (const a of acc.flat()) f.set(a, f.f32x4(0));
    const [w, t, left] = [f.variable(weights), f.variable(taps), f.variable(depth)];
    unrolled(
      f,
      left,
      2,
      (turn) => {
        const tap = f.load('i32.load', t, turn * 4);
        const columns = reads.map((r) => f.load('v128.load', f.op('i32.add', r, tap)));
        multiplyAdd(f, acc, (i) => f.load('v128.load32_splat', w, (turn * lines + i) * 4), columns);
      },
      () => {
        f.set(w, f.plus(w, lines * 8));
        f.set(t, f.plus(t, 8));
      },
    );
    const writes = Array.from({ length: width }, (_, j) => f.variable(f.op('i32.add', out, f.load('i32.load', entry, j * 8 + 4))));
    const everyPlane = (store: (at: Value, v: Value) => void): void => {
      acc.forEach((line, i) => {
        line.forEach((v, j) => {
          store(writes[j]!, v);
          if (i + 1 < lines) f.set(writes[j]!, f.op('i32.add', writes[j]!, plane));
        });
      });
    };
    f.if(
      dense,
      () => everyPlane((at, v) => f.store('v128.store', at, v)),
      () =>
        everyPlane((at, v) => {
          const place = f.variable(at);
          f.storeLane(place, v, 0);
          for (let lane = 1; lane < 4; lane++) {
            f.if(f.op('i32.gt_s', lanes, f.i32(lane)), () => {
              f.set(place, f.op('i32.add', place, step));
              f.storeLane(place, v, lane);
            });
          }
        }),
    );
    f.set(entry, f.plus(entry, width * 8));
  });
  return f;
}

/** Fields of the copies of an image into its frame: how many phases, where they are described, and steps in bytes. */
export const copying = ['phases', 'copies', 'channels', 'srcChannel', 'srcRow', 'srcStep', 'frameChannel', 'frameRow'] as const;

type CorrelationField =
  | (typeof copying)[number]
  | 'groups'
  | 'images'
  | 'source'
  | 'sourceGroup'
  | 'sourceImage'
  | 'frame'
  | 'origin'
  | 'weights'
  | 'weightsGroup'
  | 'lines'
  | 'depth'
  | 'taps'
  | 'quads'
  | 'count'
  | 'out'
  | 'outGroup'
  | 'outImage'
  | 'plane'
  | 'lanes'
  | 'step';

/** One correlation of images with weights. Addresses, and steps in bytes. */
export const correlation: JobForm<CorrelationField> = new JobForm(
  ...copying,
  ...(['groups', 'images', 'source', 'sourceGroup', 'sourceImage', 'frame', 'origin'] as const),
  ...(['weights', 'weightsGroup', 'lines', 'depth', 'taps', 'quads', 'count'] as const),
  ...(['out', 'outGroup', 'outImage', 'plane', 'lanes', 'step'] as const),
);

type Copying = Readonly<Record<(typeof copying)[number], Value>>;

/** Copies one image into the frame at `frame`; gives whether anything in it is infinite or NaN. */
export function fillFrame(f: FunctionBuilder, copy: number, job: Copying, image: Value, frame: Value): Value {
  const strange = f.variable(f.i32(0));
  const phase = f.variable(job.copies);
  f.for(f.i32(0), job.phases, 1, () => {
    const [rows, columns, from, to] = [0, 4, 8, 12].map((o) => f.load('i32.load', phase, o)) as [Value, Value, Value, Value];
    const src = f.op('i32.add', image, from);
    const dst = f.op('i32.add', frame, to);
    const { channels, srcChannel, srcRow, srcStep, frameChannel, frameRow } = job;
    const found = f.call(copy, 'i32', src, channels, srcChannel, rows, srcRow, columns, srcStep, dst, frameChannel, frameRow);
    f.set(strange, f.op('i32.or', strange, found));
    f.set(phase, f.plus(phase, 16));
  });
  return strange;
}

/** correlate(job): every group of every image, a strip of output channels after the other. */
function correlateFunction(copy: number, strips: Readonly<Record<1 | 2 | 3 | 4, number>>): FunctionBuilder {
  const [f, { at }] = parameters(['at']);
  const job = correlation.read(f, at);
  const inPlace = f.op('i32.eqz', job.frame);
  const [sourceGroup, weightsGroup, outGroup] = [f.variable(job.source), f.variable(job.weights), f.variable(job.out)];
  f.for(f.i32(0), job.groups, 1, () => {
    const [image, target] = [f.variable(sourceGroup), f.variable(outGroup)];
    f.for(f.i32(0), job.images, 1, () => {
      const frame = f.variable(f.op('i32.add', image, job.origin));
      f.if(f.op('i32.eqz', inPlace), () => {
        fillFrame(f, copy, job, image, job.frame);
        f.set(frame, job.frame);
      });
      const [weights, out, left] = [f.variable(weightsGroup), f.variable(target), f.variable(job.lines)];
      const strip = (lines: 1 | 2 | 3 | 4): void => {
        const { depth, taps, quads, count, plane, lanes, step } = job;
        f.call(strips[lines], null, weights, depth, taps, quads, count, frame, out, plane, lanes, step);
      };
      f.while(
        () => f.op('i32.ge_s', left, f.i32(4)),
        () => {
          strip(4);
          f.set(weights, f.op('i32.add', weights, f.op('i32.shl', job.depth, f.i32(4))));
          f.set(out, f.op('i32.add', out, f.op('i32.shl', job.plane, f.i32(2))));
          f.set(left, f.plus(left, -4));
        },
      );
      for (const lines of [3, 2, 1] as const) f.if(f.op('i32.eq', left, f.i32(lines)), () => strip(lines));
      f.set(image, f.op('i32.add', image, job.sourceImage));
      f.set(target, f.op('i32.add', target, job.outImage));
    });
    f.set(sourceGroup, f.op('i32.add', sourceGroup, job.sourceGroup));
    f.set(weightsGroup, f.op('i32.add', weightsGroup, job.weightsGroup));
    f.set(outGroup, f.op('i32.add', outGroup, job.outGroup));
  });
  return f;
}

/** The functions of the module, by name. */
export function convolutionFunctions(): Record<string, FunctionBuilder> {
  return {
    copy: copyFunction(),
    pack: packFunction(),
    strip1: stripFunction(1),
    strip2: stripFunction(2),
    strip3: stripFunction(3),
    strip4: stripFunction(4),
    correlate: correlateFunction(0, { 1: 2, 2: 3, 3: 4, 4: 5 }),
  };
}
