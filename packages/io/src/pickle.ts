import { quote, utf8, viewOf } from './bytes.ts';
import { FileFormatError } from './errors.ts';

/** A name that a pickle imports. Only those of {@link isKnownGlobal} are ever made. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A storage that a tensor views. */
export class StorageRef {
  /** Class of the storage, such as FloatStorage. */
  readonly kind: string;
  readonly key: string;
  readonly numel: number;
  constructor(kind: string, key: string, numel: number) {
    this.kind = kind;
    this.key = key;
    this.numel = numel;
  }
}

/** A tensor as the pickle describes it. */
export class TensorRef {
  readonly storage: StorageRef;
  readonly offset: number;
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly requiresGrad: boolean;
  constructor(storage: StorageRef, offset: number, size: readonly number[], stride: readonly number[], requiresGrad: boolean) {
    this.storage = storage;
    this.offset = offset;
    this.size = size;
    this.stride = stride;
    this.requiresGrad = requiresGrad;
  }
}

/** A tuple: unlike a list, nothing can be added to it. */
export class Tuple {
  readonly items: readonly Pickled[];
  constructor(items: readonly Pickled[]) {
    this.items = items;
  }
}

/** What may be a key of a dictionary. */
export type PickleKey = string | number | boolean | null;

/** What a pickle of the closed list can hold. */
export type Pickled = PickleKey | Pickled[] | Tuple | Map<PickleKey, Pickled> | Global | StorageRef | TensorRef;

const mark = Symbol('mark');
type Slot = Pickled | typeof mark;

const storages = /^(Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)Storage$/;
const dtypes = /^(float32|float64|float16|bfloat16|int64|int32|int16|int8|uint8|bool|float|double|half|long|int|short)$/;

/** Functions and classes that a pickle may name. None is run: each is a rule in {@link Unpickler}. */
const functions: ReadonlySet<string> = new Set([
  'collections.OrderedDict',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'torch.Size',
]);

function isKnownGlobal(module: string, name: string): boolean {
  if (functions.has(`${module}.${name}`)) return true;
  return module === 'torch' && (storages.test(name) || dtypes.test(name));
}

function fail(message: string): never {
  throw new FileFormatError('torch', `data.pkl: ${message}`);
}

function isIndex(x: unknown): x is number {
  return Number.isSafeInteger(x) && (x as number) >= 0;
}

/**
 * Reads a pickle of plain data without running anything: opcodes that build numbers, texts, lists, tuples and
 * dictionaries, and the few names of {@link isKnownGlobal}. Every other opcode or name is an error.
 */
