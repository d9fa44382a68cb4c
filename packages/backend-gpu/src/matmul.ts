import { coalesce, type MatmulRequest, sizeOf } from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import { source, storeAs } from './codegen.ts';
import { addAll, addSizes, bufferOf, divide, dot, unravel } from './indexing.ts';
import { Arguments, type Kernels, type Source } from './kernels.ts';
import { combined, constant } from './reduce.ts';

/** Most products that one invocation adds up: some drivers silently stop a shader after 65,535 iterations. */
const longest = 16384;
/** Products in which a long sum is split when there are too few results to keep a graphics card busy. */
const piece = 512;
const enough = 16384;

/** Batched matrix product of strided operands: one invocation per element, in stages when the inner dimension is long. */
export function matmul(kernels: Kernels, r: MatmulRequest): GpuBuffer {
  const { a, b } = r;
  const rank = a.shape.length;
  const batch = a.shape.slice(0, -2);
  const m = a.shape[rank - 2]!;
  const k = a.shape[rank - 1]!;
  const n = b.shape[rank - 1]!;
  const count = sizeOf(batch) * m * n;
  if (count === 0) return kernels.empty();
  if (k === 0) return constant(kernels, 0, count);
  const loops = coalesce(batch, [a.strides.slice(0, -2), b.strides.slice(0, -2)]);
  const length = Math.min(k, longest, Math.max(piece, Math.ceil((k * count) / enough)));
  const chunks = Math.ceil(k / length);
  const ints = new Arguments();
  ints.add('k', k);
  ints.add('n', n);
  ints.add('m', m);
  ints.add('chunks', chunks);
  ints.add('len', length);
  ints.add('oa', a.offset);
  ints.add('ob', b.offset);
  ints.add('ai', a.strides[rank - 2]!);
  ints.add('ak', a.strides[rank - 1]!);
  ints.add('bk', b.strides[rank - 2]!);
  ints.add('bj', b.strides[rank - 1]!);
  addSizes(
    ints,
    'd',
    loops.map((l) => l.n),
  );
  [0, 1].forEach((o) => {
    addAll(
      ints,
      `s${o}_`,
      loops.map((l) => l.strides[o]!),
    );
  });
  // Bytes wrap at every step, since their sum could leave the range in which float32 is exact.
  const wraps = r.dtype === 'uint8';
  const partial = kernels.launch({
    op: 'matmul',
    key: `matmul ${wraps ? 'u' : ''}`,
    inputs: [bufferOf(a), bufferOf(b)],
    ints,
    length: count * chunks,
    source: () => text(loops.length, wraps),
  });
  if (chunks === 1) return partial;
  try {
    return combined(kernels, { kind: 'sum', compute: 'float32', output: r.dtype, divisor: 1 }, count, chunks, partial);
  } finally {
    partial.free();
  }
}

/** Four sums side by side hide the latency of an addition and keep the error of a long float32 sum down. */
function text(batchRank: number, wraps: boolean): Source {
  const plus = (l: number, k: number): string => {
    const sum = `(s${l}+a0[pa+(p+${k})*ak]*a1[pb+(p+${k})*bk])`;
    return `s${l}=${wraps ? storeAs(sum, 'float32', 'uint8') : sum};`;
  };
  const four = [0, 1, 2, 3].map((l) => plus(l, l)).join('');
  const total = '((s0+s1)+(s2+s3))';
  return source(
    `${divide('z', 'q', 'i', 'chunks')}${divide('y', 'col', 'z', 'n')}${divide('x', 'row', 'y', 'm')}${unravel('x', batchRank, 'c', 'd')}` +
      `const first=q*len;let count=k-first;if(count>len){count=len;}` +
      `const pa=oa+row*ai+first*ak${dot(batchRank, 'c', 's0_')};const pb=ob+col*bj+first*bk${dot(batchRank, 'c', 's1_')};` +
      // A bound that gpu.js takes for a constant would be one that WebGL 1 refuses; a quotient it does not.
      `const rest=count-4*Math.floor(count/4);const quads=(count-rest)*0.25;` +
      `let s0=0;let s1=0;let s2=0;let s3=0;` +
      `for(let j=0;j<quads;j++){const p=j*4;${four}}` +
      `for(let l=0;l<rest;l++){const p=quads*4+l;${plus(0, 0)}}` +
      `return ${wraps ? storeAs(total, 'float32', 'uint8') : total};`,
  );
}
