import { type Tensor, tensor } from '@nabla/core';
import { readSafetensors, readTorchStateDict, safetensorsHeader, writeSafetensors } from '@nabla/io';
import { loadSafetensors } from '@nabla/io/node';
import { describe, expect, test } from 'vitest';
import { Model, trained } from './exchange/model.ts';
import { expected, file, pathOf } from './fixtures.ts';

const { input, output } = expected['model.run'] as Readonly<Record<'input' | 'output', { shape: number[]; values: number[] }>>;

describe('a model of embeddings, a convolution, batch norm, an LSTM and attention, trained in PyTorch', () => {
  const files: readonly (readonly [string, () => ReadonlyMap<string, Tensor> | Promise<ReadonlyMap<string, Tensor>>])[] = [
    ['safetensors', () => readSafetensors(file('model.safetensors'))],
    ['shards of safetensors', () => loadSafetensors(pathOf('shards/model.safetensors.index.json'))],
    ['torch.save', () => readTorchStateDict(file('model.pt'))],
  ];
  test.each(files)('loads from %s under its own names, and computes what PyTorch computes', async (_, read) => {
    const model = new Model();
    expect(model.loadStateDict(await read())).toEqual({ missing: [], unexpected: [] });
    const tokens = tensor(BigInt64Array.from(input.values.map(BigInt))).reshape([...input.shape]) as Tensor;
    const got = model.eval().call(tokens) as Tensor;
    expect(got.shape).toEqual(output.shape);
    const values = got.detach().dataSync();
    const worst = Math.max(...output.values.map((v, i) => Math.abs(v - values[i]!)));
    expect(worst).toBeLessThan(1e-6);
  });
});

describe('the same model, trained here', () => {
  test('is written under the names, shapes and dtypes that PyTorch writes', async () => {
    const { model } = trained();
    const described = (bytes: Uint8Array): unknown =>
      Object.fromEntries([...safetensorsHeader(bytes).tensors].map(([name, { type, shape }]) => [name, [type, shape]]));
    expect(described(await writeSafetensors(model.stateDict()))).toEqual(described(file('model.safetensors')));
  });
  test('computes the same bits after it was written and read', async () => {
    const { model, input: tokens, output: wanted } = trained();
    const back = new Model();
    back.loadStateDict(readSafetensors(await writeSafetensors(model.stateDict())));
    expect((back.eval().call(tokens) as Tensor).detach().dataSync()).toEqual(wanted.dataSync());
  });
});
