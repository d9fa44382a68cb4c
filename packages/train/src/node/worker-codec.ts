import { type DType, fromBuffer, isTensor, type TypedArray, ValueError } from '@nabla/core';

/**
 * A sample as it crosses to another thread: its tensors and typed arrays are buffers, which move instead of being copied.
 * Everything that is no primitive is an array whose first item says what it is.
 */
export type Encoded =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | readonly ['tensor', DType, readonly number[], TypedArray]
  | readonly ['array', string, ArrayBuffer]
  | readonly ['list', readonly Encoded[]]
  | readonly ['map', readonly (readonly [Encoded, Encoded])[]]
  | readonly ['object', readonly (readonly [string, Encoded])[]];

/** Views of a buffer that cross, by the names that they have in every thread. */
const views: Readonly<Record<string, new (buffer: ArrayBuffer) => ArrayBufferView>> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
};

/**
 * Takes a sample apart. Views are copied, since others may look at their buffers; gradients stay behind.
 *
 * @param moved is given the buffers that have to move
 * @throws ValueError for functions, symbols and objects of classes
 */
export async function encode(value: unknown, moved: ArrayBuffer[]): Promise<Encoded> {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function' || typeof value === 'symbol') throw new ValueError(`a ${typeof value} cannot cross to another thread`);
    return value as Encoded;
  }
  if (isTensor(value)) {
    const values = await value.data();
    moved.push(values.buffer as ArrayBuffer);
    return ['tensor', value.dtype, value.shape, values];
  }
  if (ArrayBuffer.isView(value)) {
    const name = (value as unknown as { readonly [Symbol.toStringTag]: string })[Symbol.toStringTag];
    if (!Object.hasOwn(views, name)) throw new ValueError(`a ${name} cannot cross to another thread`);
    const { buffer } = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    moved.push(buffer);
    return ['array', name, buffer];
  }
  if (Array.isArray(value)) {
    const items: Encoded[] = [];
    for (const item of value) items.push(await encode(item, moved));
    return ['list', items];
  }
  if (value instanceof Map) {
    const items: [Encoded, Encoded][] = [];
    for (const [k, v] of value) items.push([await encode(k, moved), await encode(v, moved)]);
    return ['map', items];
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new ValueError(`an object of the class ${value.constructor?.name ?? '?'} cannot cross to another thread`);
  const entries: [string, Encoded][] = [];
  for (const [k, v] of Object.entries(value)) entries.push([k, await encode(v, moved)]);
  return ['object', entries];
}

/** Puts a sample together again, with its tensors on the default backend. */
export function decode(value: Encoded): unknown {
  if (typeof value !== 'object' || value === null) return value;
  switch (value[0]) {
    case 'tensor':
      return fromBuffer(value[3], value[1], [...value[2]]);
    case 'array':
      return new views[value[1]]!(value[2]);
    case 'list':
      return value[1].map(decode);
    case 'map':
      return new Map(value[1].map(([k, v]) => [decode(k), decode(v)]));
    case 'object':
      return Object.fromEntries(value[1].map(([k, v]) => [k, decode(v)]));
  }
}
