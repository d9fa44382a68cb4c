import { isTensor, type Tensor, ValueError } from '@nabla/core';
import { isIllFormed, quote } from './bytes.ts';
import { FileFormatError } from './errors.ts';
import type { Json } from './json.ts';

/** What a checkpoint can hold: tensors, numbers, texts and the like, in arrays, Maps and plain objects. */
export type StateValue =
  | Tensor
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | readonly StateValue[]
  | ReadonlyMap<string | number, StateValue>
  | { readonly [key: string]: StateValue };

/** Deepest nesting of a state. */
const maxDepth = 64;

/** Depth of the JSON that {@link encodeTree} writes for the deepest state. */
export const maxJsonDepth: number = 2 * maxDepth + 2;

/** A tree without its tensors, and these by the names that stand in their places. */
export interface EncodedTree {
  readonly json: unknown;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const refuse = (path: string, what: string): never => {
  throw new ValueError(`checkpoint: ${path === '' ? 'the state' : path} ${what}`);
};

/**
 * Takes a state apart. Everything that is no text, boolean, null or ordinary number becomes an array whose first item
 * says what it is, so that -0, NaN, bigints and undefined come back as they were.
 */
export function encodeTree(root: StateValue): EncodedTree {
  const tensors = new Map<string, Tensor>();
  const names = new Map<Tensor, string>();
  const nameOf = (t: Tensor, path: string): string => {
    const known = names.get(t);
    if (known !== undefined) return known;
    let name = path === '' ? 'state' : path;
    for (let i = 2; tensors.has(name) || name === '__metadata__'; i++) name = `${path}#${i}`;
    names.set(t, name);
    tensors.set(name, t);
    return name;
  };
  const text = (value: string, path: string): string => (isIllFormed(value) ? refuse(path, 'has half of a surrogate pair') : value);
  const encode = (value: StateValue, path: string, depth: number): unknown => {
    if (depth > maxDepth) return refuse(path, `is nested deeper than ${maxDepth}`);
    const inside = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
    const pair = ([k, v]: readonly [string | number, StateValue]): unknown => [encode(k, path, depth + 1), encode(v, inside(k), depth + 1)];
    switch (typeof value) {
      case 'boolean':
        return value;
      case 'string':
        return text(value, path);
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : ['number', Object.is(value, -0) ? '-0' : String(value)];
      case 'bigint':
        return ['bigint', String(value)];
      case 'undefined':
        return ['undefined'];
      case 'object':
        break;
      default:
        return refuse(path, `is a ${typeof value}, which no file can hold`);
    }
    if (value === null) return null;
    if (isTensor(value)) return ['tensor', nameOf(value, text(path, path))];
    if (Array.isArray(value)) return ['list', ...value.map((v: StateValue, i) => encode(v, inside(i), depth + 1))];
    if (value instanceof Map) return ['map', ...[...(value as ReadonlyMap<string | number, StateValue>)].map(pair)];
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      return refuse(path, 'is neither a plain object, an array, a Map nor a tensor');
    const entries = Object.entries(value as { readonly [key: string]: StateValue });
    if (entries.some(([k]) => k === '__proto__')) return refuse(path, "has a key '__proto__'");
    return ['object', ...entries.map(pair)];
  };
  return { json: encode(root, '', 0), tensors };
}

const fail = (message: string): never => {
  throw new FileFormatError('checkpoint', message);
};

const numbers: ReadonlyMap<Json | undefined, number> = new Map<Json | undefined, number>([
  ['-0', -0],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/** Puts a state together again. */
export function decodeTree(json: Json, tensors: ReadonlyMap<string, Tensor>): StateValue {
  if (!Array.isArray(json)) return json === null || typeof json !== 'object' ? json : fail('an object in the state');
  const [tag, ...items] = json as readonly Json[];
  const decode = (item: Json): StateValue => decodeTree(item, tensors);
  switch (tag) {
    case 'undefined':
      return undefined;
    case 'number':
      return numbers.get(items[0]) ?? fail('a number that is none');
    case 'bigint':
      return typeof items[0] === 'string' && /^-?\d{1,10000}$/.test(items[0]) ? BigInt(items[0]) : fail('a bigint that is none');
    case 'tensor':
      return tensors.get(items[0] as string) ?? fail(`the state refers to a tensor ${quote(String(items[0]))} that is not there`);
    case 'list':
      return items.map(decode);
    case 'map':
    case 'object': {
      const out = new Map<string | number, StateValue>();
      for (const item of items) {
        const [rawKey, value] = Array.isArray(item) && item.length === 2 ? (item as [Json, Json]) : fail('an item without key and value');
        const key = decode(rawKey);
        if (typeof key !== 'string' && (tag === 'object' || typeof key !== 'number')) return fail('a key that is none');
        if (out.has(key) || key === '__proto__') return fail(`the key ${quote(String(key))} where it may not be`);
        out.set(key, decode(value));
      }
      return tag === 'map' ? out : (Object.fromEntries(out) as { readonly [key: string]: StateValue });
    }
    default:
      return fail(`a value of the unknown kind ${quote(String(tag))}`);
  }
}
