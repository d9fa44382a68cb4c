import type { TypedArray } from '../dtype.ts';
import { FunctionBuilder, type Value } from './module.ts';
import { type Exports, type Runtime, runtime } from './runtime.ts';

/**
 * rows(src, srcStep, dst, dstStep, count, bytes): copies `count` rows of `bytes` (a multiple of 4), `step` bytes apart.
 * Source and destination do not overlap.
 */
function rowsCode(): FunctionBuilder {
  const f = new FunctionBuilder(Array.from({ length: 6 }, () => 'i32' as const));
  const [src, srcStep, dst, dstStep, count, bytes] = [0, 1, 2, 3, 4, 5].map((i) => f.param(i)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const last = f.plus(bytes, -16);
  const words = f.op('i32.lt_s', bytes, f.i32(16));
  const from = f.variable(src);
  const to = f.variable(dst);
  const move = (kind: 'v128' | 'i32', at: Value): void =>
    f.store(`${kind}.store`, f.op('i32.add', to, at), f.load(`${kind}.load`, f.op('i32.add', from, at)));
  f.for(f.i32(0), count, 1, () => {
    f.if(
      words,
      () => f.for(f.i32(0), bytes, 4, (at) => move('i32', at)),
      () => {
        f.for(f.i32(0), last, 16, (at) => move('v128', at));
        // The last vector may overlap the one before.
        move('v128', last);
      },
    );
    f.set(from, f.op('i32.add', from, srcStep));
    f.set(to, f.op('i32.add', to, dstStep));
  });
  return f;
}

const compiled = new WeakMap<Runtime, Exports>();

/** Copies `rows` rows of `cols` elements; the first begins at element `from` or `to`, the others follow in steps. */
export type RowCopier = (from: number, fromStep: number, to: number, toStep: number, rows: number, cols: number) => void;

/** A copier from one array to another: in WebAssembly when both lie in its memory. They must not overlap. */
export function rowCopier(src: TypedArray, dst: TypedArray): RowCopier {
  const wasm = runtime();
  const size = src.BYTES_PER_ELEMENT;
  if (wasm === null || src.buffer !== wasm.arena.buffer || dst.buffer !== wasm.arena.buffer || size < 4) {
    return (from, fromStep, to, toStep, rows, cols) => {
      for (let r = 0; r < rows; r++, from += fromStep, to += toStep) for (let j = 0; j < cols; j++) dst[to + j] = src[from + j]!;
    };
  }
  let code = compiled.get(wasm);
  if (code === undefined) {
    code = wasm.compile({ rows: rowsCode() });
    compiled.set(wasm, code);
  }
  const copy = code['rows']!;
  return (from, fromStep, to, toStep, rows, cols) => {
    copy(src.byteOffset + from * size, fromStep * size, dst.byteOffset + to * size, toStep * size, rows, cols * size);
  };
}
