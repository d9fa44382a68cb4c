import { copying, fillFrame } from './conv-code.ts';
import { JobForm } from './job.ts';
import { type FunctionBuilder, parameters, type Value } from './module.ts';

/** Bytes of the description of a quad: where it is read in a frame, which element of a plane it is, eight numbers for its columns. */
export const quadBytes = 48;
/** Where in it those numbers begin. */
export const quadColumnsAt = 16;

type PoolingField =
  | (typeof copying)[number]
  | 'images'
  | 'planes'
  | 'source'
  | 'sourceImage'
  | 'sourcePlane'
  | 'frame'
  | 'origin'
  | 'taps'
  | 'depth'
  | 'quads'
  | 'count'
  | 'lanes'
  | 'out'
  | 'outImage'
  | 'outPlane'
  | 'indices'
  | 'indexImage'
  | 'indexPlane';

/** One pooling of planes. Addresses, and steps in bytes. */
export const pooling: JobForm<PoolingField> = new JobForm(
  ...copying,
  ...(['images', 'planes', 'source', 'sourceImage', 'sourcePlane', 'frame', 'origin'] as const),
  ...(['taps', 'depth', 'quads', 'count', 'lanes', 'out', 'outImage', 'outPlane'] as const),
  ...(['indices', 'indexImage', 'indexPlane'] as const),
);

/** Calls `body` for each quad of each plane, with where it is read, which element of the plane it is, and its description. */
function everyQuad(
  f: FunctionBuilder,
  copy: number,
  job: ReturnType<typeof pooling.read>,
  body: (read: Value, element: Value, entry: Value, out: Value, indices: Value) => void,
): void {
  const [image, outImage, indexImage] = [f.variable(job.source), f.variable(job.out), f.variable(job.indices)];
  f.for(f.i32(0), job.images, 1, () => {
    const [plane, out, indices] = [f.variable(image), f.variable(outImage), f.variable(indexImage)];
    f.for(f.i32(0), job.planes, 1, () => {
      const frame = f.variable(f.op('i32.add', plane, job.origin));
      f.if(job.frame, () => {
        fillFrame(f, copy, job, plane, job.frame);
        f.set(frame, job.frame);
      });
      const entry = f.variable(job.quads);
      f.for(f.i32(0), job.count, 1, () => {
        body(f.op('i32.add', frame, f.load('i32.load', entry)), f.load('i32.load', entry, 4), entry, out, indices);
        f.set(entry, f.plus(entry, quadBytes));
      });
      f.set(plane, f.op('i32.add', plane, job.sourcePlane));
      f.set(out, f.op('i32.add', out, job.outPlane));
      f.set(indices, f.op('i32.add', indices, job.indexPlane));
    });
    f.set(image, f.op('i32.add', image, job.sourceImage));
    f.set(outImage, f.op('i32.add', outImage, job.outImage));
    f.set(indexImage, f.op('i32.add', indexImage, job.indexImage));
  });
}

/** Calls `body` with what each tap reads and the address of its second number. */
function everyTap(f: FunctionBuilder, job: ReturnType<typeof pooling.read>, read: Value, body: (v: Value, tap: Value) => void): void {
  const tap = f.variable(job.taps);
  f.for(f.i32(0), job.depth, 1, () => {
    body(f.load('v128.load', f.op('i32.add', read, f.load('i32.load', tap))), tap);
    f.set(tap, f.plus(tap, 8));
  });
}

/** Stores the lanes of a vector of float32 that exist. */
function storeLanes(f: FunctionBuilder, lanes: Value, at: Value, v: Value): void {
  f.if(
    f.op('i32.eq', lanes, f.i32(4)),
    () => f.store('v128.store', at, v),
    () => {
      for (let lane = 0; lane < 3; lane++) f.if(f.op('i32.gt_s', lanes, f.i32(lane)), () => f.storeLane(at, v, lane, lane * 4));
    },
  );
}

