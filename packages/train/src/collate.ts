import { isTensor, ShapeError, scope, stack, type Tensor, type TypedArray, tensor, ValueError } from '@nabla/core';

/** Arrays of numbers that become tensors: those of the dtypes, and integers that fit one. */
export type NumericArray = TypedArray | Uint8ClampedArray | Int8Array | Int16Array | Uint16Array | BigInt64Array;

/** What {@link defaultCollate} makes of samples of type `T`. */
export type Collated<T> = T extends Tensor | number | boolean | bigint | NumericArray
  ? Tensor
  : T extends string
    ? string[]
    : T extends ReadonlyMap<infer K, infer V>
      ? Map<K, Collated<V>>
      : T extends object
        ? { -readonly [K in keyof T]: Collated<T[K]> }
        : unknown;

/** What {@link defaultConvert} makes of a sample of type `T`. */
export type Converted<T> = T extends Tensor
  ? T
  : T extends NumericArray
    ? Tensor
    : T extends ReadonlyMap<infer K, infer V>
      ? Map<K, Converted<V>>
      : T extends object
        ? { -readonly [K in keyof T]: Converted<T[K]> }
        : T;

type Kind = 'a tensor' | 'a number' | 'a boolean' | 'a bigint' | 'a string' | 'a typed array' | 'an array' | 'a Map' | 'a plain object';

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What a value is to {@link defaultCollate}; null for what it does not take. */
function kindOf(value: unknown): Kind | null {
  switch (typeof value) {
    case 'number':
      return 'a number';
    case 'boolean':
      return 'a boolean';
    case 'bigint':
      return 'a bigint';
    case 'string':
      return 'a string';
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (isTensor(value)) return 'a tensor';
  if (ArrayBuffer.isView(value)) return value instanceof DataView ? null : 'a typed array';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Map) return 'a Map';
  return isPlain(value) ? 'a plain object' : null;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  return value.constructor?.name ?? 'object';
}

const show = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
const inside = (path: string, key: unknown): string => `${path}.${String(key)}`;

/** Where in a sample something is, for messages. */
const at = (path: string): string => (path === '' ? '' : ` at ${path.slice(1)}`);

function sameShapes(shapes: readonly (readonly number[])[], path: string): void {
  const first = shapes[0]!;
  shapes.forEach((shape, i) => {
    if (shape.length !== first.length || shape.some((n, d) => n !== first[d])) {
      throw new ShapeError(
        `defaultCollate: sample 0 has the shape ${show(first)}${at(path)} and sample ${i} of the batch ${show(shape)}; a collate function of your own can pad them`,
      );
    }
  });
}

/** One buffer for all rows, instead of a tensor for each. */
function stackArrays(rows: readonly NumericArray[], path: string): Tensor {
  const first = rows[0]!;
  rows.forEach((row, i) => {
    if (row.constructor !== first.constructor) {
      throw new ValueError(
        `defaultCollate: sample 0 is a ${first.constructor.name}${at(path)} and sample ${i} of the batch a ${row.constructor.name}`,
      );
    }
  });
  sameShapes(
    rows.map((row) => [row.length]),
    path,
  );
  const width = first.length;
  const all = new (first.constructor as new (n: number) => NumericArray)(rows.length * width);
  rows.forEach((row, i) => {
    (all as Float32Array).set(row as Float32Array, i * width);
  });
  return tensor(all as TypedArray, { shape: [rows.length, width] });
}

function collateObjects(samples: readonly Readonly<Record<string, unknown>>[], path: string): Record<string, unknown> {
  const keys = Object.keys(samples[0]!);
  samples.forEach((sample, i) => {
    const stray = Object.keys(sample).find((k) => !keys.includes(k)) ?? keys.find((k) => !Object.hasOwn(sample, k));
    if (stray !== undefined)
      throw new ValueError(`defaultCollate: sample ${i} of the batch and sample 0 differ in the key ${JSON.stringify(stray)}${at(path)}`);
  });
  return Object.fromEntries(
    keys.map((key) => [
      key,
      collate(
        samples.map((s) => s[key]),
        inside(path, key),
      ),
    ]),
  );
}

