import { packFunction } from './gemm-pack.ts';
import { type FunctionBuilder, parameters, type Value } from './module.ts';
import { multiplyAdd, unrolled } from './unroll.ts';

/** Rows of C that one pass of the inner loop keeps in registers. */
const tileRows = 4;
/** Columns of C that one pass keeps in registers, in two vectors. */
const tileColumns = 8;
/** Depth of a panel: one of `tileColumns` stays in the first-level cache. */
const panelDepth = 256;
/** Columns of B that are packed at a time; a panel of them is read once for every block of rows. */
const panelWidth = 1024;
/** Rows of A that are packed at a time: they stay in the second-level cache. */
const blockRows = 128;
/** Steps in depth between two moves of the inner loop's pointers. */
const turns = 4;
const packedColumns = panelDepth * panelWidth * 4;
const packedRows = panelDepth * blockRows * 4;
/** Bytes of the room in which a product packs its operands. */
export const packBytes: number = packedColumns + packedRows + tileColumns * 4;
/** Bytes between rows up to which they are read where they lie: farther ones would push each other out of the caches. */
const nearRows = 2048;
/** Whether a product takes the place of what lies in C, or is added to it. */
export const into = { fresh: 0, sum: 1 } as const;

/**
 * A column of tiles: C [rows, cols] (at most 8 columns) = A [rows, kc] B [kc, cols], into what lies there, plus a row of biases unless
 * their address is 0. B is packed; A is `packed`, or has rows `ars` bytes apart.
 * Products are added in order of k; what lay in C comes behind them, so that the first product does not wait for it.
 */
function tilesFunction(packed: boolean): FunctionBuilder {
  const [f, p] = parameters(['a', 'ars', 'b', 'kc', 'c', 'ldc', 'rows', 'cols', 'how', 'bias', 'edge']);
  const acc = Array.from({ length: tileRows }, () => [f.local('v128'), f.local('v128')] as const);
  const bias = [f.local('v128'), f.local('v128')] as const;
  f.if(p.bias, () => {
    bias.forEach((v, j) => {
      f.set(v, f.load('v128.load', p.bias, j * 16));
    });
  });
  const strip = f.op('i32.mul', packed ? p.kc : p.ars, f.i32(packed ? tileRows * 4 : tileRows));
  const [a, to] = [f.variable(p.a), f.variable(p.c)];
  f.for(f.i32(0), p.rows, tileRows, (i) => {
    for (const v of acc.flat()) f.set(v, f.f32x4(0));
    const columns = packed ? [f.variable(a)] : rowsFrom(f, a, p.ars, sub(f, p.rows, i));
    const [panel, left] = [f.variable(p.b), f.variable(p.kc)];
    const element = (turn: number, r: number): Value =>
      packed ? f.load('v128.load32_splat', columns[0]!, (turn * tileRows + r) * 4) : f.load('v128.load32_splat', columns[r]!, turn * 4);
    unrolled(
      f,
      left,
      turns,
      (turn) => {
        const line = [0, 1].map((j) => f.load('v128.load', panel, (turn * 2 + j) * 16));
        multiplyAdd(f, acc, (r) => element(turn, r), line);
      },
      () => {
        for (const c of columns) f.set(c, f.plus(c, turns * (packed ? tileRows : 1) * 4));
        f.set(panel, f.plus(panel, turns * tileColumns * 4));
      },
    );
    f.if(
      f.op('i32.ge_s', p.cols, f.i32(tileColumns)),
      () => storeRows(f, acc, to, { ...p, rows: sub(f, p.rows, i), bias }, storeRow),
      () => storeRows(f, acc, to, { ...p, rows: sub(f, p.rows, i), bias }, storePart),
    );
    f.set(a, add(f, a, strip));
  });
  return f;
}

/** Where each row of a tile begins; the first stands in for rows that do not exist. */
function rowsFrom(f: FunctionBuilder, a: Value, ars: Value, rows: Value): Value[] {
  return Array.from({ length: tileRows }, (_, r) =>
    f.variable(r === 0 ? a : f.select(f.op('i32.gt_s', rows, f.i32(r)), add(f, a, times(f, f.i32(r), ars)), a)),
  );
}

