import { availableParallelism } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { candidates } from '../src/candidates.ts';
import { recognize } from '../src/library.ts';
import { proven } from '../src/probe.ts';
import { cblas, type FakeFunctions, openBlas } from './fake-library.ts';
import { found } from './native.ts';

describe('makes of libraries are recognized by their functions', () => {
  /** What a library with functions of these names is taken for, and the types of the integers of its sgemm. */
  function made(functions: Readonly<FakeFunctions>, path = 'lib'): [string | null | undefined, string | undefined] {
    let integer: string | undefined;
    const lib = {
      func: (name: string, _result: string, types: readonly string[]) => {
        if (functions[name] === undefined) throw new Error('no');
        if (/sgemm/.test(name)) integer = types[3];
        return functions[name];
      },
    };
    return [recognize(lib as never, path)?.name, integer];
  }
  const renamed = (functions: Readonly<FakeFunctions>, prefix: string, suffix: string) =>
    Object.fromEntries(Object.entries(functions).map(([name, run]) => [`${prefix}${name}${suffix}`, run]));
  const wide = { ...cblas(), ...openBlas({ count: 1 }), openblas_get_config: () => 'OpenBLAS 0.0.0 USE64BITINT' };
  const mkl = {
    MKL_Get_Max_Threads: () => 2,
    MKL_Set_Num_Threads: () => undefined,
    MKL_Get_Version_String: ((text: Uint8Array) => new TextEncoder().encodeInto('Version 1\0 and rubbish', text)) as never,
  };
  const blis = (bits: number) => ({
    bli_info_get_version_str: () => '1.0',
    bli_info_get_blas_int_type_size: () => bits,
    bli_thread_get_num_threads: () => -1,
    bli_thread_set_num_threads: () => undefined,
  });

  test('OpenBLAS, with wide integers and under other names', () => {
    expect(made({ ...cblas(), ...openBlas({ count: 1 }) })).toEqual(['OpenBLAS', 'int32_t']);
    expect(made(wide)).toEqual(['OpenBLAS', 'int64_t']);
    expect(made(renamed(wide, '', '64_'))).toEqual(['OpenBLAS', 'int64_t']);
    expect(made(renamed(wide, 'scipy_', '64_'))).toEqual(['OpenBLAS', 'int64_t']);
  });

  test('MKL', () => {
    expect(made({ ...cblas(), ...mkl })).toEqual(['MKL', 'int32_t']);
    vi.stubEnv('MKL_INTERFACE_LAYER', 'ILP64,GNU');
    expect(made({ ...cblas(), ...mkl })).toEqual(['MKL', 'int64_t']);
    vi.unstubAllEnvs();
    const lib = { func: (name: string) => (({ ...cblas(), ...mkl }) as FakeFunctions)[name] ?? fail() };
    expect(recognize(lib as never, 'lib')?.version).toBe('Version 1');
  });

  test('BLIS', () => {
    expect(made({ ...cblas(), ...blis(32) })).toEqual(['BLIS', 'int32_t']);
    expect(made({ ...cblas(), ...blis(64) })).toEqual(['BLIS', 'int64_t']);
    const lib = { func: (name: string) => (({ ...cblas(), ...blis(32) }) as FakeFunctions)[name] ?? fail() };
    expect(recognize(lib as never, 'lib')?.threads()).toBe(1);
  });

  test('Accelerate by its place, others not at all', () => {
    expect(made(cblas(), '/System/Library/Frameworks/Accelerate.framework/Accelerate')).toEqual(['Accelerate', 'int32_t']);
    expect(made(cblas())).toEqual([null, 'int32_t']);
    expect(made({ ...openBlas({ count: 1 }) })).toEqual([undefined, undefined]);
  });

  function fail(): never {
    throw new Error('no such function');
  }
});

test('the test product tells a wrong dtype, order or result', () => {
  const right = cblas();
  const functions = {
    sgemm: right['cblas_sgemm']!,
    dgemm: right['cblas_dgemm']!,
    sgemv: right['cblas_sgemv']!,
    dgemv: right['cblas_dgemv']!,
  };
  expect(proven(functions)).toBeNull();
  const nothing = (): undefined => undefined;
  for (const name of ['sgemm', 'dgemm', 'sgemv', 'dgemv'] as const) expect(proven({ ...functions, [name]: nothing })).toMatch(/^it gave /);
});

test('every system has names to look for', () => {
  for (const platform of ['linux', 'darwin', 'win32', 'freebsd']) expect(candidates(platform).length).toBeGreaterThan(1);
});

if (found !== null) {
  const { name, version, library, threads } = found;
  test('the library of this machine says what it is', () => {
    expect(name).toMatch(/^(OpenBLAS|MKL|BLIS|Accelerate)$/);
    expect(version).not.toBe('');
    expect(candidates(process.platform)).toContain(library);
    if (threads !== null) expect(threads).toBeLessThanOrEqual(availableParallelism());
  });
}