function collateMaps(samples: readonly ReadonlyMap<unknown, unknown>[], path: string): Map<unknown, unknown> {
  const first = samples[0]!;
  samples.forEach((sample, i) => {
    if (sample.size !== first.size || [...first.keys()].some((k) => !sample.has(k)))
      throw new ValueError(`defaultCollate: sample ${i} of the batch and sample 0 differ in their keys${at(path)}`);
  });
  return new Map(
    [...first.keys()].map((key) => [
      key,
      collate(
        samples.map((s) => s.get(key)),
        inside(path, key),
      ),
    ]),
  );
}

function collateArrays(samples: readonly (readonly unknown[])[], path: string): unknown[] {
  const first = samples[0]!;
  samples.forEach((sample, i) => {
    if (sample.length !== first.length) {
      throw new ShapeError(
        `defaultCollate: sample 0 is an array of ${first.length}${at(path)} and sample ${i} of the batch one of ${sample.length}; a collate function of your own can pad them`,
      );
    }
  });
  return first.map((_, k) =>
    collate(
      samples.map((s) => s[k]),
      inside(path, k),
    ),
  );
}

function collate(samples: readonly unknown[], path: string): unknown {
  const kind = kindOf(samples[0]);
  samples.forEach((sample, i) => {
    const other = kindOf(sample);
    if (other === null) {
      throw new ValueError(
        `defaultCollate: expected tensors, typed arrays, numbers, booleans, bigints, strings, arrays, Maps or plain objects; sample ${i} of the batch has ${describe(sample)}${at(path)}`,
      );
    }
    if (other !== kind) throw new ValueError(`defaultCollate: sample 0 has ${kind}${at(path)} and sample ${i} of the batch ${other}`);
  });
  switch (kind) {
    case 'a tensor': {
      const tensors = samples as readonly Tensor[];
      sameShapes(
        tensors.map((t) => t.shape),
        path,
      );
      return stack(tensors);
    }
    case 'a typed array':
      return stackArrays(samples as readonly NumericArray[], path);
    case 'a string':
      return [...samples];
    case 'an array':
      return collateArrays(samples as readonly (readonly unknown[])[], path);
    case 'a Map':
      return collateMaps(samples as readonly ReadonlyMap<unknown, unknown>[], path);
    case 'a plain object':
      return collateObjects(samples as readonly Readonly<Record<string, unknown>>[], path);
    default:
      return tensor(samples as readonly number[]);
  }
}

/**
 * One batch of several samples, with a new first dimension: tensors are stacked, typed arrays and numbers, booleans and
 * bigints become tensors, strings stay an array of strings. Of arrays, Maps and plain objects every entry is collated.
 *
 * Numbers give float32, booleans bool, bigints int64 and typed arrays their own type, as `tensor` has it: a class label is
 * a bigint (`BigInt(label)`), or a tensor.
 *
 * @throws ShapeError for tensors or arrays that differ in size, with both sizes; ValueError for samples that differ in kind
 * or keys, for values that no tensor holds, and for no samples
 * @example
 * ```ts
 * defaultCollate([[zeros([3]), 0n], [ones([3]), 1n]]); // [tensor [2, 3], int64 tensor [2]]
 * defaultCollate([{ text: 'a', x: 1 }, { text: 'b', x: 2 }]); // { text: ['a', 'b'], x: tensor [2] }
 * ```
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
 */
export function defaultCollate<T>(samples: readonly T[]): Collated<T> {
  if (samples.length === 0) throw new ValueError('defaultCollate: there are no samples');
  // What stacking makes on the way is freed.
  return scope(() => collate(samples, '')) as Collated<T>;
}

/**
 * A sample as a loader without batches gives it: typed arrays become tensors, everything else stays as it is. Arrays, Maps
 * and plain objects are walked.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.default_convert
 */
export function defaultConvert<T>(sample: T): Converted<T> {
  return convert(sample) as Converted<T>;
}

function convert(value: unknown): unknown {
  switch (kindOf(value)) {
    case 'a typed array':
      return tensor(value as TypedArray);
    case 'an array':
      return (value as readonly unknown[]).map(convert);
    case 'a Map':
      return new Map([...(value as ReadonlyMap<unknown, unknown>)].map(([k, v]) => [k, convert(v)]));
    case 'a plain object':
      return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, convert(v)]));
    default:
      return value;
  }
}
