import type { View } from '../backend.ts';
import { Accumulator } from './accumulator.ts';
import { expInside, expLimit, log } from './math.ts';
import { type FunctionBuilder, parameters, type Value } from './module.ts';
import { partFrom, type Runtime } from './runtime.ts';
import { Staging } from './staging.ts';
import { split } from './threads.ts';
import type { Lanes } from './vector.ts';

/** Vectors of a row that are worked on together. */
const vectors = 4;

/**
 * softmax(src, dst, rows, n): rows of n float32 side by side. Each is shifted by its largest element, so that nothing
 * overflows; sums of a few vectors are added up in float64.
 */
function softmaxCode(logarithm: boolean): FunctionBuilder {
  const [f, { src, dst, rows, n }] = parameters(['src', 'dst', 'rows', 'n']);
  const bytes = f.op('i32.shl', n, f.i32(2));
  const from = f.variable(src);
  const to = f.variable(dst);
  const largest = Array.from({ length: vectors }, () => f.local('v128'));
  const sums = new Accumulator(f, 'sum');
  const lowest = f.f32x4(Number.NEGATIVE_INFINITY);
  /** Walks a row by groups of vectors, then by vectors, then its rest: `body` gets offsets in the row, and how many elements exist. */
  const walk = (body: (group: readonly Value[], left?: Value) => void): void => {
    const at = f.variable(f.i32(0));
    const left = f.variable(n);
    for (const turn of [vectors, 1]) {
      f.while(
        () => f.op('i32.ge_s', left, f.i32(turn * 4)),
        () => {
          body(Array.from({ length: turn }, (_, u) => f.plus(at, u * 16)));
          f.set(at, f.plus(at, turn * 16));
          f.set(left, f.plus(left, -turn * 4));
        },
      );
    }
    f.if(left, () => body([at], left));
  };
  const existing = (v: Lanes, neutral: Lanes, left: Value | undefined): Lanes => {
    if (left === undefined) return v;
    return f.op('v128.bitselect', v, neutral, f.op('i32x4.lt_s', f.laneNumbers(), f.op('i32x4.splat', left)));
  };
  const store = (at: Value, v: Lanes, left: Value | undefined): void => {
    const place = f.op('i32.add', to, at);
    if (left === undefined) f.store('v128.store', place, v);
    else for (let lane = 0; lane < 3; lane++) f.if(f.op('i32.gt_s', left, f.i32(lane)), () => f.storeLane(place, v, lane, lane * 4));
  };
  const load = (at: Value): Lanes => f.load('v128.load', f.op('i32.add', from, at));
  // pmax passes over a NaN that comes second: it comes out by way of the sum.
  const larger = (a: Value, b: Value): Value => f.op('f32x4.pmax', a, b);
  f.for(f.i32(0), rows, 1, () => {
    for (const m of largest) f.set(m, lowest);
    sums.reset();
    walk((group, left) => {
      group.forEach((at, u) => {
        f.set(largest[u]!, larger(largest[u]!, existing(load(at), lowest, left)));
      });
    });
    const four = largest.reduce(larger);
    const two = larger(four, f.shuffle32(four, four, [2, 3, 0, 1]));
    const max = larger(two, f.shuffle32(two, two, [1, 0, 3, 2]));
    walk((group, left) => {
      const powers = group.map((at) => {
        const e = powerOfLess(f, f.op('f32x4.sub', load(at), max));
        if (!logarithm) store(at, e, left);
        return existing(e, f.f32x4(0), left);
      });
      sums.take(powers.reduce((a, b) => f.op('f32x4.add', a, b)));
    });
    const sum = f.op('f32x4.splat', sums.total(f.f64(1)));
    if (logarithm) {
      const shift = log(f, sum);
      walk((group, left) => {
        for (const at of group) store(at, f.op('f32x4.sub', f.op('f32x4.sub', load(at), max), shift), left);
      });
    } else {
      const factor = f.op('f32x4.div', f.f32x4(1), sum);
      walk((group, left) => {
        for (const at of group) store(at, f.op('f32x4.mul', f.load('v128.load', f.op('i32.add', to, at)), factor), left);
      });
    }
    f.set(from, f.op('i32.add', from, bytes));
    f.set(to, f.op('i32.add', to, bytes));
  });
  return f;
}

/** e^x for x that is negative, zero or NaN; 0 where that would be less than e^-87, which no sum that has a 1 in it notices. */
function powerOfLess(f: FunctionBuilder, x: Value): Value {
  const limit = f.f32x4(-expLimit);
  // pmax keeps a NaN that comes first.
  const inside = expInside(f, f.op('f32x4.pmax', x, limit));
  return f.op('v128.andnot', inside, f.op('f32x4.lt', x, limit));
}

/** Elements that a thread should have to itself, at least. */
const leastOfSoftmax = 2 ** 14;

const functions = (): Record<string, FunctionBuilder> => ({ softmax: softmaxCode(false), logSoftmax: softmaxCode(true) });

/**
 * Softmax or its logarithm over the last dimension of a contiguous float32 view, into the contiguous `out`.
 *
 * @returns false when an operand outside of WebAssembly memory is too large to be copied
 */
export function wasmSoftmax(runtime: Runtime, x: View, logarithm: boolean, out: View): boolean {
  const exports = runtime.once(functions, () => runtime.compile(functions()));
  const n = x.shape[x.shape.length - 1]!;
  const rows = x.shape.reduce((a, b) => a * b, 1) / n;
  const staging = new Staging(runtime);
  const from = staging.input(x);
  const to = staging.output(out, true);
  if (from < 0 || to < 0) return false;
  const row = n * 4;
  runtime.run(
    exports,
    logarithm ? 'logSoftmax' : 'softmax',
    split(runtime.threads, rows, 1, Math.ceil(partFrom(leastOfSoftmax) / n)).map((p) => [
      from + p.from * row,
      to + p.from * row,
      p.to - p.from,
      n,
    ]),
  );
  staging.finish();
  return true;
}
