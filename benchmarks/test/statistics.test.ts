import { describe, expect, it } from 'vitest';
import { hasSettled, nextCount, spread, summarize } from '../src/statistics.ts';

describe('summarize', () => {
  it('gives median, quartiles and range', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ median: 3, min: 1, max: 5, firstQuartile: 2, thirdQuartile: 4, rounds: 5 });
    expect(summarize([4, 1, 3, 2]).median).toBe(2.5);
    expect(summarize([7])).toEqual({ median: 7, min: 7, max: 7, firstQuartile: 7, thirdQuartile: 7, rounds: 1 });
  });

  it('is not moved by one slow round', () => {
    expect(summarize([1, 1, 1, 1000, 1]).median).toBe(1);
  });

  it('leaves the values as they are', () => {
    const values = [3, 1, 2];
    summarize(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses no values', () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});

describe('spread', () => {
  it('is half the distance between the quartiles, as a part of the median', () => {
    expect(spread(summarize([8, 9, 10, 11, 12]))).toBeCloseTo(0.1);
    expect(spread(summarize([5, 5, 5]))).toBe(0);
  });
});

describe('hasSettled', () => {
  it('waits for times that get no better', () => {
    expect(hasSettled([60, 47, 25, 25, 25])).toBe(false);
    expect(hasSettled([60, 47, 45, 25, 25, 25])).toBe(false);
    expect(hasSettled([60, 47, 25, 25, 24.9, 26])).toBe(true);
  });

  it('is not held up by a slow moment', () => {
    expect(hasSettled([25, 25, 25, 90, 25, 90])).toBe(true);
  });
});

describe('nextCount', () => {
  it('aims at the time wanted', () => {
    expect(nextCount(10, 20, 40)).toBe(20);
    expect(nextCount(100, 80, 40)).toBe(50);
  });

  it('grows tenfold at most, and never goes below one', () => {
    expect(nextCount(1, 1e-4, 40)).toBe(10);
    expect(nextCount(5, 0, 40)).toBe(50);
    expect(nextCount(1, 9000, 40)).toBe(1);
  });
});
