import { type ImageData, type LabelledImages, readImageData } from './idx.ts';

/** Images of a part from `at`, evenly spaced so that the order of the file does not matter. */
function thin(part: LabelledImages, limit: number): LabelledImages {
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