/** maxPool(job): of equal elements the first wins, and of several NaN the last. A tap's second number is how far its element lies. */
function maxFunction(copy: number): FunctionBuilder {
  const [f, { at }] = parameters(['at']);
  const job = pooling.read(f, at);
  const [best, where] = [f.local('v128'), f.local('v128')];
  everyQuad(f, copy, job, (read, element, entry, out, indices) => {
    const base = f.load('v128.load', entry, quadColumnsAt);
    f.set(best, f.f32x4(Number.NEGATIVE_INFINITY));
    f.set(where, f.load('v128.load', entry, quadColumnsAt + 16));
    everyTap(f, job, read, (v, tap) => {
      const better = f.op('v128.or', f.op('f32x4.gt', v, best), f.op('f32x4.ne', v, v));
      f.set(best, f.op('v128.bitselect', v, best, better));
      const position = f.op('i32x4.add', base, f.load('v128.load32_splat', tap, 4));
      f.set(where, f.op('v128.bitselect', position, where, better));
    });
    storeLanes(f, job.lanes, f.op('i32.add', out, f.op('i32.shl', element, f.i32(2))), best);
    // Indices are int64, in buffers of float64.
    const place = f.op('i32.add', indices, f.op('i32.shl', element, f.i32(3)));
    const convert = (v: Value): Value => f.op('f64x2.convert_low_i32x4_s', v);
    const [low, high] = [convert(where), convert(f.shuffle32(where, where, [2, 3, 2, 3]))];
    f.if(
      f.op('i32.eq', job.lanes, f.i32(4)),
      () => {
        f.store('v128.store', place, low);
        f.store('v128.store', place, high, 16);
      },
      () => {
        [low, low, high].forEach((pair, lane) => {
          f.if(f.op('i32.gt_s', job.lanes, f.i32(lane)), () => {
            f.store('f64.store', place, f.lane('f64x2.extract_lane', lane % 2, pair), lane * 8);
          });
        });
      },
    );
  });
  return f;
}

/** averagePool(job): sums in the order of the taps, divided by the first four numbers of a quad. */
function averageFunction(copy: number): FunctionBuilder {
  const [f, { at }] = parameters(['at']);
  const job = pooling.read(f, at);
  const sum = f.local('v128');
  everyQuad(f, copy, job, (read, element, entry, out) => {
    f.set(sum, f.f32x4(0));
    everyTap(f, job, read, (v) => f.set(sum, f.op('f32x4.add', sum, v)));
    const mean = f.op('f32x4.div', sum, f.load('v128.load', entry, quadColumnsAt));
    storeLanes(f, job.lanes, f.op('i32.add', out, f.op('i32.shl', element, f.i32(2))), mean);
  });
  return f;
}

type PoolGradientField =
  | 'images'
  | 'planes'
  | 'rows'
  | 'columns'
  | 'grad'
  | 'gradImage'
  | 'gradPlane'
  | 'gradRow'
  | 'gradStep'
  | 'indices'
  | 'indexImage'
  | 'indexPlane'
  | 'indexRow'
  | 'indexStep'
  | 'out'
  | 'outImage'
  | 'outPlane'
  | 'size'
  | 'width'
  | 'spans'
  | 'divisors';

/** One gradient of pooling, plane by plane. Addresses, and steps in bytes; the result is contiguous and lies at `out`. */
export const poolGradient: JobForm<PoolGradientField> = new JobForm(
  ...(['images', 'planes', 'rows', 'columns', 'grad', 'gradImage', 'gradPlane', 'gradRow', 'gradStep'] as const),
  ...(['indices', 'indexImage', 'indexPlane', 'indexRow', 'indexStep'] as const),
  ...(['out', 'outImage', 'outPlane', 'size', 'width', 'spans', 'divisors'] as const),
);

