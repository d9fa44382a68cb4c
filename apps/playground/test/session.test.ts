import { readFileSync } from 'node:fs';
import { cpu } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import { type Config, fields, initialConfig } from '../src/config/config.ts';
import { Session } from '../src/training/session.ts';

const digitsUrl = `data:application/octet-stream;base64,${readFileSync(new URL('../data/digits.bin', import.meta.url), 'base64')}`;
const open = (change: Partial<Config> = {}): Promise<Session> => Session.open({ ...initialConfig, ...change }, cpu, digitsUrl);

const trained = async (change: Partial<Config>, epochs: number): Promise<Session> => {
  const session = await open(change);
  while (session.epoch < epochs) session.step();
  return session;
};

describe('data', () => {
  it.each(['moons', 'circles', 'spirals', 'blobs'] as const)('%s: two classes of equal size, in sight', async (data) => {
    const { x, y, heldOutX } = (await open({ data, noise: 0.2 })).data;
    expect([x.shape, y.shape, heldOutX.shape]).toEqual([[512, 2], [512], [512, 2]]);
    expect(y.sum().item()).toBe(256);
    expect(x.abs().max().item()).toBeLessThan(2.5);
    expect(x.eq(heldOutX).any().item()).toBe(0);
  });

  it('digits: images between 0 and 1, about as many of each class', async () => {
    const { x, y, heldOutX, heldOutY } = (await open({ data: 'digits' })).data;
    expect([x.shape, y.shape, heldOutX.shape, heldOutY.shape]).toEqual([[1280, 1, 14, 14], [1280], [512, 1, 14, 14], [512]]);
    expect([x.min().item(), x.max().item()]).toEqual([0, 1]);
    const counts = Array.from({ length: 10 }, (_, digit) => Number(y.eq(digit).sum().item()));
    expect(Math.min(...counts)).toBeGreaterThan(95);
  });

  it('depends on the seed', async () => {
    const [a, b, c] = await Promise.all([open(), open(), open({ seed: 1 })].map(async (s) => String((await s).data.x.index(0))));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });
});

describe('Session', () => {
  it.each(Object.keys(fields.norm.options) as Config['norm'][])('parts two moons, normalization: %s', async (norm) => {
    const session = await trained({ norm, lr: 0.03 }, 12);
    const { accuracy, loss, epoch, steps, gradients, histograms, predictions } = await session.measure();
    expect(accuracy).toBeGreaterThanOrEqual(0.99);
    expect([epoch, steps]).toEqual([12, 192]);
    expect(loss).toBeGreaterThan(0);
    expect(gradients).toHaveLength(3);
    expect(histograms).toHaveLength(2);
    expect(predictions).toHaveLength(512);
    for (const { shares } of histograms) expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 3);
  });

  it('changes nothing by measuring', async () => {
    // One after the other: there is one seed for the whole program.
    const run = async (looks: boolean): Promise<number> => {
      const session = await open({ norm: 'batch' });
      for (let i = 0; i < 20; i++) {
        session.step();
        if (looks) await session.measure();
        if (looks) await session.chances(Float32Array.of(0, 0));
      }
      return (await session.measure()).heldOutLoss;
    };
    expect(await run(true)).toBe(await run(false));
  });

  it('knows no loss before the first step', async () => {
    const { loss, gradients, epoch } = await (await open()).measure();
    expect([loss, gradients.length, epoch]).toEqual([null, 0, 0]);
  });

  it.each(Object.keys(fields.optimizer.options) as Config['optimizer'][])('learns by %s', async (optimizer) => {
    const before = await (await open({ optimizer })).measure();
    const after = await (await trained({ optimizer }, 5)).measure();
    expect(after.heldOutLoss).toBeLessThan(before.heldOutLoss);
  });

  it('learns digits by convolutions', async () => {
    const session = await trained({ data: 'digits', kind: 'conv', width: 8, norm: 'batch', lr: 0.03 }, 1);
    expect((await session.measure()).accuracy).toBeGreaterThan(0.6);
  });

  it('takes another learning rate and batch size as it runs', async () => {
    const session = await open();
    session.step();
    session.tune(0.1, 128);
    while (session.epoch < 1) session.step();
    // One batch of 32, three of 128 and the 96 that are left.
    expect([session.epoch, session.steps]).toEqual([1, 5]);
    session.tune(0.1, 64);
    expect(session.stepsPerEpoch).toBe(8);
  });

  it('says why BatchNorm cannot train on one sample', async () => {
    const session = await open({ norm: 'batch', batch: 1 });
    expect(() => session.step()).toThrow(/more than 1 value per channel/);
  });

  it('gives chances of the second class', async () => {
    const session = await trained({}, 10);
    const [upper, lower] = await session.chances(Float32Array.of(-0.5, 0.7, 0.5, -0.7));
    expect(upper).toBeLessThan(0.1);
    expect(lower).toBeGreaterThan(0.9);
  });
});
