import type { ReduceRequest, View } from '../backend.ts';
import type { DType } from '../dtype.ts';
import { arityOf, type Expr } from '../expr/node.ts';
import { Accumulator, type ReduceKind as Kind } from './accumulator.ts';
import { fitArguments, kernelOf, type Level, nest, readArguments, splitLevels, writeArguments } from './map.ts';
import { FunctionBuilder, type Value } from './module.ts';
import { contiguous, gathered, type Step, scattered, splat, storeContiguous, widths } from './operands.ts';
import { printVector, vectorForm } from './print.ts';
import type { Runtime } from './runtime.ts';
import { Staging } from './staging.ts';
import type { Lanes } from './vector.ts';

/** Where the divisor lies, behind the address of the arguments. */
const divisorAt = 32;

/** Whether a reduction can be a kernel of vectors. */
export function isVectorReduce(r: ReduceRequest): boolean {
  return (r.kind === 'sum' || r.kind === 'max' || r.kind === 'min') && r.compute === 'float32' && r.output === 'float32';
}

/** Elements that a thread should have to itself, at least. */
const leastOfReduce = 2 ** 16;

/** How a reduction walks: loops over results, loops over what is combined, and the loop over a row of results if it is innermost. */
export interface ReducePlan {
  readonly kept: readonly Level[];
  readonly reduced: readonly Level[];
  readonly row: Level | null;
}

interface ReduceForm {
  readonly kind: Kind;
  readonly expr: Expr;
  readonly dtypes: readonly DType[];
  readonly kept: number;
  readonly reduced: number;
  readonly row: boolean;
  readonly steps: readonly Step[];
}

/**
 * Runs a reduction into the contiguous `out`. Sums are kept in float64; the order of their terms depends on the shape alone.
 *
 * @returns false when the expression has no form for WebAssembly, or an operand elsewhere is too large to be copied
 */
export function wasmReduce(runtime: Runtime, r: ReduceRequest, plan: ReducePlan, steps: readonly Step[], out: View): boolean {
  const { kept, reduced, row } = plan;
  let key = `${r.kind}${kept.length},${reduced.length}${row === null ? '' : 'r'}|${r.expr.id}`;
  for (let i = 0; i < r.inputs.length; i++) key += `:${r.inputs[i]!.dtype}${steps[i]![0]}`;
  if (!fitArguments(kept.length + reduced.length + (row === null ? 0 : 1), r.inputs.length + 1, r.params.length)) return false;
  const kernel = kernelOf(runtime, key, () =>
    reduceCode({
      kind: r.kind as Kind,
      expr: r.expr,
      dtypes: r.inputs.map((v) => v.dtype),
      kept: kept.length,
      reduced: reduced.length,
      row: row !== null,
      steps,
    }),
  );
  if (kernel === null) return false;
  const staging = new Staging(runtime);
  const addresses = [...r.inputs.map((v) => staging.input(v)), staging.output(out, true)];
  if (addresses.some((a) => a < 0)) return false;
  // The kernel moves on in the result by itself; the strides tell where in it a part begins.
  const levels = new Array<Level>(kept.length + reduced.length + (row === null ? 0 : 1));
  let move = 1;
  if (row !== null) {
    levels[levels.length - 1] = withOutput(row, 1);
    move = row.n;
  }
  for (let d = reduced.length - 1; d >= 0; d--) levels[kept.length + d] = withOutput(reduced[d]!, 0);
  for (let d = kept.length - 1; d >= 0; d--) {
    levels[d] = withOutput(kept[d]!, move);
    move *= kept[d]!.n;
  }
  const overResults = (d: number): boolean => d < kept.length || d >= kept.length + reduced.length;
  const calls = splitLevels(runtime, levels, leastOfReduce, overResults).map((part, thread) => {
    const base = writeArguments(runtime, thread, part, [...r.inputs, out], addresses, r.params);
    runtime.arena.f64[(base + divisorAt) / 8] = r.divisor;
    return [base];
  });
  runtime.run(kernel, 'run', calls);
  staging.finish();
  return true;
}

/** A level that moves the result as well. */
function withOutput({ n, strides }: Level, move: number): Level {
  const moves = new Array<number>(strides.length + 1);
  for (let i = 0; i < strides.length; i++) moves[i] = strides[i]!;
  moves[strides.length] = move;
  return { n, strides: moves };
}

