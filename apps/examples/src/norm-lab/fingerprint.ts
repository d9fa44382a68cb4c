import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabData } from './data.ts';

/** Program files under a folder, in a fixed order. */
function programFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((e) => {
      const path = join(dir, e.name);
      if (e.isDirectory()) return programFiles(path);
      return /\.(?:js|ts)$/.test(e.name) && !/\.(?:d|samples)\.ts$/.test(e.name) ? [path] : [];
    });
}

/** Files of the lab that results do not depend on: they show them. */
const shows = /\/norm-lab\/(?:(?:main|progress|options|pool|journal|output|lab|analysis|verdict|estimate)\.[jt]s$|experiments\/|report\/)/;

/**
 * A short name for everything that results depend on beside their own description: the code of the lab and of the packages,
 * the engine, the backend, and the data. A run that is found under another name is not used.
 */
export function fingerprint({ images, text }: LabData, backend: string): string {
  const hash = createHash('sha256');
  const here = fileURLToPath(new URL('.', import.meta.url));
  const packages = ['core', 'nn', 'optim', 'train'].map((name) => dirname(fileURLToPath(import.meta.resolve(`@nabla/${name}`))));
  for (const file of [here, ...packages].flatMap(programFiles)) if (!shows.test(file)) hash.update(readFileSync(file));
  hash.update(`${process.version} ${process.arch} ${backend} ${text}`);
  for (const part of [images.train, images.test]) {
    hash.update(`${part.count} ${part.height} ${part.width} `);
    hash.update(part.images);
    hash.update(part.labels);
  }
  return hash.digest('hex').slice(0, 16);
}
