// Writes data/digits.bin: some of the typefaces of apps/examples at half their size, four bits a pixel, for the browser to load.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const from = new URL('../../examples/data/typefaces/', import.meta.url);
const side = 28;
const half = side / 2;

function read(split, count) {
  const images = gunzipSync(readFileSync(new URL(`${split}-images-idx3-ubyte.gz`, from))).subarray(16);
  const labels = gunzipSync(readFileSync(new URL(`${split}-labels-idx1-ubyte.gz`, from))).subarray(8);
  const pixels = new Uint8Array((count * half * half) / 2);
  for (let i = 0; i < count * half * half; i++) {
    const image = Math.floor(i / (half * half)) * side * side;
    const [row, column] = [Math.floor((i / half) % half), i % half];
    const at = image + 2 * row * side + 2 * column;
    const mean = (images[at] + images[at + 1] + images[at + side] + images[at + side + 1]) / 4;
    pixels[i >> 1] |= Math.round(mean / 17) << (i % 2 === 0 ? 4 : 0);
  }
  return [pixels, labels.subarray(0, count)];
}

// The split of typefaces stays: no typeface is in both parts. Both files are shuffled.
const parts = [...read('train', 1280), ...read('t10k', 512)];
writeFileSync(new URL('../data/digits.bin', import.meta.url), Buffer.concat(parts));
