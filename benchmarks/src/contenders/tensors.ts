/** An array with a shape, in row-major order. */
export interface NamedArray {
  readonly shape: readonly number[];
  /** Integers of 64 bits in the file have 32 here. */
  readonly data: Float32Array | Int32Array;
}

/** Arrays by name. */
export type Arrays = ReadonlyMap<string, NamedArray>;

/** The array called `name`. */
export function arrayOf(arrays: Arrays, name: string): NamedArray {
  const found = arrays.get(name);
  if (found === undefined) throw new Error(`there is no tensor ${name}`);
  return found;
}

/** What follows `model.` in the names of a state dict's tensors. */
export const statePrefix = 'model.';

/** The entries of a model's initial state dict. */
export function stateOf<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  const entries = [...tensors].filter(([name]) => name.startsWith(statePrefix));
  return new Map(entries.map(([name, t]) => [name.slice(statePrefix.length), t]));
}

/** Whether an entry of a state dict is no parameter. */
export function isBuffer(name: string): boolean {
  return name.includes('running_') || name.includes('num_batches_tracked');
}

/** Names of the linear layers of a plain stack of them, in order. */
export function layersOf(state: Arrays): readonly string[] {
  const suffix = '.weight';
  return [...state.keys()].filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
}

/** The transpose of an array: `order[i]` is the dimension that becomes dimension i. */
export function permute({ shape, data }: NamedArray, order: readonly number[]): NamedArray {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const outShape = order.map((d) => shape[d]!);
  const outStrides = order.map((d) => strides[d]!);
  const out = data.slice();
  const at = outShape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let d = outShape.length - 1; d >= 0; d--) {
      from += outStrides[d]!;
      if (++at[d]! < outShape[d]!) break;
      from -= outStrides[d]! * outShape[d]!;
      at[d] = 0;
    }
  }
  return { shape: outShape, data: out };
}
