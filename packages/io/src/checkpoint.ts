import { DeviceLostError, isTensor, noGrad, type Tensor, ValueError } from '@nabla/core';
import { type Bytes, bytesOf, join, quote, toUtf8 } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { fileBytes } from './elements.ts';
import { FileFormatError } from './errors.ts';
import { type Json, JsonError, parseJson } from './json.ts';
import { assemble, decodeTensor, type SafetensorsPieces } from './safetensors.ts';
import { headerOf, typeName } from './safetensors-header.ts';
import { decodeTree, encodeTree, maxJsonDepth, type StateValue } from './state-tree.ts';
import { type ReadOptions, tensorBytes } from './tensors.ts';

/** A part of a training run with a state: a module, an optimizer, a scheduler. */
export interface HasStateDict {
  stateDict(): unknown;
  loadStateDict(state: never): unknown;
}

/** A part with a state of another name: a random generator. */
export interface HasState {
  getState(): unknown;
  setState(state: never): unknown;
}

/** What a checkpoint is made of, by names of your choice: parts with a state, and values such as the epoch. */
export type CheckpointParts = Readonly<Record<string, HasStateDict | HasState | StateValue>>;

/** What a checkpoint holds: the states of its parts, and its values. */
export type CheckpointState = ReadonlyMap<string, StateValue>;

const version = '1';

function hasStateDict(part: unknown): part is HasStateDict {
  return isPart(part, 'stateDict', 'loadStateDict');
}

function hasState(part: unknown): part is HasState {
  return isPart(part, 'getState', 'setState');
}

function isPart(part: unknown, ...methods: readonly string[]): boolean {
  return typeof part === 'object' && part !== null && methods.every((m) => typeof (part as Record<string, unknown>)[m] === 'function');
}

function stateOf(part: unknown): StateValue {
  if (hasStateDict(part)) return part.stateDict() as StateValue;
  return (hasState(part) ? part.getState() : part) as StateValue;
}

/** {@link writeCheckpoint} without joining the pieces. */
export async function checkpointPieces(parts: CheckpointParts): Promise<SafetensorsPieces> {
  const { json, tensors } = encodeTree(new Map(Object.entries(parts).map(([name, part]) => [name, stateOf(part)])));
  const state = JSON.stringify(json);
  const encoded = [...tensors].map(async ([name, t]) => ({
    name,
    type: typeName(t.dtype),
    shape: t.shape,
    bytes: await tensorBytes(t, t.dtype),
    align: fileBytes(t.dtype),
  }));
  const all = (await Promise.all(encoded)).sort((a, b) => b.align - a.align);
  const crc = all.reduce((before, { bytes }) => crc32(bytes, before), crc32(toUtf8(state)));
  return assemble(all, { format: 'nabla-checkpoint', version, state, crc32: String(crc) });
}

/**
 * The state of a training run as a file: what `stateDict()` (modules, optimizers, schedulers) or `getState()`
 * (generators) gives, and plain values, as they stand when this is called (on a device, as it runs).
 *
 * The file is a safetensors file: other programs can read its tensors. Every bit comes back: tensors are not rounded,
 * and numbers keep -0, NaN and infinities.
 *
 * @throws ValueError for a state that no file can hold (functions, objects of classes)
 * @example
 * ```ts
 * const bytes = await writeCheckpoint({ model, optimizer, generator: defaultGenerator(), epoch: 12 });
 * ```
 * @see https://pytorch.org/tutorials/beginner/saving_loading_models.html
 */
export async function writeCheckpoint(parts: CheckpointParts): Promise<Uint8Array> {
  return join((await checkpointPieces(parts)).pieces);
}

/**
 * What a checkpoint holds, with its checksum checked. {@link restoreCheckpoint} puts it back into the parts.
 *
 * @throws FileFormatError when the file is no checkpoint, or is damaged
 * @example
 * ```ts
 * const state = readCheckpoint(bytes);
 * state.get('epoch'); // 12
 * ```
 */
export function readCheckpoint(bytes: Bytes, options: ReadOptions = {}): CheckpointState {
  const file = bytesOf(bytes);
  const fail = (message: string): never => {
    throw new FileFormatError('checkpoint', message);
  };
  const { metadata, tensors } = headerOf(file);
  if (metadata.get('format') !== 'nabla-checkpoint') return fail('a safetensors file, but none that writeCheckpoint made');
  if (metadata.get('version') !== version) return fail(`version ${quote(metadata.get('version') ?? '')}; known is ${version}`);
  const state = metadata.get('state') ?? fail('it has no state');
  const start = [...tensors.values()].reduce((least, t) => Math.min(least, t.begin), file.length);
  if (String(crc32(file.subarray(start), crc32(toUtf8(state)))) !== metadata.get('crc32'))
    return fail('it is damaged: its checksum is wrong');
  let json: Json;
  try {
    json = parseJson(state, maxJsonDepth);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return fail(`the state is no JSON: ${error.message}`);
  }
  const read = new Map([...tensors].map(([name, t]) => [name, decodeTensor(name, t, file.subarray(t.begin, t.end), options)]));
  const tree = decodeTree(json, read);
  return tree instanceof Map && [...tree.keys()].every((k) => typeof k === 'string')
    ? (tree as CheckpointState)
    : fail('its state has no parts');
}

/** A copy of a state, with tensors of its own. */
function copyOf(value: unknown): unknown {
  if (isTensor(value)) return noGrad(() => (value as Tensor).clone());
  if (Array.isArray(value)) return value.map(copyOf);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, copyOf(v)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copyOf(v)]));
}

function load(part: HasStateDict | HasState, state: unknown): void {
  if (hasStateDict(part)) part.loadStateDict(state as never);
  else part.setState(state as never);
}

/**
 * Puts the states of a checkpoint back into the parts of a run, by name. When one part refuses its state, those before it
 * get back what they had, and the error is thrown.
 *
 * @param parts what has a state; each needs one in the checkpoint. States without a part are left alone.
 * @throws ValueError when the checkpoint has no state for a part; what the parts throw
 * @example
 * ```ts
 * const state = readCheckpoint(bytes);
 * restoreCheckpoint(state, { model, optimizer, generator: defaultGenerator() });
 * for (let epoch = (state.get('epoch') as number) + 1; epoch < 20; epoch++) train(epoch);
 * ```
 */
export function restoreCheckpoint(state: CheckpointState, parts: Readonly<Record<string, HasStateDict | HasState>>): void {
  const entries = Object.entries(parts);
  for (const [name, part] of entries) {
    if (!hasStateDict(part) && !hasState(part)) throw new ValueError(`restoreCheckpoint: ${quote(name)} has no state to load`);
    if (!state.has(name)) {
      throw new ValueError(`restoreCheckpoint: the checkpoint has no ${quote(name)}; it has ${[...state.keys()].map(quote).join(', ')}`);
    }
  }
  const before: (() => void)[] = [];
  try {
    for (const [name, part] of entries) {
      const undo = entries.length > 1 ? undoing(part) : null;
      load(part, state.get(name));
      if (undo !== null) before.push(undo);
    }
  } catch (error) {
    for (const undo of before.reverse()) undo();
    throw error;
  }
}

/** What puts a part back as it is now; null when what it is now went with a device. */
function undoing(part: HasStateDict | HasState): (() => void) | null {
  try {
    const old = copyOf(stateOf(part));
    return () => load(part, old);
  } catch (error) {
    if (error instanceof DeviceLostError) return null;
    throw error;
  }
}
