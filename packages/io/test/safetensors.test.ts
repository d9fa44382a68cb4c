import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arange, DTypeError, type Tensor, tensor, ValueError, zeros } from '@nabla/core';
import {
  byteSource,
  FileFormatError,
  openSafetensors,
  openShardedSafetensors,
  readSafetensors,
  readShardIndex,
  safetensorsHeader,
  writeSafetensors,
} from '@nabla/io';
import { fileSource, loadSafetensors, openSafetensorsFile, saveSafetensors } from '@nabla/io/node';
import { describe, expect, test } from 'vitest';
import { bitsOf, expected, expectRecorded, file, pathOf } from './fixtures.ts';

/** One tensor of each dtype and of the shapes that are easily forgotten. */
const samples: Record<string, Tensor> = {
  float32: tensor([
    [1.5, -0, Number.NaN],
    [Infinity, -Infinity, 1e-45],
  ]),
  float64: tensor([Math.PI, -0, 5e-324], { dtype: 'float64' }),
  int32: tensor(Int32Array.of(-(2 ** 31), 2 ** 31 - 1)),
  int64: tensor([2n ** 53n - 1n, -(2n ** 53n) + 1n, -1n, 2n ** 32n]),
  uint8: tensor(Uint8Array.of(0, 255)),
  bool: tensor([true, false, true]),
  scalar: tensor(2.5),
  none: zeros([0, 3]),
  view: arange(6).reshape([2, 3]).t() as Tensor,
  'a.b"c\\d\u{1f600}': tensor([1]),
  __proto__x: tensor([2]),
  constructor: tensor([3]),
};

/** A file with a header as given. */
function fileOf(header: string | Uint8Array, data = 0): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + text.length + data);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  return out;
}

const errorOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
};

describe('round trips', () => {
  test('every dtype and shape comes back bit by bit, whatever the place of the bytes in their buffer', async () => {
    const bytes = await writeSafetensors(samples);
    for (const shift of [0, 1, 4]) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const back = readSafetensors(moved.subarray(shift));
      expect(new Set(back.keys())).toEqual(new Set(Object.keys(samples)));
      for (const [name, t] of Object.entries(samples)) expect(bitsOf(back.get(name)!), name).toEqual(bitsOf(t));
    }
    expect(bitsOf(readSafetensors(bytes.buffer).get('int32')!)).toEqual(bitsOf(samples['int32']!));
  });
  test('a name that JavaScript gives a meaning to is a name', async () => {
    const bytes = await writeSafetensors(new Map([['__proto__', tensor([1, 2])]]));
    const back = readSafetensors(bytes);
    expect([...back.keys()]).toEqual(['__proto__']);
    expect(back.get('__proto__')!.toArray()).toEqual([1, 2]);
  });
  test('equal tensors give equal bytes, elements lie at multiples of their size, and metadata comes back', async () => {
    const metadata = { format: 'pt', __proto__x: 'y', note: 'ü "quoted"' };
    const bytes = await writeSafetensors(samples, { metadata });
    const turned = await writeSafetensors(new Map(Object.entries(samples).reverse()), { metadata });
    expect(turned).toEqual(bytes);
    const header = safetensorsHeader(bytes);
    expect(Object.fromEntries(header.metadata)).toEqual(metadata);
    expect(header.tensors.get('view')).toMatchObject({ type: 'int64', shape: [3, 2] });
    const size: Record<string, number> = { float32: 4, float64: 8, int32: 4, int64: 8, uint8: 1, bool: 1 };
    for (const { type, begin } of header.tensors.values() as Iterable<{ type: string; begin: number }>) expect(begin % size[type]!).toBe(0);
  });
  test('no tensors at all', async () => {
    expect(readSafetensors(await writeSafetensors({})).size).toBe(0);
  });
  test('what is written is the state at the call', async () => {
    const t = tensor([1, 2]);
    const writing = writeSafetensors({ t });
    t.fill_(0);
    expect(
      readSafetensors(await writing)
        .get('t')!
        .toArray(),
    ).toEqual([1, 2]);
  });
});

