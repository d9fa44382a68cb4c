import { scope } from '@nabla/core';
import { SGD } from '@nabla/optim';
import { describe, expect, it } from 'vitest';
import { Golden } from '../src/golden.ts';
import { recordsOf } from '../src/records.ts';
import { buildModel, lossOf, replayTrain, type TrainCase } from '../src/reference/replay-train.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

const golden = new Golden<TrainCase>(recordsOf('train'));

/** The run on a device that cannot be read at once, writes nothing in place and frees only what it is told to. */
async function trainOnDevice(c: TrainCase): Promise<void> {
  const device = new SimulatedDevice();
  const model = buildModel(golden, c).to(device);
  const { lr, momentum, weight_decay: weightDecay } = c.optimizer.kwargs as { lr: number; momentum: number; weight_decay: number };
  const optimizer = new SGD(model.parameters(), { lr, momentum, weightDecay });
  const [x, y] = [golden.load(c.X.$t).to(device), golden.load(c.Y.$t).to(device)];
  const buffers: number[] = [];
  for (const [t, want] of c.losses.entries()) {
    const loss = scope(() => {
      optimizer.zeroGrad();
      const l = lossOf(model.train(), x.select(0, t % c.batches), y.select(0, t % c.batches));
      l.backward();
      optimizer.step();
      return l.detach();
    });
    expect(Math.abs((await loss.data())[0]! - (want as number)), `loss at step ${t}`).toBeLessThanOrEqual(1e-5);
    loss.dispose();
    buffers.push(device.memory().buffers);
  }
  // The first step makes the optimizer's state; after the second the number of buffers stays.
  expect(new Set(buffers.slice(1)).size).toBe(1);
  expect(device.report().fallbacks).toEqual([]);
}

describe("PyTorch's recorded training runs", () => {
  it('are all here', () => {
    expect(golden.cases.map((c) => c.model)).toEqual(['cnn_bn', 'cnn_bn', 'char_lstm', 'char_lstm', 'tiny_gpt', 'tiny_gpt']);
    expect(golden.cases.map((c) => c.dtype)).toEqual(['f32', 'f64', 'f32', 'f64', 'f32', 'f64']);
    expect(golden.cases.map((c) => c.losses.length)).toEqual([30, 30, 30, 30, 30, 30]);
  });

  for (const c of golden.cases) it(`${c.id}, every step in a scope`, () => replayTrain(golden, c, scope));

  it.each(golden.cases)('$id: a loss that is off by twice the tolerance is noticed, the first or the last', (c) => {
    const tolerance = c.dtype === 'f32' ? 1e-4 : 1e-9;
    for (const t of [0, c.losses.length - 1]) {
      const losses = c.losses.map((l, i) => (i === t ? (l as number) * (1 + 2 * tolerance) : l));
      expect(() => replayTrain(golden, { ...c, losses }, scope)).toThrow(`loss at step ${t}: `);
    }
  });

  it('train/cnn_bn/0/f32, on a device', () => trainOnDevice(golden.cases.find((c) => c.id === 'train/cnn_bn/0/f32')!));
});