/** Calls `body` for each element of the gradient, with pointers to it and to its index; `row` is called before each row. */
function everySlope(
  f: FunctionBuilder,
  job: ReturnType<typeof poolGradient.read>,
  plane: () => void,
  row: (i: Value) => void,
  body: (grad: Value, index: Value, out: Value, j: Value) => void,
): void {
  const [gradImage, indexImage, outImage] = [f.variable(job.grad), f.variable(job.indices), f.variable(job.out)];
  const advance = (v: Value, by: Value): void => f.set(v, f.op('i32.add', v, by));
  f.for(f.i32(0), job.images, 1, () => {
    const [gradPlane, indexPlane, out] = [f.variable(gradImage), f.variable(indexImage), f.variable(outImage)];
    f.for(f.i32(0), job.planes, 1, () => {
      const [gradRow, indexRow] = [f.variable(gradPlane), f.variable(indexPlane)];
      plane();
      f.for(f.i32(0), job.rows, 1, (i) => {
        const [grad, index] = [f.variable(gradRow), f.variable(indexRow)];
        row(i);
        f.for(f.i32(0), job.columns, 1, (j) => {
          body(grad, index, out, j);
          advance(grad, job.gradStep);
          advance(index, job.indexStep);
        });
        advance(gradRow, job.gradRow);
        advance(indexRow, job.indexRow);
      });
      advance(gradPlane, job.gradPlane);
      advance(indexPlane, job.indexPlane);
      advance(out, job.outPlane);
    });
    advance(gradImage, job.gradImage);
    advance(indexImage, job.indexImage);
    advance(outImage, job.outImage);
  });
}

/** maxPoolGrad(job): adds each element at its index, unless that lies outside of the plane of `size` elements. */
function maxGradFunction(): FunctionBuilder {
  const [f, { at }] = parameters(['at']);
  const job = poolGradient.read(f, at);
  everySlope(
    f,
    job,
    () => {},
    () => {},
    (grad, index, out) => {
      const k = f.op('i32.trunc_sat_f64_s', f.load('f64.load', index));
      f.if(f.op('i32.lt_u', k, job.size), () => {
        const place = f.op('i32.add', out, f.op('i32.shl', k, f.i32(2)));
        f.store('f32.store', place, f.op('f32.add', f.load('f32.load', place), f.load('f32.load', grad)));
      });
    },
  );
  return f;
}

/**
 * averagePoolGrad(job): adds each element, divided, to all of its window. `spans` holds the first row and the end of each row of
 * windows, then the same for columns; `divisors` a number for each window.
 */
function averageGradFunction(): FunctionBuilder {
  const [f, { at }] = parameters(['at']);
  const job = poolGradient.read(f, at);
  const divisor = f.local('i32');
  const [top, bottom] = [f.local('i32'), f.local('i32')];
  const columns = f.op('i32.add', job.spans, f.op('i32.shl', job.rows, f.i32(3)));
  const pitch = f.op('i32.shl', job.width, f.i32(2));
  everySlope(
    f,
    job,
    () => f.set(divisor, job.divisors),
    (i) => {
      const span = f.op('i32.add', job.spans, f.op('i32.shl', i, f.i32(3)));
      f.set(top, f.load('i32.load', span));
      f.set(bottom, f.load('i32.load', span, 4));
    },
    (grad, _index, out, j) => {
      const v = f.op('f32.div', f.load('f32.load', grad), f.load('f32.load', divisor));
      f.set(divisor, f.plus(divisor, 4));
      const span = f.op('i32.add', columns, f.op('i32.shl', j, f.i32(3)));
      const [left, right] = [f.load('i32.load', span), f.load('i32.load', span, 4)];
      const line = f.variable(f.op('i32.add', out, f.op('i32.mul', top, pitch)));
      f.for(top, bottom, 1, () => {
        const end = f.op('i32.add', line, f.op('i32.shl', right, f.i32(2)));
        f.for(f.op('i32.add', line, f.op('i32.shl', left, f.i32(2))), end, 4, (place) => {
          f.store('f32.store', place, f.op('f32.add', f.load('f32.load', place), v));
        });
        f.set(line, f.op('i32.add', line, pitch));
      });
    },
  );
  return f;
}

/** The functions of pooling by name; `copy` has that index in the module, before them. */
export function poolingFunctions(copy: number): Record<string, FunctionBuilder> {
  return {
    maxPool: maxFunction(copy),
    averagePool: averageFunction(copy),
    maxPoolGrad: maxGradFunction(),
    averagePoolGrad: averageGradFunction(),
  };
}
