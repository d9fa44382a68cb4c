import type { MapRequest, ReduceKind, ReduceRequest, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { castValue, exactInteger, isFloating } from '../dtype.ts';
import { BoundedCache } from '../expr/cache.ts';
import { type Formula, readFormula } from '../expr/formula.ts';
import { arityOf, type Expr } from '../expr/node.ts';
import { printJs } from '../expr/print.ts';
import { sizeOf } from '../layout.ts';
import { loadAs, storeAs } from './texts.ts';

// Kernels where code may not be generated: expressions are evaluated over tiles of elements, one function of the
// expression after the other, so that choosing what to do costs little per element.

/** Elements that are evaluated at a time: all the rows of values stay in the first-level cache. */
const tileSize = 256;

/** An expression ready for tiles: rows of values, of which the first are inputs and then parameters. */
interface Program {
  readonly rows: Float64Array[];
  readonly inputs: number;
  readonly params: number;
  /** For each further row how it follows from those before. */
  readonly steps: readonly Formula[];
  /** The rows that hold the results. */
  readonly results: readonly number[];
}

const programs: BoundedCache<Program> = new BoundedCache(1024);

function programOf(exprs: readonly Expr[], compute: DType): Program {
  const key = `${compute}|${exprs.map((e) => e.id).join()}`;
  let program = programs.get(key);
  if (program === undefined) {
    program = read(exprs, compute);
    programs.set(key, program);
  }
  return program;
}

function read(exprs: readonly Expr[], compute: DType): Program {
  const printed = printJs(exprs, compute);
  const { inputs, params } = arityOf(exprs);
  const variables = new Map<string, number>();
  for (let i = 0; i < inputs; i++) variables.set(`x${i}`, variables.size);
  for (let i = 0; i < params; i++) variables.set(`p${i}`, variables.size);
  const steps: Formula[] = [];
  const add = (name: string, text: string): void => {
    steps.push(readFormula(text, { variables, functions: printed.helpers }));
    variables.set(name, variables.size);
  };
  for (const line of printed.lines) {
    const [, name, text] = /^const (\w+)=(.*);$/s.exec(line)!;
    add(name!, text!);
  }
  // A result may be an input or a number.
  const results = printed.results.map((text) => {
    if (!variables.has(text)) add(text, text);
    return variables.get(text)!;
  });
  return { rows: Array.from({ length: variables.size }, () => new Float64Array(tileSize)), inputs, params, steps, results };
}

/** Evaluates a tile of `count` elements whose inputs are loaded. */
function evaluate(p: Program, count: number): void {
  let row = p.inputs + p.params;
  for (const step of p.steps) {
    const out = p.rows[row++]!;
    for (let i = 0; i < count; i++) out[i] = step(p.rows, i);
  }
}

/** Conversions of single values, as generated kernels write them out. */
const converters = new Map<string, (x: number) => number>();

function converter(kind: 'load' | 'store', from: DType, to: DType): (x: number) => number {
  const key = `${kind}${from}${to}`;
  let found = converters.get(key);
  if (found === undefined) {
    const text = kind === 'load' ? loadAs('x', from, to) : storeAs('x', from, to);
    const cell = [0];
    const formula = readFormula(text, { variables: new Map([['x', 0]]), functions: { I: exactInteger } });
    found = (x) => {
      cell[0] = x;
      return formula([cell], 0);
    };
    converters.set(key, found);
  }
  return found;
}

/** Where the elements of a view lie, in row-major order of a shape, from one position on. */
class Cursor {
  readonly #shape: readonly number[];
  readonly #strides: readonly number[];
  readonly #index: number[];
  at: number;

  constructor(shape: readonly number[], v: Pick<View, 'strides' | 'offset'>) {
    this.#shape = shape;
    this.#strides = v.strides;
    this.#index = shape.map(() => 0);
    this.at = v.offset;
  }

  next(): void {
    for (let d = this.#shape.length - 1; d >= 0; d--) {
      this.at += this.#strides[d]!;
      if (++this.#index[d]! < this.#shape[d]!) return;
      this.at -= this.#shape[d]! * this.#strides[d]!;
      this.#index[d] = 0;
    }
  }
}

/** Evaluates expressions over a shape, tile by tile; `use` gets the number of elements of each. */
function overTiles(
  exprs: readonly Expr[],
  compute: DType,
  inputs: readonly View[],
  params: readonly number[],
  shape: readonly number[],
  use: (p: Program, count: number) => void,
): void {
  const p = programOf(exprs, compute);
  for (let k = 0; k < p.params; k++) p.rows[p.inputs + k]!.fill(castValue(params[k]!, compute));
  const used = inputs.slice(0, p.inputs);
  const cursors = used.map((v) => new Cursor(shape, v));
  const loads = used.map((v) => converter('load', v.dtype, compute));
  const total = sizeOf(shape);
  for (let start = 0; start < total; start += tileSize) {
    const count = Math.min(tileSize, total - start);
    for (let k = 0; k < used.length; k++) {
      const data = used[k]!.handle as TypedArray;
      const cursor = cursors[k]!;
      const load = loads[k]!;
      const row = p.rows[k]!;
      for (let i = 0; i < count; i++, cursor.next()) row[i] = load(data[cursor.at]!);
    }
    evaluate(p, count);
    use(p, count);
  }
}

/** A map without generated code, into existing buffers. */
export function interpretMap(r: MapRequest, targets: readonly View[]): void {
  const cursors = targets.map((t) => new Cursor(r.shape, t));
  const stores = targets.map((t) => converter('store', r.compute, t.dtype));
  overTiles(r.exprs, r.compute, r.inputs, r.params, r.shape, (p, count) => {
    for (let k = 0; k < targets.length; k++) {
      const data = targets[k]!.handle as TypedArray;
      const cursor = cursors[k]!;
      const store = stores[k]!;
      const row = p.rows[p.results[k]!]!;
      for (let i = 0; i < count; i++, cursor.next()) data[cursor.at] = store(row[i]!);
    }
  });
}

/** How two elements combine; NaN wins in extremes. */
const combine: Readonly<Record<'sum' | 'prod' | 'max' | 'min' | 'any' | 'all', (a: number, v: number) => number>> = {
  sum: (a, v) => a + v,
  prod: (a, v) => a * v,
  max: (a, v) => (v > a || v !== v ? v : a),
  min: (a, v) => (v < a || v !== v ? v : a),
  any: (a, v) => (v !== 0 ? 1 : a),
  all: (a, v) => (v === 0 ? 0 : a),
};

const initial: Readonly<Record<ReduceKind, number>> = {
  sum: 0,
  prod: 1,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
  argmax: Number.NEGATIVE_INFINITY,
  argmin: Number.POSITIVE_INFINITY,
  any: 0,
  all: 1,
};

/** Integers: an int64 that leaves the exact range is an error; products wrap before doubles lose their low bits. */
function combineFor(kind: keyof typeof combine, compute: DType): (a: number, v: number) => number {
  if (kind === 'sum' && compute === 'int64') return (a, v) => exactInteger(a + v);
  if (kind !== 'prod' || isFloating(compute)) return combine[kind];
  return compute === 'int64' ? (a, v) => exactInteger(a * v) : (a, v) => Math.imul(a, v);
}

/** A reduction without generated code, over at least one element for each result, into a fresh buffer. */
export function interpretReduce(r: ReduceRequest, out: TypedArray): void {
  const keptDims = r.shape.map((_, d) => d).filter((d) => !r.dims.includes(d));
  const order = [...keptDims, ...r.dims];
  const pick = (list: readonly number[]): number[] => order.map((d) => list[d]!);
  const inputs = r.inputs.map(
    (v): View => ({ handle: v.handle, dtype: v.dtype, offset: v.offset, shape: pick(v.shape), strides: pick(v.strides) }),
  );
  const each = r.dims.reduce((n, d) => n * r.shape[d]!, 1);
  const position = r.kind === 'argmax' || r.kind === 'argmin';
  const step = position ? null : combineFor(r.kind as keyof typeof combine, r.compute);
  const better = r.kind === 'argmax' ? (v: number, a: number): boolean => v > a : (v: number, a: number): boolean => v < a;
  const store = position ? converter('store', 'int64', r.output) : converter('store', r.compute, r.output);
  const whole = r.output === 'int64' && !isFloating(r.compute);
  let acc = initial[r.kind];
  let place = 0;
  let seen = 0;
  let result = 0;
  overTiles([r.expr], r.compute, inputs, r.params, pick(r.shape), (p, count) => {
    const row = p.rows[p.results[0]!]!;
    for (let i = 0; i < count; i++) {
      const v = row[i]!;
      if (step !== null) acc = step(acc, v);
      else if (better(v, acc) || (v !== v && acc === acc)) {
        acc = v;
        place = seen;
      }
      if (++seen < each) continue;
      const value = position ? place : r.divisor === 1 ? acc : acc / r.divisor;
      out[result++] = whole ? exactInteger(store(value)) : store(value);
      acc = initial[r.kind];
      place = 0;
      seen = 0;
    }
  });
}
