import { type Backend, cpu, defaultGenerator, manualSeed, rand, type Tensor, tensor } from '@nabla/core';
import { BatchNorm1d, Dropout, functional as F, Linear, type Module, ReLU, Sequential } from '@nabla/nn';
import { SimulatedDevice } from '@nabla/testing';
import { describe, expect, test } from 'vitest';
import { placeModel } from '../src/index.ts';

/** A clock that counts what is asked of two backends: what an op costs on each is up to the test. */
class Clock {
  time = 0;
  readonly now = (): number => this.time;

  /** Lets every kernel of `backend` take so long. */
  charge(backend: Backend, kernel: number): () => void {
    const undo: (() => void)[] = [];
    for (const name of ['map', 'reduce', 'matmul', 'fill', 'copy', 'gather', 'scatterAdd', 'pad'] as const) {
      const before = backend[name].bind(backend) as (...args: unknown[]) => unknown;
      const target = backend as unknown as Record<string, unknown>;
      target[name] = (...args: unknown[]): unknown => {
        this.time += kernel;
        return before(...args);
      };
      undo.push(() => {
        delete target[name];
      });
    }
    return () => {
      for (const u of undo) u();
    };
  }
}

/** A device that says it is a card. */
class Card extends SimulatedDevice {
  override report(): ReturnType<SimulatedDevice['report']> {
    return { ...super.report(), mode: 'webgl2', device: 'a card' };
  }
}

function net(): Module {
  manualSeed(3);
  return new Sequential(new Linear(4, 8), new BatchNorm1d(8), new ReLU(), new Dropout(0.5), new Linear(8, 3));
}

const x = rand([6, 4], { generator: manualSeed(1) });
const y = tensor([0, 1, 2, 0, 1, 2], { dtype: 'int64' });
const lossOf =
  (model: Module) =>
  (b: Backend): Tensor =>
    F.crossEntropy(model.call(x.to(b)) as Tensor, y.to(b)) as Tensor;

async function values(model: Module): Promise<number[][]> {
  const all: number[][] = [];
  for (const t of model.stateDict().values()) all.push([...(await t.data())]);
  return all;
}

describe('placeModel', () => {
  test.each([
    ['the CPU when the device takes longer', 1, 5, 'the CPU: '],
    ['the device when it is faster', 5, 1, 'the device: '],
  ])('chooses %s', async (_name, here, there, reason) => {
    const device = new Card();
    const clock = new Clock();
    const undo = [clock.charge(cpu, here), clock.charge(device, there)];
    try {
      const model = net();
      const before = await values(model);
      const random = defaultGenerator().getState();
      const parameters = [...model.parameters()];
      const placed = await placeModel(model, lossOf(model), { device, now: clock.now });
      expect(placed.backend).toBe(here < there ? cpu : device);
      expect(placed.reason).toMatch(new RegExp(`^${reason}.* ms a step on the CPU, .* ms on a card$`));
      expect(placed.device! > placed.cpu).toBe(here < there);
      expect(await values(model)).toEqual(before);
      expect(defaultGenerator().getState()).toEqual(random);
      expect([...model.parameters()]).toEqual(parameters);
      for (const t of [...model.parameters(), ...model.buffers()]) expect(t.device).toBe(placed.backend);
      for (const p of model.parameters()) expect(p.grad).toBe(null);
      // The model trains where it is.
      lossOf(model)(placed.backend).backward();
      expect([...model.parameters()].every((p) => p.grad!.device === placed.backend)).toBe(true);
    } finally {
      for (const u of undo) u();
    }
  });

  test('does not even try the device when the CPU takes less than the least there is to do', async () => {
    const device = new Card();
    const clock = new Clock();
    const undo = [clock.charge(cpu, 0.001), clock.charge(device, 100)];
    try {
      const model = net();
      const seen: Backend[] = [];
      const placed = await placeModel(
        model,
        (b) => {
          seen.push(b);
          return lossOf(model)(b);
        },
        { device, now: clock.now, rounds: 3 },
      );
      expect(placed.backend).toBe(cpu);
      expect(placed.device).toBe(null);
      expect(placed.threshold).toBeGreaterThan(100);
      expect(placed.reason).toMatch(/a card needs \d+ ms for the least there is to do/);
      expect(new Set(seen)).toEqual(new Set([cpu]));
    } finally {
      for (const u of undo) u();
    }
  });

  test('stays on the CPU where there is no graphics device, and says so', async () => {
    for (const device of [cpu, new SimulatedDevice()]) {
      const model = net();
      const placed = await placeModel(model, lossOf(model), { device, rounds: 1 });
      expect(placed.backend).toBe(cpu);
      expect(placed.reason).toMatch(/^the CPU, since there is no graphics device: /);
      expect(placed.cpu).toBeGreaterThan(0);
    }
  });

  test('puts the model back where it was when the loss throws', async () => {
    const device = new Card();
    const model = net();
    const before = await values(model);
    model.to(device);
    const loss = (): Tensor => {
      throw new RangeError('no loss');
    };
    await expect(placeModel(model, loss, { device })).rejects.toThrow('no loss');
    for (const p of model.parameters()) expect(p.device).toBe(device);
    expect(await values(model)).toEqual(before);
  });

  test.each([0, 1.5, Number.NaN])('refuses %s rounds before anything changes', async (rounds) => {
    const model = net();
    await expect(placeModel(model, lossOf(model), { device: cpu, rounds })).rejects.toThrow('rounds must be a positive integer');
  });
});