export class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #stack: Slot[] = [];
  readonly #memo = new Map<number, Pickled>();

  readonly #maxContainers: number;
  readonly #maxStack: number;
  readonly #maxMemo: number;
  #containers = 0;

  /**
   * @param fileSize bytes of the whole file: what a pickle may make grows with it, since one byte can make a list of 100
   */
  constructor(bytes: Uint8Array, fileSize: number) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#maxContainers = Math.max(50_000, fileSize / 12);
    this.#maxMemo = Math.max(300_000, fileSize / 16);
    this.#maxStack = Math.max(1_000_000, fileSize / 8);
  }

  /** The one value in the pickle. */
  load(): Pickled {
    for (;;) {
      const at = this.#at;
      const op = this.#byte();
      if (op === 0x2e) break;
      const value = this.#value(op);
      if (value === undefined) this.#step(op, at);
      else {
        const made = typeof value === 'object' && value !== null && op !== 0x68 && op !== 0x6a;
        if (made && ++this.#containers > this.#maxContainers) this.#tooMuch('lists, dictionaries and the like');
        if (this.#stack.length >= this.#maxStack) this.#tooMuch('values at a time');
        this.#push(value);
      }
    }
    const value = this.#pop();
    if (this.#stack.length > 0 || this.#at !== this.#bytes.length) return fail('something is left over after its end');
    return value;
  }

  #tooMuch(what: string): never {
    return fail(`it makes more ${what} than a file of this size needs`);
  }

  #remember(index: number): void {
    this.#memo.set(index, this.#top());
    if (this.#memo.size > this.#maxMemo) this.#tooMuch('values to refer to');
  }

  #need(n: number): number {
    const at = this.#at;
    if (n > this.#bytes.length - at) fail(`it ends inside of a value at byte ${at}`);
    this.#at = at + n;
    return at;
  }

  #byte(): number {
    return this.#bytes[this.#need(1)]!;
  }

  #uint32(): number {
    return this.#view.getUint32(this.#need(4), true);
  }

  #uint64(): number {
    const value = this.#view.getBigUint64(this.#need(8), true);
    return value > BigInt(this.#bytes.length) ? fail(`a length of ${value} bytes`) : Number(value);
  }

  #text(length: number): string {
    const at = this.#need(length);
    return utf8(this.#bytes.subarray(at, at + length)) ?? fail(`a text at byte ${at} is no UTF-8`);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) return fail('it ends inside of a name');
    const text = this.#text(end - this.#at);
    this.#at++;
    return text;
  }

  /** An integer of `length` bytes, in two's complement. */
  #integer(length: number): number {
    const at = this.#need(length);
    if (length === 0) return 0;
    if (length > 9) return fail(`an integer of ${length} bytes at byte ${at}`);
    let value = BigInt.asIntN(8, BigInt(this.#bytes[at + length - 1]!));
    for (let i = length - 2; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : fail(`the integer ${value} is beyond ±(2^53 - 1)`);
  }

  #push(value: Slot): void {
    this.#stack.push(value);
  }

  #pop(): Pickled {
    const value = this.#stack.pop();
    return value === undefined || value === mark ? fail(`a value is missing at byte ${this.#at - 1}`) : (value as Pickled);
  }

  #top(): Pickled {
    const value = this.#pop();
    this.#push(value);
    return value;
  }

  #toMark(): Pickled[] {
    const from = this.#stack.lastIndexOf(mark);
    if (from < 0) return fail(`a mark is missing at byte ${this.#at - 1}`);
    const items = this.#stack.splice(from);
    return items.slice(1) as Pickled[];
  }

  #tuple(n: number): Tuple {
    const items: Pickled[] = [];
    for (let i = 0; i < n; i++) items.unshift(this.#pop());
    return new Tuple(items);
  }

  #recall(index: number): Pickled {
    const value = this.#memo.get(index);
    return value === undefined ? fail(`it refers to value ${index}, which it has not made`) : value;
  }

  #global(module: string, name: string): Global {
    if (!isKnownGlobal(module, name)) {
      fail(`it needs ${quote(`${module}.${name}`)}, which is not plain data; save a state dict: torch.save(model.state_dict(), path)`);
    }
    return new Global(`${module}.${name}`);
  }

  /** The value that an opcode makes on its own; undefined for the other opcodes. */
  #value(op: number): Slot | undefined {
    switch (op) {
      case 0x28:
        return mark;
      case 0x4e:
        return null;
      case 0x88:
        return true;
      case 0x89:
        return false;
      case 0x4a:
        return this.#view.getInt32(this.#need(4), true);
      case 0x4b:
        return this.#byte();
      case 0x4d:
        return this.#view.getUint16(this.#need(2), true);
      case 0x8a:
        return this.#integer(this.#byte());
      case 0x47:
        return this.#view.getFloat64(this.#need(8), false);
      case 0x8c:
        return this.#text(this.#byte());
      case 0x58:
        return this.#text(this.#uint32());
      case 0x8d:
        return this.#text(this.#uint64());
      case 0x7d:
        return new Map();
      case 0x5d:
        return [];
      case 0x29:
        return new Tuple([]);
      case 0x85:
      case 0x86:
      case 0x87:
        return this.#tuple(op - 0x84);
      case 0x74:
        return new Tuple(this.#toMark());
      case 0x68:
        return this.#recall(this.#byte());
      case 0x6a:
        return this.#recall(this.#uint32());
      case 0x63: {
        const module = this.#line();
        return this.#global(module, this.#line());
      }
      case 0x93: {
        const name = this.#pop();
        const module = this.#pop();
        return typeof name === 'string' && typeof module === 'string' ? this.#global(module, name) : fail('a name to import is no text');
      }
      case 0x51:
        return this.#storage(this.#pop());
      case 0x52: {
        const args = this.#pop();
        return this.#reduce(this.#pop(), args);
      }
      default:
        return undefined;
    }
  }

  /** Does what an opcode does to values that are there already. */
  #step(op: number, at: number): void {
    switch (op) {
      case 0x80: {
        const version = this.#byte();
        if (version < 2 || version > 5) fail(`protocol ${version}; known are 2 to 5`);
        break;
      }
      case 0x95: // FRAME: how far one could read ahead
        this.#uint64();
        break;
      case 0x71:
        this.#remember(this.#byte());
        break;
      case 0x72:
        this.#remember(this.#uint32());
        break;
      case 0x94:
        this.#remember(this.#memo.size);
        break;
      case 0x61:
        this.#append([this.#pop()]);
        break;
      case 0x65:
        this.#append(this.#toMark());
        break;
      case 0x73: {
        const value = this.#pop();
        this.#setItems([this.#pop(), value]);
        break;
      }
      case 0x75:
        this.#setItems(this.#toMark());
        break;
      case 0x62: {
        // Attributes of an OrderedDict: a state dict's `_metadata`, versions of modules. Nothing here needs them.
        const state = this.#pop();
        if (!(state instanceof Map) || !(this.#top() instanceof Map)) fail('it sets attributes of something that is no dictionary');
        break;
      }
      default:
        fail(`the opcode 0x${op.toString(16).padStart(2, '0')} at byte ${at} is not of plain data`);
    }
  }

  #append(items: readonly Pickled[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) fail('it appends to something that is no list');
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly Pickled[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) fail('it sets an item of something that is no dictionary');
    if (items.length % 2 === 1) fail('a key without a value');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (key !== null && typeof key === 'object') fail('a key that is neither text, number, boolean nor None');
      if (dict.has(key as PickleKey)) fail(`the key ${quote(String(key))} a second time`);
      dict.set(key as PickleKey, items[i + 1]!);
    }
  }

  /** A persistent id: PyTorch has one kind, ('storage', class, key, location, elements). */
  #storage(id: Pickled): StorageRef {
    const [kind, type, key, location, numel] = id instanceof Tuple && id.items.length === 5 ? id.items : [];
    if (kind !== 'storage' || !(type instanceof Global) || typeof key !== 'string' || typeof location !== 'string' || !isIndex(numel)) {
      return fail('a persistent id that names no storage');
    }
    const name = type.name.slice('torch.'.length);
    return storages.test(name) ? new StorageRef(name, key, numel) : fail(`${type.name} is no storage`);
  }

  /** What a call of one of the known functions gives. */
  #reduce(callable: Pickled, args: Pickled): Pickled {
    if (!(callable instanceof Global) || !(args instanceof Tuple)) return fail('it calls something that is no function');
    const { items } = args;
    switch (callable.name) {
      case 'collections.OrderedDict':
        return items.length === 0 ? new Map() : fail('an OrderedDict made of something');
      case 'torch.Size':
        return items.length === 1 ? new Tuple(this.#sizes(items[0]!)) : fail('a torch.Size that is none');
      case 'torch._utils._rebuild_tensor_v2': {
        const [storage, offset, size, stride, requiresGrad, hooks, metadata] = items;
        const known = items.length === 6 || (items.length === 7 && (metadata === null || (metadata instanceof Map && metadata.size === 0)));
        if (!known || !(storage instanceof StorageRef) || !isIndex(offset) || typeof requiresGrad !== 'boolean' || !isEmpty(hooks)) {
          return fail('a tensor that is not described as one');
        }
        return new TensorRef(storage, offset, this.#sizes(size!), this.#sizes(stride!), requiresGrad);
      }
      case 'torch._utils._rebuild_parameter': {
        const [data, requiresGrad, hooks] = items;
        if (items.length !== 3 || !(data instanceof TensorRef) || typeof requiresGrad !== 'boolean' || !isEmpty(hooks)) {
          return fail('a parameter that is not described as one');
        }
        return new TensorRef(data.storage, data.offset, data.size, data.stride, requiresGrad);
      }
      default:
        return fail(`${callable.name} is called, which is no function`);
    }
  }

  #sizes(value: Pickled): number[] {
    const items = value instanceof Tuple ? value.items : fail('a shape that is no tuple');
    return items.every(isIndex) ? [...items] : fail('a shape of something else than numbers from 0 on');
  }
}

function isEmpty(hooks: Pickled | undefined): boolean {
  return hooks === null || (hooks instanceof Map && hooks.size === 0);
}
