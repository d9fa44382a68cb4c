import { type Backend, DeviceError, type DType, type Fallback, type Handle, IndexError, type TypedArray, type View } from '@nabla/core';
import * as core from '@nabla/core/internals';

type Place = Pick<View, 'shape' | 'strides' | 'offset'>;

/** Where the elements of a view lie in its buffer, in row-major order; NaN where padding is. Negative padding crops. */
function positions({ shape, strides, offset }: Place, before: readonly number[] = shape.map(() => 0), after = before): number[] {
  let at = [offset];
  for (const [d, n] of shape.entries()) {
    const from = before[d]!;
    const steps = Array.from({ length: from + n + after[d]! }, (_, i) => (i >= from && i < from + n ? (i - from) * strides[d]! : NaN));
    at = at.flatMap((p) => steps.map((step) => p + step));
  }
  return at;
}

/** Evaluates expressions for element i, from the values of every input and the parameters. */
type Kernel = (x: readonly (readonly number[])[], p: readonly number[], i: number) => readonly number[];

function compile(exprs: readonly core.Expr[], compute: DType): Kernel {
  // The lines read x0, x1, ... and p0, p1, ...; they call F, which rounds to float32, and helpers by their names.
  const { lines, results, helpers } = core.printJs(exprs, compute);
  const { inputs, params } = core.arityOf(exprs);
  const names = (n: number, text: (k: number) => string): string => Array.from({ length: n }, (_, k) => text(k)).join('');
  const loads = names(inputs, (k) => `const x${k}=x[${k}][i];`) + names(params, (k) => `const p${k}=p[${k}];`);
  const source = `return (x,p,i)=>{${loads}${lines.join('')}return [${results}];}`;
  return new Function('F', ...Object.keys(helpers), source)(Math.fround, ...Object.values(helpers)) as Kernel;
}

const max = (a: number, v: number): number => (v > a || v !== v ? v : a); // NaN wins
const min = (a: number, v: number): number => (v < a || v !== v ? v : a);
/** Start and step of each reduction. */
const reductions: Readonly<Record<core.ReduceKind, readonly [start: number, step: (a: number, v: number) => number]>> = {
  sum: [0, (a, v) => a + v],
  prod: [1, (a, v) => a * v],
  max: [-Infinity, max],
  min: [Infinity, min],
  argmax: [-Infinity, max],
  argmin: [Infinity, min],
  any: [0, (a, v) => (v !== 0 ? 1 : a)],
  all: [1, (a, v) => (v === 0 ? 0 : a)],
};

