import type { DType } from '@nabla/core';
import {
  coalesce,
  type GatherRequest,
  input,
  isContiguous,
  type PadRequest,
  type ScatterAddRequest,
  sizeOf,
  type View,
} from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import { conversion, source, storeAs } from './codegen.ts';
import { addAll, addSizes, bufferOf, dot, unravel } from './indexing.ts';
import { Arguments, type Kernels, type Source } from './kernels.ts';
import { map } from './map.ts';

/** Whether a view is all of its buffer, in order. */
function isWhole(v: View): boolean {
  return v.offset === 0 && isContiguous(v.shape, v.strides) && sizeOf(v.shape) === bufferOf(v).length;
}

/** A contiguous buffer with the values of a view. Buffers never change, so that of a whole view is shared. */
export function copy(kernels: Kernels, src: View): GpuBuffer {
  return isWhole(src) ? bufferOf(src).share() : converted(kernels, src, src.dtype);
}

function converted(kernels: Kernels, src: View, dtype: DType): GpuBuffer {
  const r = { exprs: [input(0)], inputs: [src], params: [], shape: src.shape, compute: src.dtype, outputs: [dtype] };
  return (map(kernels, r) as GpuBuffer[])[0]!;
}

/** One dimension of a window, with positive steps. */
interface Step {
  readonly n: number;
  readonly to: number;
  readonly from: number;
}

/**
 * The buffer `dst.handle` with `src` written into the window, as a new buffer: each element finds out whether it lies
 * in the window by taking its strides apart, the largest first. That is unique because windows that are written to do
 * not overlap themselves.
 */
export function write(kernels: Kernels, dst: View, src: View, length: number): GpuBuffer {
  if (sizeOf(src.shape) === 0) return bufferOf(dst).share();
  if (isWhole(dst)) return dst.dtype === src.dtype ? copy(kernels, src) : converted(kernels, src, dst.dtype);
  let start = dst.offset;
  let from = src.offset;
  const steps: Step[] = coalesce(dst.shape, [dst.strides, src.strides]).map(({ n, strides: [to, back] }) => {
    if (to! >= 0) return { n, to: to!, from: back! };
    start += (n - 1) * to!;
    from += (n - 1) * back!;
    return { n, to: -to!, from: -back! };
  });
  steps.sort((x, y) => y.to - x.to);
  const ints = new Arguments();
  ints.add('start', start);
  ints.add('from', from);
  steps.forEach((s, d) => {
    ints.add(`n${d}`, s.n);
    ints.add(`t${d}`, s.to);
    ints.add(`f${d}`, s.from);
  });
  const make = (): Source => {
    let code = 'let rest=i-start;let inside=1;if(rest<0){inside=0;rest=0;}let at=from;';
    steps.forEach((_, d) => {
      // The quotient is corrected as in `divide`; a coordinate beyond the window's size is outside.
      code += `let c${d}=Math.floor(rest/t${d});if(c${d}*t${d}>rest){c${d}=c${d}-1;}if((c${d}+1)*t${d}<=rest){c${d}=c${d}+1;}`;
      code += `if(c${d}>=n${d}){inside=0;c${d}=0;}rest=rest-c${d}*t${d};at=at+c${d}*f${d};`;
    });
    code += `if(rest>0){inside=0;}if(inside<0.5){at=from;}const v=${storeAs('a1[at]', src.dtype, dst.dtype)};const old=a0[i];return inside>0.5?v:old;`;
    return source(code);
  };
  return kernels.launch({
    op: 'write',
    key: `write ${conversion(src.dtype, dst.dtype)}`,
    inputs: [bufferOf(dst), bufferOf(src)],
    ints,
    length,
    source: make,
  });
}

/** A border of one value; negative amounts crop. */
export function pad(kernels: Kernels, r: PadRequest): GpuBuffer {
  const { src } = r;
  const shape = src.shape.map((n, d) => n + r.before[d]! + r.after[d]!);
  const length = sizeOf(shape);
  const rank = shape.length;
  const floats = new Arguments();
  floats.add('value', r.value);
  if (length === 0 || sizeOf(src.shape) === 0) {
    return kernels.launch({ op: 'pad', key: 'fill', inputs: [], floats, length, source: () => source('return value;') });
  }
  const ints = new Arguments();
  ints.add('from', src.offset);
  addSizes(ints, 'n', shape);
  addAll(ints, 'm', src.shape);
  addAll(ints, 'b', r.before);
  addAll(ints, 's', src.strides);
  const make = (): Source => {
    let code = `${unravel('i', rank, 'c', 'n')}let inside=1;let at=from;`;
    for (let d = 0; d < rank; d++) {
      code += `const j${d}=c${d}-b${d};if(j${d}<0){inside=0;}if(j${d}>=m${d}){inside=0;}at=at+j${d}*s${d};`;
    }
    return source(`${code}if(inside<0.5){at=from;}const v=a0[at];return inside>0.5?v:value;`);
  };
  return kernels.launch({ op: 'pad', key: 'pad', inputs: [bufferOf(src)], ints, floats, length, source: make });
}

