import { type Tensor, ValueError } from '@nabla/core';
import { type Bytes, bytesOf, quote, utf8 } from './bytes.ts';
import { FileFormatError } from './errors.ts';
import { type Json, JsonError, parseJson } from './json.ts';
import { decodeTensor } from './safetensors.ts';
import { headerLength, type Placed, parseHeader, type TensorInfo } from './safetensors-header.ts';
import { type ByteSource, byteSource, type Source } from './source.ts';
import type { ReadOptions } from './tensors.ts';

/**
 * Tensors that stay in their file, or in several, until they are asked for.
 */
export interface TensorReader {
  /** The name of every tensor. */
  readonly names: readonly string[];
  /** The free text of the file or of its index; numbers of an index as text. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Type and shape of a tensor. @throws ValueError for a name that is not there */
  info(name: string): Promise<TensorInfo>;
  /** One tensor; only its bytes are read. @throws ValueError for a name that is not there; otherwise as `readSafetensors` */
  read(name: string, options?: ReadOptions): Promise<Tensor>;
  /** Every tensor, one after the other. */
  readAll(options?: ReadOptions): Promise<Map<string, Tensor>>;
  /** Closes what it reads from. */
  close(): Promise<void>;
}

/** Exactly `length` bytes of a source. */
async function readExactly(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await source.read(offset, length);
  if (bytes.length !== length)
    throw new FileFormatError('safetensors', `the file ended ${length - bytes.length} bytes early: it changed while it was read`);
  return bytes;
}

