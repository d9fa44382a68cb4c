import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FunctionBuilder } from '../src/wasm/module.ts';
import { type Exports, start } from '../src/wasm/runtime.ts';
import { type SharedModule, Team } from '../src/wasm/team.ts';
import { maxParts } from '../src/wasm/worker-source.ts';

/** Counts `turns` up in memory, beginning at an address; `turns` of -1 reads where there is no memory. */
function counting(): FunctionBuilder {
  const f = new FunctionBuilder(['i32', 'i32']);
  const [at, turns] = [f.param(0), f.param(1)];
  f.for(f.i32(0), turns, 1, () => f.store('i32.store', at, f.op('i32.add', f.load('i32.load', at, 0), f.i32(1)), 0));
  f.if(f.op('i32.lt_s', turns, f.i32(0)), () => {
    f.store('i32.store', at, f.load('i32.load', turns, 0), 0);
  });
  return f;
}

describe('a team', () => {
  let team: Team;
  let exports: Exports;
  let module: SharedModule;
  let cells: Int32Array;
  beforeAll(async () => {
    const runtime = start(true)!;
    team = await Team.start(runtime.arena, 2);
    exports = runtime.compile({ count: counting() });
    module = runtime.share(exports)!;
    cells = runtime.arena.take('int32', maxParts) as Int32Array;
  });
  afterAll(async () => {
    await team.stop();
  });

  const run = (turns: readonly number[], patient: boolean): number[] => {
    cells.fill(0);
    const calls = turns.map((n, i) => [cells.byteOffset + i * 4, n]);
    team.run(module, exports['count']!, 'count', calls, patient);
    return [...cells.subarray(0, turns.length)];
  };

  test.each([1, 2, 3, 7, maxParts])('does each of %i parts once', (parts) => {
    const turns = Array.from({ length: parts }, (_, i) => 3 * i + 1);
    for (let i = 0; i < 200; i++) expect(run(turns, i % 2 === 0)).toEqual(turns);
  });

  test('a patient caller takes no more than one part', () => {
    const before = team.helped;
    expect(run([5, 6, 7, 8], true)).toEqual([5, 6, 7, 8]);
    expect(team.helped - before).toBeGreaterThanOrEqual(3);
  });

  test('threads take parts that are long, and the caller those that nobody has taken', () => {
    const before = team.helped;
    const turns = new Array<number>(8).fill(50_000_000);
    expect(run(turns, false)).toEqual(turns);
    expect(team.helped - before).toBeGreaterThan(0);
    expect(team.helped - before).toBeLessThan(8);
  });

  test.each([0, 1, 2])('a trap in part %i is an error, on whichever thread, and the next job is done', (broken) => {
    const turns = [1, 2, 3].map((n, i) => (i === broken ? -1 : n));
    const errors = new Set<string>();
    for (let i = 0; i < 50; i++) {
      try {
        run(turns, i % 2 === 0);
      } catch (error) {
        errors.add((error as Error).name);
      }
      expect(run([4, 5, 6], i % 2 === 0)).toEqual([4, 5, 6]);
    }
    expect([...errors].filter((name) => name !== 'DeviceError' && name !== 'RuntimeError')).toEqual([]);
    expect(errors.size).toBeGreaterThan(0);
    // The caller begins with the last part, unless threads are quicker.
    if (broken < 2) expect(errors).toContain('DeviceError');
  });
});
