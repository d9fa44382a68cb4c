import { type Tensor, tensor } from '@nabla/core';
import { FileFormatError, readSafetensors, readTorch, readTorchStateDict, type TorchValue } from '@nabla/io';
import { loadTorch, loadTorchStateDict } from '@nabla/io/node';
import { Adam } from '@nabla/optim';
import { describe, expect, test } from 'vitest';
import { writeZip } from '../src/zip-write.ts';
import { bitsOf, expected, expectRecorded, file, pathOf } from './fixtures.ts';

const isTensor = (x: unknown): x is Tensor => typeof x === 'object' && x !== null && 'storage' in x;

/** The value with plain objects for Maps. */
function plain(value: TorchValue): unknown {
  if (isTensor(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Map ? Object.fromEntries([...value].map(([k, v]) => [k, plain(v)])) : value;
}

/** A file of a pickle, written by its bytes and texts, and of storages. */
function torchFile(parts: readonly (number | string)[], storages: Readonly<Record<string, Uint8Array>> = {}, compress = false): Uint8Array {
  const bytes = parts.flatMap((p) => (typeof p === 'number' ? [p] : [...new TextEncoder().encode(p)]));
  return writeZip(
    'test',
    [['m/data.pkl', Uint8Array.from(bytes)], ...Object.entries(storages).map(([k, v]) => [`m/data/${k}`, v] as const)],
    compress,
  );
}

const start = [0x80, 2];
const text = (s: string): (number | string)[] => ['X', s.length, 0, 0, 0, s];
const int = (n: number): number[] => [0x4a, n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >> 24) & 255];
const storage = (key: string, numel: number, kind = 'FloatStorage'): (number | string)[] => [
  '(',
  ...text('storage'),
  `ctorch\n${kind}\n`,
  ...text(key),
  ...text('cpu'),
  ...int(numel),
  't',
  'Q',
];
const tuple = (values: readonly number[]): (number | string)[] => ['(', ...values.flatMap(int), 't'];
const tensorOf = (
  key: string,
  numel: number,
  offset: number,
  size: readonly number[],
  stride: readonly number[],
  kind?: string,
): (number | string)[] => [
  'ctorch._utils\n_rebuild_tensor_v2\n',
  '(',
  ...storage(key, numel, kind),
  ...int(offset),
  ...tuple(size),
  ...tuple(stride),
  0x89,
  'ccollections\nOrderedDict\n)R',
  't',
  'R',
];
const six = { 0: new Uint8Array(24) };

describe('files of PyTorch', () => {
  test('a state dict is what the same model has as safetensors', async () => {
    const back = await loadTorchStateDict(pathOf('model.pt'));
    const other = readSafetensors(file('model.safetensors'));
    expect([...back.keys()]).toEqual([...other.keys()]);
    for (const [name, t] of back) {
      expect(bitsOf(t), name).toEqual(bitsOf(other.get(name)!));
      expectRecorded(t, expected['model']![name]!);
    }
  });
  test('every dtype', () => {
    const back = readTorchStateDict(file('dtypes.pt'));
    for (const [name, recorded] of Object.entries(expected['dtypes']!)) expectRecorded(back.get(name)!, recorded);
    expect(back.get('bfloat16')!.dtype).toBe('float32');
    expect(back.get('int8')!.dtype).toBe('int32');
  });
  test('views keep their strides and the memory that they share', () => {
    const back = readTorchStateDict(file('dtypes.pt'));
    for (const [name, recorded] of Object.entries(expected['views']!)) expectRecorded(back.get(name)!, recorded);
    expect(back.get('transposed')!.strides).toEqual([1, 4]);
    expect(back.get('expanded')!.strides).toEqual([0, 0]);
    back.get('row')!.fill_(-1);
    expect((back.get('whole')!.toArray() as number[][])[1]).toEqual([-1, -1, -1, -1]);
  });
  test.each([2, 4, 5])('a whole training state, protocol %i', async (protocol) => {
    const back = plain(await loadTorch(pathOf(`training-${protocol}.pt`))) as Record<string, never>;
    expect(back).toMatchObject({
      epoch: 3,
      big: 2 ** 40,
      best: -0.25,
      name: 'übung',
      done: false,
      nothing: null,
      size: [2, 3],
      dtype: 'float32',
      history: [1.5, [2, 'x']],
      scheduler: { step_size: 2, gamma: 0.1 },
    });
    expect((back['parameter'] as Tensor).requiresGrad).toBe(true);
    const { state, param_groups: groups } = back['optimizer'] as {
      state: Record<string, Record<string, Tensor>>;
      param_groups: { params: number[] }[];
    };
    expect(groups[0]).toMatchObject({ lr: 0.01, betas: [0.9, 0.999], amsgrad: true });
    const params = groups[0]!.params.map((i) =>
      tensor(new Float32Array(state[i]!['exp_avg']!.size), { shape: state[i]!['exp_avg']!.shape, requiresGrad: true }),
    );
    const optimizer = new Adam(params, { lr: 1, amsgrad: true });
    optimizer.loadStateDict({ state, param_groups: groups } as never);
    expect(optimizer.paramGroups[0]!.lr).toBe(0.01);
    expect(optimizer.state.size).toBe(params.length);
  });
  test.each<[string, RegExp]>([
    ['module.pt', /needs "__main__.Model", which is not plain data/],
    ['legacy.pt', /before 1.6/],
    ['arrays.npz', /data.pkl/],
    ['model.safetensors', /no zip archive/],
  ])('%s is refused', (name, message) => {
    expect(() => readTorch(file(name))).toThrow(FileFormatError);
    expect(() => readTorch(file(name))).toThrow(message);
  });
});

describe('pickles by hand', () => {
  test('a tensor', () => {
    const t = readTorch(
      torchFile([...start, ...tensorOf('0', 6, 1, [2, 2], [1, 2]), '.'], { 0: new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer) }),
    );
    expect((t as Tensor).toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });
  test.each<[string, readonly (number | string)[], RegExp]>([
    ['a call of os.system', ['cos\nsystem\n', '(', ...text('true'), 't', 'R', '.'], /needs "os.system"/],
    ['eval', ['c__builtin__\neval\n', '.'], /needs "__builtin__.eval"/],
    ['the same by STACK_GLOBAL', [0x8c, 2, 'os', 0x8c, 6, 'system', 0x93, '.'], /needs "os.system"/],
    ['a name that continues a known one', ['ctorch\nFloatStorage.__init__\n', '.'], /needs "torch.FloatStorage.__init__"/],
    ['INST', ['(ios\nsystem\n', '.'], /opcode 0x69/],
    ['NEWOBJ', [')', 0x81, '.'], /opcode 0x81/],
    ['an extension', [0x82, 1, '.'], /opcode 0x82/],
    ['a text persistent id', ['P0\n', '.'], /opcode 0x50/],
    ['an end that does not come', ['N'], /ends inside/],
    ['a value too many', ['NN.'], /left over/],
    ['something after the end', ['N.N'], /left over/],
    ['an empty stack', ['.'], /missing/],
    ['a mark that is missing', ['t.'], /mark is missing/],
    ['a memo that is not there', ['h', 7, '.'], /value 7/],
    ['a text beyond the end', ['X', 255, 255, 255, 127, '.'], /ends inside/],
    ['a text of 2^60 bytes', [0x8d, 0, 0, 0, 0, 0, 0, 0, 16, '.'], /a length of/],
    ['a text that is no UTF-8', ['X', 1, 0, 0, 0, 255, '.'], /no UTF-8|UTF-8/],
    ['a huge integer', [0x8a, 8, 255, 255, 255, 255, 255, 255, 255, 127, '.'], /beyond/],
    ['a key twice', ['}(', ...text('x'), 'N', ...text('x'), 'Nu.'], /second time/],
    ['a key that is a list', ['}', ']', 'N', 's', '.'], /key that is neither/],
    ['an odd number of items', ['}(Nu.'], /key without a value/],
    ['append to a tuple', [')Na.'], /no list/],
    ['attributes of a tuple', [')}b.'], /no dictionary/],
    ['a call of a number', ['K', 1, ')R.'], /no function/],
    ['a call of a storage', ['ctorch\nFloatStorage\n)R.'], /is called/],
    ['a list in itself', [']q', 0, 'h', 0, 'a.'], /contains itself/],
    ['a function as a value', ['ctorch._utils\n_rebuild_tensor_v2\n.'], /as a value/],
    ['a storage as a value', [...storage('0', 6), '.'], /storage outside/],
    ['a storage that is missing', [...tensorOf('9', 6, 0, [6], [1]), '.'], /no storage "9"/],
    ['a storage that is too short', [...tensorOf('0', 7, 0, [6], [1]), '.'], /has 24 bytes, but 7/],
    ['a storage of another width', [...tensorOf('0', 6, 0, [6], [1], 'DoubleStorage'), '.'], /has 24 bytes/],
    ['a view beyond its storage', [...tensorOf('0', 6, 1, [6], [1]), '.'], /reaches element 7 of 6/],
    ['a stride beyond its storage', [...tensorOf('0', 6, 0, [2, 2], [5, 1]), '.'], /reaches element 7/],
    ['a negative size', [...tensorOf('0', 6, 0, [-1], [1]), '.'], /from 0 on/],
    ['huge strides', [...tensorOf('0', 6, 0, [0x7fffffff, 0x7fffffff], [0x7fffffff, 0x7fffffff]), '.'], /no shape|reaches/],
    ['strides that are missing', [...tensorOf('0', 6, 0, [6], []), '.'], /0 strides for 1/],
    [
      'two kinds for one storage',
      ['(', ...tensorOf('0', 6, 0, [6], [1]), ...tensorOf('0', 6, 0, [6], [1], 'IntStorage'), 't.'],
      /in two ways/,
    ],
  ])('%s is refused', (_, parts, message) => {
    const bytes = torchFile([...start, ...parts], six);
    expect(() => readTorch(bytes)).toThrow(FileFormatError);
    expect(() => readTorch(bytes)).toThrow(message);
  });
  test('depth, and values that a few bytes multiply', () => {
    const deep = (n: number): Uint8Array => torchFile([...start, ']'.repeat(n), 'a'.repeat(n - 1), '.']);
    expect(() => readTorch(deep(50))).not.toThrow();
    for (const n of [66, 1000, 200_000]) expect(() => readTorch(deep(n))).toThrow(/nested deeper than 64|more lists/);
    // Each list refers to the one before twice: 2^40 values in 200 bytes.
    const bomb: (number | string)[] = [']q', 0];
    for (let i = 1; i <= 40; i++) bomb.push(']q', i, 'h', i - 1, 'a', 'h', i - 1, 'a');
    expect(() => readTorch(torchFile([...start, ...bomb, '.']))).toThrow(FileFormatError);
    const shared = [...start, ']', ']q', 0, ...text('x'), 'a', 'a', 'h', 0, 'a', '.'];
    const [a, b] = readTorch(torchFile(shared)) as TorchValue[];
    expect(a).toEqual(['x']);
    expect(a).toBe(b);
  });
  test('names that JavaScript gives a meaning to are keys of a Map', () => {
    const back = readTorch(torchFile([...start, '}', ...text('__proto__'), '}', ...text('polluted'), 0x88, 's', 's', '.'])) as Map<
      string,
      TorchValue
    >;
    expect([...back.keys()]).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined);
  });
  test('a deflated file, within the limit', () => {
    const bytes = torchFile([...start, ...tensorOf('0', 2 ** 22, 0, [2 ** 22], [1]), '.'], { 0: new Uint8Array(2 ** 24) }, true);
    expect(() => readTorch(bytes)).toThrow(/inflates from/);
    expect((readTorch(bytes, { maxInflatedBytes: 2 ** 25 }) as Tensor).size).toBe(2 ** 22);
  });
  test('no state dict', () => {
    expect(() => readTorchStateDict(torchFile([...start, 'N.']))).toThrow(/no state dict/);
    expect(() => readTorchStateDict(torchFile([...start, '}', ...text('x'), 'Ns.']))).toThrow(/"x" is no tensor/);
  });
});
