import { type Bytes, bytesOf, quote, utf8, viewOf } from './bytes.ts';
import { elementsOf, type FileDType, fileBytes } from './elements.ts';
import { FileFormatError } from './errors.ts';
import { type Json, JsonError, parseJson } from './json.ts';

/** A tensor in a file, without its elements. */
export interface TensorInfo {
  /** How its elements lie in the file; a type that has no dtype here keeps the name it has there. */
  readonly type: FileDType | 'F8_E4M3' | 'F8_E5M2' | 'F8_E8M0' | 'C64';
  /** Size of each dimension. */
  readonly shape: readonly number[];
}

/** Where a tensor lies, in bytes from the start of the file. */
export interface Placed extends TensorInfo {
  readonly begin: number;
  readonly end: number;
}

/** What stands before the elements of a safetensors file. */
export interface SafetensorsHeader {
  /** The free text in `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Every tensor by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** Names of the format, and the types they stand for. */
const typeNames: ReadonlyMap<string, TensorInfo['type']> = new Map<string, TensorInfo['type']>([
  ['BOOL', 'bool'],
  ['U8', 'uint8'],
  ['I8', 'int8'],
  ['I16', 'int16'],
  ['U16', 'uint16'],
  ['I32', 'int32'],
  ['U32', 'uint32'],
  ['I64', 'int64'],
  ['U64', 'uint64'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F32', 'float32'],
  ['F64', 'float64'],
  ['F8_E4M3', 'F8_E4M3'],
  ['F8_E5M2', 'F8_E5M2'],
  ['F8_E8M0', 'F8_E8M0'],
  ['C64', 'C64'],
]);

/** The name of a type in the format. */
export function typeName(type: FileDType): string {
  for (const [name, t] of typeNames) if (t === type) return name;
  throw new FileFormatError('safetensors', `no type for ${type}`);
}

/** Whether elements of the type can be read into a tensor. */
export function isReadable(type: TensorInfo['type']): type is FileDType {
  return !/^[FC]\d/.test(type);
}

/** Longest header, the limit of the reference implementation. */
const maxHeader = 100_000_000;

function fail(message: string): never {
  throw new FileFormatError('safetensors', message);
}

/** The length of the header, from the first 8 bytes of a file of `size` bytes. */
export function headerLength(start: Uint8Array, size: number): number {
  if (size < 10) return fail(`a file has at least 10 bytes, this one ${size}`);
  const length = Number(viewOf(start).getBigUint64(0, true));
  if (length > size - 8) return fail(`the header is said to have ${length} bytes, but the file has ${size - 8} after its first 8`);
  if (length > maxHeader) return fail(`the header has ${length} bytes, more than the ${maxHeader} that the format allows`);
  return length;
}

/**
 * Checks a whole header against the format: types, shapes, sizes, and that the tensors fill the rest of the file without
 * a hole or an overlap.
 *
 * @param bytes the header
 * @param start where the elements begin in the file
 * @param size bytes of the file
 */
export function parseHeader(
  bytes: Uint8Array,
  start: number,
  size: number,
): { metadata: Map<string, string>; tensors: Map<string, Placed> } {
  if (bytes[0] !== 0x7b) return fail("the header does not begin with '{'");
  const text = utf8(bytes) ?? fail('the header is no UTF-8');
  let root: Json;
  try {
    root = parseJson(text, 8);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return fail(`the header is no JSON: ${error.message}`);
  }
  const metadata = new Map<string, string>();
  const tensors = new Map<string, Placed>();
  for (const [name, value] of root as ReadonlyMap<string, Json>) {
    if (!(value instanceof Map)) return fail(`${quote(name)} is no object`);
    if (name === '__metadata__') {
      for (const [key, text] of value as ReadonlyMap<string, Json>) {
        if (typeof text !== 'string') return fail(`the metadata ${quote(key)} is no text`);
        metadata.set(key, text);
      }
    } else tensors.set(name, placedAt(name, value as ReadonlyMap<string, Json>, start));
  }
  checkPlaces(tensors, start, size);
  return { metadata, tensors };
}

function placedAt(name: string, entry: ReadonlyMap<string, Json>, start: number): Placed {
  const where = `tensor ${quote(name)}`;
  for (const key of entry.keys())
    if (!['dtype', 'shape', 'data_offsets'].includes(key)) return fail(`${where} has an unknown field ${quote(key)}`);
  const dtype = entry.get('dtype');
  const shape = entry.get('shape');
  const offsets = entry.get('data_offsets');
  const type = typeof dtype === 'string' ? typeNames.get(dtype) : undefined;
  if (type === undefined)
    return fail(
      `${where} has the dtype ${typeof dtype === 'string' ? quote(dtype) : 'of no name'}, which is none of ${[...typeNames.keys()].join(', ')}`,
    );
  if (!isNumbers(shape)) return fail(`${where}: the shape is no list of numbers`);
  if (!isNumbers(offsets) || offsets.length !== 2) return fail(`${where}: data_offsets are no two numbers`);
  const n = elementsOf(shape);
  if (n === null) return fail(`${where}: the shape [${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}] is no shape`);
  const [begin, end] = offsets as [number, number];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin)
    return fail(`${where}: data_offsets ${begin} to ${end} are no place`);
  const bytes = n * (isReadable(type) ? fileBytes(type) : type === 'C64' ? 8 : 1);
  if (end - begin !== bytes)
    return fail(`${where}: ${n} elements of ${dtype as string} take ${bytes} bytes, but its data_offsets hold ${end - begin}`);
  return { type, shape, begin: start + begin, end: start + end };
}

function isNumbers(value: Json | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((x) => typeof x === 'number');
}

function checkPlaces(tensors: ReadonlyMap<string, Placed>, start: number, size: number): void {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = start;
  for (const [name, { begin, end }] of inOrder) {
    if (end > size) fail(`tensor ${quote(name)} ends at byte ${end - start} of ${size - start}`);
    if (begin < at) fail(`tensor ${quote(name)} begins at byte ${begin - start}, inside of the one before, which ends at ${at - start}`);
    if (begin > at) fail(`there are ${begin - at} bytes of no tensor before ${quote(name)}`);
    at = end;
  }
  if (at !== size) fail(`there are ${size - at} bytes of no tensor at the end`);
}

/**
 * What a safetensors file holds, without its elements: names, types, shapes and metadata.
 *
 * @throws FileFormatError when the file is not what the format allows
 * @example
 * ```ts
 * for (const [name, { type, shape }] of safetensorsHeader(bytes).tensors) console.log(name, type, shape);
 * ```
 * @see https://huggingface.co/docs/safetensors/index#format
 */
export function safetensorsHeader(bytes: Bytes): SafetensorsHeader {
  return headerOf(bytesOf(bytes));
}

/** {@link safetensorsHeader} with the place of each tensor. */
export function headerOf(file: Uint8Array): { metadata: Map<string, string>; tensors: Map<string, Placed> } {
  const length = headerLength(file, file.length);
  return parseHeader(file.subarray(8, 8 + length), 8 + length, file.length);
}
