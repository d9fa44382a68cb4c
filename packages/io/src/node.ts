/**
 * Files by path, for Node.
 *
 * @packageDocumentation
 */
export { type LoadedCheckpoint, loadCheckpoint, type SaveCheckpointOptions, saveCheckpoint } from './node/checkpoint.ts';
export {
  loadNpy,
  loadNpz,
  loadSafetensors,
  loadTorch,
  loadTorchStateDict,
  openSafetensorsFile,
  saveNpy,
  saveNpz,
  saveSafetensors,
} from './node/files.ts';
export { fileSource } from './node/source.ts';
