/**
 * Files, worker threads and the terminal, for Node.
 *
 * @packageDocumentation
 */
export { type CheckpointFileOptions, checkpointFile } from './node/checkpoint-file.ts';
export { loadCsv, loadCsvRows } from './node/csv.ts';
export { loadIdx } from './node/idx.ts';
export { type ProgressOptions, type ProgressStream, progress } from './node/progress.ts';
export { WorkerError } from './node/worker-error.ts';
export { WorkerPool, type WorkerPoolOptions } from './node/worker-pool.ts';
