import { type FunctionBuilder, parameters, type Value } from './module.ts';

/** Lines that are packed together where they lie side by side: the whole of a cache line is used at once. */
const together = 16;

/**
 * pack(src, lineStride, depthStride, depth, lines, dst): lines of a matrix (rows of A, columns of B) as panels of `width`
 * lines, each [depth][width]. The last panel holds whatever is near in place of lines that do not exist.
 */
export function packFunction(width: 4 | 8): FunctionBuilder {
  const [f, p] = parameters(['src', 'lineStride', 'depthStride', 'depth', 'lines', 'dst']);
  const halves = Array.from({ length: width / 4 }, (_, h) => h * 4);
  const sideBySide = f.op('i32.eq', p.lineStride, f.i32(4));
  const [from, to, left] = [f.variable(p.src), f.variable(p.dst), f.variable(p.lines)];
  const panel = f.op('i32.mul', p.depth, f.i32(width * 4));
  f.if(sideBySide, () => {
    const panels = together / width;
    f.while(
      () => f.op('i32.ge_s', left, f.i32(together)),
      () => {
        const [row, places] = [f.variable(from), placesOf(f, to, panels, panel)];
        f.for(f.i32(0), p.depth, 1, () => {
          const vectors = Array.from({ length: together / 4 }, (_, v) => f.load('v128.load', row, v * 16));
          vectors.forEach((v, i) => {
            f.store('v128.store', places[Math.floor((i * 4) / width)]!, v, (i * 16) % (width * 4));
          });
          f.set(row, f.op('i32.add', row, p.depthStride));
          for (const place of places) f.set(place, f.plus(place, width * 4));
        });
        f.set(from, f.plus(from, together * 4));
        f.set(to, f.op('i32.add', to, f.op('i32.mul', panel, f.i32(panels))));
        f.set(left, f.plus(left, -together));
      },
    );
  });
  f.while(
    () => f.op('i32.gt_s', left, f.i32(0)),
    () => {
      f.if(
        sideBySide,
        () => {
          const row = f.variable(from);
          f.for(f.i32(0), p.depth, 1, () => {
            for (const h of halves) f.store('v128.store', to, f.load('v128.load', row, h * 4), h * 4);
            f.set(row, f.op('i32.add', row, p.depthStride));
            f.set(to, f.plus(to, width * 4));
          });
        },
        () => gather(f, width, from, left, to, p),
      );
      f.set(from, f.op('i32.add', from, f.op('i32.shl', p.lineStride, f.i32(Math.log2(width)))));
      f.set(left, f.plus(left, -width));
    },
  );
  return f;
}

/** Where each of `count` panels begins. */
function placesOf(f: FunctionBuilder, first: Value, count: number, panel: Value): Value[] {
  const places = [f.variable(first)];
  while (places.length < count) places.push(f.variable(f.op('i32.add', places.at(-1)!, panel)));
  return places;
}

/** One panel of lines that lie anywhere; `to` moves behind it. */
function gather(
  f: FunctionBuilder,
  width: 4 | 8,
  from: Value,
  lines: Value,
  to: Value,
  { lineStride, depthStride, depth }: { readonly lineStride: Value; readonly depthStride: Value; readonly depth: Value },
): void {
  const four = f.i32(4);
  // The last line that exists stands in for those that do not.
  const last = f.plus(lines, -1);
  const pointers = Array.from({ length: width }, (_, i) => {
    const line = f.select(f.op('i32.lt_s', last, f.i32(i)), last, f.i32(i));
    return f.variable(f.op('i32.add', from, f.op('i32.mul', line, lineStride)));
  });
  const left = f.variable(depth);
  f.if(f.op('i32.eq', depthStride, four), () => {
    f.while(
      () => f.op('i32.ge_s', left, four),
      () => {
        for (let h = 0; h < width; h += 4) {
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