/** What storing a tile needs to know. */
interface Target {
  readonly how: Value;
  readonly bias: readonly Value[];
  readonly rows: Value;
  readonly cols: Value;
  readonly ldc: Value;
  readonly edge: Value;
}

/** Stores the rows of a tile that exist, and moves `to` behind them. */
function storeRows(
  f: FunctionBuilder,
  acc: readonly (readonly Value[])[],
  to: Value,
  target: Target,
  store: (f: FunctionBuilder, row: readonly Value[], to: Value, target: Target) => void,
): void {
  acc.forEach((row, r) => {
    f.if(f.op('i32.gt_s', target.rows, f.i32(r)), () => {
      store(f, row, to, target);
      f.set(to, add(f, to, target.ldc));
    });
  });
}

function storeRow(f: FunctionBuilder, row: readonly Value[], to: Value, { how, bias }: Target): void {
  f.if(how, () => {
    row.forEach((v, j) => {
      f.set(v, f.op('f32x4.add', v, f.load('v128.load', to, j * 16)));
    });
  });
  row.forEach((v, j) => {
    f.store('v128.store', to, f.op('f32x4.add', v, bias[j]!), j * 16);
  });
}

/** The first columns of a row, by way of `edge`. */
function storePart(f: FunctionBuilder, row: readonly Value[], to: Value, { how, bias, cols, edge }: Target): void {
  f.if(how, () => {
    f.for(f.i32(0), cols, 1, (j) => {
      const shift = f.op('i32.shl', j, f.i32(2));
      f.store('f32.store', add(f, edge, shift), f.load('f32.load', add(f, to, shift)));
    });
    row.forEach((v, j) => {
      f.set(v, f.op('f32x4.add', v, f.load('v128.load', edge, j * 16)));
    });
  });
  row.forEach((v, j) => {
    f.store('v128.store', edge, f.op('f32x4.add', v, bias[j]!), j * 16);
  });
  f.for(f.i32(0), cols, 1, (j) => {
    const shift = f.op('i32.shl', j, f.i32(2));
    f.store('f32.store', add(f, to, shift), f.load('f32.load', add(f, edge, shift)));
  });
}

/** Numbers of the module's functions, which call one another. */
export const gemmNumbers = {
  packRows: 0,
  packColumns: 1,
  tiles: 2,
  panel: 3,
  gemm: 4,
  packAll: 5,
  gemmPacked: 6,
  gemmBatch: 7,
  tilesOfRows: 8,
} as const;

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
  const depth = f.op('i32.shl', p.kc, f.i32(2));
  const direct = f.op('i32.and', f.op('i32.eq', p.acs, f.i32(4)), f.op('i32.le_s', p.ars, f.i32(nearRows)));
  f.for(f.i32(0), p.m, blockRows, (i0) => {
    const rows = least(f, f.i32(blockRows), sub(f, p.m, i0));
    const from = add(f, p.a, times(f, i0, p.ars));
    const columns = (tiles: number, a: Value): void => {
      f.for(f.i32(0), p.nc, tileColumns, (j) => {
        const panel = add(f, p.packed, times(f, j, depth));
        const column = f.op('i32.shl', j, f.i32(2));
        const to = add(f, p.c, add(f, times(f, i0, p.ldc), column));
        const bias = f.select(p.bias, add(f, p.bias, column), f.i32(0));
        f.call(tiles, null, a, p.ars, panel, p.kc, to, p.ldc, rows, sub(f, p.nc, j), p.how, bias, edge);
      });
    };
    f.if(
      direct,
      () => columns(gemmNumbers.tilesOfRows, from),
      () => {
        f.call(gemmNumbers.packRows, null, from, p.ars, p.acs, p.kc, rows, packA);
        columns(gemmNumbers.tiles, packA);
      },
    );
  });
  return f;
}

const gemmParameters = ['m', 'n', 'k', 'a', 'ars', 'acs', 'b', 'brs', 'bcs', 'c', 'ldc', 'pack', 'bias'] as const;

/**
 * gemm(m, n, k, a, ars, acs, b, brs, bcs, c, ldc, pack, bias): C [m, n] = A B, plus a row of biases unless their address is 0. Addresses and strides are in
 * bytes; the columns of C lie side by side. `pack` has room for packed columns, packed rows and a tile at the edge.
 */
