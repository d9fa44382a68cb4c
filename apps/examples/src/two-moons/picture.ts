import { linspace, meshgrid, stack, type Tensor } from '@nabla/core';

// A picture of what a classifier of points in the plane does: its probabilities as colours, the data as dots.

const left = -1.6;
const right = 2.6;
const bottom = -1.2;
const top = 1.7;
/** Pixels for a unit of length. */
const scale = 180;
/** Side of the squares that are coloured, in pixels. */
const square = 6;

const width = (right - left) * scale;
const height = (top - bottom) * scale;

/** From blue over white to orange. */
function colour(p: number): string {
  const [r, g, b] = p < 0.5 ? [70, 130, 200] : [235, 140, 50];
  const strength = Math.abs(p - 0.5) * 1.4;
  const mix = (c: number): number => Math.round(255 + (c - 255) * strength);
  return `rgb(${mix(r!)},${mix(g!)},${mix(b!)})`;
}

/**
 * Draws an SVG.
 *
 * @param odds logarithms of the odds [n, 1] of points [n, 2]
 * @param x the points [n, 2]
 * @param y 0 or 1 for each of them, [n, 1]
 */
export function picture(odds: (x: Tensor) => Tensor, x: Tensor, y: Tensor): string {
  const columns = Math.round(width / square);
  const rows = Math.round(height / square);
  const half = square / scale / 2;
  // One call for all the squares' middles, row by row from the top.
  const [ys, xs] = meshgrid([linspace(top - half, bottom + half, rows), linspace(left + half, right - half, columns)], {
    indexing: 'ij',
  }) as [Tensor, Tensor];
  const chances = odds(stack([xs.flatten(), ys.flatten()], 1))
    .sigmoid()
    .dataSync();
  const parts: string[] = [];
  chances.forEach((p: number, i: number) => {
    const at = `x="${(i % columns) * square}" y="${Math.floor(i / columns) * square}"`;
    parts.push(`<rect ${at} width="${square}" height="${square}" fill="${colour(p)}"/>`);
  });
  const points = x.toArray() as number[][];
  const sides = y.flatten().toArray() as number[];
  points.forEach(([px, py], i) => {
    const at = `cx="${((px! - left) * scale).toFixed(1)}" cy="${((top - py!) * scale).toFixed(1)}"`;
    parts.push(`<circle ${at} r="3" stroke="white" stroke-width="0.7" fill="${sides[i] === 1 ? '#c25e00' : '#1f5fa8'}"/>`);
  });
  const size = `width="${Math.round(width)}" height="${Math.round(height)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} shape-rendering="crispEdges">\n${parts.join('\n')}\n</svg>\n`;
}