describe('half precision', () => {
  test('written on request, for all or for some; integers stay', async () => {
    const x = tensor([1, 1 / 3, 1e-7, 70000, -0, Number.NaN]);
    const all = await writeSafetensors({ x, n: tensor(Int32Array.of(7)) }, { half: 'float16' });
    expect([...safetensorsHeader(all).tensors].map(([k, v]) => [k, v.type])).toEqual([
      ['n', 'int32'],
      ['x', 'float16'],
    ]);
    expect(readSafetensors(all).get('x')!.toArray()).toEqual([1, 0.333251953125, 2 ** -23, Infinity, -0, Number.NaN]);
    const some = await writeSafetensors({ x, y: x }, { half: (name) => (name === 'x' ? 'bfloat16' : undefined) });
    expect(readSafetensors(some).get('x')!.toArray()).toEqual([1, 0.333984375, Math.fround(1.0011717677116394e-7), 70144, -0, Number.NaN]);
    expect(bitsOf(readSafetensors(some).get('y')!)).toEqual(bitsOf(x));
  });
  test('every float16 and bfloat16 comes back as its own code', async () => {
    for (const half of ['float16', 'bfloat16'] as const) {
      const codes = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
      const name = half === 'float16' ? 'F16' : 'BF16';
      const header = `{"x":{"dtype":"${name}","shape":[65536],"data_offsets":[0,131072]}}  `;
      const bytes = fileOf(header, 131072);
      bytes.set(new Uint8Array(codes.buffer), bytes.length - 131072);
      const x = readSafetensors(bytes).get('x')!;
      const back = await writeSafetensors({ x }, { half });
      const written = new Uint16Array(back.slice(back.length - 131072).buffer);
      const values = x.dataSync();
      // A signalling NaN may become a quiet one on its way through a double.
      const wrong = codes.filter((c) => written[c] !== c && !Number.isNaN(values[c]));
      expect(wrong).toEqual(new Uint16Array());
      expect(codes.filter((c) => Number.isNaN(values[c]) && (written[c]! & 0x7c00) !== 0x7c00)).toEqual(new Uint16Array());
    }
  });
  test('halfway cases go to the even neighbour, in one rounding from float64', async () => {
    // 1 + 2^-11 lies between two float16; a little more than that must not be lost in float32 first.
    const x = tensor([1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -40, 65519.99, 65520, 2 ** -25, 2 ** -25 + 2 ** -60], {
      dtype: 'float64',
    });
    const back = readSafetensors(await writeSafetensors({ x }, { half: 'float16' })).get('x')!;
    expect(back.toArray()).toEqual([1, 1 + 2 ** -9, 1 + 2 ** -10, 65504, Infinity, 0, 2 ** -24]);
  });
});

describe('files of other programs', () => {
  test('every dtype of PyTorch', () => {
    const back = readSafetensors(file('dtypes.safetensors'));
    for (const [name, recorded] of Object.entries(expected['dtypes']!)) expectRecorded(back.get(name)!, recorded);
    expect([...back].map(([k, t]) => [k, t.dtype])).toEqual([
      ['float16', 'float32'],
      ['bfloat16', 'float32'],
      ['float32', 'float32'],
      ['float64', 'float64'],
      ['uint8', 'uint8'],
      ['int8', 'int32'],
      ['int16', 'int32'],
      ['int32', 'int32'],
      ['int64', 'int64'],
      ['bool', 'bool'],
      ['scalar', 'float32'],
      ['none', 'float32'],
    ]);
  });
});

