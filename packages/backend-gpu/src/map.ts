import type { DType } from '@nabla/core';
import { arityOf, castValue, coalesce, Declined, type Expr, type MapRequest, sizeOf, type View } from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import { conversion, loadAs, type Printed, print, source, storeAs } from './codegen.ts';
import { allOrNone } from './failures.ts';
import { addAll, addSizes, bufferOf, dot, type Motion, motionOf, unravel } from './indexing.ts';
import { Arguments, type Kernels, type Source } from './kernels.ts';

/** Adds the numbers that an expression reads beside its inputs: parameters `p0`, ... and constants `k0`, ... */
export function addNumbers(floats: Arguments, expr: Expr, printed: Printed, params: readonly number[], compute: DType): void {
  const count = arityOf([expr]).params;
  for (let i = 0; i < count; i++) floats.add(`p${i}`, castValue(params[i]!, compute));
  printed.constants.forEach((v, i) => {
    floats.add(`k${i}`, v);
  });
}

/** Letters for the conversions of operands, for kernel keys. */
export function conversionsOf(inputs: readonly View[], compute: DType): string {
  return inputs.map((v) => conversion(v.dtype, compute) || '-').join('');
}

/** The walk of a map: few loops, and how each input moves over them. */
interface Walk {
  readonly sizes: readonly number[];
  readonly motions: readonly Motion[];
  readonly strides: readonly (readonly number[])[];
}

function walkOf(shape: readonly number[], inputs: readonly View[]): Walk {
  const loops = coalesce(
    shape,
    inputs.map((v) => v.strides),
  );
  const sizes = loops.map((l) => l.n);
  const strides = inputs.map((_, k) => loops.map((l) => l.strides[k]!));
  return { sizes, strides, motions: strides.map((s) => motionOf(sizes, s)) };
}

/** Evaluates expressions over a shape: one kernel per output. */
export function map(kernels: Kernels, r: MapRequest): GpuBuffer[] | Declined {
  const printed: Printed[] = [];
  for (const e of r.exprs) {
    const p = print(e, r.compute);
    if (p instanceof Declined) return p;
    printed.push(p);
  }
  const walk = walkOf(r.shape, r.inputs);
  return allOrNone(printed.map((p, k) => () => one(kernels, r, walk, p, k)));
}

function one(kernels: Kernels, r: MapRequest, walk: Walk, printed: Printed, k: number): GpuBuffer {
  const { sizes, motions, strides } = walk;
  const expr = r.exprs[k]!;
  const to = r.outputs[k]!;
  const strided = motions.includes('s');
  const ints = new Arguments();
  if (strided) addSizes(ints, 'n', sizes);
  r.inputs.forEach((v, i) => {
    ints.add(`o${i}`, v.offset);
    if (motions[i] === 's') addAll(ints, `s${i}_`, strides[i]!);
  });
  const floats = new Arguments();
  addNumbers(floats, expr, printed, r.params, r.compute);
  const make = (): Source => {
    const index = (i: number): string =>
      motions[i] === 'f' ? `o${i}` : motions[i] === 'd' ? `i+o${i}` : `o${i}${dot(sizes.length, 'c', `s${i}_`)}`;
    const loads = r.inputs.map((v, i) => `const x${i}=${loadAs(`a${i}[${index(i)}]`, v.dtype, r.compute)};`).join('');
    const value = storeAs(printed.result, r.compute, to);
    return source(`${strided ? unravel('i', sizes.length, 'c', 'n') : ''}${loads}${printed.lines}return ${value};`, printed.helpers);
  };
  return kernels.launch({
    op: expr.row?.name ?? 'copy',
    key: `map ${printed.id} ${motions.join('')} ${strided ? sizes.length : 0} ${conversionsOf(r.inputs, r.compute)}${conversion(r.compute, to)}`,
    inputs: r.inputs.map(bufferOf),
    ints,
    floats,
    length: sizeOf(r.shape),
    source: make,
  });
}
