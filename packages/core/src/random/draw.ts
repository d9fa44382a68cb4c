import { allocate, castValue, type DType, type TypedArray } from '../dtype.ts';
import { DTypeError } from '../errors.ts';
import type { Generator } from './generator.ts';
import { cosineOfTurns, exponential, logarithm, logarithmOfRest } from './numeric.ts';
import { philoxWords } from './philox.ts';

/**
 * Random numbers on the host: element i of a draw is a function of the words that belong to it alone. How a draw is cut
 * into chunks changes nothing, and two draws of m and n numbers are one draw of m + n.
 */

/** Words made at a time, so that they stay in the cache. A multiple of every element's number of words. */
const chunkWords = 4096;

/** Spends `perElement` words on each of `n` elements; `take` gets words [0, count * perElement) for elements from `first`. */
function draw(g: Generator, n: number, perElement: number, take: (words: Uint32Array, first: number, count: number) => void): void {
  const start = g.reserve(n * perElement, perElement);
  const chunk = chunkWords / perElement;
  const scratch = new Uint32Array(Math.min(n, chunk) * perElement);
  for (let first = 0; first < n; first += chunk) {
    const count = Math.min(chunk, n - first);
    const words = count * perElement === scratch.length ? scratch : scratch.subarray(0, count * perElement);
    philoxWords(g.initialSeed(), start + first * perElement, words);
    take(words, first, count);
  }
}

/** 24 random bits, exact in float32: [0, 1) in steps of 2^-24. */
const unit24 = 1 / 0x1000000;
/** 53 random bits, exact in float64, from two words. */
const unit53 = 1 / 0x20000000000000;
const unit32 = 1 / 0x100000000;
const bits53 = (w0: number, w1: number): number => (w0 >>> 5) * 0x4000000 + (w1 >>> 6);

function floating(op: string, dtype: DType): void {
  if (dtype !== 'float32' && dtype !== 'float64') throw new DTypeError(`${op}: not defined for ${dtype}, only for floating dtypes`);
}

/** `n` numbers drawn evenly from [low, high): 24 bits each for float32, 53 for float64. */
export function drawUniform(op: string, g: Generator, n: number, dtype: DType, low: number = 0, high: number = 1): TypedArray {
  floating(op, dtype);
  const out = allocate(dtype, n);
  const width = high - low;
  const plain = low === 0 && high === 1;
  if (dtype === 'float32') {
    draw(g, n, 1, (words, first, count) => {
      if (plain) for (let i = 0; i < count; i++) out[first + i] = (words[i]! >>> 8) * unit24;
      else for (let i = 0; i < count; i++) out[first + i] = below(Math.fround((words[i]! >>> 8) * unit24 * width + low), low, high);
    });
  } else {
    draw(g, n, 2, (words, first, count) => {
      for (let i = 0; i < count; i++) {
        const u = bits53(words[2 * i]!, words[2 * i + 1]!) * unit53;
        out[first + i] = plain ? u : below(u * width + low, low, high);
      }
    });
  }
  return out;
}

/** Rounding may reach the upper bound, which is excluded (unless the interval is empty). */
function below(x: number, low: number, high: number): number {
  return x < high ? x : low;
}

/**
 * `n` normally distributed numbers by the transform of Box and Muller (1958), its cosine half: an element depends on its
 * own words alone. Two words an element for float32, four for float64.
 */
export function drawNormal(op: string, g: Generator, n: number, dtype: DType, mean: number = 0, std: number = 1): TypedArray {
  floating(op, dtype);
  const out = allocate(dtype, n);
  if (dtype === 'float32') {
    draw(g, n, 2, (words, first, count) => {
      for (let i = 0; i < count; i++) {
        // The middle of the interval of width 2^-32: never 0, whose logarithm is infinite.
        const radius = Math.sqrt(-2 * logarithm((words[2 * i]! + 0.5) * unit32));
        out[first + i] = radius * cosineOfTurns(words[2 * i + 1]! * unit32) * std + mean;
      }
    });
  } else {
    draw(g, n, 4, (words, first, count) => {
      for (let i = 0; i < count; i++) {
        const radius = Math.sqrt(-2 * logarithm((bits53(words[4 * i]!, words[4 * i + 1]!) + 1) * unit53));
        out[first + i] = radius * cosineOfTurns(bits53(words[4 * i + 2]!, words[4 * i + 3]!) * unit53) * std + mean;
      }
    });
  }
  return out;
}