class SafetensorsReader implements TensorReader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly #source: ByteSource;
  readonly #tensors: ReadonlyMap<string, Placed>;

  constructor(source: ByteSource, tensors: ReadonlyMap<string, Placed>, metadata: ReadonlyMap<string, string>) {
    this.#source = source;
    this.#tensors = tensors;
    this.metadata = metadata;
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  #placed(name: string): Placed {
    const found = this.#tensors.get(name);
    if (found === undefined) throw new ValueError(`no tensor ${quote(name)} among the ${this.#tensors.size} of this file`);
    return found;
  }

  async info(name: string): Promise<TensorInfo> {
    const { type, shape } = this.#placed(name);
    return { type, shape };
  }

  async read(name: string, options: ReadOptions = {}): Promise<Tensor> {
    const info = this.#placed(name);
    return decodeTensor(name, info, await readExactly(this.#source, info.begin, info.end - info.begin), options);
  }

  async readAll(options: ReadOptions = {}): Promise<Map<string, Tensor>> {
    const out = new Map<string, Tensor>();
    for (const name of this.names) out.set(name, await this.read(name, options));
    return out;
  }

  async close(): Promise<void> {
    await this.#source.close?.();
  }
}

/**
 * Opens a safetensors file of any size: its header is read and checked, its tensors are read one by one on request. The
 * reader takes over the source, and closes it when the file is none.
 *
 * @param source a Blob or File, a buffer, or anything that reads at random places; `@nabla/io/node` opens paths
 * @throws FileFormatError when the file is not what the format allows
 * @example
 * ```ts
 * const reader = await openSafetensors(input.files[0]);
 * const embedding = await reader.read('embedding.weight');
 * ```
 * @see https://huggingface.co/docs/safetensors/index#format
 */
export async function openSafetensors(source: Source): Promise<TensorReader> {
  const from = byteSource(source);
  try {
    const length = headerLength(await readExactly(from, 0, Math.min(8, from.size)), from.size);
    const { metadata, tensors } = parseHeader(await readExactly(from, 8, length), 8 + length, from.size);
    return new SafetensorsReader(from, tensors, metadata);
  } catch (error) {
    await from.close?.();
    throw error;
  }
}

/** What an index of shards says. */
export interface ShardIndex {
  /** What the index says about the whole; numbers as text. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The file that holds each tensor. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Reads a `model.safetensors.index.json`, which says which file holds which tensor.
 *
 * @throws FileFormatError when it is none, or names a file outside of its own folder
 * @example
 * ```ts
 * const { files } = readShardIndex(await (await fetch('model.safetensors.index.json')).arrayBuffer());
 * files.get('embedding.weight'); // 'model-00001-of-00003.safetensors'
 * ```
 */
export function readShardIndex(bytes: Bytes): ShardIndex {
  const fail = (message: string): never => {
    throw new FileFormatError('safetensors', `the index ${message}`);
  };
  const text = utf8(bytesOf(bytes)) ?? fail('is no UTF-8');
  let root: Json;
  try {
    root = parseJson(text, 16);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return fail(`is no JSON: ${error.message}`);
  }
  const map = root instanceof Map ? (root as ReadonlyMap<string, Json>).get('weight_map') : undefined;
  if (!(map instanceof Map)) return fail("has no object 'weight_map'");
  const files = new Map<string, string>();
  for (const [name, file] of map as ReadonlyMap<string, Json>) {
    if (typeof file !== 'string') return fail(`names no file for ${quote(name)}`);
    if (file === '' || file === '.' || file === '..' || /[\\/:\p{Cc}]/u.test(file))
      return fail(`names the file ${quote(file)}, which is not in its own folder`);
    files.set(name, file);
  }
  const metadata = new Map<string, string>();
  const about = (root as ReadonlyMap<string, Json>).get('metadata');
  if (about instanceof Map) {
    for (const [key, value] of about as ReadonlyMap<string, Json>)
      if (typeof value === 'string' || typeof value === 'number') metadata.set(key, String(value));
  }
  return { metadata, files };
}

/** An open file of several, and what it has. */
interface Shard {
  readonly reader: TensorReader;
  readonly names: ReadonlySet<string>;
}

class ShardedReader implements TensorReader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly #files: ReadonlyMap<string, string>;
  readonly #open: (file: string) => Source | Promise<Source>;
  readonly #shards = new Map<string, Promise<Shard>>();

  constructor(index: ShardIndex, open: (file: string) => Source | Promise<Source>) {
    this.metadata = index.metadata;
    this.#files = index.files;
    this.#open = open;
  }

  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  async #shard(name: string): Promise<TensorReader> {
    const file = this.#files.get(name);
    if (file === undefined) throw new ValueError(`no tensor ${quote(name)} among the ${this.#files.size} of this index`);
    let opening = this.#shards.get(file);
    if (opening === undefined) {
      opening = this.#openShard(file);
      this.#shards.set(file, opening);
      // What could not be opened may be there next time.
      opening.catch(() => this.#shards.delete(file));
    }
    const { reader, names } = await opening;
    if (!names.has(name))
      throw new FileFormatError('safetensors', `the index says that ${quote(name)} is in ${quote(file)}, which does not have it`);
    return reader;
  }

  async #openShard(file: string): Promise<Shard> {
    const reader = await openSafetensors(await this.#open(file));
    return { reader, names: new Set(reader.names) };
  }

  async info(name: string): Promise<TensorInfo> {
    return (await this.#shard(name)).info(name);
  }

  async read(name: string, options: ReadOptions = {}): Promise<Tensor> {
    return (await this.#shard(name)).read(name, options);
  }

  async readAll(options: ReadOptions = {}): Promise<Map<string, Tensor>> {
    const out = new Map<string, Tensor>();
    for (const name of this.names) out.set(name, await this.read(name, options));
    return out;
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled(this.#shards.values());
    this.#shards.clear();
    for (const shard of open) if (shard.status === 'fulfilled') await shard.value.reader.close();
  }
}

/**
 * Opens a model that is spread over several safetensors files. A file is opened when a tensor in it is first asked for.
 *
 * @param index the contents of `model.safetensors.index.json`
 * @param open gives the file of a name, which stands beside the index
 * @throws FileFormatError when the index is none; later, when a file is none or lacks a tensor that it should have
 * @example
 * ```ts
 * const get = async (file: string) => (await fetch(`/model/${file}`)).arrayBuffer();
 * const reader = openShardedSafetensors(await get('model.safetensors.index.json'), get);
 * model.loadStateDict(await reader.readAll());
 * ```
 */
export function openShardedSafetensors(index: Bytes, open: (file: string) => Source | Promise<Source>): TensorReader {
  return new ShardedReader(readShardIndex(index), open);
}
