import { type FunctionBuilder, parameters, type Value } from './module.ts';

/** Rows of C that one pass of the inner loop keeps in registers. */
const tileRows = 4;
/** Columns of C that one pass keeps in registers, in two vectors. */
const tileColumns = 8;
/** Depth of a panel: one of `tileColumns` stays in the first-level cache. */
const panelDepth = 256;
/** Columns of B that are packed at a time: they stay in the second-level cache. */
const panelWidth = 256;
/** Rows of A that are walked before the next panel of B. */
const blockRows = 128;
const packedColumns = panelDepth * panelWidth * 4;
const packedRows = panelDepth * blockRows * 4;
/** How a tile of C begins: as zeros, as what lies there, or as a row of biases. */
export const begin = { zero: 0, c: 1, bias: 2 } as const;

/**
 * One tile: C[rows, cols] (at most 4 x 8) = begin + A[rows, kc] B[kc, cols]. `a` has the 4 elements of a column side by
 * side and its columns `step` bytes apart, `b` is packed. Products are added in order of k.
 */
function tileFunction(): FunctionBuilder {
  const [f, { a, step, b, kc, c, ldc, rows, cols, how, bias, edge }] = parameters([
    'a',
    'step',
    'b',
    'kc',
    'c',
    'ldc',
    'rows',
    'cols',
    'how',
    'bias',
    'edge',
  ]);
  const acc = Array.from({ length: tileRows }, () => [f.local('v128'), f.local('v128')] as const);
  const rowOf = (base: Value, i: number): Value => (i === 0 ? base : f.op('i32.add', base, f.op('i32.mul', f.i32(i), ldc)));
  f.if(
    f.op('i32.eq', how, f.i32(begin.c)),
    () => {
      // What lies behind the edge of C is read, and never stored.
      acc.forEach(([lo, hi], i) => {
        f.if(f.op('i32.gt_s', rows, f.i32(i)), () => {
          const at = rowOf(c, i);
          f.set(lo, f.load('v128.load', at));
          f.set(hi, f.load('v128.load', at, 16));
        });
      });
    },
    () => {
      const lo0 = f.variable(f.f32x4(0));
      const hi0 = f.variable(f.f32x4(0));
      f.if(f.op('i32.eq', how, f.i32(begin.bias)), () => {
        f.set(lo0, f.load('v128.load', bias));
        f.set(hi0, f.load('v128.load', bias, 16));
      });
      for (const [lo, hi] of acc) {
        f.set(lo, lo0);
        f.set(hi, hi0);
      }
    },
  );

  const column = f.variable(a);
  const panel = f.variable(b);
  const left = f.variable(kc);
  f.while(
    () => left,
    () => {
      const lo = f.load('v128.load', panel);
      const hi = f.load('v128.load', panel, 16);
      acc.forEach(([low, high], i) => {
        const x = f.load('v128.load32_splat', column, i * 4);
        f.set(low, f.op('f32x4.add', low, f.op('f32x4.mul', x, lo)));
        f.set(high, f.op('f32x4.add', high, f.op('f32x4.mul', x, hi)));
      });
      f.set(column, f.op('i32.add', column, step));
      f.set(panel, f.plus(panel, tileColumns * 4));
      f.set(left, f.plus(left, -1));
    },
  );

  acc.forEach(([lo, hi], i) => {
    f.if(f.op('i32.gt_s', rows, f.i32(i)), () => {
      const at = rowOf(c, i);
      f.if(
        f.op('i32.ge_s', cols, f.i32(tileColumns)),
        () => {
          f.store('v128.store', at, lo);
          f.store('v128.store', at, hi, 16);
        },
        () => {
          f.store('v128.store', edge, lo);
          f.store('v128.store', edge, hi, 16);
          f.for(f.i32(0), cols, 1, (j) => {
            const shift = f.op('i32.shl', j, f.i32(2));
            f.store('f32.store', f.op('i32.add', at, shift), f.load('f32.load', f.op('i32.add', edge, shift)));
          });
        },
      );
    });
  });
  return f;
}

/**
 * pack(src, lineStride, depthStride, depth, lines, dst): lines of a matrix (rows of A, columns of B) as panels of `width`
 * lines, each [depth][width]. The last panel holds whatever is near in place of lines that do not exist.
 */