function reduceCode(form: ReduceForm): FunctionBuilder | null {
  const exprs = vectorForm([form.expr]);
  if (exprs === null) return null;
  const { kind, dtypes, kept, reduced, steps } = form;
  const count = dtypes.length;
  const f = new FunctionBuilder(['i32']);
  const loops = kept + reduced + (form.row ? 1 : 0);
  const given = readArguments(f, loops, count + 1, arityOf(exprs).params);
  const divisor = f.load('f64.load', f.param(0), divisorAt);
  const args = { ...given, strides: given.strides.map((s) => s.slice(0, count)) };
  const out = f.variable(given.addresses[count]!);
  const inputs = given.addresses.slice(0, count);
  const inner = loops - 1;
  const strides = args.strides[inner] ?? [];
  /** The value of the expression for four elements, `skip` elements ahead of the pointers. */
  const evaluate = (at: readonly Value[], fixed: readonly (Lanes | null)[], skip: number, left?: Value): Lanes => {
    const loaded = at.map((a, i) => {
      if (fixed[i] !== null) return fixed[i]!;
      if (steps[i] === 'unit') return contiguous(f, dtypes[i]!, a, skip);
      const from = skip === 0 ? a : f.op('i32.add', a, f.op('i32.mul', strides[i]!, f.i32(skip)));
      return gathered(f, dtypes[i]!, from, strides[i]!, left);
    });
    return printVector(f, exprs, loaded, args.params)[0]!;
  };
  const advance = (pointers: readonly Value[], elements: number): void => {
    pointers.forEach((a, i) => {
      if (steps[i] === 'fixed') return;
      const by = steps[i] === 'unit' ? f.i32(elements * widths[dtypes[i]!]) : f.op('i32.mul', strides[i]!, f.i32(elements));
      f.set(a, f.op('i32.add', a, by));
    });
  };
  const splats = (at: readonly Value[]): (Lanes | null)[] => at.map((a, i) => (steps[i] === 'fixed' ? splat(f, dtypes[i]!, a) : null));
  /** Loops over the rest of a row, by as many vectors as there are accumulators at first. */
  const stride = (left: Value, widest: number, body: (vectors: number) => void): void => {
    for (const vectors of widest === 1 ? [1] : [widest, 1]) {
      f.while(
        () => f.op('i32.ge_s', left, f.i32(vectors * 4)),
        () => {
          body(vectors);
          f.set(left, f.plus(left, -vectors * 4));
        },
      );
    }
  };
  const lanes = 4;

  if (form.row) {
    // Columns side by side: each accumulator holds four results, while the rows go by.
    const accumulators = Array.from({ length: lanes }, () => new Accumulator(f, kind));
    nest(f, args, 0, kept, inputs, (start) => {
      const pointers = start.map((a) => f.variable(a));
      const left = f.variable(args.counts[inner]!);
      const columns = (vectors: number, rest?: Value): void => {
        const used = accumulators.slice(0, vectors);
        for (const a of used) a.reset();
        nest(f, args, kept, kept + reduced, pointers, (at) => {
          const fixed = splats(at);
          used.forEach((a, u) => {
            a.take(evaluate(at, fixed, u * 4, rest));
          });
        });
        used.forEach((a, u) => {
          if (rest === undefined) storeContiguous(f, 'float32', out, a.lanes(divisor), u * 4);
          else scattered(f, 'float32', out, f.i32(4), a.lanes(divisor), rest);
        });
      };
      stride(left, lanes, (vectors) => {
        columns(vectors);
        advance(pointers, vectors * 4);
        f.set(out, f.plus(out, vectors * 16));
      });
      f.if(left, () => {
        columns(1, left);
        f.set(out, f.op('i32.add', out, f.op('i32.mul', left, f.i32(4))));
      });
    });
    return f;
  }

  const accumulators = Array.from({ length: lanes }, () => new Accumulator(f, kind));
  nest(f, args, 0, kept, inputs, (start) => {
    for (const a of accumulators) a.reset();
    nest(f, args, kept, Math.max(kept + reduced - 1, kept), start, (at) => {
      const fixed = splats(at);
      const pointers = at.map((a) => f.variable(a));
      const left = f.variable(reduced === 0 ? f.i32(1) : args.counts[inner]!);
      stride(left, lanes, (vectors) => {
        for (let u = 0; u < vectors; u++) accumulators[u]!.take(evaluate(pointers, fixed, u * 4));
        advance(pointers, vectors * 4);
      });
      f.if(left, () => {
        const exists = f.op('i32x4.lt_s', f.laneNumbers(), f.op('i32x4.splat', left));
        const value = evaluate(pointers, fixed, 0, left);
        accumulators[0]!.take(f.op('v128.bitselect', value, accumulators[0]!.neutral(), exists));
      });
    });
    accumulators[0]!.join(accumulators[1]!);
    accumulators[2]!.join(accumulators[3]!);
    accumulators[0]!.join(accumulators[2]!);
    f.store('f32.store', out, accumulators[0]!.total(divisor));
    f.set(out, f.plus(out, 4));
  });
  return f;
}
