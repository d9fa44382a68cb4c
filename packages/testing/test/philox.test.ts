import { Generator, rand, randn, type Tensor } from '@nabla/core';
import { describe, expect, test } from 'vitest';
import { cosineOfTurns, logarithm } from '../../core/src/random/numeric.ts';
import { philoxBlock, philoxWords } from '../../core/src/random/philox.ts';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const seeded = (seed: number): { generator: Generator } => ({ generator: new Generator(seed) });

describe('Philox4x32-10', () => {
  // The vectors of the authors' library Random123 (kat_vectors).
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [Array(4).fill(0xffffffff), Array(2).fill(0xffffffff), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as [number[], number[], number[]][])('counter %j, key %j', (counter, key, want) => {
    const out = new Uint32Array(4);
    philoxBlock(counter[0]!, counter[1]!, counter[2]!, counter[3]!, key[0]!, key[1]!, out);
    expect([...out]).toEqual(want);
  });

  test('the stream of a seed is the blocks of counters 0, 1, 2, ... under it, from any word on', () => {
    const seed = 2 ** 40 + 12345;
    const whole = new Uint32Array(24);
    for (let b = 0; b < 6; b++) philoxBlock(b, 0, 0, 0, seed % 2 ** 32, Math.floor(seed / 2 ** 32), whole, 4 * b);
    for (const [start, length] of [
      [0, 24],
      [3, 9],
      [5, 2],
      [7, 1],
      [8, 4],
    ] as const) {
      const part = new Uint32Array(length);
      philoxWords(seed, start, part);
      expect([...part]).toEqual([...whole.subarray(start, start + length)]);
    }
  });

  test('positions beyond 2^32 blocks use the next word of the counter', () => {
    const far = new Uint32Array(4);
    philoxWords(7, 4 * (3 * 2 ** 32 + 5), far);
    const block = new Uint32Array(4);
    philoxBlock(5, 3, 0, 0, 7, 0, block);
    expect([...far]).toEqual([...block]);
  });

  test("negative seeds are keys in two's complement", () => {
    const got = new Uint32Array(4);
    philoxWords(-1, 0, got);
    const block = new Uint32Array(4);
    philoxBlock(0, 0, 0, 0, 0xffffffff, 0xffffffff, block);
    expect([...got]).toEqual([...block]);
  });
});

describe('functions that do not depend on the engine', () => {
  test('the logarithm is right to 2 ulp', () => {
    const g = new Generator(3);
    const xs = [
      ...numbers(rand([2000], { dtype: 'float64', generator: g })),
      1,
      2 ** -53,
      2 ** -33,
      1 - 2 ** -53,
      0.5,
      Math.SQRT1_2,
      1e300,
    ];
    for (const x of xs.filter((v) => v > 0)) {
      const want = Math.log(x);
      expect(Math.abs(logarithm(x) - want)).toBeLessThanOrEqual(4.5e-16 * Math.abs(want));
    }
    expect(Math.abs(logarithm(1))).toBe(0);
  });

  test('the cosine of a turn is right to 1e-15', () => {
    for (let k = 0; k <= 4096; k++) expect(Math.abs(cosineOfTurns(k / 4096) - Math.cos((2 * Math.PI * k) / 4096))).toBeLessThan(1e-15);
    expect([0, 0.25, 0.5, 0.75, 1].map(cosineOfTurns).map((v) => v + 0)).toEqual([1, 0, -1, 0, 1]);
  });

  // From the words by the formulas, computed apart from this library: a change of these bits changes everyone's weights.
  test('the first numbers of seed 0', () => {
    const g = (): { generator: Generator } => seeded(0);
    expect(numbers(rand([4], g()))).toEqual([0.3990464210510254, 0.8805201649665833, 0.7357127666473389, 0.6054818034172058]);
    expect(numbers(rand([2], { dtype: 'float64', ...g() }))).toEqual([0.39904647231489565, 0.7357127860596914]);
    expect(numbers(randn([4], g()))).toEqual([0.991137683391571, -0.6176089644432068, -0.15363822877407074, 0.8317351341247559]);
    numbers(randn([2], { dtype: 'float64', ...g() })).forEach((v, i) => {
      expect(v).toBeCloseTo([-0.12151796233958029, -0.0818742106090956][i]!, 15);
    });
  });
});