function packFunction(width: 4 | 8): FunctionBuilder {
  const [f, { src, lineStride, depthStride, depth, lines, dst }] = parameters([
    'src',
    'lineStride',
    'depthStride',
    'depth',
    'lines',
    'dst',
  ]);
  const four = f.i32(4);
  const halves = Array.from({ length: width / 4 }, (_, h) => h * 4);
  const to = f.variable(dst);
  f.for(f.i32(0), lines, width, (j) => {
    const from = f.variable(f.op('i32.add', src, f.op('i32.mul', j, lineStride)));
    f.if(
      f.op('i32.eq', lineStride, four),
      () => {
        f.for(f.i32(0), depth, 1, () => {
          for (const h of halves) f.store('v128.store', to, f.load('v128.load', from, h * 4), h * 4);
          f.set(from, f.op('i32.add', from, depthStride));
          f.set(to, f.plus(to, width * 4));
        });
      },
      () => {
        // The last line that exists stands in for those that do not.
        const last = f.op('i32.sub', f.op('i32.sub', lines, j), f.i32(1));
        const pointers = Array.from({ length: width }, (_, i) => {
          const line = f.select(f.op('i32.lt_s', last, f.i32(i)), last, f.i32(i));
          return f.variable(f.op('i32.add', from, f.op('i32.mul', line, lineStride)));
        });
        const left = f.variable(depth);
        f.if(f.op('i32.eq', depthStride, four), () => {
          f.while(
            () => f.op('i32.ge_s', left, four),
            () => {
              for (const h of halves) {
                const rows = pointers.slice(h, h + 4).map((p) => f.load('v128.load', p));
                transpose(f, rows).forEach((v, k) => {
                  f.store('v128.store', to, v, k * width * 4 + h * 4);
                });
              }
              for (const p of pointers) f.set(p, f.plus(p, 16));
              f.set(to, f.plus(to, width * 16));
              f.set(left, f.plus(left, -4));
            },
          );
        });
        f.while(
          () => left,
          () => {
            pointers.forEach((p, i) => {
              f.store('f32.store', to, f.load('f32.load', p), i * 4);
              f.set(p, f.op('i32.add', p, depthStride));
            });
            f.set(to, f.plus(to, width * 4));
            f.set(left, f.plus(left, -1));
          },
        );
      },
    );
  });
  return f;
}

/** The transpose of a 4 x 4 matrix of float32 in four vectors. */
function transpose(f: FunctionBuilder, rows: readonly Value[]): Value[] {
  const [r0, r1, r2, r3] = rows as [Value, Value, Value, Value];
  const a = f.shuffle32(r0, r1, [0, 4, 1, 5]);
  const b = f.shuffle32(r2, r3, [0, 4, 1, 5]);
  const c = f.shuffle32(r0, r1, [2, 6, 3, 7]);
  const d = f.shuffle32(r2, r3, [2, 6, 3, 7]);
  const low = [0, 1, 4, 5];
  const high = [2, 3, 6, 7];
  return [f.shuffle32(a, b, low), f.shuffle32(a, b, high), f.shuffle32(c, d, low), f.shuffle32(c, d, high)];
}

/** Numbers of the module's functions, which call one another. */
export const gemmNumbers = { packRows: 0, packColumns: 1, tile: 2, panel: 3, gemm: 4, packAll: 5, gemmPacked: 6, gemmBatch: 7 } as const;

const least = (f: FunctionBuilder, x: Value, y: Value): Value => f.select(f.op('i32.lt_s', x, y), x, y);
const add = (f: FunctionBuilder, x: Value, y: Value): Value => f.op('i32.add', x, y);
const sub = (f: FunctionBuilder, x: Value, y: Value): Value => f.op('i32.sub', x, y);
const times = (f: FunctionBuilder, x: Value, y: Value): Value => f.op('i32.mul', x, y);

/**
 * panel(m, nc, kc, a, ars, acs, packed, c, ldc, pack, how, bias): C [m, nc] = begin + A [m, kc] B, where B [kc, nc] is packed and kc
 * at most {@link panelDepth}.
 */
function panelFunction(): FunctionBuilder {
  const [f, p] = parameters(['m', 'nc', 'kc', 'a', 'ars', 'acs', 'packed', 'c', 'ldc', 'pack', 'how', 'bias']);
  const packA = f.plus(p.pack, packedColumns);
  const edge = f.plus(packA, packedRows);
  // Rows that lie side by side in memory are read where they are.
  const direct = f.op('i32.eq', p.ars, f.i32(4));
  const step = f.select(direct, p.acs, f.i32(tileRows * 4));
  const depth = f.op('i32.shl', p.kc, f.i32(2));
  // From one strip of rows to the next.
  const strip = f.select(direct, f.i32(4), depth);
  f.for(f.i32(0), p.m, blockRows, (i0) => {
    const rows = least(f, f.i32(blockRows), sub(f, p.m, i0));
    const from = f.variable(add(f, p.a, times(f, i0, p.ars)));
    f.if(f.op('i32.eqz', direct), () => {
      f.call(gemmNumbers.packRows, null, from, p.ars, p.acs, p.kc, rows, packA);
      f.set(from, packA);
    });
    f.for(f.i32(0), p.nc, tileColumns, (j) => {
      const columns = add(f, p.packed, times(f, j, depth));
      const cols = sub(f, p.nc, j);
      const column = f.op('i32.shl', j, f.i32(2));
      const bias = add(f, p.bias, column);
      const corner = add(f, p.c, add(f, times(f, i0, p.ldc), column));
      f.for(f.i32(0), rows, tileRows, (i) => {
        const strips = add(f, from, times(f, i, strip));
        const to = add(f, corner, times(f, i, p.ldc));
        f.call(gemmNumbers.tile, null, strips, step, columns, p.kc, to, p.ldc, sub(f, rows, i), cols, p.how, bias, edge);
      });
    });
  });
  return f;
}

