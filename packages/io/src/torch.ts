import { asStrided, fromBuffer, type Tensor } from '@nabla/core';
import { isFloating } from '@nabla/core/internals';
import { type Bytes, bytesOf, quote } from './bytes.ts';
import { decodeElements, dtypeOf, elementsOf, type FileDType, fileBytes } from './elements.ts';
import { FileFormatError } from './errors.ts';
import type { ArchiveOptions } from './npz.ts';
import { Global, type Pickled, type PickleKey, StorageRef, TensorRef, Tuple, Unpickler } from './pickle.ts';
import { ZipArchive, type ZipEntry } from './zip-read.ts';

/**
 * What a file of PyTorch holds: dictionaries as Maps, lists, tuples and `torch.Size` as arrays, None as null, dtypes by
 * name (`torch.float32` as `'float32'`), tensors and parameters as tensors.
 */
export type TorchValue = Tensor | string | number | boolean | null | readonly TorchValue[] | ReadonlyMap<PickleKey, TorchValue>;

const storageTypes: Readonly<Record<string, FileDType>> = {
  FloatStorage: 'float32',
  DoubleStorage: 'float64',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

/** Deepest nesting of lists and dictionaries. */
const maxDepth = 64;
/** Most values of the whole, counting what is referred to twice twice: a few bytes can describe 2^1000 of them. */
const maxValues = 10_000_000;
/** Longest description, without the elements of tensors. */
const maxPickle = 64 * 2 ** 20;

function fail(message: string): never {
  throw new FileFormatError('torch', message);
}

/** The values that stand in a container; null for what is none. */
function itemsOf(value: Pickled): Iterable<Pickled> | null {
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple) return value.items;
  return value instanceof Map ? value.values() : null;
}

/** Refuses cycles, depth and sizes that would drown whoever walks the result. */
function checkTree(root: Pickled): void {
  const known = new Map<object, { count: number; depth: number }>();
  const open = new Set<object>();
  const visit = (value: Pickled, depth: number): { count: number; depth: number } => {
    const items = itemsOf(value);
    if (items === null) return { count: 1, depth: 0 };
    const before = known.get(value as object);
    if (before !== undefined && depth + before.depth <= maxDepth) return before;
    if (open.has(value as object)) return fail('data.pkl: a list or dictionary that contains itself');
    if (depth >= maxDepth) return fail(`data.pkl: values nested deeper than ${maxDepth}`);
    open.add(value as object);
    const own = { count: 1, depth: 0 };
    for (const item of items) {
      const inside = visit(item, depth + 1);
      own.count += inside.count;
      own.depth = Math.max(own.depth, inside.depth + 1);
      if (own.count > maxValues) return fail(`data.pkl: more than ${maxValues} values, counting what it refers to twice twice`);
    }
    open.delete(value as object);
    known.set(value as object, own);
    return own;
  };
  visit(root, 0);
}

/** Every tensor that is described, once. */
function tensorsIn(root: Pickled): Set<TensorRef> {
  const out = new Set<TensorRef>();
  const seen = new Set<Pickled>();
  const visit = (value: Pickled): void => {
    if (value instanceof TensorRef) out.add(value);
    else if (value instanceof StorageRef) fail('data.pkl: a storage outside of a tensor');
    const items = itemsOf(value);
    if (items === null || seen.has(value)) return;
    seen.add(value);
    for (const item of items) visit(item);
  };
  visit(root);
  return out;
}

/** The files of an archive: `<name>/data.pkl`, `<name>/data/<key>`, `<name>/byteorder`. */
class TorchArchive {
  readonly #zip: ZipArchive;
  readonly #folder: string;
  readonly pickle: ZipEntry;
  /** Order of the bytes of elements. */
  readonly little: boolean;

  constructor(zip: ZipArchive) {
    this.#zip = zip;
    const found = [...zip.entries].filter((e) => /^[^/]*\/data\.pkl$/.test(e.name));
    if (found.length !== 1) fail(`an archive with ${found.length} files */data.pkl, where one is expected`);
    this.pickle = found[0]!;
    if (this.pickle.size > maxPickle) fail(`data.pkl has ${this.pickle.size} bytes, more than ${maxPickle}`);
    this.#folder = this.pickle.name.slice(0, -'data.pkl'.length);
    const order = zip.get(`${this.#folder}byteorder`);
    const text = order === undefined ? 'little' : order.size > 6 ? '' : String.fromCharCode(...zip.read(order));
    if (text !== 'little' && text !== 'big') fail('a byteorder that is neither little nor big');
    this.little = text === 'little';
  }

  read(entry: ZipEntry): Uint8Array {
    return this.#zip.read(entry);
  }

  /** Checks that a tensor lies in a storage, and the storage in the archive. */
  check({ storage, offset, size, stride }: TensorRef, kinds: Map<string, StorageRef>): void {
    const where = `a tensor in storage ${quote(storage.key)}`;
    const other = kinds.get(storage.key);
    if (other !== undefined && (other.kind !== storage.kind || other.numel !== storage.numel)) {
      fail(`storage ${quote(storage.key)} is described in two ways`);
    }
    kinds.set(storage.key, storage);
    const bytes = storage.numel * fileBytes(storageTypes[storage.kind]!);
    const there = this.storage(storage).size;
    if (there !== bytes) fail(`storage ${quote(storage.key)} has ${there} bytes, but ${storage.numel} elements take ${bytes}`);
    const n = elementsOf(size) ?? fail(`${where}: the shape is no shape`);
    if (stride.length !== size.length) fail(`${where}: ${stride.length} strides for ${size.length} dimensions`);
    const end = n === 0 ? offset : size.reduce((last, s, d) => last + (s - 1) * stride[d]!, offset) + 1;
    if (!(end <= storage.numel)) fail(`${where} reaches element ${end} of ${storage.numel}`);
  }

