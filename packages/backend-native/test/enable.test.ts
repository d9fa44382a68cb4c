import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { cblas, type FakeFunctions, openBlas } from './fake-library.ts';
import { found } from './native.ts';
import { StrictBlas } from './support.ts';

let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  vi.resetModules();
});
afterEach(() => {
  warn.mockRestore();
  vi.doUnmock('koffi');
  vi.doUnmock('../src/candidates.ts');
});

type Loaded = typeof import('../src/index.ts') & typeof import('@nabla/core') & typeof import('@nabla/core/internals');

/** The package afresh, with what a test has replaced, and the core that it works with. */
const load = async (): Promise<Loaded> => ({
  ...(await import('@nabla/core')),
  ...(await import('@nabla/core/internals')),
  ...(await import('../src/index.ts')),
});

/** The one line that was printed. */
function line(): string {
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]).toHaveLength(1);
  const text = warn.mock.calls[0]![0] as string;
  expect(text).not.toContain('\n');
  return text;
}

/** koffi with libraries that have these functions, each by its name. */
function fakeKoffi(libraries: Readonly<Record<string, Readonly<FakeFunctions>>>): void {
  vi.doMock('koffi', () => ({
    load: (path: string) => {
      const functions = libraries[path];
      if (functions === undefined) throw new Error(`no such file: ${path}\nand more`);
      return {
        func: (name: string) => {
          if (functions[name] === undefined) throw new Error(`Cannot find function '${name}'`);
          return functions[name];
        },
      };
    },
  }));
}

const names = (list: readonly string[]): void => {
  vi.doMock('../src/candidates.ts', () => ({ candidates: () => list, remedy: () => 'install one' }));
};