function gemmFunction(): FunctionBuilder {
  const [f, p] = parameters(gemmParameters);
  f.for(f.i32(0), p.n, panelWidth, (j0) => {
    const nc = least(f, f.i32(panelWidth), sub(f, p.n, j0));
    const column = f.op('i32.shl', j0, f.i32(2));
    f.for(f.i32(0), p.k, panelDepth, (k0) => {
      const kc = least(f, f.i32(panelDepth), sub(f, p.k, k0));
      const how = f.select(k0, f.i32(into.sum), f.i32(into.fresh));
      f.call(gemmNumbers.packColumns, null, add(f, p.b, add(f, times(f, k0, p.brs), times(f, j0, p.bcs))), p.bcs, p.brs, kc, nc, p.pack);
      const a = add(f, p.a, times(f, k0, p.acs));
      const to = add(f, p.c, column);
      const last = f.op('i32.ge_s', add(f, k0, kc), p.k);
      const bias = f.select(f.op('i32.and', last, f.op('i32.ne', p.bias, f.i32(0))), add(f, p.bias, column), f.i32(0));
      f.call(gemmNumbers.panel, null, p.m, nc, kc, a, p.ars, p.acs, p.pack, to, p.ldc, p.pack, how, bias);
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

/** gemmPacked(m, n, k, a, ars, acs, packed, c, ldc, pack, how): a product into C, with a B that packAll has laid out. */
function gemmPackedFunction(): FunctionBuilder {
  const [f, p] = parameters(['m', 'n', 'k', 'a', 'ars', 'acs', 'packed', 'c', 'ldc', 'pack', 'how']);
  const columns = f.op('i32.and', f.plus(p.n, tileColumns - 1), f.i32(-tileColumns));
  f.for(f.i32(0), p.k, panelDepth, (k0) => {
    const kc = least(f, f.i32(panelDepth), sub(f, p.k, k0));
    const how = f.select(k0, f.i32(into.sum), p.how);
    const packed = add(f, p.packed, f.op('i32.shl', times(f, k0, columns), f.i32(2)));
    const a = add(f, p.a, times(f, k0, p.acs));
    f.call(gemmNumbers.panel, null, p.m, p.n, kc, a, p.ars, p.acs, packed, p.c, p.ldc, p.pack, how, f.i32(0));
  });
  return f;
}

/**
 * gemmBatch(outerCount, outerA, outerB, outerC, innerCount, innerA, innerB, innerC, ...): {@link gemmFunction} with the arguments
 * behind, for a run of runs of products, with a, b and c moved on.
 */
function batchFunction(): FunctionBuilder {
  const runs = ['outerCount', 'outerA', 'outerB', 'outerC', 'innerCount', 'innerA', 'innerB', 'innerC'] as const;
  const [f, p] = parameters([...runs, ...gemmParameters]);
  type Operands = Record<'a' | 'b' | 'c', Value>;
  /** `body` with operands that move on from `from`. */
  const run = (count: Value, steps: Operands, from: Operands, body: (at: Operands) => void): void => {
    const at = { a: f.variable(from.a), b: f.variable(from.b), c: f.variable(from.c) };
    f.for(f.i32(0), count, 1, () => {
      body(at);
      for (const o of ['a', 'b', 'c'] as const) f.set(at[o], add(f, at[o], steps[o]));
    });
  };
  run(p.outerCount, { a: p.outerA, b: p.outerB, c: p.outerC }, p, (outer) => {
    run(p.innerCount, { a: p.innerA, b: p.innerB, c: p.innerC }, outer, (at) => {
      const moved = { ...p, ...at };
      f.call(gemmNumbers.gemm, null, ...gemmParameters.map((name) => moved[name]));
    });
  });
  return f;
}

/** The module's functions by name, in the order of {@link gemmNumbers}. Modules that use them put their own behind. */
export function gemmFunctions(): Record<keyof typeof gemmNumbers, FunctionBuilder> {
  return {
    packRows: packFunction(tileRows),
    packColumns: packFunction(tileColumns),
    tiles: tilesFunction(true),
    panel: panelFunction(),
    gemm: gemmFunction(),
    packAll: packAllFunction(),
    gemmPacked: gemmPackedFunction(),
    gemmBatch: batchFunction(),
    tilesOfRows: tilesFunction(false),
  };
}
