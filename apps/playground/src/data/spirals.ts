import { cat, ones, rand, randn, stack, type Tensor, zeros } from '@nabla/core';

/** Two spirals of one turn and a half: n points [n, 2], and the class of each [n]. */
export function spirals(n: number, noise: number): [x: Tensor, y: Tensor] {
  // The root spreads the points evenly along the arm.
  const along = rand([n / 2]).sqrt();
  const angle = along.mul(3 * Math.PI);
  const radius = along.mul(1.7);
  const arm = stack([angle.cos().mul(radius), angle.sin().mul(radius)], 1);
  const x = cat([arm, arm.neg()]).add(randn([n, 2]).mul(noise / 2));
  return [x, cat([zeros([n / 2], { dtype: 'int64' }), ones([n / 2], { dtype: 'int64' })])];
}
