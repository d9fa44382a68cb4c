import type { TypedArray } from '../dtype.ts';
import { type FunctionBuilder, parameters, type Value } from './module.ts';
import { type Exports, type Runtime, runtime } from './runtime.ts';

/** How rows are moved: as they are, or added to what lies there as float32 or float64. */
type Move = 'copy' | 'add32' | 'add64';

/**
 * move(src, srcStep, dst, dstStep, count, bytes, planes, srcPlane, dstPlane): `count` rows of `bytes` (a multiple of 4, or of 8 for
 * float64), `step` bytes apart, of each of so many planes, which are `plane` bytes apart. Source and destination do not overlap.
 */
function moveCode(move: Move): FunctionBuilder {
  const names = ['src', 'srcStep', 'dst', 'dstStep', 'count', 'bytes', 'planes', 'srcPlane', 'dstPlane'] as const;
  const [f, { src, srcStep, dst, dstStep, count, bytes, planes, srcPlane, dstPlane }] = parameters(names);
  const [plane, target] = [f.variable(src), f.variable(dst)];
  const [from, to] = [f.variable(src), f.variable(dst)];
  const step = (type: 'v128' | 'i32' | 'f32' | 'f64', add: string | null, at: Value): void => {
    const place = f.op('i32.add', to, at);
    const value = f.load(`${type}.load`, f.op('i32.add', from, at));
    f.store(`${type}.store`, place, add === null ? value : f.op(add, f.load(`${type}.load`, place), value));
  };
  const row = (): void => {
    if (move === 'copy') {
      f.if(
        f.op('i32.lt_s', bytes, f.i32(16)),
        () => f.for(f.i32(0), bytes, 4, (at) => step('i32', null, at)),
        () => {
          const last = f.plus(bytes, -16);
          f.for(f.i32(0), last, 16, (at) => step('v128', null, at));
          // The last vector may overlap the one before.
          step('v128', null, last);
        },
      );
      return;
    }
    const [vector, scalar, size] = move === 'add32' ? (['f32x4.add', 'f32', 4] as const) : (['f64x2.add', 'f64', 8] as const);
    const whole = f.op('i32.and', bytes, f.i32(-16));
    f.for(f.i32(0), whole, 16, (at) => step('v128', vector, at));
    f.for(whole, bytes, size, (at) => step(scalar, `${scalar}.add`, at));
  };
  f.for(f.i32(0), planes, 1, () => {
    f.set(from, plane);
    f.set(to, target);
    f.for(f.i32(0), count, 1, () => {
      row();
      f.set(from, f.op('i32.add', from, srcStep));
      f.set(to, f.op('i32.add', to, dstStep));
    });
    f.set(plane, f.op('i32.add', plane, srcPlane));
    f.set(target, f.op('i32.add', target, dstPlane));
  });
  return f;
}

const compiled = new WeakMap<Runtime, Exports>();

/** The function that moves rows from one array to the other, when both lie in WebAssembly memory. */
function moverOf(move: Move, src: TypedArray, dst: TypedArray): RowMover | null {
  const wasm = runtime();
  if (wasm === null || src.buffer !== wasm.arena.buffer || dst.buffer !== wasm.arena.buffer) return null;
  let code = compiled.get(wasm);
  if (code === undefined) {
    code = wasm.compile({ copy: moveCode('copy'), add32: moveCode('add32'), add64: moveCode('add64') });
    compiled.set(wasm, code);
  }
  const run = code[move]!;
  const size = src.BYTES_PER_ELEMENT;
  const [src0, dst0] = [src.byteOffset, dst.byteOffset];
  return (from, fromStep, to, toStep, rows, cols, planes, fromPlane, toPlane) => {
    // biome-ignore format: one call
    run(src0 + from * size, fromStep * size, dst0 + to * size, toStep * size, rows, cols * size, planes, fromPlane * size, toPlane * size);
  };
}

/**
 * Moves `rows` rows of `cols` elements of each of `planes` planes; the first begins at element `from` or `to`, the others follow in
 * steps, and so do the planes.
 */
export type RowMover = (
  from: number,
  fromStep: number,
  to: number,
  toStep: number,
  rows: number,
  cols: number,
  planes: number,
  fromPlane: number,
  toPlane: number,
) => void;

/** A mover in JavaScript, of single rows by `row`. */
function rowByRow(row: (from: number, to: number, cols: number) => void): RowMover {
  return (from, fromStep, to, toStep, rows, cols, planes, fromPlane, toPlane) => {
    for (let p = 0; p < planes; p++)
      for (let r = 0; r < rows; r++) row(from + p * fromPlane + r * fromStep, to + p * toPlane + r * toStep, cols);
  };
}

/** A mover that copies from one floating array to another of its type, with which it does not overlap. */
export function rowCopier(src: TypedArray, dst: TypedArray): RowMover {
  return (
    moverOf('copy', src, dst) ??
    rowByRow((from, to, cols) => {
      for (let j = 0; j < cols; j++) dst[to + j] = src[from + j]!;
    })
  );
}

/** A mover that adds to what lies there; otherwise as {@link rowCopier}. */
export function rowAdder(src: TypedArray, dst: TypedArray): RowMover {
  return (
    moverOf(src instanceof Float64Array ? 'add64' : 'add32', src, dst) ??
    rowByRow((from, to, cols) => {
      for (let j = 0; j < cols; j++) dst[to + j]! += src[from + j]!;
    })
  );
}