describe('single tensors of large files', () => {
  test('only the bytes that are needed are read', async () => {
    const bytes = file('model.safetensors');
    const reads: [number, number][] = [];
    const whole = byteSource(bytes);
    const counted = {
      size: whole.size,
      read: (at: number, n: number) => {
        reads.push([at, n]);
        return whole.read(at, n);
      },
    };
    const reader = await openSafetensors(counted);
    expect(reader.names).toEqual(Object.keys(expected['model']!));
    expect(reader.metadata.get('format')).toBe('pt');
    expect(await reader.info('conv.weight')).toEqual({ type: 'float32', shape: [4, 4, 3] });
    expectRecorded(await reader.read('conv.weight'), expected['model']!['conv.weight']!);
    expect(reads.map(([, n]) => n)).toEqual([8, expect.any(Number), 4 * 4 * 3 * 4]);
    await expect(reader.read('nothing')).rejects.toThrow(ValueError);
  });
  test.each(['Blob', 'ArrayBuffer', 'Buffer', 'path', 'fileSource'])('from a %s', async (kind) => {
    const bytes = file('model.safetensors');
    const path = pathOf('model.safetensors');
    const reader =
      kind === 'path'
        ? await openSafetensorsFile(path)
        : await openSafetensors(
            kind === 'Blob'
              ? new Blob([new Uint8Array(bytes)])
              : kind === 'ArrayBuffer'
                ? new Uint8Array(bytes).buffer
                : kind === 'Buffer'
                  ? bytes
                  : await fileSource(path),
          );
    const all = await reader.readAll();
    for (const [name, recorded] of Object.entries(expected['model']!)) expectRecorded(all.get(name)!, recorded);
    await reader.close();
  });
  test('a file that changes while it is read is an error', async () => {
    const bytes = file('model.safetensors');
    const reader = await openSafetensors({
      size: bytes.length,
      read: async (at, n) => bytes.subarray(at, at + (n > 100 && at > 1000 ? n - 1 : n)),
    });
    await expect(reader.readAll()).rejects.toThrow(/ended 1 bytes early/);
  });
  test('what is no source', async () => {
    await expect(openSafetensors(3 as never)).rejects.toThrow(ValueError);
  });
});

describe('several files', () => {
  test('an index and its shards, from buffers and from paths', async () => {
    const opened: string[] = [];
    const reader = openShardedSafetensors(file('shards/model.safetensors.index.json'), (name) => {
      opened.push(name);
      return file(`shards/${name}`);
    });
    expect(opened).toEqual([]);
    expectRecorded(await reader.read('embedding.weight'), expected['model']!['embedding.weight']!);
    expect(await reader.info('head.1.bias')).toEqual({ type: 'float32', shape: [2] });
    await reader.readAll();
    expect(opened).toEqual(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']);
    expect(Number(reader.metadata.get('total_size'))).toBeGreaterThan(0);
    await reader.close();
    const all = await loadSafetensors(pathOf('shards/model.safetensors.index.json'));
    for (const [name, recorded] of Object.entries(expected['model']!)) expectRecorded(all.get(name)!, recorded);
  });
  test.each([
    ['no JSON', '{"weight_map": {', /no JSON/],
    ['no map', '{"weight_map": []}', /no object 'weight_map'/],
    ['a path upwards', '{"weight_map": {"x": "../secret"}}', /not in its own folder/],
    ['an absolute path', '{"weight_map": {"x": "/etc/passwd"}}', /not in its own folder/],
    ['a drive', '{"weight_map": {"x": "C:x"}}', /not in its own folder/],
    ['a tensor twice', '{"weight_map": {"x": "a", "x": "b"}}', /a second time/],
    ['a file that is a number', '{"weight_map": {"x": 1}}', /no file/],
  ])('an index with %s is refused', (_, text, message) => {
    const error = errorOf(() => readShardIndex(new TextEncoder().encode(text)));
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as Error).message).toMatch(message);
  });
  test('a shard without the tensor that it should have', async () => {
    const reader = openShardedSafetensors(new TextEncoder().encode('{"weight_map": {"x": "a"}}'), () => file('model.safetensors'));
    await expect(reader.read('x')).rejects.toThrow(/does not have it/);
    await expect(reader.read('y')).rejects.toThrow(ValueError);
  });
});

