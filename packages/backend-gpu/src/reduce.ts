import type { DType } from '@nabla/core';
import { coalesce, Declined, input, type ReduceKind, type ReduceRequest, sizeOf, type View } from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import { conversion, loadAs, type Printed, print, source, storeAs } from './codegen.ts';
import { exactIndex } from './device.ts';
import { addAll, addSizes, bufferOf, divide, dot, unravel } from './indexing.ts';
import { Arguments, type Kernels, type Source } from './kernels.ts';
import { addNumbers, conversionsOf } from './map.ts';

/** Most terms that one invocation combines: some drivers silently stop a shader after 65,535 iterations. */
const longest = 4096;
/** A float32 sum is taken in blocks of this many terms, so that its error grows with the number of blocks, not of terms. */
const block = 64;
/** Invocations that keep a graphics card busy; results fewer than this are split further. */
const enough = 16384;

/** Where a combination starts, and what it is of nothing at all. */
const neutral: Readonly<Record<ReduceKind, { start: number; empty: number }>> = {
  sum: { start: 0, empty: 0 },
  prod: { start: 1, empty: 1 },
  max: { start: Number.NEGATIVE_INFINITY, empty: Number.NaN },
  min: { start: Number.POSITIVE_INFINITY, empty: Number.NaN },
  argmax: { start: Number.NEGATIVE_INFINITY, empty: Number.NaN },
  argmin: { start: Number.POSITIVE_INFINITY, empty: Number.NaN },
  any: { start: 0, empty: 0 },
  all: { start: 1, empty: 1 },
};

/** Takes `v` into `acc`; NaN wins in max and min, the first of equal elements wins in arg*. `at` is the position. */
function step(kind: ReduceKind, at: string, compute: DType): string {
  const settled = (sum: string): string => (compute === 'uint8' ? storeAs(sum, 'float32', 'uint8') : sum);
  const better = (sign: string): string => `if(v${sign}acc){acc=v;}if(nablaNan(v)>0.5){acc=v;}`;
  const first = (sign: string): string =>
    `let take=0;if(v${sign}acc){take=1;}if(nablaNan(v)>0.5){if(nablaNan(acc)<0.5){take=1;}}if(take>0.5){acc=v;pos=${at};}`;
  switch (kind) {
    case 'sum':
      return `acc=${settled('(acc+v)')};`;
    case 'prod':
      return `acc=${settled('(acc*v)')};`;
    case 'max':
      return better('>');
    case 'min':
      return better('<');
    case 'argmax':
      return first('>');
    case 'argmin':
      return first('<');
    case 'any':
      return 'acc=v===0?acc:1;';
    case 'all':
      return 'acc=v===0?0:acc;';
  }
}

/** One stage: `count` results, each over `terms` elements taken in `chunks` pieces of `length`. */
interface Stage {
  readonly r: ReduceRequest;
  readonly printed: Printed;
  readonly kept: readonly number[];
  readonly reduced: readonly number[];
  readonly keptStrides: readonly (readonly number[])[];
  readonly reducedStrides: readonly (readonly number[])[];
  readonly chunks: number;
  readonly length: number;
  readonly terms: number;
  /** Positions to choose among, from an earlier stage of arg*; one row of `terms` per result. */
  readonly candidates: GpuBuffer | null;
  readonly last: boolean;
}

/** Combines the values of an expression over some dimensions: one invocation per result, in stages when that is long. */
export function reduce(kernels: Kernels, r: ReduceRequest): GpuBuffer | Declined {
  const gone = new Set(r.dims);
  const kept = r.shape.filter((_, d) => !gone.has(d));
  const count = sizeOf(kept);
  const terms = sizeOf(r.dims.map((d) => r.shape[d]!));
  if (count === 0) return kernels.empty();
  if (terms === 0) return constant(kernels, r.kind === 'sum' ? 0 / r.divisor : neutral[r.kind].empty, count);
  if (terms > exactIndex) return new Declined(`more than ${exactIndex} terms`);
  const printed = print(r.expr, r.compute);
  if (printed instanceof Declined) return printed;
  const strides = r.inputs.map((v) => v.strides);
  const outer = coalesce(
    r.shape,
    strides,
    r.shape.map((_, d) => d).filter((d) => !gone.has(d)),
  );
  const inner = coalesce(r.shape, strides, r.dims);
  const plan = split(count, terms);
  const stage: Stage = {
    r,
    printed,
    kept: outer.map((l) => l.n),
    reduced: inner.map((l) => l.n),
    keptStrides: r.inputs.map((_, k) => outer.map((l) => l.strides[k]!)),
    reducedStrides: r.inputs.map((_, k) => inner.map((l) => l.strides[k]!)),
    ...plan,
    terms,
    candidates: null,
    last: plan.chunks === 1,
  };
  const partial = run(kernels, stage, count);
  if (stage.last) return partial;
  try {
    return isPosition(r.kind) ? among(kernels, stage, count, partial) : combined(kernels, r, count, plan.chunks, partial);
  } finally {
    partial.free();
  }
}

function isPosition(kind: ReduceKind): boolean {
  return kind === 'argmax' || kind === 'argmin';
}

