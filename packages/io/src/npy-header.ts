import { quote, utf8, viewOf } from './bytes.ts';
import { elementsOf, type FileDType, fileBytes } from './elements.ts';
import { type FileFormat, FileFormatError } from './errors.ts';

/** What stands before the elements of an npy file. */
export interface NpyHeader {
  readonly type: FileDType;
  readonly little: boolean;
  /** Whether the first dimension is the one whose neighbours lie side by side. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

/** Types by the letter and size of numpy's array interface. */
const typesOf: ReadonlyMap<string, FileDType> = new Map<string, FileDType>([
  ['b1', 'bool'],
  ['u1', 'uint8'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['u2', 'uint16'],
  ['i4', 'int32'],
  ['u4', 'uint32'],
  ['i8', 'int64'],
  ['u8', 'uint64'],
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
]);

/** numpy's name of a type, little-endian. */
export function descrOf(type: FileDType): string | null {
  for (const [code, t] of typesOf) if (t === type) return fileBytes(type) === 1 ? `|${code}` : `<${code}`;
  return null;
}

/** Longest header: numpy's own limit is 10,000 characters, and 64 dimensions take less. */
const maxHeader = 10_000;

/** A value of the dictionary in a header. */
type Literal = string | boolean | readonly number[];

/**
 * Reads and checks the header of an npy file.
 *
 * @param format what messages say was read
 * @param what name of the file, for messages
 */
export function npyHeader(bytes: Uint8Array, format: FileFormat, what: string): NpyHeader {
  const fail = (message: string): never => {
    throw new FileFormatError(format, what === '' ? message : `${what}: ${message}`);
  };
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) return fail('it does not begin as an npy file does');
  const [major, minor] = [bytes[6]!, bytes[7]!];
  if (major < 1 || major > 3 || minor !== 0) return fail(`version ${major}.${minor}; known are 1.0, 2.0 and 3.0`);
  const view = viewOf(bytes);
  const before = major === 1 ? 10 : 12;
  if (bytes.length < before) return fail('it ends inside of its header');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = before + length;
  if (start > bytes.length) return fail(`the header is said to have ${length} bytes, but ${bytes.length - before} follow`);
  if (length > maxHeader) return fail(`a header of ${length} bytes, more than ${maxHeader}`);
  const raw = bytes.subarray(before, start);
  const text = major === 3 ? (utf8(raw) ?? fail('the header is no UTF-8')) : String.fromCharCode(...raw);
  const fields = parseFields(text, fail);
  const { descr, fortran_order: fortran, shape } = Object.fromEntries(fields);
  if (fields.size !== 3 || typeof descr !== 'string' || typeof fortran !== 'boolean' || !Array.isArray(shape)) {
    return fail(`the header has to give descr, fortran_order and shape, this is ${quote(text)}`);
  }
  const type = typesOf.get(descr.slice(1));
  const order = descr[0]!;
  if (type === undefined || !'<>=|'.includes(order) || (order === '|' && fileBytes(type) > 1)) {
    return fail(`elements of type ${quote(descr)}; known are bool, integers and floating numbers of up to 8 bytes`);
  }
  const n = elementsOf(shape as number[]) ?? fail(`(${(shape as number[]).slice(0, 8).join(', ')}) is no shape`);
  const size = n * fileBytes(type);
  if (size !== bytes.length - start) {
    return fail(`${n} elements of ${fileBytes(type)} bytes take ${size} bytes, but ${bytes.length - start} follow the header`);
  }
  return { type, little: order !== '>', fortran, shape: shape as number[], start };
}

const keyPattern = /\s*(?:'(\w{1,20})'|"(\w{1,20})")\s*:\s*/y;
const valuePattern = /'([^'\\]*)'|"([^"\\]*)"|(True|False)|\(([\d\s,L]*)\)/y;
const commaPattern = /\s*(,)?\s*/y;

/** The fields of a dictionary that Python would print: strings, booleans and tuples of numbers, no key twice. */
function parseFields(text: string, fail: (message: string) => never): Map<string, Literal> {
  const out = new Map<string, Literal>();
  const bad = (): never => fail(`the header ${quote(text)} is not the dictionary that it has to be`);
  const open = /^\s*\{/.exec(text);
  if (open === null) return bad();
  let at = open[0].length;
  const match = (pattern: RegExp): RegExpExecArray => {
    pattern.lastIndex = at;
    const found = pattern.exec(text) ?? bad();
    at += found[0].length;
    return found;
  };
  for (let more = true; !/^\s*\}\s*$/.test(text.slice(at)); ) {
    if (!more) return bad();
    const [, single, double] = match(keyPattern);
    const key = (single ?? double)!;
    if (out.has(key)) return fail(`the header gives ${key} twice`);
    if (text[at] === '[') return fail('elements with fields (a structured dtype) have no counterpart here');
    const [, singleValue, doubleValue, boolean, tuple] = match(valuePattern);
    out.set(key, singleValue ?? doubleValue ?? (boolean !== undefined ? boolean === 'True' : (parseTuple(tuple!) ?? bad())));
    more = match(commaPattern)[1] === ',';
  }
  return out;
}

/** Numbers between brackets: `3,` is one, `3` none, since Python needs the comma. Python 2 wrote an L after long ones. */
function parseTuple(text: string): number[] | null {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const parts = trimmed.split(',').map((p) => p.trim());
  if (parts.length === 1) return null;
  if (parts.at(-1) === '') parts.pop();
  return parts.every((p) => /^\d{1,20}L?$/.test(p)) ? parts.map((p) => Number(p.replace('L', ''))) : null;
}
