import { describe, expect, test } from 'vitest';
import { BufferPool } from '../src/backend-cpu/pool.ts';

describe('freed buffers', () => {
  test('are handed out again for the same kind of array and length', () => {
    const pool = new BufferPool();
    const a = pool.take('float32', 100);
    pool.give(a, 'float32');
    expect(pool.bytes).toBe(400);
    expect(pool.take('float32', 101) === a).toBe(false);
    expect(pool.take('int32', 100) === a).toBe(false);
    expect(pool.take('float32', 100) === a).toBe(true);
    expect(pool.bytes).toBe(0);
    expect(pool.take('float32', 100) === a).toBe(false);
  });

  test('of dtypes with the same arrays are one kind', () => {
    const pool = new BufferPool();
    const [wide, bytes] = [pool.take('int64', 64), pool.take('bool', 64)];
    pool.give(wide, 'int64');
    pool.give(bytes, 'bool');
    expect(pool.take('float64', 64) === wide).toBe(true);
    expect(pool.take('uint8', 64) === bytes).toBe(true);
  });

  test('are kept up to 256 MiB, those longest that were last in use', () => {
    const pool = new BufferPool();
    const quarter = 16 * 2 ** 20;
    const held = [0, 1, 2, 3].map((i) => new Float32Array(quarter - i));
    for (const b of held) pool.give(b, 'float32');
    // The first is in use again: the second is now the one that nobody asked for longest.
    pool.give(pool.take('float32', quarter), 'float32');
    pool.give(new Float32Array(quarter - 4), 'float32');
    expect(pool.bytes).toBeLessThanOrEqual(256 * 2 ** 20);
    expect(pool.take('float32', quarter - 1) === held[1]).toBe(false);
    expect(pool.take('float32', quarter) === held[0]).toBe(true);
    expect(pool.take('float32', quarter - 3) === held[3]).toBe(true);
  });

  test('of thousands of lengths are found all the same', () => {
    const pool = new BufferPool();
    const all = Array.from({ length: 3000 }, (_, i) => pool.take('float32', 64 + i));
    for (const b of all) pool.give(b, 'float32');
    for (const b of all) expect(pool.take('float32', b.length) === b).toBe(true);
    expect(pool.bytes).toBe(0);
    const last = pool.take('uint8', 64);
    pool.give(last, 'uint8');
    expect(pool.take('uint8', 64) === last).toBe(true);
  });
});
