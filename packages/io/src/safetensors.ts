import { type Tensor, ValueError } from '@nabla/core';
import { type Bytes, bytesOf, isIllFormed, join, quote, toUtf8, viewOf } from './bytes.ts';
import { decodeElements, type FileDType, fileBytes } from './elements.ts';
import { FileFormatError } from './errors.ts';
import type { HalfDType } from './half.ts';
import { headerOf, isReadable, type Placed, typeName } from './safetensors-header.ts';
import { entriesOf, type NamedTensors, type ReadOptions, tensorBytes, tensorOf, writtenType } from './tensors.ts';

/** Options of {@link writeSafetensors}. */
export interface SafetensorsOptions {
  /** Free text about the file, by key. */
  metadata?: Readonly<Record<string, string>>;
  /**
   * Writes floating tensors in 16 bits, rounded to nearest, ties to even: all of them, or those for which a function of
   * name and tensor gives a type. As they are by default.
   */
  half?: HalfDType | ((name: string, t: Tensor) => HalfDType | undefined);
}

/**
 * The tensors of a safetensors file, by name.
 *
 * F16 and BF16 become float32; I8, I16 and U16 int32; U32 and U64 int64. The whole file is checked before the first
 * tensor is made.
 *
 * @param bytes the whole file; {@link openSafetensors} reads single tensors of a large one
 * @throws FileFormatError when the file is not what the format allows, or has a dtype without a counterpart; DTypeError
 * for an integer beyond ±(2^53 - 1)
 * @example
 * ```ts
 * const response = await fetch('model.safetensors');
 * model.loadStateDict(readSafetensors(await response.arrayBuffer()));
 * ```
 * @see https://huggingface.co/docs/safetensors/index#format
 */
export function readSafetensors(bytes: Bytes, options: ReadOptions = {}): Map<string, Tensor> {
  const file = bytesOf(bytes);
  const { tensors } = headerOf(file);
  for (const [name, info] of tensors) readableType(name, info);
  return new Map([...tensors].map(([name, info]) => [name, decodeTensor(name, info, file.subarray(info.begin, info.end), options)]));
}

function readableType(name: string, { type }: Placed): FileDType {
  if (isReadable(type)) return type;
  throw new FileFormatError('safetensors', `tensor ${quote(name)} is ${type}, which has no dtype here`);
}

/** A tensor from its bytes. */
export function decodeTensor(name: string, info: Placed, bytes: Uint8Array, options: ReadOptions): Tensor {
  const type = readableType(name, info);
  return tensorOf(decodeElements(bytes, type, true, `tensor ${quote(name)}`), type, info.shape, options);
}

/** A safetensors file in pieces, in order. */
export interface SafetensorsPieces {
  /** The header with its length, then the elements of each tensor. */
  readonly pieces: readonly Uint8Array[];
  /** Bytes of all of them. */
  readonly size: number;
}

/** A tensor's name, type, shape and bytes, ready to be written. */
export interface Encoded {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** {@link writeSafetensors} without joining the pieces. The tensors are read before it first waits, where they can be. */
export async function safetensorsPieces(tensors: NamedTensors, options: SafetensorsOptions = {}): Promise<SafetensorsPieces> {
  const { half, metadata } = options;
  for (const [key, text] of Object.entries(metadata ?? {})) {
    if (typeof text !== 'string') throw new ValueError(`writeSafetensors: the metadata ${quote(key)} is ${typeof text}, expected a text`);
    checkText('metadata', key);
    checkText('metadata', text);
  }
  const planned = entriesOf(tensors).map(([name, t]) => {
    if (name === '__metadata__') throw new ValueError("writeSafetensors: no tensor can be called '__metadata__'; use the option metadata");
    checkText('name', name);
    return { name, t, type: writtenType('writeSafetensors', t, typeof half === 'function' ? half(name, t) : half) };
  });
  const encoded = planned.map(async ({ name, t, type }) => ({
    name,
    type: typeName(type),
    shape: t.shape,
    bytes: await tensorBytes(t, type),
    align: fileBytes(type),
  }));
  const all = await Promise.all(encoded);
  // Wide elements first, so that each tensor lies where its elements can be looked at in place.
  all.sort((a, b) => b.align - a.align || (a.name < b.name ? -1 : 1));
  return assemble(all, metadata);
}

function checkText(what: string, text: string): void {
  if (isIllFormed(text))
    throw new ValueError(`writeSafetensors: the ${what} ${quote(text)} has half of a surrogate pair, which UTF-8 cannot write`);
}

/** A file of tensors in the order given. */
export function assemble(tensors: readonly Encoded[], metadata: Readonly<Record<string, string>> | undefined): SafetensorsPieces {
  let at = 0;
  const entries = metadata === undefined ? [] : [`"__metadata__":${JSON.stringify(metadata)}`];
  for (const { name, type, shape, bytes } of tensors) {
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype: type, shape, data_offsets: [at, at + bytes.length] })}`);
    at += bytes.length;
  }
  const json = toUtf8(`{${entries.join(',')}}`);
  const head = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  head.set(json, 8);
  viewOf(head).setBigUint64(0, BigInt(head.length - 8), true);
  return { pieces: [head, ...tensors.map((t) => t.bytes)], size: head.length + at };
}

/**
 * A safetensors file of these tensors, as they stand when it is called (on a device, as it runs). Equal tensors and
 * options give equal bytes, whatever the order of the names.
 *
 * @param tensors a state dict or a plain object
 * @throws ValueError for a name or metadata that the format cannot hold
 * @example
 * ```ts
 * const bytes = await writeSafetensors(model.stateDict(), { metadata: { format: 'pt' }, half: 'bfloat16' });
 * ```
 * @see https://huggingface.co/docs/safetensors/index#format
 */
export async function writeSafetensors(tensors: NamedTensors, options: SafetensorsOptions = {}): Promise<Uint8Array> {
  const { pieces } = await safetensorsPieces(tensors, options);
  return join(pieces);
}
