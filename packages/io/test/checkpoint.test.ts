import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, isTensor, noGrad, randn, type Tensor, tensor, ValueError } from '@nabla/core';
import { FileFormatError, readCheckpoint, readSafetensors, restoreCheckpoint, type StateValue, writeCheckpoint } from '@nabla/io';
import { loadCheckpoint, saveCheckpoint } from '@nabla/io/node';
import { BatchNorm1d, Linear, type Module, MSELoss, ReLU, Sequential } from '@nabla/nn';
import { Adam } from '@nabla/optim';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bitsOf } from './fixtures.ts';

const build = (seed: number) => {
  const generator = new Generator(seed);
  const model = new Sequential(new Linear(3, 4), new BatchNorm1d(4), new ReLU(), new Linear(4, 1));
  noGrad(() => {
    for (const p of model.parameters()) p.copy_(randn([...p.shape], { generator }));
  });
  const optimizer = new Adam(model.parameters(), { lr: 0.05, amsgrad: true });
  const step = (): void => {
    optimizer.zeroGrad();
    new MSELoss().call(model.call(randn([8, 3], { generator })) as Tensor, randn([8, 1], { generator })).backward();
    optimizer.step();
  };
  return { parts: { model, optimizer, generator }, model, step };
};

const weights = (model: Module): unknown => [...model.stateDict()].map(([k, t]) => [k, bitsOf(t)]);

describe('values', () => {
  const state: Record<string, StateValue> = {
    numbers: [0, -0, 1 / 3, Number.NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE],
    other: [null, undefined, true, false, '', 'ü\u{1f600}"\\\n', 2n ** 70n, -1n],
    nested: {
      map: new Map<string | number, StateValue>([
        ['a', 1],
        [2, { b: [] }],
      ]),
      constructor: 'x',
      'a.b': 1,
    },
    tensors: {
      f32: tensor([-0, Number.NaN, 1e-45]),
      i64: tensor([-(2n ** 53n) + 1n]),
      b: tensor([true]),
      none: tensor([], { shape: [0, 2] }),
      zero: tensor(1),
    },
    'tensors.f32': tensor([9]),
  };
  test('everything comes back as it was', async () => {
    const back = readCheckpoint(await writeCheckpoint(state));
    const compare = (a: unknown, b: unknown): void => {
      if (isTensor(b)) expect(bitsOf(a as Tensor)).toEqual(bitsOf(b));
      else if (b instanceof Map) {
        expect([...(a as Map<unknown, unknown>).keys()]).toEqual([...b.keys()]);
        for (const [k, v] of b) compare((a as Map<unknown, unknown>).get(k), v);
      } else if (typeof b === 'object' && b !== null) {
        expect(Object.keys(a as object)).toEqual(Object.keys(b));
        for (const [k, v] of Object.entries(b)) compare((a as Record<string, unknown>)[k], v);
      } else expect(a).toBe(b);
    };
    compare(back, new Map(Object.entries(state)));
  });
  test('a tensor that is there twice is one tensor', async () => {
    const t = tensor([1, 2]);
    const bytes = await writeCheckpoint({ a: t, b: [t] });
    const back = readCheckpoint(bytes);
    expect(back.get('a')).toBe((back.get('b') as Tensor[])[0]);
    expect(readSafetensors(bytes).size).toBe(1);
  });
  test.each<[string, unknown, RegExp]>([
    ['a function', { x: () => 1 }, /x is a function/],
    ['an object of a class', { x: { y: new Date() } }, /x.y is neither/],
    ['half of a surrogate pair', { x: '\ud800' }, /surrogate/],
    ['a prototype key', JSON.parse('{"x": {"__proto__": 1}}'), /__proto__/],
    [
      'a cycle',
      (() => {
        const x: unknown[] = [];
        x.push(x);
        return { x };
      })(),
      /nested deeper/,
    ],
  ])('%s cannot be written', async (_, parts, message) => {
    await expect(writeCheckpoint(parts as never)).rejects.toThrow(ValueError);
    await expect(writeCheckpoint(parts as never)).rejects.toThrow(message);
  });
  test('what is no checkpoint, and every changed byte, is refused', async () => {
    const bytes = await writeCheckpoint({ a: tensor([1, 2, 3]), epoch: 7 });
    expect(() => readCheckpoint(new Uint8Array(20))).toThrow(FileFormatError);
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1 << (i % 8);
      let outcome: unknown;
      try {
        outcome = readCheckpoint(damaged);
      } catch (error) {
        expect(error, `byte ${i}`).toBeInstanceOf(FileFormatError);
        continue;
      }
      // Only spaces that pad the header, a tensor's name and its shape are not covered, and these must then fit the state.
      const state = outcome as ReadonlyMap<string, StateValue>;
      expect([state.get('epoch'), bitsOf(state.get('a') as Tensor).bytes], `byte ${i}`).toEqual([7, bitsOf(tensor([1, 2, 3])).bytes]);
    }
  });
});

