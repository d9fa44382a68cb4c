import type { Backend, Computed, Handle, MapRequest, ReduceRequest, View } from './backend.ts';
import { Declined } from './backend.ts';
import { cpu } from './backend-cpu/index.ts';
import type { DType, TypedArray } from './dtype.ts';
import { DeviceError } from './errors.ts';
import { contiguousStrides, sizeOf } from './layout.ts';
import { Storage } from './storage.ts';
import { Tensor } from './tensor.ts';
import { wideMap, wideReduce } from './wide.ts';

/** What declined work runs on. Tests replace it by a backend that throws, to prove that nothing falls back. */
let reference: Backend = cpu;

/** Replaces the backend that declined work runs on, and gives the one before. */
export function setReferenceBackend(backend: Backend): Backend {
  const before = reference;
  reference = backend;
  return before;
}

/** The backend that declined work runs on. */
export function referenceBackend(): Backend {
  return reference;
}

/** The backend that all these tensors share. */
export function backendOf(op: string, tensors: readonly Tensor[], further: readonly Tensor[] = none): Backend {
  const first = tensors[0]!.storage.backend;
  for (let i = 1; i < tensors.length; i++) checkBackend(op, first, tensors[i]!, i);
  for (let i = 0; i < further.length; i++) checkBackend(op, first, further[i]!, tensors.length + i);
  return first;
}

const none: readonly Tensor[] = [];

function checkBackend(op: string, first: Backend, t: Tensor, i: number): void {
  const other = t.storage.backend;
  if (other === first) return;
  throw new DeviceError(`${op}: operand 0 is on '${first.name}' and operand ${i} on '${other.name}'; move one with to()`);
}

/** A tensor on a fresh contiguous buffer. */
export function wrap(backend: Backend, handle: Handle, dtype: DType, shape: readonly number[]): Tensor {
  return new Tensor(new Storage(backend, handle, dtype, sizeOf(shape)), shape, contiguousStrides(shape), 0);
}

/** Elements of the buffer that a view can reach. */
export function extent(v: Pick<View, 'shape' | 'strides' | 'offset'>): number {
  let last = v.offset;
  for (let d = 0; d < v.shape.length; d++) {
    if (v.shape[d] === 0) return 0;
    last += (v.shape[d]! - 1) * Math.max(v.strides[d]!, 0);
  }
  return last + 1;
}

/** A result's place: dtype and number of elements. */
interface Slot {
  readonly dtype: DType;
  readonly length: number;
}

/** Runs declined work on the reference backend and counts it. On a device that cannot be read at once, results follow later. */
function onReference(
  backend: Backend,
  op: string,
  reason: string,
  views: readonly View[],
  slots: readonly Slot[],
  run: (b: Backend, local: View[]) => readonly Handle[],
  host: Backend = reference,
): Handle[] {
  if (backend === host || backend === cpu) throw new DeviceError(`${op}: the CPU backend declined: ${reason}`);
  backend.countFallback(op, reason);
  const place = (arrays: readonly TypedArray[]): readonly Handle[] =>
    run(
      host,
      views.map((v, i) => ({ ...plain(v), handle: host.upload(arrays[i]!, v.dtype, arrays[i]!.length) })),
    );
  const values = (handles: readonly Handle[], i: number): TypedArray => host.readSync(handles[i]!, slots[i]!.dtype, slots[i]!.length);
  if (backend.caps.syncRead) {
    const handles = place(views.map((v) => backend.readSync(v.handle, v.dtype, extent(v))));
    return slots.map((s, i) => backend.upload(values(handles, i), s.dtype, s.length));
  }
  const pending = Promise.all(views.map((v) => backend.read(v.handle, v.dtype, extent(v)))).then(place);
  return slots.map((s, i) =>
    backend.upload(
      pending.then((handles) => values(handles, i)),
      s.dtype,
      s.length,
    ),
  );
}

function plain(v: View): Omit<View, 'handle'> {
  return { dtype: v.dtype, shape: v.shape, strides: v.strides, offset: v.offset };
}

/** Elementwise work; `op` names it in messages and reports. What a backend declines to write `into` comes in new buffers. */
export function mapKernel(backend: Backend, op: string, r: MapRequest): readonly Handle[] {
  const done = r.inputs.length > backend.caps.maxInputs ? wideMap(backend, r) : backend.map(r);
  if (!(done instanceof Declined)) return done;
  const length = sizeOf(r.shape);
  return onReference(
    backend,
    op,
    done.reason,
    r.inputs,
    r.outputs.map((dtype) => ({ dtype, length })),
    // Without `into`: the reference cannot write into another backend's buffers.
    (b, inputs) => {
      const { exprs, params, shape, compute, outputs } = r;
      return accepted(op, b.map({ exprs, inputs, params, shape, compute, outputs }));
    },
  );
}

/** Reductions. */
export function reduceKernel(backend: Backend, op: string, r: ReduceRequest): Handle {
  const done = r.inputs.length > backend.caps.maxInputs ? wideReduce(backend, r) : backend.reduce(r);
  if (!(done instanceof Declined)) return done;
  const length = sizeOf(r.shape.filter((_, d) => !r.dims.includes(d)));
  return onReference(backend, op, done.reason, r.inputs, [{ dtype: r.output, length }], (b, inputs) => [
    accepted(op, b.reduce({ ...r, inputs })),
  ])[0]!;
}