describe('without a library', () => {
  test('koffi has no binary for the system', async () => {
    vi.doMock('koffi', () => {
      throw new Error('Cannot find the native Koffi module\nfor this system');
    });
    const { enableNative } = await load();
    expect(await enableNative()).toBeNull();
    expect(line()).toContain('(koffi, which calls libraries, cannot be loaded: ');
    await expect(enableNative({ library: 'libx.so' })).rejects.toThrow(/^enableNative: cannot use the library 'libx\.so': koffi/);
  });

  test('the reference BLAS is not taken, and named', async () => {
    names(['libblas.so.3']);
    fakeKoffi({ 'libblas.so.3': cblas() });
    const { enableNative, currentBlas } = await load();
    expect(await enableNative()).toBeNull();
    expect(line()).toContain(
      "('libblas.so.3' is none of OpenBLAS, MKL, BLIS and Accelerate, and the reference BLAS is slower than WebAssembly)",
    );
    expect(currentBlas()).toBeNull();
  });

  test('a library that computes something else is passed over', async () => {
    names(['libwrong.so', 'libright.so']);
    fakeKoffi({ 'libwrong.so': { ...cblas(2), ...openBlas({ count: 1 }) }, 'libright.so': { ...cblas(), ...openBlas({ count: 1 }) } });
    const { enableNative } = await load();
    expect((await enableNative())?.library).toBe('libright.so');
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('a library that is asked for', () => {
  test('that is not there is a DeviceError', async () => {
    const { enableNative, currentBlas, DeviceError } = await load();
    const wrong = enableNative({ library: '/nowhere/libopenblas.so' });
    await expect(wrong).rejects.toThrow(DeviceError);
    await expect(wrong).rejects.toThrow(/^enableNative: cannot use the library '\/nowhere\/libopenblas\.so': .+$/);
    expect(currentBlas()).toBeNull();
    expect(warn).not.toHaveBeenCalled();
  });

  test('that has no CBLAS, or computes something else, is a DeviceError', async () => {
    fakeKoffi({ 'libm.so': { sin: Math.sin as never }, 'libwrong.so': { ...cblas(2), ...openBlas({ count: 1 }) } });
    const { enableNative, DeviceError } = await load();
    await expect(enableNative({ library: 'libm.so' })).rejects.toThrow(/'libm\.so': it has no CBLAS$/);
    await expect(enableNative({ library: 'libwrong.so' })).rejects.toThrow(
      /'libwrong\.so': it gave 46,29,50,65 instead of 23,29,50,65 for a test product in float32$/,
    );
    await expect(enableNative({ library: '/gone' })).rejects.toThrow(
      new DeviceError("enableNative: cannot use the library '/gone': no such file: /gone"),
    );
  });

  test('of an unknown make is taken, with a line', async () => {
    fakeKoffi({ './mine.so': cblas() });
    const { enableNative, currentBlas } = await load();
    expect(await enableNative({ library: './mine.so' })).toEqual({ library: './mine.so', name: null, version: '', threads: null });
    expect(line()).toContain("'./mine.so' is none of OpenBLAS, MKL, BLIS and Accelerate");
    expect(currentBlas()?.name).toBe('./mine.so');
  });

  test('leaves the one before in use when it cannot be used', async () => {
    fakeKoffi({ lib: { ...cblas(), ...openBlas({ count: 1 }) } });
    const { enableNative, currentBlas } = await load();
    await enableNative({ library: 'lib' });
    const before = currentBlas();
    expect(before?.name).toBe('OpenBLAS');
    await expect(enableNative({ library: 'other' })).rejects.toThrow("'other': no such file: other");
    await expect(enableNative({ library: 'lib', threads: 0 })).rejects.toThrow('threads must be a positive integer');
    expect(currentBlas()).toBe(before);
  });
});

describe('threads', () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%s is a ValueError', async (threads) => {
    const { enableNative, ValueError } = await load();
    const wrong = enableNative({ threads });
    await expect(wrong).rejects.toThrow(ValueError);
    await expect(wrong).rejects.toThrow(`enableNative: threads must be a positive integer, got ${threads}`);
  });

  test('as many as asked for, and never more than cores; the library chooses when nobody asks', async () => {
    const cores = availableParallelism();
    const threads = { count: cores };
    fakeKoffi({ lib: { ...cblas(), ...openBlas(threads) } });
    const { enableNative } = await load();
    expect(await enableNative({ library: 'lib' })).toMatchObject({ name: 'OpenBLAS', version: 'OpenBLAS 0.0.0 of a test', threads: cores });
    expect((await enableNative({ library: 'lib', threads: 1 }))?.threads).toBe(1);
    expect((await enableNative({ library: 'lib' }))?.threads).toBe(1);
    expect((await enableNative({ library: 'lib', threads: 1000 }))?.threads).toBe(cores);
    threads.count = 1000;
    expect((await enableNative({ library: 'lib' }))?.threads).toBe(cores);
  });

  test('OpenBLAS works alone on products that end before others are awake, and has all threads at any other time', async () => {
    const cores = availableParallelism();
    const threads = { count: cores };
    const asked: number[] = [];
    const library = cblas();
    const watched =
      (name: string) =>
      (...args: never[]): unknown => {
        asked.push(threads.count);
        return library[name]!(...args);
      };
    const watching = { ...library, cblas_sgemm: watched('cblas_sgemm'), cblas_sgemv: watched('cblas_sgemv') };
    fakeKoffi({ lib: { ...watching, ...openBlas(threads) } });
    const { enableNative, matmul, zeros } = await load();
    await enableNative({ library: 'lib' });
    asked.length = 0;
    // It takes one thread for the smallest by itself, and products with a vector are another matter.
    for (const [m, k, n] of [
      [128, 128, 128],
      [127, 128, 128],
      [64, 64, 64],
      [63, 64, 64],
      [1024, 1024, 1],
    ] as const) {
      matmul(zeros([m, k]), zeros([k, n]));
      expect(threads.count).toBe(cores);
    }
    expect(asked).toEqual([cores, 1, 1, cores, cores]);
  });

  if (found !== null) {
    test('the library of this machine takes a number of them', async () => {
      const { enableNative } = await load();
      expect((await enableNative({ threads: 1 }))!.threads ?? 1).toBe(1);
      expect(warn).not.toHaveBeenCalled();
    });
  }
});

describe('disableNative', () => {
  test('gives products back to what computed them before', async () => {
    let calls = 0;
    const library = cblas();
    const counted = (...args: never[]): unknown => {
      calls++;
      return library['cblas_sgemm']!(...args);
    };
    fakeKoffi({ lib: { ...library, cblas_sgemm: counted, ...openBlas({ count: 1 }) } });
    const { enableNative, disableNative, cpu, matmul, randn } = await load();
    const { device } = cpu.report();
    const [a, b] = [randn([64, 64]), randn([64, 64])];
    const plain = matmul(a, b).dataSync();
    await enableNative({ library: 'lib' });
    expect(cpu.report().device).toBe(`${device}, matrix products by OpenBLAS`);
    const proofs = calls;
    matmul(a, b);
    expect(calls).toBe(proofs + 1);
    expect(disableNative()).toBe(true);
    expect(cpu.report().device).toBe(device);
    expect(matmul(a, b).dataSync()).toEqual(plain);
    expect(calls).toBe(proofs + 1);
    expect(disableNative()).toBe(false);
  });

  test('leaves a library alone that it did not enable', async () => {
    const { disableNative, currentBlas, setBlas } = await load();
    const strict = new StrictBlas();
    setBlas(strict);
    expect(disableNative()).toBe(false);
    expect(currentBlas()).toBe(strict);
  });
});