  storage({ key }: StorageRef): ZipEntry {
    return this.#zip.get(`${this.#folder}data/${key}`) ?? fail(`there is no storage ${quote(key)}`);
  }
}

/**
 * Reads a file that PyTorch's `torch.save` wrote (1.6 or newer), as long as it holds plain data: state dicts of models and
 * optimizers, tensors, parameters, and dictionaries, lists and tuples of them with numbers, texts, booleans, None, sizes
 * and dtypes. Nothing in the file is run: a file that asks for anything else is refused.
 *
 * Tensors that share memory in the file share it here. float16 and bfloat16 become float32, int8 and int16 int32.
 *
 * @throws FileFormatError when the file is not what `torch.save` writes, holds other things (whole modules, numpy arrays),
 * or inflates to too much; DTypeError for an integer beyond ±(2^53 - 1)
 * @example
 * ```ts
 * const checkpoint = readTorch(bytes) as Map<string, TorchValue>;
 * checkpoint.get('epoch'); // 12
 * ```
 * @see https://pytorch.org/docs/stable/notes/serialization.html
 */
export function readTorch(bytes: Bytes, options: ArchiveOptions = {}): TorchValue {
  const file = bytesOf(bytes);
  if (file[0] === 0x80)
    return fail('written by PyTorch before 1.6 or with _use_new_zipfile_serialization=False; load and save it again there');
  const archive = new TorchArchive(new ZipArchive(file, 'torch', options.maxInflatedBytes));
  const root = new Unpickler(archive.read(archive.pickle), file.length).load();
  checkTree(root);
  const refs = tensorsIn(root);
  const kinds = new Map<string, StorageRef>();
  for (const ref of refs) {
    archive.check(ref, kinds);
    if (ref.requiresGrad && !isFloating(dtypeOf(storageTypes[ref.storage.kind]!))) fail('a tensor of integers that requires gradients');
  }
  const bases = new Map<string, Tensor>();
  for (const storage of kinds.values()) {
    const type = storageTypes[storage.kind]!;
    const values = decodeElements(archive.read(archive.storage(storage)), type, archive.little, `storage ${quote(storage.key)}`);
    const device = options.device === undefined ? {} : { device: options.device };
    bases.set(storage.key, fromBuffer(values, dtypeOf(type), [values.length], device));
  }
  const tensors = new Map<TensorRef, Tensor>();
  for (const ref of refs) {
    const t = asStrided(bases.get(ref.storage.key)!, ref.size, ref.stride, ref.offset).detach() as Tensor;
    if (ref.requiresGrad) t.requiresGrad = true;
    tensors.set(ref, t);
  }
  return finished(root, tensors, new Map());
}

/** The value for users. What the file refers to twice is one object here too. */
function finished(value: Pickled, tensors: ReadonlyMap<TensorRef, Tensor>, done: Map<object, TorchValue>): TorchValue {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof TensorRef) return tensors.get(value)!;
  if (value instanceof Global) return dtypeName(value);
  const before = done.get(value);
  if (before !== undefined) return before;
  let out: TorchValue;
  if (value instanceof Map) out = new Map([...value].map(([k, v]) => [k, finished(v, tensors, done)]));
  else out = (Array.isArray(value) ? value : (value as Tuple).items).map((v) => finished(v, tensors, done));
  done.set(value, out);
  return out;
}

const otherNames: Readonly<Record<string, string>> = {
  float: 'float32',
  double: 'float64',
  half: 'float16',
  long: 'int64',
  int: 'int32',
  short: 'int16',
};

function dtypeName({ name }: Global): string {
  const own = name.slice('torch.'.length);
  if (!name.startsWith('torch.') || own.endsWith('Storage') || own === 'Size' || own.includes('.'))
    return fail(`data.pkl: ${name} as a value`);
  return otherNames[own] ?? own;
}

/**
 * {@link readTorch} of a state dict: tensors by name, ready for `Module.loadStateDict`.
 *
 * @throws FileFormatError as {@link readTorch}, and when the file holds something else than tensors by name
 * @example
 * ```ts
 * model.loadStateDict(readTorchStateDict(await (await fetch('model.pt')).arrayBuffer()));
 * ```
 * @see https://pytorch.org/tutorials/beginner/saving_loading_models.html
 */
export function readTorchStateDict(bytes: Bytes, options: ArchiveOptions = {}): Map<string, Tensor> {
  const value = readTorch(bytes, options);
  if (!(value instanceof Map)) return fail('no state dict: it holds no dictionary; readTorch gives what it holds');
  const out = new Map<string, Tensor>();
  for (const [key, t] of value as ReadonlyMap<PickleKey, TorchValue>) {
    if (typeof key !== 'string' || typeof t !== 'object' || t === null || !('storage' in t)) {
      return fail(`no state dict: ${quote(String(key))} is no tensor by name; readTorch gives what the file holds`);
    }
    out.set(key, t);
  }
  return out;
}