/**
 * Any other request with one result: `run` makes it of views on a given backend.
 *
 * @example
 * ```ts
 * const handle = computeKernel(backend, 'gather', [src, index], index.dtype, n, (b, [s, i]) => b.gather({ src: s, dim, index: i }));
 * ```
 */
export function computeKernel(
  backend: Backend,
  op: string,
  views: readonly View[],
  dtype: DType,
  length: number,
  run: (b: Backend, views: readonly View[]) => Computed,
): Handle {
  const done = run(backend, views);
  if (!(done instanceof Declined)) return done;
  return onReference(backend, op, done.reason, views, [{ dtype, length }], (b, local) => [accepted(op, run(b, local))])[0]!;
}

/** The product of matrices, or of batches of them, of one dtype: a tensor of `shape`. No gradient is recorded. */
export function matmulData(backend: Backend, op: string, a: View, b: View, dtype: DType, shape: readonly number[]): Tensor {
  const done = backend.matmul({ a, b, dtype });
  return wrap(backend, done instanceof Declined ? declinedMatmul(backend, op, done, [a, b], dtype, shape) : done, dtype, shape);
}

function declinedMatmul(
  backend: Backend,
  op: string,
  { reason }: Declined,
  views: readonly View[],
  dtype: DType,
  shape: readonly number[],
): Handle {
  const slots = [{ dtype, length: sizeOf(shape) }];
  return onReference(backend, op, reason, views, slots, (dev, local) => [
    accepted(op, dev.matmul({ a: local[0]!, b: local[1]!, dtype })),
  ])[0]!;
}

function accepted<T extends object>(op: string, done: T | Declined): T {
  if (done instanceof Declined) throw new DeviceError(`${op}: the reference backend declined: ${done.reason}`);
  return done;
}

/** A contiguous tensor with the same values: itself when it is contiguous already. No gradient is recorded. */
export function contiguousData(t: Tensor): Tensor {
  return t.isContiguous ? t : copyData(t);
}

/** A fresh contiguous tensor with the same values. No gradient is recorded. */
export function copyData(t: Tensor): Tensor {
  const backend = t.storage.backend;
  const handle = computeKernel(backend, 'copy', [t], t.dtype, t.size, (b, [v]) => b.copy(v!));
  return wrap(backend, handle, t.dtype, t.shape);
}

/** Writes `src` (same shape) into the window `dst` and counts the write. No gradient is recorded. */
export function writeData(dst: Tensor, src: Tensor): void {
  const backend = backendOf('write', [dst, src]);
  if (dst.size === 0) {
    dst.storage.version++;
    return;
  }
  const { length } = dst.storage;
  const done = backend.write(dst, src, length);
  if (done instanceof Declined) throw new DeviceError(`write: ${backend.name} cannot write in place: ${done.reason}`);
  dst.storage.written(done);
}

/** A tensor filled with one value. */
export function fullData(backend: Backend, value: number, dtype: DType, shape: readonly number[]): Tensor {
  return wrap(backend, backend.fill(value, dtype, sizeOf(shape)), dtype, shape);
}

/** Shape and dtype of a result of {@link hostCompute}. */
interface HostResult {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Why work of {@link hostCompute} runs on the CPU: a property of the op, not of a backend. */
export const hostReason = 'the algorithm is written for the CPU';

/**
 * Work that is written in plain JavaScript on typed arrays, for algorithms that no backend has a kernel for (sorting,
 * decompositions): on the CPU directly, for a device on the CPU and counted as a fallback.
 *
 * @param compute gets the values of each input, row-major, which it must not change; gives a new array per result, of the
 *   type that stores its dtype
 * @example
 * ```ts
 * hostCompute('msort', [x], [{ shape: x.shape, dtype: x.dtype }], ([values]) => [values.slice().sort()]);
 * ```
 */
export function hostCompute(
  op: string,
  inputs: readonly Tensor[],
  results: readonly HostResult[],
  compute: (values: readonly TypedArray[]) => readonly TypedArray[],
): Tensor[] {
  const backend = backendOf(op, inputs);
  if (backend === cpu) {
    const values = inputs.map((t) => {
      const dense = contiguousData(t);
      return cpu.valuesOf(dense.handle).subarray(dense.offset, dense.offset + dense.size);
    });
    return compute(values).map((array, i) => wrap(cpu, cpu.adopt(array), results[i]!.dtype, results[i]!.shape));
  }
  const slots = results.map((r) => ({ dtype: r.dtype, length: sizeOf(r.shape) }));
  const run = (b: Backend, local: readonly View[]): readonly Handle[] => {
    const values = local.map((v) => b.readSync(accepted(op, b.copy(v)), v.dtype, sizeOf(v.shape)));
    return compute(values).map((array, i) => b.upload(array, slots[i]!.dtype, slots[i]!.length));
  };
  const handles = onReference(backend, op, hostReason, inputs, slots, run, cpu);
  return handles.map((handle, i) => wrap(backend, handle, results[i]!.dtype, results[i]!.shape));
}
