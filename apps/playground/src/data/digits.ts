import { type Tensor, tensor } from '@nabla/core';

/**
 * Digits in typefaces: 1,280 images [n, 1, 14, 14] between 0 and 1 and their classes [n], and 512 of them in typefaces that
 * do not occur among the first.
 */
export async function digits(url: string): Promise<[x: Tensor, y: Tensor, heldOutX: Tensor, heldOutY: Tensor]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  let at = 0;
  // Two pixels a byte, then the labels.
  const part = (n: number): [x: Tensor, y: Tensor] => {
    const pixels = new Float32Array(n * 196);
    for (let i = 0; i < pixels.length; i++) pixels[i] = ((bytes[at + (i >> 1)]! >> (i % 2 === 0 ? 4 : 0)) & 15) / 15;
    at += n * 98 + n;
    return [tensor(pixels).reshape([n, 1, 14, 14]), tensor(Float32Array.from(bytes.subarray(at - n, at))).to('int64')];
  };
  return [...part(1280), ...part(512)];
}
