import type { MapRequest, View } from '../backend.ts';
import type { DType } from '../dtype.ts';
import { BoundedCache } from '../expr/cache.ts';
import { arityOf, type Expr } from '../expr/node.ts';
import { FunctionBuilder, type Value } from './module.ts';
import { contiguous, gathered, type Step, scattered, splat, storeContiguous, widths } from './operands.ts';
import { mayDoubt, printVector, vectorForm, weightOf } from './print.ts';
import { type Exports, partFrom, type Runtime } from './runtime.ts';
import { argumentBytes, argumentsAt, Staging } from './staging.ts';
import { split } from './threads.ts';
import { Doubts, type Lanes, vectorImports } from './vector.ts';

/** One level of a loop nest: how often, and how far each operand moves per turn, in elements. */
export interface Level {
  readonly n: number;
  readonly strides: readonly number[];
}

/** Vectors that one turn of an inner loop works on. */
const unrolled = 4;
/** Bodies of more calls are long enough to fill the processor by themselves, and to compile. */
const heavy = 24;

/** Longer kernels are left to JavaScript: the limit of engines is near, and compiling takes long. */
const mostLocals = 40_000;

/** A compiled kernel; null: the expressions have no form for WebAssembly. */
const kernels: WeakMap<Runtime, BoundedCache<Exports | null>> = new WeakMap();

/** The kernel of `key`, made on first use. */
export function kernelOf(runtime: Runtime, key: string, make: () => FunctionBuilder | null): Exports | null {
  let known = kernels.get(runtime);
  if (known === undefined) {
    known = new BoundedCache(4096);
    kernels.set(runtime, known);
  }
  let kernel = known.get(key);
  if (kernel === undefined) {
    const f = make();
    kernel = f === null || f.locals > mostLocals ? null : runtime.compile({ run: f }, vectorImports);
    known.set(key, kernel);
  }
  return kernel;
}

/** Whether a map can be a kernel of vectors: float32 arithmetic into float32 or bool. */
export function isVectorMap(r: MapRequest): boolean {
  return r.compute === 'float32' && r.outputs.every((d) => d === 'float32' || d === 'bool');
}

/** What a map kernel's code depends on. */
interface MapForm {
  readonly exprs: readonly Expr[];
  /** dtypes of the outputs, then of the inputs. */
  readonly dtypes: readonly DType[];
  readonly outputs: number;
  readonly rank: number;
  readonly steps: readonly Step[];
}

/**
 * Runs a map into existing buffers.
 *
 * @param levels the loops, outermost first, over the outputs and then the inputs
 * @returns false when the expressions have no form for WebAssembly, or an operand elsewhere is too large to be copied
 */
export function wasmMap(
  runtime: Runtime,
  r: MapRequest,
  targets: readonly View[],
  levels: readonly Level[],
  steps: readonly Step[],
): boolean {
  const operands = [...targets, ...r.inputs];
  let key = `map${levels.length}`;
  for (const e of r.exprs) key += `|${e.id}`;
  for (let i = 0; i < operands.length; i++) key += `:${operands[i]!.dtype}${steps[i]![0]}`;
  if (!fitArguments(levels.length, operands.length, r.params.length)) return false;
  const kernel = kernelOf(runtime, key, () =>
    mapCode({ exprs: r.exprs, dtypes: operands.map((v) => v.dtype), outputs: targets.length, rank: levels.length, steps }),
  );
  if (kernel === null) return false;
  const staging = new Staging(runtime);
  const addresses = operands.map((v, i) => (i < targets.length ? staging.output(v, isDense(v)) : staging.input(v)));
  if (addresses.some((a) => a < 0)) return false;
  const calls = splitLevels(runtime, levels, leastOfMap).map((part, thread) => [
    writeArguments(runtime, thread, part, operands, addresses, r.params),
  ]);
  runtime.run(kernel, 'run', calls);
  staging.finish();
  return true;
}

/** Elements that a thread should have to itself, at least. */
const leastOfMap = 2 ** 15;

/** A loop nest of which one thread walks a part. */
export interface Part {
  readonly levels: readonly Level[];
  /** How far the operands' addresses move, in elements, before the walk; null: not at all. */
  readonly shifts: readonly number[] | null;
}