describe('a training run', () => {
  test('goes on with the same bits', async () => {
    const whole = build(1);
    for (let i = 0; i < 6; i++) whole.step();
    const first = build(1);
    for (let i = 0; i < 3; i++) first.step();
    const bytes = await writeCheckpoint({ ...first.parts, epoch: 3 });
    const second = build(2);
    const state = readCheckpoint(bytes);
    restoreCheckpoint(state, second.parts);
    expect(state.get('epoch')).toBe(3);
    expect(weights(second.model)).toEqual(weights(first.model));
    for (let i = 0; i < 3; i++) second.step();
    expect(weights(second.model)).toEqual(weights(whole.model));
  });
  test('a part that refuses its state leaves the others as they were', async () => {
    const run = build(1);
    run.step();
    const state = readCheckpoint(await writeCheckpoint(run.parts));
    const other = build(2);
    other.step();
    const before = weights(other.model);
    const strange = new Adam([tensor([1], { requiresGrad: true })]);
    expect(() => restoreCheckpoint(state, { generator: other.parts.generator, model: other.model, optimizer: strange })).toThrow(
      ValueError,
    );
    expect(weights(other.model)).toEqual(before);
    expect(() => restoreCheckpoint(state, { model: other.model, scheduler: strange })).toThrow(
      /no "scheduler"; it has "model", "optimizer", "generator"/,
    );
    expect(weights(other.model)).toEqual(before);
    expect(() => restoreCheckpoint(state, { model: 3 as never })).toThrow(ValueError);
  });
});

describe('paths', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'nabla-io-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const epochOf = async (path: string): Promise<unknown> => (await loadCheckpoint(path))?.state.get('epoch');

  test('nothing is there yet', async () => {
    expect(await loadCheckpoint(join(dir, 'x'))).toBe(null);
  });
  test('the one before stays, and is found when the newest is damaged or gone', async () => {
    const path = join(dir, 'last.ckpt');
    for (const epoch of [1, 2, 3]) await saveCheckpoint(path, { epoch });
    expect(readdirSync(dir).sort()).toEqual(['last.ckpt', 'last.ckpt.1']);
    expect(await epochOf(path)).toBe(3);
    const bytes = readFileSync(path);
    for (const damaged of [bytes.subarray(0, bytes.length - 1), bytes.subarray(0, 0), Buffer.alloc(bytes.length)]) {
      writeFileSync(path, damaged);
      const found = (await loadCheckpoint(path))!;
      expect(found.state.get('epoch')).toBe(2);
      expect(found.path).toBe(`${path}.1`);
      expect(found.skipped).toHaveLength(1);
    }
    rmSync(path);
    expect(await epochOf(path)).toBe(2);
    writeFileSync(`${path}.1`, 'no checkpoint');
    await expect(loadCheckpoint(path)).rejects.toThrow(FileFormatError);
  });
  test('as many as are asked for', async () => {
    const path = join(dir, 'last.ckpt');
    for (const epoch of [1, 2, 3, 4, 5]) await saveCheckpoint(path, { epoch }, { keep: 3 });
    expect(readdirSync(dir).sort()).toEqual(['last.ckpt', 'last.ckpt.1', 'last.ckpt.2', 'last.ckpt.3']);
    for (const age of [1, 2, 3]) expect(await epochOf(`${path}.${age}`)).toBe(5 - age);
    await saveCheckpoint(join(dir, 'alone'), { epoch: 1 }, { keep: 0 });
    await saveCheckpoint(join(dir, 'alone'), { epoch: 2 }, { keep: 0 });
    expect(readdirSync(dir).filter((n) => n.startsWith('alone'))).toEqual(['alone']);
    await expect(saveCheckpoint(path, { epoch: 1 }, { keep: -1 })).rejects.toThrow(ValueError);
  });
  test('writers at the same time take turns', async () => {
    const path = join(dir, 'last.ckpt');
    await Promise.all([1, 2, 3, 4].map((epoch) => saveCheckpoint(path, { epoch, x: randn([1000]) })));
    expect(await epochOf(path)).toBe(4);
    expect(await epochOf(`${path}.1`)).toBe(3);
    expect(readdirSync(dir)).toHaveLength(2);
  });
  test('what cannot be written changes nothing and leaves nothing behind', async () => {
    const path = join(dir, 'last.ckpt');
    await saveCheckpoint(path, { epoch: 1 });
    await expect(saveCheckpoint(path, { epoch: () => 1 } as never)).rejects.toThrow(ValueError);
    const folder = join(dir, 'folder');
    mkdirSync(join(folder, 'x'), { recursive: true });
    await expect(saveCheckpoint(folder, { epoch: 1 }, { keep: 0 })).rejects.toThrow();
    await expect(saveCheckpoint(join(dir, 'no', 'such'), { epoch: 1 })).rejects.toThrow(/ENOENT/);
    expect(readdirSync(dir).sort()).toEqual(['folder', 'last.ckpt']);
    expect(await epochOf(path)).toBe(1);
  });
  test('temporary files of writers that were killed go at the next save', async () => {
    const path = join(dir, 'last.ckpt');
    await saveCheckpoint(path, { epoch: 1 });
    const { createHash } = await import('node:crypto');
    const { hostname } = await import('node:os');
    const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
    const ended = 2 ** 22 + 1;
    writeFileSync(join(dir, `.last.ckpt.${host}-${ended}-0-1.tmp`), 'half of a checkpoint');
    writeFileSync(join(dir, `.last.ckpt.${host}-${process.ppid}-0-1.tmp`), 'of a living process');
    writeFileSync(join(dir, `.other.ckpt.${host}-${ended}-0-1.tmp`), 'of another file');
    await saveCheckpoint(path, { epoch: 2 });
    expect(readdirSync(dir).sort()).toEqual([
      `.last.ckpt.${host}-${process.ppid}-0-1.tmp`,
      `.other.ckpt.${host}-${ended}-0-1.tmp`,
      'last.ckpt',
      'last.ckpt.1',
    ]);
  });
});
