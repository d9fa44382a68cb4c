import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Records } from './golden.ts';

/** Where the repository's own records of PyTorch lie. */
export const fixtures: string = fileURLToPath(new URL('../fixtures/pytorch', import.meta.url));

/** The files of one family. */
export function recordsOf(family: string, directory: string = fixtures): Records {
  const at = (extension: string): string => join(directory, `${family}.${extension}`);
  return { family, manifest: readFileSync(at('json'), 'utf8'), tensors: readFileSync(at('safetensors')) };
}

/** The families in a directory, as its index lists them; those of `known` whose files are there when it has no index. */
export function familiesIn(directory: string, known: readonly string[] = []): string[] {
  const index = join(directory, 'index.json');
  if (!existsSync(index)) return known.filter((f) => existsSync(join(directory, `${f}.json`)));
  const { families } = JSON.parse(readFileSync(index, 'utf8')) as { readonly families: readonly { readonly family: string }[] };
  return families.map((f) => f.family);
}
