import { cat, ones, rand, randn, stack, type Tensor, tensor, zeros } from '@nabla/core';

/** Two half circles that reach into each other: n points [n, 2], and the class of each [n]. */
export function moons(n: number, noise: number): [x: Tensor, y: Tensor] {
  const angle = rand([n / 2]).mul(Math.PI);
  const upper = stack([angle.cos(), angle.sin()], 1).sub(tensor([0.5, 0.25]));
  // The same half circle, turned by 180 degrees about the middle of both.
  const x = cat([upper, upper.neg()]).add(randn([n, 2]).mul(noise));
  return [x, cat([zeros([n / 2], { dtype: 'int64' }), ones([n / 2], { dtype: 'int64' })])];
}