/**
 * A loop nest as parts for the runtime's threads: the outermost of the `splittable` loops that is long enough is
 * divided. `least` elements make a part worth a thread.
 */
export function splitLevels(
  runtime: Runtime,
  levels: readonly Level[],
  least: number,
  splittable: (d: number) => boolean = () => true,
): Part[] {
  const whole: Part = { levels, shifts: null };
  if (runtime.threads === 1) return [whole];
  const size = levels.reduce((n, l) => n * l.n, 1);
  const wanted = Math.min(runtime.threads, Math.floor(size / partFrom(least)));
  if (wanted < 2) return [whole];
  for (let d = 0; d < levels.length; d++) {
    if (!splittable(d)) continue;
    const { n, strides } = levels[d]!;
    const step = d === levels.length - 1 ? Math.min(64, partFrom(64)) : 1;
    if (n < wanted * step) continue;
    return split(wanted, n, step, step).map(({ from, to }) => ({
      levels: levels.map((l, i) => (i === d ? { n: to - from, strides } : l)),
      shifts: strides.map((s) => s * from),
    }));
  }
  return [whole];
}

/** Whether a view is all that lies between its first and its last element. */
function isDense(v: View): boolean {
  let span = 1;
  let size = 1;
  for (let d = 0; d < v.shape.length; d++) {
    span += (v.shape[d]! - 1) * Math.abs(v.strides[d]!);
    size *= v.shape[d]!;
  }
  return span === size;
}

/**
 * Writes counts, addresses, strides in bytes and parameters where {@link readArguments} reads them.
 *
 * @returns the address of the arguments, which is the argument of the kernel
 */
export function writeArguments(
  runtime: Runtime,
  thread: number,
  { levels, shifts }: Part,
  operands: readonly View[],
  addresses: readonly number[],
  params: readonly number[],
): number {
  const { i32, f32 } = runtime.arena;
  const base = argumentsAt(thread);
  let at = (base + argumentsFrom) / 4;
  for (const l of levels) i32[at++] = l.n;
  for (let i = 0; i < addresses.length; i++) {
    i32[at++] = addresses[i]! + (shifts === null ? 0 : shifts[i]! * widths[operands[i]!.dtype]);
  }
  for (const l of levels) for (let i = 0; i < operands.length; i++) i32[at++] = l.strides[i]! * widths[operands[i]!.dtype];
  for (const p of params) f32[at++] = p;
  return base;
}

/** Whether the arguments of a kernel fit the room that a thread has for them; those of an expression of hundreds of inputs do not. */
export function fitArguments(levels: number, operands: number, params: number): boolean {
  return argumentsFrom + 4 * (levels + operands + levels * operands + params) <= argumentBytes;
}

/** Arguments begin here; what a kernel has beyond the common ones lies in front. */
const argumentsFrom = 64;

/** The arguments of a kernel, as values of its code. */
export interface KernelArguments {
  readonly counts: readonly Value[];
  readonly addresses: readonly Value[];
  /** By loop, then operand. */
  readonly strides: readonly (readonly Value[])[];
  readonly params: readonly Lanes[];
}

/** Reads the arguments of a kernel, whose first parameter is their address. */
export function readArguments(f: FunctionBuilder, rank: number, operands: number, params: number): KernelArguments {
  const base = f.param(0);
  let at = argumentsFrom;
  const next = (name: string): Value => {
    const v = f.load(name, base, at);
    at += 4;
    return v;
  };
  const list = (n: number, name = 'i32.load'): Value[] => Array.from({ length: n }, () => next(name));
  const counts = list(rank);
  const addresses = list(operands);
  const strides = Array.from({ length: rank }, () => list(operands));
  return { counts, addresses, strides, params: list(params, 'v128.load32_splat') };
}

