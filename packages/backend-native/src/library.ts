import type { LibraryHandle } from 'koffi';

/** A function of a library, as koffi gives it. */
// biome-ignore lint/suspicious/noExplicitAny: what it takes and gives is declared in C
type NativeFunction = (...args: any[]) => any;

/** A library that has CBLAS, and what can be said of it. */
export interface Library {
  /** The make; null when it is not known. */
  readonly name: LibraryName | null;
  /** The library's own words on its version. */
  readonly version: string;
  /** Threads that it uses; null when it does not tell. */
  readonly threads: () => number | null;
  readonly setThreads: (n: number) => void;
  readonly functions: Functions;
}

/** Makes of BLAS that are known to be fast. */
export type LibraryName = 'OpenBLAS' | 'MKL' | 'BLIS' | 'Accelerate';

/** The functions of CBLAS that are called. */
export interface Functions {
  readonly sgemm: NativeFunction;
  readonly dgemm: NativeFunction;
  readonly sgemv: NativeFunction;
  readonly dgemv: NativeFunction;
}

/** What a make of BLAS adds to its functions' names: builds with 64-bit integers, and those that lie in Python packages. */
interface Decoration {
  readonly prefix: string;
  readonly suffix: string;
}

const decorations: readonly Decoration[] = [
  { prefix: '', suffix: '' },
  { prefix: '', suffix: '64_' },
  { prefix: '', suffix: '_64' },
  { prefix: 'scipy_', suffix: '' },
  { prefix: 'scipy_', suffix: '64_' },
];

/** A function of a library, or null when the library has none of that name. */
function find(lib: LibraryHandle, name: string, result: string, parameters: readonly string[]): NativeFunction | null {
  try {
    return lib.func(name, result, [...parameters]);
  } catch {
    return null;
  }
}

/** CBLAS with integers of `bits`; null when the library has none under these names. */
function functionsOf(lib: LibraryHandle, bits: number, { prefix, suffix }: Decoration): Functions | null {
  // Enumerations stay ints.
  const int = bits === 64 ? 'int64_t' : 'int32_t';
  const of = (letter: string, real: string): { gemm: NativeFunction | null; gemv: NativeFunction | null } => {
    const [matrix, vector] = [`${real} *`, `${real} *`];
    const name = (op: string): string => `${prefix}cblas_${letter}${op}${suffix}`;
    const gemm = ['int', 'int', 'int', int, int, int, real, matrix, int, matrix, int, real, matrix, int];
    const gemv = ['int', 'int', int, int, real, matrix, int, vector, int, real, vector, int];
    return { gemm: find(lib, name('gemm'), 'void', gemm), gemv: find(lib, name('gemv'), 'void', gemv) };
  };
  const [s, d] = [of('s', 'float'), of('d', 'double')];
  if (s.gemm === null || s.gemv === null || d.gemm === null || d.gemv === null) return null;
  return { sgemm: s.gemm, sgemv: s.gemv, dgemm: d.gemm, dgemv: d.gemv };
}

type Maker = (lib: LibraryHandle, path: string) => Library | null;

const openBlas: Maker = (lib) => {
  for (const decoration of decorations) {
    const name = (op: string): string => `${decoration.prefix}openblas_${op}${decoration.suffix}`;
    const config = find(lib, name('get_config'), 'str', []);
    const threads = find(lib, name('get_num_threads'), 'int', []);
    const setThreads = find(lib, name('set_num_threads'), 'void', ['int']);
    if (config === null || threads === null || setThreads === null) continue;
    const version = String(config()).trim();
    const functions = functionsOf(lib, version.includes('USE64BITINT') ? 64 : 32, decoration);
    if (functions !== null) return { name: 'OpenBLAS', version, threads: () => threads(), setThreads: (n) => setThreads(n), functions };
  }
  return null;
};

const mkl: Maker = (lib) => {
  const threads = find(lib, 'MKL_Get_Max_Threads', 'int', []);
  const setThreads = find(lib, 'MKL_Set_Num_Threads', 'void', ['int']);
  const describe = find(lib, 'MKL_Get_Version_String', 'void', ['char *', 'int']);
  // The library decides by this variable how wide its integers are.
  const bits = /^ILP64/i.test(process.env['MKL_INTERFACE_LAYER'] ?? '') ? 64 : 32;
  const functions = functionsOf(lib, bits, decorations[0]!);
  if (threads === null || setThreads === null || describe === null || functions === null) return null;
  const text = Buffer.alloc(256);
  describe(text, text.length);
  const version = text.toString('latin1', 0, text.indexOf(0)).trim();
  return { name: 'MKL', version, threads: () => threads(), setThreads: (n) => setThreads(n), functions };
};

const blis: Maker = (lib) => {
  const describe = find(lib, 'bli_info_get_version_str', 'str', []);
  const bits = find(lib, 'bli_info_get_blas_int_type_size', 'intptr_t', []);
  const threads = find(lib, 'bli_thread_get_num_threads', 'intptr_t', []);
  const setThreads = find(lib, 'bli_thread_set_num_threads', 'void', ['intptr_t']);
  if (describe === null || bits === null || threads === null || setThreads === null) return null;
  const functions = functionsOf(lib, Number(bits()), decorations[0]!);
  if (functions === null) return null;
  // Less than one: not set, which means one.
  const count = (): number => Math.max(1, Number(threads()));
  return { name: 'BLIS', version: `BLIS ${describe()}`, threads: count, setThreads: (n) => setThreads(n), functions };
};

const accelerate: Maker = (lib, path) => {
  const functions = path.includes('Accelerate.framework') ? functionsOf(lib, 32, decorations[0]!) : null;
  if (functions === null) return null;
  // Since macOS 15; 0 is all the machine's cores and 1 a single one.
  const set = find(lib, 'BLASSetThreading', 'int', ['int']);
  const setThreads = (n: number): void => {
    set?.(n === 1 ? 1 : 0);
  };
  return { name: 'Accelerate', version: 'Accelerate', threads: () => null, setThreads, functions };
};

const unknown: Maker = (lib) => {
  const functions = functionsOf(lib, 32, decorations[0]!);
  return functions === null ? null : { name: null, version: '', threads: () => null, setThreads: () => undefined, functions };
};

/** Recognizes a library by the functions that it has; null when it has no CBLAS. */
export function recognize(lib: LibraryHandle, path: string): Library | null {
  for (const make of [openBlas, mkl, blis, accelerate, unknown]) {
    const found = make(lib, path);
    if (found !== null) return found;
  }
  return null;
}
