import type { TypedArray } from '../dtype.ts';
import { type FunctionBuilder, parameters, type Value } from './module.ts';
import { type Exports, type Runtime, runtime } from './runtime.ts';

/** How rows are moved: as they are, or added to what lies there as float32 or float64. */
type Move = 'copy' | 'add32' | 'add64';

/**
 * move(src, srcStep, dst, dstStep, count, bytes): `count` rows of `bytes` (a multiple of 4, or of 8 for float64), `step`
 * bytes apart. Source and destination do not overlap.
 */
function moveCode(move: Move): FunctionBuilder {
  const [f, { src, srcStep, dst, dstStep, count, bytes }] = parameters(['src', 'srcStep', 'dst', 'dstStep', 'count', 'bytes']);
  const from = f.variable(src);
  const to = f.variable(dst);
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
  f.for(f.i32(0), count, 1, () => {
    row();
    f.set(from, f.op('i32.add', from, srcStep));
    f.set(to, f.op('i32.add', to, dstStep));
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
  return (from, fromStep, to, toStep, rows, cols) => {
    run(src.byteOffset + from * size, fromStep * size, dst.byteOffset + to * size, toStep * size, rows, cols * size);
  };
}

/** Moves `rows` rows of `cols` elements; the first begins at element `from` or `to`, the others follow in steps. */
type RowMover = (from: number, fromStep: number, to: number, toStep: number, rows: number, cols: number) => void;

/** A mover that copies from one floating array to another of its type, with which it does not overlap. */
export function rowCopier(src: TypedArray, dst: TypedArray): RowMover {
  return (
    moverOf('copy', src, dst) ??
    ((from, fromStep, to, toStep, rows, cols) => {
      for (let r = 0; r < rows; r++, from += fromStep, to += toStep) for (let j = 0; j < cols; j++) dst[to + j] = src[from + j]!;
    })
  );
}

/** A mover that adds to what lies there; otherwise as {@link rowCopier}. */
export function rowAdder(src: TypedArray, dst: TypedArray): RowMover {
  return (
    moverOf(src instanceof Float64Array ? 'add64' : 'add32', src, dst) ??
    ((from, fromStep, to, toStep, rows, cols) => {
      for (let r = 0; r < rows; r++, from += fromStep, to += toStep) for (let j = 0; j < cols; j++) dst[to + j]! += src[from + j]!;
    })
  );
}
