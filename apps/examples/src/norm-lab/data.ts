import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tales } from '../char-gpt/tales.ts';
import { DataFileError, UsageError } from '../errors.ts';
import { type ImageData, type LabelledImages, readImageData } from './idx.ts';

/** Images of a part from `at`, evenly spaced so that the order of the file does not matter. */
export function thin(part: LabelledImages, limit: number): LabelledImages {
  if (limit === 0 || part.count <= limit) return part;
  const size = part.height * part.width;
  const images = new Uint8Array(limit * size);
  const labels = new Uint8Array(limit);
  for (let i = 0; i < limit; i++) {
    const from = Math.floor((i * part.count) / limit);
    images.set(part.images.subarray(from * size, (from + 1) * size), i * size);
    labels[i] = part.labels[from]!;
  }
  return { ...part, count: limit, images, labels };
}

/** Reads a data set and keeps at most `limit` training and a third as many test images (0: all of them). */
export async function loadData(dir: string, limit: number): Promise<ImageData> {
  const data = await readImageData(dir);
  return { ...data, train: thin(data.train, limit), test: thin(data.test, limit === 0 ? 0 : Math.ceil(limit / 3)) };
}

/** Where the lab's data comes from: a path, or null for what comes with the program. */
export interface Sources {
  /** A folder of IDX files. */
  readonly images: string | null;
  /** A text file. */
  readonly text: string | null;
}

/** What the lab trains on. */
export interface LabData {
  readonly images: ImageData;
  readonly text: string;
}

/** Where the embedded images lie, seen from src and from dist alike. */
const typefaces = fileURLToPath(new URL('../../data/typefaces', import.meta.url));

/** Characters that a text needs for windows of every part. */
const shortest = 4000;

/**
 * Sorts the paths of `--data` into images and text.
 *
 * @throws UsageError for more than one of a kind; DataFileError for a path that is not there
 */
export function sortSources(paths: readonly string[]): Sources {
  const sources: { images: string | null; text: string | null } = { images: null, text: null };
  for (const path of paths) {
    if (!existsSync(path)) throw new DataFileError(`--data ${path}: no such file or folder`);
    const kind = statSync(path).isDirectory() ? 'images' : 'text';
    if (sources[kind] !== null) throw new UsageError(`--data was given two ${kind === 'images' ? 'folders' : 'text files'}`);
    sources[kind] = path;
  }
  return sources;
}

function readText(path: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (e) {
    throw new DataFileError(`${path}: cannot be read as UTF-8 text: ${(e as Error).message}`);
  }
  if (text.length < shortest) throw new DataFileError(`${path}: ${text.length} characters, expected at least ${shortest}`);
  return text;
}

/**
 * Reads the data.
 *
 * @throws DataFileError for what is missing or broken
 */
export async function loadSources({ images, text }: Sources): Promise<LabData> {
  const written = text === null ? tales(300, 1) : readText(text);
  return { images: await readImageData(images ?? typefaces), text: written };
}
