import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ones, type Tensor } from '@nabla/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Measured, Settings } from '../src/competitor.ts';
import type { Command, Contender } from '../src/contenders.ts';
import { measure } from '../src/driver.ts';
import { type Entrant, introduce } from '../src/entrant.ts';
import type { Workload } from '../src/workloads/workload.ts';

const settings: Settings = { rounds: 4, round: 40, warmUp: 50, budget: 10_000, limit: 2_000, pause: 0 };

const op: Workload = {
  name: 'op',
  shapes: '',
  task: { kind: 'op', op: 'exp', operands: ['x'], backward: false, calls: 2 },
  steps: null,
  tolerance: 1e-3,
  quick: true,
  tensors: () => new Map([['x', ones([3]) as Tensor]]),
};

const training: Workload = { ...op, name: 'training', task: { kind: 'train', model: 'mlp', lr: 0.1, heads: 1 }, steps: 7 };

function fake(behaviour: string): [Contender, Command] {
  const path = fileURLToPath(new URL('./fake-contender.mjs', import.meta.url));
  const command = { file: process.execPath, args: [path, behaviour], env: process.env };
  return [{ id: behaviour, label: behaviour, command: () => command }, command];
}

const enter = (...behaviours: string[]): Promise<Entrant[]> => Promise.all(behaviours.map((b) => introduce(...fake(b))));

/** A folder for temporary files of these tests alone: others make theirs at the same time. */
const folder = mkdtempSync(join(tmpdir(), 'nabla-driver-'));
beforeAll(() => {
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('introduce', () => {
  it('tells what a contender is, and whether it may take part', async () => {
    const [able, refused] = await enter('able', 'refused');
    expect(able).toMatchObject({ about: { version: '1', details: ['fake'] }, reason: null });
    expect(refused).toMatchObject({ about: { version: '1' }, reason: 'not today' });
  });

  it('tells why one does not start', async () => {
    const [contender] = fake('able');
    const missing = await introduce(contender, { file: '/no/such/program', args: [], env: {} });
    expect(missing).toMatchObject({ about: null, reason: expect.stringMatching(/^cannot be started: .*ENOENT/) });
    const failing = await introduce(contender, { file: process.execPath, args: ['-e', 'throw new TypeError("no")'], env: {} });
    expect(failing.reason).toBe('its process ended with exit code 1: TypeError: no');
  });
});

describe('measure', () => {
  it('gives the time of one call, and the ratio to each peer', async () => {
    const row = await measure(op, await enter('able', 'slow'), settings);
    // 10 ms a step of two calls.
    expect((row.cells['able'] as Measured).time).toMatchObject({ median: 5, min: 5, max: 5, rounds: 4 });
    expect((row.cells['slow'] as Measured).time.median).toBe(10);
    expect(row.ratios).toEqual({ slow: 0.5 });
    expect(row.disagreements).toEqual([]);
  });

  it('runs the same steps of training in every contender, and asks for memory at the end', async () => {
    const row = await measure(training, await enter('able', 'slow'), settings);
    const cell = row.cells['slow'] as Measured;
    // 20 ms a step; six rounds to warm up and four that count.
    expect(cell).toMatchObject({ time: { median: 20 }, loss: 0.5, memory: { baseline: 1000, peak: 1010 } });
  });

  it('makes a row void when a loss or a result differs, and then gives no ratio', async () => {
    const losses = await measure(training, await enter('able', 'other loss', 'slow'), settings);
    expect(losses.disagreements).toEqual([{ peer: 'other loss', what: 'loss of round 1', own: 0.5, theirs: 0.75 }]);
    expect(losses.ratios).toEqual({});
    const outputs = await measure(op, await enter('able', 'other output'), settings);
    expect(outputs.disagreements).toEqual([{ peer: 'other output', what: 'element 2 of the result', own: 3, theirs: 4 }]);
    expect(outputs.ratios).toEqual({});
  });

  it('says in the cell why there is no number, and times the others', async () => {
    const row = await measure(op, await enter('able', 'unable', 'crash', 'babble', 'refused', 'slow'), settings);
    expect(row.cells['unable']).toEqual({ reason: 'there is no such kernel' });
    expect(row.cells['crash']).toEqual({ reason: 'its process ended with exit code 3: FakeError: out of luck' });
    expect(row.cells['babble']).toEqual({ reason: 'answers what is not JSON: hello there' });
    expect(row.cells['refused']).toEqual({ reason: 'not today' });
    expect(row.ratios).toEqual({ slow: 0.5 });
  });

  it('ends a contender that does not answer in time', async () => {
    const row = await measure(op, await enter('able', 'silent'), { ...settings, limit: 300 });
    expect(row.cells['silent']).toEqual({ reason: 'no answer within 0.3 s' });
    expect(row.ratios).toEqual({});
  });

  it('stops timing one whose budget is spent, after at least one round', async () => {
    const row = await measure(training, await enter('able', 'slow'), { ...settings, budget: 150 });
    // 70 ms and 140 ms a round.
    expect((row.cells['able'] as Measured).time.rounds).toBe(3);
    expect((row.cells['slow'] as Measured).time.rounds).toBe(2);
  });

  it('gives no ratios when the first contender fails', async () => {
    const row = await measure(op, await enter('unable', 'able', 'slow'), settings);
    expect(row.ratios).toEqual({});
    expect((row.cells['able'] as Measured).time.rounds).toBe(4);
  });

  it('leaves no files behind', async () => {
    expect(tmpdir()).toBe(folder);
    await measure(op, await enter('able', 'crash'), settings);
    expect(readdirSync(folder)).toEqual([]);
  });
});