/** A loop nest whose body gets the addresses of the operands at the level reached. */
export function nest(
  f: FunctionBuilder,
  args: KernelArguments,
  from: number,
  to: number,
  at: readonly Value[],
  body: (at: readonly Value[]) => void,
): void {
  if (from === to) {
    body(at);
    return;
  }
  const here = at.map((a) => f.variable(a));
  f.for(f.i32(0), args.counts[from]!, 1, () => {
    nest(f, args, from + 1, to, here, body);
    here.forEach((a, i) => {
      f.set(a, f.op('i32.add', a, args.strides[from]![i]!));
    });
  });
}

function mapCode(form: MapForm): FunctionBuilder | null {
  const exprs = vectorForm(form.exprs);
  if (exprs === null) return null;
  const { dtypes, outputs, rank, steps } = form;
  const f = new FunctionBuilder(['i32']);
  const args = readArguments(f, rank, dtypes.length, arityOf(exprs).params);
  const inner = rank - 1;
  const doubts = new Doubts(f);
  const doubtful = mayDoubt(exprs);
  const turns = weightOf(exprs) > heavy ? 2 : unrolled;
  nest(f, args, 0, Math.max(inner, 0), args.addresses, (start) => {
    const pointers = start.map((a, i) => (steps[i] === 'fixed' ? a : f.variable(a)));
    const fixed = pointers.map((a, i) => (i >= outputs && steps[i] === 'fixed' ? splat(f, dtypes[i]!, a) : null));
    const strides = inner < 0 ? pointers : args.strides[inner]!;
    const ahead = (i: number, skip: number): Value =>
      skip === 0 ? pointers[i]! : f.op('i32.add', pointers[i]!, f.op('i32.mul', strides[i]!, f.i32(skip)));
    /** Four elements of every input, `skip` elements ahead; `count` of them exist at the end of a row. */
    const load = (skip: number, count?: Value): Lanes[] =>
      pointers.slice(outputs).map((a, k) => {
        const i = k + outputs;
        if (fixed[i] !== null) return fixed[i]!;
        return steps[i] === 'unit' ? contiguous(f, dtypes[i]!, a, skip) : gathered(f, dtypes[i]!, ahead(i, skip), strides[i]!, count);
      });
    const store = (values: readonly Lanes[], skip: number, count?: Value): void => {
      values.forEach((v, o) => {
        if (steps[o] === 'unit' && count === undefined) storeContiguous(f, dtypes[o]!, pointers[o]!, v, skip);
        else if (steps[o] === 'unit') scattered(f, dtypes[o]!, pointers[o]!, f.i32(widths[dtypes[o]!]), v, count);
        else scattered(f, dtypes[o]!, ahead(o, skip), strides[o]!, v, count);
      });
    };
    const advance = (elements: number): void => {
      pointers.forEach((a, i) => {
        if (steps[i] === 'fixed') return;
        const by = steps[i] === 'unit' ? f.i32(elements * widths[dtypes[i]!]) : f.op('i32.mul', strides[i]!, f.i32(elements));
        f.set(a, f.op('i32.add', a, by));
      });
    };
    /** Vectors in the quick way, and all of them again with care if one of them needs it. */
    const quickly = (vectors: number): void => {
      doubts.reset();
      const inputs = Array.from({ length: vectors }, (_, u) => load(u * 4));
      const values = inputs.map((x) => printVector(f, exprs, x, args.params, doubts).map((v) => f.variable(v)));
      f.if(doubts.raised(), () => {
        inputs.forEach((x, u) => {
          printVector(f, exprs, x, args.params).forEach((v, o) => {
            f.set(values[u]![o]!, v);
          });
        });
      });
      values.forEach((v, u) => {
        store(v, u * 4);
      });
    };
    const left = f.variable(inner < 0 ? f.i32(1) : args.counts[inner]!);
    for (const vectors of [turns, 1]) {
      f.while(
        () => f.op('i32.ge_s', left, f.i32(vectors * 4)),
        () => {
          if (vectors === 1 || !doubtful) for (let u = 0; u < vectors; u++) store(printVector(f, exprs, load(u * 4), args.params), u * 4);
          else quickly(vectors);
          advance(vectors * 4);
          f.set(left, f.plus(left, -vectors * 4));
        },
      );
    }
    f.if(left, () => store(printVector(f, exprs, load(0, left), args.params), 0, left));
  });
  return f;
}