describe('refused', () => {
  const entry = (fields: string): string => `{"x":{${fields}}}`;
  const f32 = '"dtype":"F32","shape":[2],"data_offsets":[0,8]';
  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /at least 10 bytes/],
    [
      'a header beyond the file',
      (() => {
        const b = fileOf('{}');
        b[1] = 1;
        return b;
      })(),
      /header is said to have 258 bytes/,
    ],
    [
      'a header of 2^63 bytes',
      (() => {
        const b = fileOf('{}');
        b[7] = 128;
        return b;
      })(),
      /header is said to have/,
    ],
    ['a header that begins elsewhere', fileOf(' {}'), /does not begin/],
    ['no UTF-8', fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /no UTF-8/],
    ['a tensor twice', fileOf(`{"x":{${f32}},"x":{${f32}}}`, 8), /a second time/],
    ['a field twice', fileOf(entry(`${f32},"dtype":"F32"`), 8), /a second time/],
    ['an unknown field', fileOf(entry(`${f32},"more":1`), 8), /unknown field/],
    ['an unknown dtype', fileOf(entry('"dtype":"F31","shape":[2],"data_offsets":[0,8]'), 8), /F31/],
    [
      'a dtype without a counterpart',
      fileOf(entry('"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]'), 8),
      /F8_E4M3, which has no dtype here/,
    ],
    ['a shape of fractions', fileOf(entry('"dtype":"F32","shape":[0.5],"data_offsets":[0,8]'), 8), /no shape/],
    ['a shape whose product overflows', fileOf(entry('"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]'), 8), /no shape/],
    ['the same beside a size of 0', fileOf(entry('"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]')), /no shape/],
    ['a size that does not fit', fileOf(entry('"dtype":"F32","shape":[3],"data_offsets":[0,8]'), 8), /take 12 bytes/],
    ['offsets beyond the file', fileOf(entry(f32), 7), /ends at byte 8 of 7/],
    ['bytes of no tensor at the end', fileOf(entry(f32), 9), /1 bytes of no tensor at the end/],
    ['a hole', fileOf(entry('"dtype":"F32","shape":[1],"data_offsets":[4,8]'), 8), /4 bytes of no tensor before/],
    ['an overlap', fileOf(`{"x":{${f32}},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), /inside of the one before/],
    ['metadata that is no text', fileOf('{"__metadata__":{"x":1}}'), /no text/],
    ['half of a surrogate pair', fileOf('{"\\ud800":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'), /surrogate/],
  ])('%s', (_, bytes, message) => {
    const error = errorOf(() => readSafetensors(bytes));
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as FileFormatError).format).toBe('safetensors');
    expect((error as Error).message).toMatch(message);
  });
  test('an int64 beyond ±(2^53 - 1) is a DTypeError that names the tensor', () => {
    const bytes = fileOf(entry('"dtype":"I64","shape":[1],"data_offsets":[0,8]'), 8);
    bytes[bytes.length - 1] = 1;
    expect(() => readSafetensors(bytes)).toThrow(DTypeError);
    expect(() => readSafetensors(bytes)).toThrow(/tensor "x": element 0/);
  });
  test('names and metadata that cannot be written', async () => {
    await expect(writeSafetensors({ __metadata__: tensor([1]) })).rejects.toThrow(ValueError);
    await expect(writeSafetensors({ '\ud800': tensor([1]) })).rejects.toThrow(ValueError);
    await expect(writeSafetensors({}, { metadata: { x: 1 as never } })).rejects.toThrow(ValueError);
    await expect(writeSafetensors({ x: tensor([1]) }, { half: 'float8' as never })).rejects.toThrow(ValueError);
  });
});

test('paths: a file is replaced in one step and leaves nothing beside it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nabla-io-'));
  try {
    const path = join(dir, 'x.safetensors');
    writeFileSync(path, 'what was there');
    await saveSafetensors(path, samples);
    const back = await loadSafetensors(path);
    for (const [name, t] of Object.entries(samples)) expect(bitsOf(back.get(name)!), name).toEqual(bitsOf(t));
    expect(readdirSync(dir)).toEqual(['x.safetensors']);
    writeFileSync(path, 'damaged, and long enough');
    await expect(loadSafetensors(path)).rejects.toThrow(FileFormatError);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
