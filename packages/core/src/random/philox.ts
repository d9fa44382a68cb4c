/**
 * Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2,
 * 3" (SC 2011): a bijection of a 128-bit counter under a 64-bit key. Any word of the stream can be computed without those
 * before it, so results do not depend on how a draw is cut into pieces.
 */

const twoTo32 = 0x100000000;

/** Words that one counter gives. */
const wordsPerBlock = 4;

const multiplier0 = 0xd2511f53 | 0;
const multiplier1 = 0xcd9e8d57 | 0;
const low0 = multiplier0 & 0xffff;
const high0 = multiplier0 >>> 16;
const low1 = multiplier1 & 0xffff;
const high1 = multiplier1 >>> 16;
/** The key advances by the golden ratio and by sqrt(3) - 1, both in units of 2^-32, from round to round. */
const weyl0 = 0x9e3779b9 | 0;
const weyl1 = 0xbb67ae85 | 0;
const rounds = 10;

/**
 * Writes the four words of one counter to `out[at..at + 3]`. Counter and key words are taken modulo 2^32; the words
 * written are unsigned.
 */
export function philoxBlock(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
  at: number = 0,
): void {
  let x0 = c0 | 0;
  let x1 = c1 | 0;
  let x2 = c2 | 0;
  let x3 = c3 | 0;
  let key0 = k0 | 0;
  let key1 = k1 | 0;
  for (let r = 0; r < rounds; r++) {
    // The high halves of two 32 x 32 bit products, from 16-bit limbs: every sum stays below 2^32.
    const al = x0 & 0xffff;
    const ah = x0 >>> 16;
    const am = (Math.imul(ah, low0) + (Math.imul(al, low0) >>> 16)) | 0;
    const an = (Math.imul(al, high0) + (am & 0xffff)) | 0;
    const hiA = (Math.imul(ah, high0) + (am >>> 16) + (an >>> 16)) | 0;
    const bl = x2 & 0xffff;
    const bh = x2 >>> 16;
    const bm = (Math.imul(bh, low1) + (Math.imul(bl, low1) >>> 16)) | 0;
    const bn = (Math.imul(bl, high1) + (bm & 0xffff)) | 0;
    const hiB = (Math.imul(bh, high1) + (bm >>> 16) + (bn >>> 16)) | 0;
    const loA = Math.imul(x0, multiplier0);
    const loB = Math.imul(x2, multiplier1);
    x0 = hiB ^ x1 ^ key0;
    x1 = loB;
    x2 = hiA ^ x3 ^ key1;
    x3 = loA;
    key0 = (key0 + weyl0) | 0;
    key1 = (key1 + weyl1) | 0;
  }
  out[at] = x0;
  out[at + 1] = x1;
  out[at + 2] = x2;
  out[at + 3] = x3;
}

/**
 * Fills `out` with consecutive words of the stream of a seed, starting at word `start`: word w is word w mod 4 of the
 * counter floor(w / 4). Seed and position are integers up to 2^53 in magnitude.
 */
export function philoxWords(seed: number, start: number, out: Uint32Array): void {
  const k0 = seed | 0;
  const k1 = Math.floor(seed / twoTo32) | 0;
  let block = Math.floor(start / wordsPerBlock);
  let skip = start - block * wordsPerBlock;
  const edge = new Uint32Array(wordsPerBlock);
  let at = 0;
  while (at < out.length) {
    const c0 = block | 0;
    const c1 = Math.floor(block / twoTo32) | 0;
    if (skip === 0 && at + wordsPerBlock <= out.length) {
      philoxBlock(c0, c1, 0, 0, k0, k1, out, at);
      at += wordsPerBlock;
    } else {
      philoxBlock(c0, c1, 0, 0, k0, k1, edge);
      for (; skip < wordsPerBlock && at < out.length; skip++) out[at++] = edge[skip]!;
      skip = 0;
    }
    block++;
  }
}
