import type { Session } from '../training/session.ts';
import type { Plane } from './messages.ts';

/** Points lie between -extent and extent. */
export const extent = 2.2;
/** Blue and orange, which everybody can tell apart. */
export const colours: readonly (readonly [red: number, green: number, blue: number])[] = [
  [37, 99, 200],
  [226, 112, 16],
];

function grid(size: number): Float32Array {
  const points = new Float32Array(size * size * 2);
  for (let i = 0; i < size * size; i++) {
    points[2 * i] = (((i % size) + 0.5) / size) * 2 * extent - extent;
    points[2 * i + 1] = extent - ((Math.floor(i / size) + 0.5) / size) * 2 * extent;
  }
  return points;
}

/** The network's opinion about the plane: the colour of the likelier class, fainter where it is less sure. */
export async function planeOf(session: Session, size: number): Promise<Plane> {
  const chances = await session.chances(grid(size));
  const pixels = new Uint8ClampedArray(size * size * 4);
  chances.forEach((chance, i) => {
    const [r, g, b] = colours[chance > 0.5 ? 1 : 0]!;
    pixels.set([r, g, b, 20 + 280 * Math.abs(chance - 0.5)], 4 * i);
  });
  return { size, pixels };
}