/** How many pieces each result is computed in, and how long they are. */
function split(count: number, terms: number): { chunks: number; length: number } {
  const wanted = Math.ceil(terms / Math.max(1, Math.ceil(enough / count)));
  const length = Math.min(longest, Math.max(wanted, 4 * block), terms);
  return { chunks: Math.ceil(terms / length), length };
}

/** The next stage of a combination whose partial results lie [count, chunks] in a buffer. */
export function combined(
  kernels: Kernels,
  r: Pick<ReduceRequest, 'kind' | 'compute' | 'output' | 'divisor'>,
  count: number,
  chunks: number,
  partial: GpuBuffer,
): GpuBuffer {
  const shape = [count, chunks];
  const view: View = { handle: partial, dtype: r.compute, shape, strides: [chunks, 1], offset: 0 };
  const { kind, compute, output, divisor } = r;
  return reduce(kernels, { kind, expr: input(0), inputs: [view], params: [], shape, dims: [1], compute, output, divisor }) as GpuBuffer;
}

/** The next stage of arg*: the best of the candidates that earlier pieces found. */
function among(kernels: Kernels, before: Stage, count: number, candidates: GpuBuffer): GpuBuffer {
  const terms = before.chunks;
  const plan = split(count, terms);
  const stage: Stage = { ...before, ...plan, terms, candidates, last: plan.chunks === 1 };
  const next = run(kernels, stage, count);
  if (stage.last) return next;
  try {
    return among(kernels, stage, count, next);
  } finally {
    next.free();
  }
}

function run(kernels: Kernels, s: Stage, count: number): GpuBuffer {
  const { r, printed } = s;
  const ints = new Arguments();
  ints.add('terms', s.terms);
  ints.add('chunks', s.chunks);
  ints.add('len', s.length);
  if (r.kind === 'sum') ints.add('blocks', Math.ceil(s.length / block));
  addSizes(ints, 'n', s.kept);
  addSizes(ints, 'm', s.reduced);
  r.inputs.forEach((v, k) => {
    ints.add(`o${k}`, v.offset);
    addAll(ints, `s${k}_`, s.keptStrides[k]!);
    addAll(ints, `t${k}_`, s.reducedStrides[k]!);
  });
  const floats = new Arguments();
  addNumbers(floats, r.expr, printed, r.params, r.compute);
  floats.add('start', neutral[r.kind].start);
  floats.add('divisor', s.last ? r.divisor : 1);
  const inputs = r.inputs.map(bufferOf);
  if (s.candidates !== null) inputs.push(s.candidates);
  const to: DType = isPosition(r.kind) || !s.last ? 'float32' : r.output;
  // A sum of bytes has to be wrapped once more than a byte would.
  const from: DType = isPosition(r.kind) || !s.last || r.compute === 'uint8' ? 'float32' : r.compute;
  return kernels.launch({
    op: r.kind,
    key: `${r.kind} ${printed.id} ${s.candidates === null ? '' : 'among '}${conversionsOf(r.inputs, r.compute)}${conversion(from, to)}`,
    inputs,
    ints,
    floats,
    length: count * s.chunks,
    source: () => text(s, from, to),
  });
}

function text(s: Stage, from: DType, to: DType): Source {
  const { r, printed } = s;
  const position = isPosition(r.kind);
  const bases = r.inputs.map((_, k) => `const b${k}=o${k}${dot(s.kept.length, 'c', `s${k}_`)};`).join('');
  const loads = r.inputs
    .map((v, k) => `const x${k}=${loadAs(`a${k}[b${k}${dot(s.reduced.length, 'e', `t${k}_`)}]`, v.dtype, r.compute)};`)
    .join('');
  const candidate = `a${r.inputs.length}[o*terms+at]`;
  const element = `${s.candidates === null ? 'const w=at;' : `const w=${candidate};`}${unravel('w', s.reduced.length, 'e', 'm')}${loads}${printed.lines}const v=${printed.result};${step(r.kind, 'w', r.compute)}`;
  const guarded = `if(at<end){${element}}`;
  const loop =
    r.kind === 'sum'
      ? `let total=0;for(let j=0;j<blocks;j++){let acc=start;for(let l=0;l<${block};l++){const at=first+j*${block}+l;${guarded}}total=total+acc;}`
      : `for(let j=0;j<len;j++){const at=first+j;${guarded}}`;
  const result = position ? 'pos' : r.kind === 'sum' ? storeAs('(total/divisor)', from, to) : storeAs('acc', from, to);
  const code = `${divide('o', 'q', 'i', 'chunks')}${unravel('o', s.kept.length, 'c', 'n')}${bases}const first=q*len;let end=first+len;if(end>terms){end=terms;}${
    r.kind === 'sum' ? '' : 'let acc=start;'
  }${position ? `let at0=first;let pos=${s.candidates === null ? 'at0' : `a${r.inputs.length}[o*terms+at0]`};` : ''}${loop}return ${result};`;
  return source(code, printed.helpers);
}

/** A buffer of one value. */
export function constant(kernels: Kernels, value: number, length: number): GpuBuffer {
  const floats = new Arguments();
  floats.add('value', value);
  return kernels.launch({ op: 'fill', key: 'fill', inputs: [], floats, length, source: () => source('return value;') });
}