const gemmParameters = ['m', 'n', 'k', 'a', 'ars', 'acs', 'b', 'brs', 'bcs', 'c', 'ldc', 'pack', 'how', 'bias'] as const;

/**
 * gemm(m, n, k, a, ars, acs, b, brs, bcs, c, ldc, pack, how, bias): C [m, n] = begin + A B. Addresses and strides are in
 * bytes; the columns of C lie side by side. `pack` has room for packed columns, packed rows and a tile at the edge.
 */
function gemmFunction(): FunctionBuilder {
  const [f, p] = parameters(gemmParameters);
  f.for(f.i32(0), p.n, panelWidth, (j0) => {
    const nc = least(f, f.i32(panelWidth), sub(f, p.n, j0));
    const column = f.op('i32.shl', j0, f.i32(2));
    f.for(f.i32(0), p.k, panelDepth, (k0) => {
      const kc = least(f, f.i32(panelDepth), sub(f, p.k, k0));
      const how = f.select(k0, f.i32(begin.c), p.how);
      f.call(gemmNumbers.packColumns, null, add(f, p.b, add(f, times(f, k0, p.brs), times(f, j0, p.bcs))), p.bcs, p.brs, kc, nc, p.pack);
      const a = add(f, p.a, times(f, k0, p.acs));
      const to = add(f, p.c, column);
      f.call(gemmNumbers.panel, null, p.m, nc, kc, a, p.ars, p.acs, p.pack, to, p.ldc, p.pack, how, add(f, p.bias, column));
    });
  });
  return f;
}

/** Bytes of a matrix [k, n] as `packAll` lays it out. */
export function packedBytes(k: number, n: number): number {
  return k * Math.ceil(n / tileColumns) * tileColumns * 4;
}

/** packAll(b, brs, bcs, k, n, dst): the whole of B [k, n] as panels, for gemmPacked; {@link packedBytes} of them. */
function packAllFunction(): FunctionBuilder {
  const [f, p] = parameters(['b', 'brs', 'bcs', 'k', 'n', 'dst']);
  const columns = f.op('i32.and', f.plus(p.n, tileColumns - 1), f.i32(-tileColumns));
  f.for(f.i32(0), p.k, panelDepth, (k0) => {
    const kc = least(f, f.i32(panelDepth), sub(f, p.k, k0));
    const to = add(f, p.dst, f.op('i32.shl', times(f, k0, columns), f.i32(2)));
    f.call(gemmNumbers.packColumns, null, add(f, p.b, times(f, k0, p.brs)), p.bcs, p.brs, kc, p.n, to);
  });
  return f;
}

/** gemmPacked(m, n, k, a, ars, acs, packed, c, ldc, pack, how, bias): gemm with a B that packAll has laid out. */
function gemmPackedFunction(): FunctionBuilder {
  const [f, p] = parameters(['m', 'n', 'k', 'a', 'ars', 'acs', 'packed', 'c', 'ldc', 'pack', 'how', 'bias']);
  const columns = f.op('i32.and', f.plus(p.n, tileColumns - 1), f.i32(-tileColumns));
  f.for(f.i32(0), p.k, panelDepth, (k0) => {
    const kc = least(f, f.i32(panelDepth), sub(f, p.k, k0));
    const how = f.select(k0, f.i32(begin.c), p.how);
    const packed = add(f, p.packed, f.op('i32.shl', times(f, k0, columns), f.i32(2)));
    const a = add(f, p.a, times(f, k0, p.acs));
    f.call(gemmNumbers.panel, null, p.m, p.n, kc, a, p.ars, p.acs, packed, p.c, p.ldc, p.pack, how, p.bias);
  });
  return f;
}

/**
 * gemmBatch(count, aStep, bStep, cStep, ...): {@link gemmFunction} with the arguments behind, `count` times, with a, b and c moved on.
 */
function batchFunction(): FunctionBuilder {
  const [f, p] = parameters(['count', 'aStep', 'bStep', 'cStep', ...gemmParameters]);
  const [a, b, c] = [f.variable(p.a), f.variable(p.b), f.variable(p.c)];
  f.for(f.i32(0), p.count, 1, () => {
    const moved = { ...p, a, b, c };
    f.call(gemmNumbers.gemm, null, ...gemmParameters.map((name) => moved[name]));
    f.set(a, add(f, a, p.aStep));
    f.set(b, add(f, b, p.bStep));
    f.set(c, add(f, c, p.cStep));
  });
  return f;
}

/** The module's functions by name, in the order of {@link gemmNumbers}. Modules that use them put their own behind. */
export function gemmFunctions(): Record<keyof typeof gemmNumbers, FunctionBuilder> {
  return {
    packRows: packFunction(tileRows),
    packColumns: packFunction(tileColumns),
    tile: tileFunction(),
    panel: panelFunction(),
    gemm: gemmFunction(),
    packAll: packAllFunction(),
    gemmPacked: gemmPackedFunction(),
    gemmBatch: batchFunction(),
  };
}
