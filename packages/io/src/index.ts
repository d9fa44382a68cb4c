/**
 * Tensors in files. Everything here works on buffers, in Node and in browsers; `@nabla/io/node` reads and writes paths.
 *
 * @packageDocumentation
 */
export type { Bytes } from './bytes.ts';
export {
  type CheckpointParts,
  type CheckpointState,
  type HasState,
  type HasStateDict,
  readCheckpoint,
  restoreCheckpoint,
  writeCheckpoint,
} from './checkpoint.ts';
export type { FileDType } from './elements.ts';
export { type FileFormat, FileFormatError } from './errors.ts';
export type { HalfDType } from './half.ts';
export { type NpyOptions, readNpy, writeNpy } from './npy.ts';
export { type ArchiveOptions, type NpzOptions, readNpz, writeNpz } from './npz.ts';
export type { PickleKey } from './pickle.ts';
export { readSafetensors, type SafetensorsOptions, writeSafetensors } from './safetensors.ts';
export { type SafetensorsHeader, safetensorsHeader, type TensorInfo } from './safetensors-header.ts';
export { openSafetensors, openShardedSafetensors, readShardIndex, type ShardIndex, type TensorReader } from './safetensors-reader.ts';
export { type BlobLike, type ByteSource, byteSource, type Source } from './source.ts';
export type { StateValue } from './state-tree.ts';
export type { NamedTensors, ReadOptions } from './tensors.ts';
export { readTorch, readTorchStateDict, type TorchValue } from './torch.ts';
