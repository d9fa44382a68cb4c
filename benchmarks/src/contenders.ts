import { fileURLToPath } from 'node:url';

/** How a process is started. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

interface ContenderSettings {
  readonly threads: number;
  /** Nabla's. */
  readonly backend: string;
  /** The interpreter that has PyTorch. */
  readonly python: string;
}

/** A library to be timed. */
export interface Contender {
  /** As `--peers` and the JSON know it. */
  readonly id: string;
  /** As the table shows it. */
  readonly label: string;
  readonly command: (settings: ContenderSettings) => Command;
}

const pathTo = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** A program in `contenders/`, run as this one is: compiled, or from its source. */
function node(folder: string, backend: string, threads: number): Command {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const main = pathTo(`./contenders/${folder}/main.${extension}`);
  return { file: process.execPath, args: [...process.execArgv, '--expose-gc', main, String(threads), backend], env: process.env };
}

/** Free memory that the C library may keep, and the size from which it asks the system for a tensor's memory alone. */
const keptBytes = String(2 ** 30);

function torch(python: string, threads: number): Command {
  const count = String(threads);
  const env = {
    ...process.env,
    // OpenBLAS and OpenMP keep a pool of threads each; both must have the size that PyTorch is told.
    OMP_NUM_THREADS: count,
    OPENBLAS_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
    // Threads that wait give way soon: otherwise the two pools fight for the cores, and PyTorch is 2 to 4 times slower.
    GOMP_SPINCOUNT: '1000',
    // The C library keeps memory that is freed. By default it may hand large tensors back to the system and fetch them anew in
    // every op, which makes convolutions up to twenty times slower; the peak of memory stays what it is.
    MALLOC_MMAP_THRESHOLD_: process.env['MALLOC_MMAP_THRESHOLD_'] ?? keptBytes,
    MALLOC_TRIM_THRESHOLD_: process.env['MALLOC_TRIM_THRESHOLD_'] ?? keptBytes,
  };
  return { file: python, args: ['-B', pathTo('../torch/main.py'), count], env };
}

/** The first one is what the others are compared with. */
export const contenders: readonly [Contender, ...Contender[]] = [
  { id: 'nabla', label: 'Nabla', command: ({ threads, backend }) => node('nabla', backend, threads) },
  { id: 'torch', label: 'PyTorch', command: ({ threads, python }) => torch(python, threads) },
  { id: 'jax-js', label: 'jax-js', command: ({ threads }) => node('jaxjs', 'wasm', threads) },
  { id: 'tfjs-wasm', label: 'tfjs wasm', command: ({ threads }) => node('tfjs', 'wasm', threads) },
  { id: 'tfjs-cpu', label: 'tfjs cpu', command: ({ threads }) => node('tfjs', 'cpu', threads) },
];