/** `n` exponentially distributed numbers with rate 1, in float64, all finite. */
export function drawExponential(g: Generator, n: number): Float64Array {
  const out = new Float64Array(n);
  draw(g, n, 2, (words, first, count) => {
    for (let i = 0; i < count; i++) out[first + i] = -logarithm((bits53(words[2 * i]!, words[2 * i + 1]!) + 1) * unit53);
  });
  return out;
}

/** `n` numbers of the standard Gumbel distribution, all finite, as elements of `dtype`. */
export function drawGumbel(g: Generator, n: number, dtype: DType): TypedArray {
  const out = allocate(dtype, n);
  const times = drawExponential(g, n);
  // One draw in 2^53 is 0, whose logarithm is infinite.
  for (let i = 0; i < n; i++) out[i] = -logarithm(Math.max(times[i]!, unit53 / 2));
  return out;
}

/** `n` integers from `low` up to but not including `high`, as elements of `dtype`. The bias is below (high - low) / 2^53. */
export function drawIntegers(g: Generator, n: number, low: number, high: number, dtype: DType): TypedArray {
  const out = allocate(dtype, n);
  const range = high - low;
  draw(g, n, 2, (words, first, count) => {
    for (let i = 0; i < count; i++) out[first + i] = low + Math.floor(bits53(words[2 * i]!, words[2 * i + 1]!) * unit53 * range);
  });
  return out;
}

/** A random order of 0..n-1 (Durstenfeld's form of the shuffle of Fisher and Yates), as elements of `dtype`. */
export function drawPermutation(g: Generator, n: number, dtype: DType): TypedArray {
  const out = allocate(dtype, n);
  for (let i = 0; i < n; i++) out[i] = i;
  draw(g, Math.max(n - 1, 0), 2, (words, first, count) => {
    for (let i = 0; i < count; i++) {
      const last = n - 1 - (first + i);
      const j = Math.floor(bits53(words[2 * i]!, words[2 * i + 1]!) * unit53 * (last + 1));
      const kept = out[last]!;
      out[last] = out[j]!;
      out[j] = kept;
    }
  });
  return out;
}

/** `n` elements of `dtype` that are 1 with probability `p` and else 0. One word an element: p counts in steps of 2^-32. */
export function drawBernoulli(g: Generator, n: number, p: number, dtype: DType): TypedArray {
  const out = allocate(dtype, n);
  const threshold = p * 0x100000000;
  draw(g, n, 1, (words, first, count) => {
    for (let i = 0; i < count; i++) out[first + i] = words[i]! < threshold ? 1 : 0;
  });
  return out;
}

/** `n` numbers of a Cauchy distribution, by the inverse of its distribution function. */
export function drawCauchy(op: string, g: Generator, n: number, dtype: DType, median: number, sigma: number): TypedArray {
  floating(op, dtype);
  const out = allocate(dtype, n);
  draw(g, n, 2, (words, first, count) => {
    for (let i = 0; i < count; i++) {
      // The middle of an interval: never 0 or 1, where the tangent is infinite.
      const half = ((words[2 * i]! >>> 6) * 0x4000000 + (words[2 * i + 1]! >>> 6) + 0.5) * unit53;
      out[first + i] = median - (sigma * cosineOfTurns(half)) / cosineOfTurns(half - 0.25);
    }
  });
  return out;
}

/** `n` numbers whose logarithm is normally distributed. */
export function drawLogNormal(op: string, g: Generator, n: number, dtype: DType, mean: number, std: number): TypedArray {
  const out = drawNormal(op, g, n, dtype, mean, std);
  for (let i = 0; i < n; i++) out[i] = exponential(out[i]!);
  return out;
}

/** `n` numbers of trials up to the first success, which has probability `p`, as elements of `dtype`. */
export function drawGeometric(g: Generator, n: number, p: number, dtype: DType): TypedArray {
  const out = allocate(dtype, n);
  const rate = -logarithmOfRest(p);
  const times = drawExponential(g, n);
  for (let i = 0; i < n; i++) out[i] = castValue(Math.min(1 + Math.floor(times[i]! / rate), Number.MAX_SAFE_INTEGER), dtype);
  return out;
}