/** A backend that takes every request, on typed arrays. It is written to be read: nothing here is fast. */
export function toyBackend(): Backend {
  const live = new Set<TypedArray>();
  const kernels = new core.BoundedCache<Kernel>(1024);
  const fallbacks = new Map<string, Fallback>();

  /** A new buffer. Requests make theirs last, so that one that throws leaves none behind. */
  function make(dtype: DType, values: ArrayLike<number>): Handle {
    const buffer = core.allocate(dtype, values.length);
    for (let i = 0; i < buffer.length; i++) buffer[i] = core.castValue(values[i]!, dtype);
    live.add(buffer);
    return buffer;
  }
  function open(handle: Handle): TypedArray {
    if (!live.has(handle as TypedArray)) throw new DeviceError('toy: a buffer that was freed, or of another backend');
    return handle as TypedArray;
  }
  /** The elements of a view, in row-major order, or those at other positions of its buffer. */
  function values(v: View, at: readonly number[] = positions(v), padding = 0): number[] {
    const buffer = open(v.handle);
    return at.map((p) => (Number.isNaN(p) ? padding : buffer[p]!));
  }
  function put(dst: View, elements: readonly number[]): Handle {
    const buffer = open(dst.handle);
    for (const [i, p] of positions(dst).entries()) buffer[p] = core.castValue(elements[i]!, dst.dtype);
    return dst.handle;
  }
  /** What each expression gives for all elements of a shape. */
  function evaluate(exprs: readonly core.Expr[], r: Omit<core.MapRequest, 'exprs' | 'outputs'>): number[][] {
    const key = `${r.compute}|${exprs.map((e) => e.id)}`; // no shapes and no parameters: they change from call to call
    const kernel = kernels.get(key) ?? compile(exprs, r.compute);
    kernels.set(key, kernel);
    const inputs = r.inputs.map((v) => values(v).map((x) => core.castValue(x, r.compute)));
    const params = r.params.map((p) => core.castValue(p, r.compute));
    const rows = Array.from({ length: core.sizeOf(r.shape) }, (_, i) => kernel(inputs, params, i));
    return exprs.map((_, k) => rows.map((row) => row[k]!));
  }
  /** For every element of an index, where it points in a buffer with these strides. */
  function pointed(op: string, index: View, dim: number, { shape, strides, offset }: Place): number[] {
    const start = positions({ shape: index.shape, strides: strides.map((s, d) => (d === dim ? 0 : s)), offset });
    return values(index).map((k, i) => {
      if (k >= 0 && k < shape[dim]!) return start[i]! + k * strides[dim]!;
      throw new IndexError(`${op}: index ${k} is out of range for dim ${dim} of size ${shape[dim]}`);
    });
  }

  const limits = { exactInteger: Number.MAX_SAFE_INTEGER, maxElements: 2 ** 30, maxInputs: Number.POSITIVE_INFINITY };
  return {
    name: 'toy',
    caps: { dtypes: core.dtypes, inPlace: true, syncRead: true, collected: false, ...limits },
    fused: {},
    upload: (data, dtype, length) => make(dtype, (data as TypedArray).subarray(0, length)), // a promise is for devices without syncRead
    fill: (value, dtype, length) => make(dtype, new Array<number>(length).fill(value)),
    read: async (handle, _dtype, length) => open(handle).slice(0, length),
    readSync: (handle, _dtype, length) => open(handle).slice(0, length),
    free: (handle) => void live.delete(open(handle)),
    flush: async () => {},
    dispose: () => live.clear(),
    memory: () => ({ buffers: live.size, bytes: [...live].reduce((n, b) => n + b.byteLength, 0) }),
    report: () => ({ backend: 'toy', device: 'typed arrays', mode: 'cpu', fallbacks: [...fallbacks.values()], kernels: kernels.size }),
    countFallback: (op, reason) => {
      const count = 1 + (fallbacks.get(`${op}: ${reason}`)?.count ?? 0);
      fallbacks.set(`${op}: ${reason}`, { op, reason, count });
    },
    map: (r) => evaluate(r.exprs, r).map((y, k) => (r.into === undefined ? make(r.outputs[k]!, y) : put(r.into[k]!, y))),
    reduce: (r) => {
      const kept = [...r.shape.keys()].filter((d) => !r.dims.includes(d));
      // With the dimensions that disappear at the end, what belongs to one result stands side by side.
      const order = (list: readonly number[]): number[] => [...kept, ...r.dims].map((d) => list[d]!);
      const at = positions({ shape: order(r.shape), strides: order(core.contiguousStrides(r.shape)), offset: 0 });
      const [x] = evaluate([r.expr], r);
      const [start, step] = reductions[r.kind];
      const each = core.sizeOf(r.dims.map((d) => r.shape[d]!));
      const results = Array.from({ length: core.sizeOf(kept.map((d) => r.shape[d]!)) }, (_, o) => {
        let [total, found] = [start, 0];
        for (let i = 0; i < each; i++) {
          const next = step(total, x![at[o * each + i]!]!);
          if (!Object.is(next, total)) found = i;
          total = core.isFloating(r.compute) ? next : core.castValue(next, r.compute); // float32 is rounded at the end alone
        }
        return r.kind.startsWith('arg') ? found : total / r.divisor;
      });
      return make(r.output, results);
    },
    matmul: ({ a, b, dtype }) => {
      const [m, k, n] = [...a.shape.slice(-2), b.shape.at(-1)] as [number, number, number];
      const [x, y] = [values(a), values(b)];
      const product = new Array<number>(core.sizeOf(a.shape.slice(0, -1)) * n).fill(0);
      for (let o = 0; o < product.length; o++) {
        const [row, column] = [Math.floor(o / n) * k, Math.floor(o / n / m) * k * n + (o % n)];
        for (let i = 0; i < k; i++) product[o]! += x[row + i]! * y[column + i * n]!;
      }
      return make(dtype, product);
    },
    copy: (src) => make(src.dtype, values(src)),
    write: (dst, src) => put(dst, values(src)),
    pad: ({ src, before, after, value }) => make(src.dtype, values(src, positions(src, before, after), value)),
    gather: ({ op = 'gather', src, dim, index }) => make(src.dtype, values(src, pointed(op, index, dim, src))),
    scatterAdd: ({ op = 'scatterAdd', base, dim, index, src }) => {
      const [sums, added] = [values(base), values(src)];
      const target = { shape: base.shape, strides: core.contiguousStrides(base.shape), offset: 0 };
      for (const [i, p] of pointed(op, index, dim, target).entries()) sums[p] = core.castValue(sums[p]! + added[i]!, base.dtype);
      return make(base.dtype, sums);
    },
  };
}