/** `strides` with dimension `dim` standing still: that coordinate comes from the index. */
const without = (strides: readonly number[], dim: number): number[] => strides.map((s, d) => (d === dim ? 0 : s));

/** out[.., i, ..] = src[.., index[.., i, ..], ..]. A shader cannot raise an error: an index out of range gives NaN. */
export function gather(kernels: Kernels, r: GatherRequest): GpuBuffer {
  const { src, index, dim } = r;
  const length = sizeOf(index.shape);
  if (sizeOf(src.shape) === 0) return outOfRange(kernels, length);
  const loops = coalesce(index.shape, [without(src.strides, dim), index.strides]);
  const ints = new Arguments();
  ints.add('size', src.shape[dim]!);
  ints.add('step', src.strides[dim]!);
  ints.add('from', src.offset);
  ints.add('where', index.offset);
  addSizes(
    ints,
    'n',
    loops.map((l) => l.n),
  );
  [0, 1].forEach((o) => {
    addAll(
      ints,
      `s${o}_`,
      loops.map((l) => l.strides[o]!),
    );
  });
  const floats = new Arguments();
  floats.add('nan', Number.NaN);
  const rank = loops.length;
  const make = (): Source =>
    source(
      `${unravel('i', rank, 'c', 'n')}let at=a1[where${dot(rank, 'c', 's1_')}];` +
        `let inside=1;if(at<0){inside=0;}if(at>=size){inside=0;}if(inside<0.5){at=0;}` +
        `const v=a0[from+at*step${dot(rank, 'c', 's0_')}];return inside>0.5?v:nan;`,
    );
  return kernels.launch({ op: 'gather', key: 'gather', inputs: [bufferOf(src), bufferOf(index)], ints, floats, length, source: make });
}

function outOfRange(kernels: Kernels, length: number): GpuBuffer {
  const floats = new Arguments();
  floats.add('value', Number.NaN);
  return kernels.launch({ op: 'gather', key: 'fill', inputs: [], floats, length, source: () => source('return value;') });
}

/** Entries along the indexed dimension that one invocation looks at. */
const longest = 4096;

/**
 * A copy of `base` with `src` added where `index` points. Shaders cannot add to a place that another may add to as
 * well, so each element of the result looks through the index for what points to it. Indices out of range point nowhere.
 */
export function scatterAdd(kernels: Kernels, r: ScatterAddRequest): GpuBuffer {
  const { base, index, src, dim } = r;
  const length = sizeOf(base.shape);
  let result = copy(kernels, base);
  if (length === 0 || sizeOf(index.shape) === 0) return result;
  const rank = base.shape.length;
  const count = index.shape[dim]!;
  const others = index.shape.map((n, d) => (d === dim ? base.shape[d]! : n));
  for (let first = 0; first < count; first += longest) {
    const ints = new Arguments();
    ints.add('first', first);
    ints.add('count', Math.min(longest, count - first));
    ints.add('where', index.offset);
    ints.add('from', src.offset);
    addSizes(ints, 'n', base.shape);
    addAll(ints, 'm', others);
    addAll(ints, 's', index.strides);
    addAll(ints, 't', src.strides);
    const make = (): Source => {
      let code = `${unravel('i', rank, 'c', 'n')}let inside=1;let at=where+first*s${dim};let of=from+first*t${dim};`;
      for (let d = 0; d < rank; d++) {
        code += `if(c${d}>=m${d}){inside=0;}`;
        if (d !== dim) code += `at=at+c${d}*s${d};of=of+c${d}*t${d};`;
      }
      code +=
        `let sum=a0[i];if(inside>0.5){for(let j=0;j<count;j++){const k=a1[at+j*s${dim}];` +
        `if(k===c${dim}){sum=sum+a2[of+j*t${dim}];}}}return ${storeAs('sum', 'float32', base.dtype === 'uint8' ? 'uint8' : 'float32')};`;
      return source(code);
    };
    const before = result;
    try {
      result = kernels.launch({
        op: 'scatterAdd',
        key: `scatterAdd ${dim} ${base.dtype === 'uint8' ? 'u' : ''}`,
        inputs: [before, bufferOf(index), bufferOf(src)],
        ints,
        length,
        source: make,
      });
    } finally {
      before.free();
    }
  }
  return result;
}
