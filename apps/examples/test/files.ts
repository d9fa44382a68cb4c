import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder for one test. */
export function folder(): string {
  return mkdtempSync(join(tmpdir(), 'norm-lab-'));
}

/** An IDX file of unsigned bytes. */
export function idxBytes(shape: readonly number[], data: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + 4 * shape.length + data.length);
  out.set([0, 0, 8, shape.length]);
  const view = new DataView(out.buffer);
  shape.forEach((n, d) => {
    view.setUint32(4 + 4 * d, n);
  });
  out.set(data, 4 + 4 * shape.length);
  return out;
}

/**
 * A data set of two easy classes: a bright upper or lower half, with noise. Written as the four MNIST files.
 */
export function writeHalves(dir: string, train: number, test: number, size = 8): void {
  let seed = 1;
  const random = (): number => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const part = (prefix: string, count: number): void => {
    const images = new Uint8Array(count * size * size);
    const labels = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      labels[i] = i % 2;
      for (let p = 0; p < size * size; p++) {
        const bright = p < (size * size) / 2 === (labels[i] === 0);
        images[i * size * size + p] = Math.floor((bright ? 120 : 0) + 120 * random());
      }
    }
    writeFileSync(join(dir, `${prefix}-images-idx3-ubyte`), idxBytes([count, size, size], images));
    writeFileSync(join(dir, `${prefix}-labels-idx1-ubyte`), idxBytes([count], labels));
  };
  part('train', train);
  part('t10k', test);
}
